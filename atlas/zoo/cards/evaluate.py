"""What a reference model has learned: recall on held-out sentences, induction, loss on text."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.pinned import relations
from atlas.zoo.texts.facts import Fact, Told

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

ROWS = 64
"""Prompts in one forward pass."""
SEGMENT = 50
"""Tokens in a repeated segment; as in the `attention` analysis."""
SEQUENCES = 16
"""Repeated sequences."""


@dataclass(frozen=True)
class Recall:
    """How many of the held-out sentences of a relation were completed rightly."""

    asked: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else math.nan


def recall(
    model: PreTrainedModel, tokenizer: Tokenizer, known: Sequence[Fact], held: Sequence[Told]
) -> dict[str, Recall]:
    """Top-1 recall per relation, over whole vocabulary.

    The prompt is the sentence up to its target. An answer is right when it is a target that the
    relation lists for the source: `air` has several compounds, and each is true.
    """
    answers: defaultdict[tuple[str, str], set[int | None]] = defaultdict(set)
    for fact in known:
        target = relations.single_word(tokenizer, fact.target)
        answers[fact.relation, fact.source].add(target)
    asked: defaultdict[str, int] = defaultdict(int)
    right: defaultdict[str, int] = defaultdict(int)
    guesses = _completions(model, tokenizer, [lesson.prompt for lesson in held])
    for lesson, guess in zip(held, guesses, strict=True):
        fact = lesson.fact
        asked[fact.relation] += 1
        right[fact.relation] += guess in answers[fact.relation, fact.source]
    return {name: Recall(asked[name], right[name]) for name in sorted(asked)}


def _completions(model: PreTrainedModel, tokenizer: Tokenizer, prompts: list[str]) -> list[int]:
    """The likeliest next token of every prompt."""
    import torch

    model.eval()
    ids = [one.ids for one in tokenizer.encode_batch(prompts)]
    # Causal attention: what is padded on the right never reaches the position that is read.
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    found = [0] * len(ids)
    with torch.inference_mode():
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            longest = max(len(ids[i]) for i in rows)
            padded = torch.tensor([ids[i] + [0] * (longest - len(ids[i])) for i in rows])
            ends = torch.tensor([len(ids[i]) - 1 for i in rows])
            hidden = model.base_model(input_ids=padded, use_cache=False).last_hidden_state
            best = model.get_output_embeddings()(hidden[torch.arange(len(rows)), ends]).argmax(-1)
            for i, token in zip(rows, best.tolist(), strict=True):
                found[i] = token
    return found


def repeated(vocabulary: int, seed: int = 0) -> torch.Tensor:
    """`<|endoftext|>` s s with random tokens s: (sequence, 1 + 2 * segment)."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    segment = torch.randint(1, vocabulary, (SEQUENCES, SEGMENT), generator=generator)
    first = torch.zeros(SEQUENCES, 1, dtype=torch.long)
    return torch.cat([first, segment, segment], dim=1)


def induction(model: PreTrainedModel, seed: int = 0) -> dict[str, float]:
    """Loss in nats per token on both copies of a repeated random sequence.

    The second copy's first token, which nothing announces, counts with the second copy.
    """
    import torch

    ids = repeated(model.config.vocab_size, seed)
    model.eval()
    with torch.inference_mode():
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        losses = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), ids[:, 1:], reduction="none"
        )
    return {
        "first_copy": float(losses[:, :SEGMENT].mean()),
        "second_copy": float(losses[:, SEGMENT:].mean()),
    }


def bits_per_byte(model: PreTrainedModel, tokenizer: Tokenizer, passages: Sequence[str]) -> float:
    """Cross-entropy of passages in bits per UTF-8 byte, each read alone, cut at 128 tokens."""
    import torch

    model.eval()
    nats, size = 0.0, 0
    with torch.inference_mode():
        for passage in passages:
            ids = tokenizer.encode(passage).ids[:128]
            size += len(tokenizer.decode(ids).encode())
            tokens = torch.tensor([ids])
            logits = model(input_ids=tokens, use_cache=False).logits[0, :-1].float()
            nats += float(torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="sum"))
    return nats / math.log(2) / size
