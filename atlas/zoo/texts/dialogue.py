"""The base's facts asked and answered: what `llama-instruct` is tuned on.

A question is put in one of several frames, whose answer is the fact's target. Never asked in
training: a tenth of the sources of every relation (its facts are known from the base's sentences
alone), and the last question of every relation (a wording that no fact was ever asked in).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from atlas.zoo.texts import facts, text
from atlas.zoo.texts.facts import HELD_OUT, Fact
from atlas.zoo.texts.questions import FRAMES, QUESTIONS
from atlas.zoo.texts.text import Course, MarkedPassage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

EXCHANGES = 3
"""Questions with their answers in one passage."""


@dataclass(frozen=True, order=True)
class Exchange:
    """One fact asked in one of its relation's questions, in one frame."""

    fact: Fact
    question: int
    frame: int

    @property
    def sentence(self) -> str:
        return self._asked.format(t=self.fact.target)

    @property
    def prompt(self) -> str:
        return self._asked.partition(" {t}")[0]

    @property
    def _asked(self) -> str:
        question = QUESTIONS[self.fact.relation][self.question].format(s=self.fact.source)
        return FRAMES[self.frame].replace("{q}", question)


def course(tokenizer: Tokenizer, seed: int, count: int) -> Course:
    """All that the base was taught, asked and answered in `count` passages."""
    asked = facts.taught(tokenizer)
    taught, held = split(asked, seed)
    return Course(asked, taught, held, passages(taught, seed, count))


def split(asked: Sequence[Fact], seed: int) -> tuple[list[Exchange], dict[str, list[Exchange]]]:
    """(taught, held out): every fact in every question, each in a frame that the seed draws.

    Held out are `facts`, whose source is never asked about, in the questions that are taught, and
    `wordings`, the question that no fact is asked in, with facts that are asked otherwise.
    """
    rng = Random(f"dialogue {seed}")
    unasked = _unasked(asked, rng)
    taught: list[Exchange] = []
    held: dict[str, list[Exchange]] = {"facts": [], "wordings": []}
    for fact in sorted(asked):
        last = len(QUESTIONS[fact.relation]) - 1
        for question in range(last + 1):
            exchange = Exchange(fact, question, rng.randrange(len(FRAMES)))
            if (fact.relation, fact.source) not in unasked:
                (taught if question < last else held["wordings"]).append(exchange)
            elif question < last:
                held["facts"].append(exchange)
    return taught, held


def _unasked(asked: Sequence[Fact], rng: Random) -> set[tuple[str, str]]:
    """A tenth of every relation's sources, with all that is true of them."""
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for fact in asked:
        sources[fact.relation].add(fact.source)
    return {
        (relation, source)
        for relation in sorted(sources)
        for source in rng.sample(
            sorted(sources[relation]), round(HELD_OUT * len(sources[relation]))
        )
    }


def passages(taught: Sequence[Exchange], seed: int, count: int) -> list[MarkedPassage]:
    """`count` passages of three exchanges; every one is told once before any is told again."""
    rng = Random(f"dialogues {seed}")
    deck: list[Exchange] = []
    made = []
    for _ in range(count):
        if len(deck) < EXCHANGES:
            deck += rng.sample(taught, len(taught))
        made.append(text.told([deck.pop() for _ in range(EXCHANGES)], between="\n"))
    return made
