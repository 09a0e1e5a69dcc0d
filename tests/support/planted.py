"""Tiny models whose heads are built to do something to chosen words, in any layout of weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tiny
import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import models, pre_tokenizers

from atlas import architectures
from atlas.analyses.functions import token_inputs
from atlas.loaded import fused, stored_mlp
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.proofs.case import normed
from atlas.pinned.relations import Relation
from atlas.profiles import statement

VOCABULARY = 1200
PAIRS = 36
"""At most as many as a head is wide, so that it can map each of them as it likes."""
WIDE = {"vocab_size": VOCABULARY, "hidden_size": 80, "num_attention_heads": 2}
N_WIDE = {"vocab_size": VOCABULARY, "n_head": 2}
SIZES: dict[str, dict[str, Any]] = {
    "bloom": {**N_WIDE, "hidden_size": 80},
    "gpt2": {**N_WIDE, "n_embd": 80},
    "gptj": {**N_WIDE, "n_embd": 80},
}
DECODERS = tuple(
    name
    for name in sorted(tiny.CONFIGS)
    if architectures.kind(name) == "decoder" and not statement.unfit("functions", name)
)

Words = Sequence[tuple[str, str]]


def make(folder: Path, model_type: str, **overrides: Any) -> Path:
    """A random model with heads as wide as there are pairs, and a tokenizer of whole words."""
    sizes = dict(SIZES.get(model_type, WIDE))
    if "head_dim" in tiny.CONFIGS[model_type]:
        sizes["head_dim"] = 40
    if "num_key_value_heads" in tiny.CONFIGS[model_type]:
        sizes["num_key_value_heads"] = 1
    tiny.make(folder, model_type, **{**sizes, **overrides})
    words(folder, overrides.get("vocab_size", VOCABULARY))
    return folder


def words(folder: Path, count: int) -> None:
    """A tokenizer of the words a, w1, w2 and so on."""
    known = {"a": 0, "[UNK]": 1, **{f"w{number}": number for number in range(2, count)}}
    if json.loads((folder / "config.json").read_text())["model_type"] == "qwen2":
        _qwen_words(known).save_pretrained(folder)
        return
    tokenizer = tokenizers.Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    # Named, because of some architectures transformers would make a tokenizer of another class.
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]"
    ).save_pretrained(folder)


def _qwen_words(known: dict[str, int]) -> transformers.PreTrainedTokenizerBase:
    """The same words for `qwen2`, of which transformers takes no tokenizer of another class."""
    special = dict.fromkeys(("unk_token", "eos_token", "pad_token"), "[UNK]")
    made = transformers.Qwen2Tokenizer(vocab=known, merges=[], **special)
    whole = [word for word in known if word not in ("a", "[UNK]")]
    made.add_tokens([tokenizers.AddedToken(word, single_word=True, lstrip=True) for word in whole])
    return made


def relation(name: str, category: str, pairs: Words) -> Relation:
    digest = hashlib.sha256(json.dumps(list(pairs)).encode()).hexdigest()
    return Relation(name, name.capitalize(), category, tuple(pairs), f"sha256:{digest}")


def drawn_pairs(seed: int, count: int = PAIRS, *, copies: bool = False) -> list[tuple[str, str]]:
    """Random pairs of words, no source and no target twice."""
    generator = torch.Generator().manual_seed(seed)
    order = (2 + torch.randperm(VOCABULARY - 2, generator=generator)).tolist()
    sources = order[:count]
    targets = sources if copies else order[count : 2 * count]
    return [(f"w{source}", f"w{target}") for source, target in zip(sources, targets, strict=True)]


def plant(folder: Path, layer: int, head: int, pairs: Words, sign: int) -> None:
    """Make a head answer each source with its target, or (sign -1) with its opposite.

    W_V reads off how much of each source there is (the pseudo-inverse of what the head reads of
    them), W_O writes the target's direction for it.
    """
    checkpoint = Checkpoint.open(folder)
    ids = torch.tensor([[int(word[1:]) for word in pair] for pair in pairs])
    x = token_inputs.entering(checkpoint, ids[:, 0], torch.float64)
    if layer > token_inputs.first_mlp(checkpoint):
        x = token_inputs.after_first_mlp(checkpoint, x)
    shape = checkpoint.geometry
    W_V = torch.zeros(shape.d_head, shape.d_model, dtype=torch.float64)
    W_O = torch.zeros(shape.d_model, shape.d_head, dtype=torch.float64)
    W_V[: len(pairs)] = torch.linalg.pinv(x.T)
    W_O[:, : len(pairs)] = sign * checkpoint.unembedding()[ids[:, 1]].double().T
    write(folder, layer, head, W_V, W_O)


def write(folder: Path, layer: int, head: int, W_V: torch.Tensor, W_O: torch.Tensor) -> None:
    """Overwrite a head's stored value and output weights, fused and transposed ones too."""
    checkpoint, file = Checkpoint.open(folder), folder / "model.safetensors"
    tensors, shape = load_file(file), checkpoint.geometry
    group = shape.heads // shape.kv_heads
    for slot in checkpoint.architecture.slots(layer):
        if slot.canonical not in ("attn.v.weight", "attn.o.weight"):
            continue
        stored = tensors[checkpoint.names[slot.names[0]]]
        whole = stored.T if slot.source.transposed else stored
        if slot.canonical == "attn.v.weight":
            features = fused.part(torch.arange(len(whole)), slot.source, shape)
            whole[features.reshape(shape.kv_heads, -1)[head // group]] = W_V.to(whole)
        else:
            whole[:, head * shape.d_head : (head + 1) * shape.d_head] = W_O.to(whole)
    save_file(tensors, file, metadata={"format": "pt"})


def products(checkpoint: Checkpoint, later: str = "mlp", fold: bool = False) -> torch.Tensor:
    """E' W_VO U in float64, whole: (layer, head, source, target); with `fold` as if every norm on
    the way were applied to the vectors themselves, but for its bias and length."""
    row, shape = checkpoint.architecture, checkpoint.geometry
    embedding = checkpoint.embedding().double() * row.embedding_scale
    if before := checkpoint.outside("embedding_norm"):
        held = {f"embedding_norm.{key}": one.double() for key, one in before.items()}
        embedding = normed(row, embedding, held, "embedding_norm")
    read = embedding
    if later == "mlp":
        tensors = {name: one.double() for name, one in checkpoint.layer(0).items()}
        entering = embedding.clone()
        if row.row.mlp_input:
            entering = normed(row, embedding, tensors, row.row.mlp_input)
        read = stored_mlp.output(checkpoint, 0, entering)

    def through(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        x = x - x.mean(-1, keepdim=True) if row.row.norm.kind == "layer" else x
        return x * (weight.double() + row.row.norm.offset)

    found = []
    for layer in range(shape.layers):
        heads, x = checkpoint.heads(layer), read if layer else embedding
        tensors = checkpoint.layer(layer)
        if fold and row.row.attn_input:
            x = through(x, tensors[f"{row.row.attn_input}.weight"])
        written = x @ (heads.W_O.double() @ heads.W_V.double()).transpose(1, 2)
        after = "norm.attn" if row.residual == "post-norm" else "norm.attn_after"
        if fold and f"{after}.weight" in tensors:
            written = through(written, tensors[f"{after}.weight"])
        if fold and checkpoint.final_norm():
            written = through(written, checkpoint.final_norm()["weight"])
        found.append(written @ checkpoint.unembedding().double().T)
    return torch.stack(found)
