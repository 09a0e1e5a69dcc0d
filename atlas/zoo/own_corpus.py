"""The corpus that reference models are measured on: text of the kind that they read, never read.

Passages come from the generators that training text comes from, with another seed. Their facts are
told in sentences that training holds out, so that no model has read one of them; the facts
themselves it knows from other sentences. A file is a relation, a topic of prose, or another kind of
filler. `python -m atlas.zoo corpus` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from atlas import paths
from atlas.files import json_file
from atlas.pinned import corpus
from atlas.pinned.corpus import Text
from atlas.zoo.texts import facts, grammar
from atlas.zoo.texts.facts import Lesson
from atlas.zoo.training.recipe import Recipe

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = "reference"

SEED = 2
"""Another than that of every recipe."""

OF_A_RELATION, OF_PROSE, OF_ANOTHER_KIND = 12, 16, 20
"""Passages of a file."""

PROSE = ("animals", "computers", "hospital", "kitchen", "money", "music", "sea", "sport")
"""Topics of prose: half of those that models read, as far apart as they are."""

OTHERS: dict[str, Callable[[Random], str]] = {
    "code": grammar.code,
    "dialogue": grammar.dialogue,
    "numbers": grammar.numbers,
    "tables": grammar.table,
}


def folder() -> Path:
    """Where the corpus lies."""
    return corpus.folder(NAME)


def write(to: Path) -> list[Text]:
    """Make the corpus and write it, a file a topic."""
    made = list(passages())
    for topic in dict.fromkeys(one.topic for one in made):
        texts = [one.text for one in made if one.topic == topic]
        whole = f"\n{corpus.SEPARATOR}\n".join(texts)
        json_file.write_atomic(to / f"{topic}.txt", f"{whole}\n")
    return made


def passages() -> Iterator[Text]:
    """Every passage, by topic in the order of the files' names."""
    told = _unread()
    makers: dict[str, Callable[[], list[str]]] = {
        **{name: partial(_of_facts, name, lessons) for name, lessons in told.items()},
        **{topic: partial(_of_prose, topic) for topic in PROSE},
        **{name: partial(_of_kind, name, maker) for name, maker in OTHERS.items()},
    }
    for topic in sorted(makers):
        yield from (Text(topic, text) for text in makers[topic]())


def _unread() -> dict[str, list[Lesson]]:
    """By relation, every fact in the sentences that no training has told it in."""
    _, held = facts.lessons(facts.taught(_tokenizer()), Recipe("llama").seed)
    return {
        name: [one for one in held if one.fact.relation == name]
        for name in sorted({one.fact.relation for one in held})
    }


def _tokenizer() -> Tokenizer:
    """That of the reference models, which decides what facts they were taught."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(paths.zoo_folder("llama") / "tokenizer.json"))


def _of_facts(name: str, lessons: Sequence[Lesson]) -> list[str]:
    """Passages of one relation's sentences; each is told once before any is told again, and none
    twice in one passage."""
    rng = Random(f"{NAME} {SEED} {name}")
    deck: list[Lesson] = []
    made = []
    for _ in range(OF_A_RELATION):
        text = ""
        while _words(text) < corpus.FEWEST_WORDS:
            deck = deck or [
                one for one in rng.sample(lessons, len(lessons)) if one.sentence not in text
            ]
            text = f"{text} {deck.pop().sentence}".strip()
        made.append(text)
    return made


def _of_prose(topic: str) -> list[str]:
    return [
        _filled(f"{topic} {number}", partial(grammar.prose, topic=topic))
        for number in range(OF_PROSE)
    ]


def _of_kind(name: str, maker: Callable[[Random], str]) -> list[str]:
    return [_filled(f"{name} {number}", maker) for number in range(OF_ANOTHER_KIND)]


def _filled(number: str, maker: Callable[[Random], str]) -> str:
    """As many scenes as a passage needs, with an empty line between; begun anew where the last is
    too long."""
    rng = Random(f"{NAME} {SEED} {number}")
    text = ""
    while not corpus.FEWEST_WORDS <= _words(text) <= corpus.MOST_WORDS:
        text = "" if _words(text) > corpus.MOST_WORDS else text
        text = f"{text}\n\n{maker(rng)}".strip()
    return text


def _words(text: str) -> int:
    return len(text.split())
