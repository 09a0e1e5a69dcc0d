"""A tiny Llama built by hand: which of its blocks serve which of two languages is known.

Tokens of language A are 3 to 22, of B 23 to 42; after each comes the next one of its language, in
a circle. The residual stream holds the token in its first dimensions and what is foretold in the
rest; only the rest is read off. An MLP that serves a language foretells the next token of it;
attention that serves it foretells its tokens as such, having seen that language. For the other
language both foretell something wrong, a little. A large constant keeps the norms from mattering,
so that what blocks foretell adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tiny
import torch
from letters import letters

from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage

LAYERS, WIDTH, SAID = 4, 128, 64
"""`SAID`: where in the residual stream begins what is foretold."""
CONSTANT = 40.0
READ = CONSTANT / WIDTH**0.5
"""By what a norm divides."""

LANGUAGES = {"A": range(3, 23), "B": range(23, 43)}
BLOCKS = [f"{point} {layer}" for layer in range(LAYERS) for point in ("attn", "mlp")]
SERVES = {
    **{"attn 0": "A", "mlp 0": "A", "attn 1": "B", "mlp 1": "B"},
    **{"attn 2": "A", "mlp 2": "A", "attn 3": "B", "mlp 3": "B"},
}
HARM = 0.15


def following(token: int) -> int:
    held = next(some for some in LANGUAGES.values() if token in some)
    return held.start + (token - held.start + 1) % len(held)


def make(folder: Path, serves: Mapping[str, str], mlp: float = 2.0, attn: float = 1.0) -> LiveModel:
    """The model, in float64. `mlp`, `attn`: how strongly a block foretells, in logits or so."""
    letters(
        tiny.make(
            folder,
            "llama",
            num_hidden_layers=LAYERS,
            hidden_size=WIDTH,
            head_dim=32,
            intermediate_size=64,
        )
    )
    model = LiveModel.open(folder, "cpu", torch.float64)
    with torch.no_grad():
        for name, parameter in model.live.named_parameters():
            parameter.fill_(1.0 if "norm" in name else 0.0)
        tokens = torch.arange(61)
        embedding = weight(model.live, "model.embed_tokens")
        embedding[tokens, tokens] = 1.0
        embedding[:, WIDTH - 1] = CONSTANT
        weight(model.live, "lm_head")[tokens, SAID + tokens] = READ
        for block, language in serves.items():
            point, layer = block.split()
            write = _mlp if point == "mlp" else _attention
            write(model.layer(int(layer)), language, mlp if point == "mlp" else attn)
    return model


def weight(module: torch.nn.Module, path: str) -> torch.Tensor:
    found = module.get_submodule(path).weight
    assert isinstance(found, torch.Tensor)
    return found


def _mlp(block: torch.nn.Module, language: str, strength: float) -> None:
    gate, up, down = (weight(block, f"mlp.{name}_proj") for name in ("gate", "up", "down"))
    for name, tokens in LANGUAGES.items():
        share = strength if name == language else -HARM * strength
        for token in tokens:
            gate[token, token], up[token, token] = 10 * READ, READ / 10
            down[SAID + following(token), token] = share


def _attention(block: torch.nn.Module, language: str, strength: float) -> None:
    """Scores are all 0, so that the head attends to everything alike."""
    value, output = weight(block, "self_attn.v_proj"), weight(block, "self_attn.o_proj")
    for dimension, (name, tokens) in enumerate(LANGUAGES.items()):
        share = strength if name == language else -HARM * strength
        for token in tokens:
            value[dimension, token] = READ
            output[SAID + token, dimension] = share


def passages(count: int = 24, shortest: int = 6) -> tuple[list[Passage], list[int]]:
    """Passages of both languages in turn, and the number of each one's language."""
    generator = torch.Generator().manual_seed(0)
    found, languages = [], []
    for number in range(count):
        language = number % 2
        tokens = list(LANGUAGES["AB"[language]])
        length = shortest + int(torch.randint(6, (1,), generator=generator))
        start = int(torch.randint(len(tokens), (1,), generator=generator))
        ids = [1, *(tokens[(start + step) % len(tokens)] for step in range(length))]
        found.append(Passage(tuple(ids), 2, len(ids), len(ids) - 2))
        languages.append(language)
    return found, languages
