"""What recipes of reference models read, made once for all tests: it takes seconds to make, and is
the same every time, as tests of the recipe say.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from tokenizers import Tokenizer

from atlas.zoo.texts import text
from atlas.zoo.texts.facts import Told
from atlas.zoo.texts.text import MarkedPassage
from atlas.zoo.training import tokenizer as tokenizers

ANEW, TRAIN_ANEW = text.passages, tokenizers.train
"""The recipe's own, which make everything again."""


def passages(
    taught: Sequence[Told], seed: int, count: int
) -> tuple[list[MarkedPassage], list[MarkedPassage]]:
    """As `text.passages`; lists of the caller's own."""
    training, held = _passages(tuple(taught), seed, count)
    return list(training), list(held)


def train(seed: int) -> Tokenizer:
    """As `tokenizer.train`; a tokenizer of the caller's own."""
    return Tokenizer.from_str(_trained(seed))


@cache
def _passages(
    taught: tuple[Told, ...], seed: int, count: int
) -> tuple[tuple[MarkedPassage, ...], tuple[MarkedPassage, ...]]:
    training, held = ANEW(taught, seed, count)
    return tuple(training), tuple(held)


@cache
def _trained(seed: int) -> str:
    return TRAIN_ANEW(seed).to_str()
