"""The passages that reference models read: facts told in sentences, and filler.

Nothing of it comes from the pinned corpus that analyses measure on. A passage is a pure function
of the seed and its number, and every tenth passage is held out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from atlas.zoo.texts import grammar
from atlas.zoo.texts.facts import HELD_OUT, Fact, Told

FACTS = 0.8
"""The share of passages that tell facts."""
SENTENCES = 6
"""Facts in one passage."""


@dataclass(frozen=True)
class MarkedPassage:
    """One passage as text; `targets` marks where in it the facts' targets end, in characters."""

    text: str
    targets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Course:
    """What a model is tuned on: the facts, how they are told, what is held out, by group, and the
    passages to read."""

    known: Sequence[Fact]
    taught: Sequence[Told]
    held: Mapping[str, Sequence[Told]]
    passages: list[MarkedPassage]

    def digest(self) -> str:
        """`sha256:...` of every sentence, taught and held out."""
        content = hashlib.sha256()
        for group, lessons in {"taught": self.taught, **self.held}.items():
            for lesson in lessons:
                content.update(f"{group}\t{lesson.sentence}\n".encode())
        return f"sha256:{content.hexdigest()}"


def filler(seed: int, index: int) -> str:
    """The filler passage of that number: two scenes, seldom one, with an empty line between."""
    rng = Random(f"filler {seed} {index}")
    parts = [grammar.passage(rng) for _ in range(rng.choice((1, 2, 2)))]
    return "\n\n".join(parts)


def fact_passages(taught: Sequence[Told], seed: int, count: int) -> list[MarkedPassage]:
    """`count` passages of six facts each; every lesson is told once before any is told again."""
    rng = Random(f"facts {seed}")
    deck: list[Told] = []
    made = []
    for _ in range(count):
        if len(deck) < SENTENCES:
            deck += rng.sample(taught, len(taught))
        made.append(told([deck.pop() for _ in range(SENTENCES)]))
    return made


def told(parts: Sequence[Told | str], between: str = " ") -> MarkedPassage:
    """One passage of facts and plain sentences, in that order."""
    text, targets = "", []
    for part in parts:
        text = f"{text}{between}" if text else text
        if isinstance(part, str):
            text += part
        else:
            targets.append(len(text) + len(part.prompt) + 1 + len(part.fact.target))
            text += part.sentence
    return MarkedPassage(text, tuple(targets))


def passages(
    taught: Sequence[Told], seed: int, count: int
) -> tuple[list[MarkedPassage], list[MarkedPassage]]:
    """(training, held out): `count` passages, mixed, in an order that only the seed decides."""
    facts = round(FACTS * count)
    mixed = fact_passages(taught, seed, facts)
    mixed += [MarkedPassage(filler(seed, -1 - index)) for index in range(count - facts)]
    Random(f"order {seed}").shuffle(mixed)
    step = round(1 / HELD_OUT)
    training = [passage for index, passage in enumerate(mixed) if index % step != step - 1]
    return training, mixed[step - 1 :: step]
