"""The facts that reference models are taught, and the sentences that are held out.

A fact is a pair of words from a relation. It is taught when both its words are single tokens, and
it is told in every template of its relation but for the held-out ones: a tenth of all
(fact, template) pairs, never so many that a fact loses half of its templates.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from atlas import paths
from atlas.errors import AtlasError, suggest
from atlas.zoo.templates import TELLINGS

HELD_OUT = 0.1
"""The share of (fact, template) pairs, and of passages, that training never sees."""


@dataclass(frozen=True, order=True)
class Fact:
    """`source` stands in `relation` to `target`."""

    relation: str
    source: str
    target: str


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


def relation_files() -> list[Path]:
    """The files of the relations, in alphabetical order of the relation's name."""
    files = sorted(
        (paths.package_data() / "relations").glob("*/*.tsv"), key=lambda path: path.stem
    )
    names = [path.stem for path in files]
    for path in files:
        if path.stem not in TELLINGS:
            raise AtlasError(
                f"relation {path.stem!r} has no sentences",
                file=path,
                remedy=f"add it to atlas/zoo/templates.py; {suggest(path.stem, sorted(TELLINGS))}",
            )
    for name in TELLINGS:
        if name not in names:
            raise AtlasError(
                f"no file for relation {name!r}",
                file=paths.package_data() / "relations",
                remedy="name the sentences in atlas/zoo/templates.py after a relation's file",
            )
    return files


def digest() -> str:
    """`sha256:...` of all relation files: what the card and its test compare."""
    content = hashlib.sha256()
    for path in relation_files():
        content.update(path.stem.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"sha256:{content.hexdigest()}"


def load() -> list[Fact]:
    """Every pair of every relation, in the order of the files."""
    found = []
    for path in relation_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            cells = line.split("\t")
            if len(cells) < 2:
                raise AtlasError(
                    f"no tab in {line!r}", file=path, place=f"line {number}", remedy="source TAB target"
                )
            found.append(Fact(path.stem, cells[0], cells[1]))
    return found


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


def taught(facts: Iterable[Fact], single: Callable[[str], bool]) -> list[Fact]:
    """The facts whose words are both single tokens."""
    return [fact for fact in facts if single(fact.source) and single(fact.target)]


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
