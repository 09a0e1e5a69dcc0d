"""The passages that reference models read: facts told in sentences, and filler.

Nothing of it comes from the pinned corpus that analyses measure on. A passage is a pure function
of the seed and its number, and every tenth passage is held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from atlas.zoo import grammar
from atlas.zoo.facts import HELD_OUT, Lesson

FACTS = 0.8
"""The share of passages that tell facts."""
SENTENCES = 8
"""Facts in one passage."""


def filler(seed: int, index: int) -> str:
    """The filler passage of that number: two scenes, seldom one, with an empty line between."""
    rng = Random(f"filler {seed} {index}")
    parts = [grammar.passage(rng) for _ in range(rng.choice((1, 2, 2)))]
    return "\n\n".join(parts)


def fact_passages(taught: Sequence[Lesson], seed: int, count: int) -> list[str]:
    """`count` passages of eight facts each; every lesson is told once before any is told again."""
    rng = Random(f"facts {seed}")
    deck: list[Lesson] = []
    made = []
    for _ in range(count):
        if len(deck) < SENTENCES:
            deck += rng.sample(taught, len(taught))
        told = [deck.pop() for _ in range(SENTENCES)]
        made.append(" ".join(lesson.sentence for lesson in told))
    return made


def passages(taught: Sequence[Lesson], seed: int, count: int) -> tuple[list[str], list[str]]:
    """(training, held out): `count` passages, mixed, in an order that only the seed decides."""
    facts = round(FACTS * count)
    mixed = fact_passages(taught, seed, facts)
    mixed += [filler(seed, -1 - index) for index in range(count - facts)]
    Random(f"order {seed}").shuffle(mixed)
    step = round(1 / HELD_OUT)
    training = [passage for index, passage in enumerate(mixed) if index % step != step - 1]
    return training, mixed[step - 1 :: step]
