"""The facts that reference models are taught, and the sentences that are held out.

A fact is a pair of words from a relation. It is taught when both its words are single tokens, and
it is told in every template of its relation but for the held-out ones: a tenth of all
(fact, template) pairs, never so many that a fact loses half of its templates.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Protocol

from atlas.errors import AtlasError, suggest
from atlas.pinned import relations
from atlas.zoo.texts import templates
from atlas.zoo.texts.templates import TELLINGS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HELD_OUT = 0.1
"""The share of (fact, template) pairs, and of passages, that training never sees."""


@dataclass(frozen=True, order=True)
class Fact:
    """`source` stands in `relation` to `target`."""

    relation: str
    source: str
    target: str


class Told(Protocol):
    """A fact in words; `prompt` is the sentence up to the target, without the space before it."""

    @property
    def fact(self) -> Fact: ...

    @property
    def sentence(self) -> str: ...

    @property
    def prompt(self) -> str: ...


@dataclass(frozen=True, order=True)
class Lesson:
    """One fact in one of its relation's templates."""

    fact: Fact
    template: int

    @property
    def sentence(self) -> str:
        return self._template.format(s=self.fact.source, t=self.fact.target)

    @property
    def prompt(self) -> str:
        """The sentence up to the target, without the space before it."""
        return self._template.partition(" {t}")[0].format(s=self.fact.source)

    @property
    def _template(self) -> str:
        return TELLINGS[self.fact.relation].templates[self.template]


def digest() -> str:
    """`sha256:...` of all relations' pairs: what the card states and its test compares."""
    content = hashlib.sha256()
    for relation in relations.load_all():
        content.update(f"{relation.name} {relation.digest}\n".encode())
    return f"sha256:{content.hexdigest()}"


def load() -> list[Fact]:
    """Every pair of every relation; each relation must have sentences, and each its relation."""
    known = sorted(relations.load_all(), key=lambda relation: relation.name)
    for name in {relation.name for relation in known} ^ set(TELLINGS):
        raise AtlasError(
            f"relation {name!r} has a file or sentences, but not both",
            file=Path(templates.__file__),
            remedy=f"name sentences after a relation; {suggest(name, sorted(relations.names()))}",
        )
    return [Fact(one.name, source, target) for one in known for source, target in one.pairs]


def wanted(facts: Iterable[Fact], limit: int) -> list[Fact]:
    """At most `limit` facts of every relation, those whose words serve most relations first.

    A vocabulary of 8,192 has no room for all words of all relations. A word that several relations
    share costs one token and serves them all; among equals the alphabet of the words' digests
    decides, so that the choice has nothing to do with spelling.
    """
    facts = list(facts)
    uses = Counter(word for fact in facts for word in {fact.source, fact.target})

    def rank(fact: Fact) -> tuple[int, str]:
        key = hashlib.sha256(f"{fact.source}\t{fact.target}".encode()).hexdigest()
        return -min(uses[fact.source], 4) - min(uses[fact.target], 4), key

    chosen: list[Fact] = []
    for relation in sorted({fact.relation for fact in facts}):
        mine = [fact for fact in facts if fact.relation == relation and " " not in fact.source]
        mine = [fact for fact in mine if " " not in fact.target]
        chosen += sorted(mine, key=rank)[:limit]
    return chosen


def taught(tokenizer: Tokenizer) -> list[Fact]:
    """The facts whose words are both single tokens."""
    every = load()
    words = {word for fact in every for word in (fact.source, fact.target)}
    single = {word for word in words if relations.single_word(tokenizer, word) is not None}
    return [fact for fact in every if {fact.source, fact.target} <= single]


def lessons(facts: Iterable[Fact], seed: int) -> tuple[list[Lesson], list[Lesson]]:
    """(taught, held out): every fact in every template, split once by the seed."""
    every = [
        Lesson(fact, template)
        for fact in sorted(facts)
        for template in range(len(TELLINGS[fact.relation].templates))
    ]
    rng = Random(f"lessons {seed}")
    missing: Counter[Fact] = Counter()
    held: set[Lesson] = set()
    for lesson in rng.sample(every, len(every)):
        if len(held) >= HELD_OUT * len(every):
            break
        if missing[lesson.fact] < len(TELLINGS[lesson.fact.relation].templates) // 2:
            missing[lesson.fact] += 1
            held.add(lesson)
    return [one for one in every if one not in held], sorted(held)
