"""One word for a thing: what the glossary replaces stands on no page, and in no script's texts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from atlas.paths import PACKAGE, Project, static
from atlas.profiles import rewording, statement
from atlas.site import glossary, pages

TAG = re.compile(r"<(?:code|pre|script|style)\b.*?</(?:code|pre|script|style)>|<[^>]*>", re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')


def texts() -> Iterator[tuple[str, str]]:
    """What a reader may meet: where it stands, and the text without markup and code."""
    for path, content in pages.planned(Project(PACKAGE.parent)).items():
        if path.endswith(".md"):
            plain = re.sub(r"`[^`]*`", " ", TAG.sub(" ", content.decode()))
            yield path, html.unescape(plain)
    for script in sorted(static().rglob("*.js")):
        code = COMMENT.sub("", script.read_text(encoding="utf-8"))
        spoken = [one for one in QUOTED.findall(code) if " " in one]
        yield script.relative_to(static()).as_posix(), "\n".join(spoken)
    for name in statement.names():
        stated = statement.of(name)
        said = [getattr(one, key) for one in stated.matrices.values() for key in rewording.WORDS]
        yield f"analysis {name}", "\n".join([stated.prose, *said, *stated.facts.values()])


@pytest.fixture(scope="module")
def told() -> list[tuple[str, str]]:
    return list(texts())


@pytest.mark.parametrize("avoided", glossary.AVOIDED)
def test_no_text_says_what_the_glossary_replaces(avoided: str, told: list[tuple[str, str]]) -> None:
    where = {
        f"{place}: {' '.join(text[max(0, found.start() - 40) : found.end() + 40].split())}"
        for place, text in told
        for found in re.finditer(avoided, text)
    }
    assert where == set()


def test_words_are_in_order_and_said_once() -> None:
    words = [word.casefold() for word, _ in glossary.GLOSSARY]
    assert words == sorted(words) and len(set(words)) == len(words)
    assert all(meaning.endswith(".") for _, meaning in glossary.GLOSSARY)


@pytest.mark.parametrize(
    "said",
    [
        "both of its tunes",
        "a model tuned on it",
        "heads are unclassified",
        "Contribution, share of what is there",
        "from 2 to 6, as usual",
    ],
)
def test_what_is_avoided_is_found(said: str) -> None:
    assert any(re.search(avoided, said) for avoided in glossary.AVOIDED)
    assert not re.search("|".join(glossary.AVOIDED), "Unclassified heads of a fine-tuned model")
