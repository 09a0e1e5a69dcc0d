"""What models are measured on: the pinned corpus, another that atlas ships, or somebody's own.

A corpus that atlas ships is a folder with a file a topic, passages parted by a line `===`. The
digest is that of topics and texts, so that it changes exactly when what is measured on changes.
Somebody's own corpus is a JSON Lines file, an object `{"text": "..."}` a line, with a `"topic"`
where it has one and any other keys beside; or a .txt file, a text a line.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atlas.errors import AtlasError, Problems, from_os, short, suggest
from atlas.files import json_file
from atlas.paths import package_data
from atlas.pinned.choices import PINNED, Choices

SHIPPED: Mapping[str, str] = {
    PINNED: "passages on sixteen topics",
    "reference": "invented text of the reference models",
}
"""The corpora that atlas ships, and what each is: a digest says nothing to a reader."""

SEPARATOR = "==="
FEWEST_WORDS, MOST_WORDS = 60, 120

LARGEST = 64 * 1024 * 1024
"""Bytes of a corpus of somebody's own at most."""
FEWEST_TEXTS, MOST_TEXTS = 64, 10_000
"""Its texts at least, so that its clusters have some each, and at most."""
LONGEST_TEXT, LONGEST_TOPIC = 20_000, 80
MOST_PROBLEMS = 20
"""Problems of one file that are told in one run."""


@dataclass(frozen=True)
class Text:
    """One text of a corpus, and its topic; in those that atlas ships a passage of 60 to 120 words.

    `loaded.passages.Passage` is the same as a model reads it.
    """

    topic: str
    text: str


def load(name: str = PINNED) -> tuple[Text, ...]:
    """Every passage of a corpus that atlas ships, by topic, in the order of the files.

    Raises `AtlasError` for a passage that is too short or too long.
    """
    return _passages(name)


@functools.cache
def _passages(name: str) -> tuple[Text, ...]:
    passages = []
    for file in sorted(folder(name).glob("*.txt")):
        lines = file.read_text(encoding="utf-8").splitlines()
        start = 0
        for end in [i for i, line in enumerate(lines) if line == SEPARATOR] + [len(lines)]:
            text = "\n".join(lines[start:end]).strip("\n")
            words = len(text.split())
            if not FEWEST_WORDS <= words <= MOST_WORDS:
                raise AtlasError(
                    f"passage of {words} words",
                    file=file,
                    place=f"line {start + 1}",
                    remedy=f"a passage has {FEWEST_WORDS} to {MOST_WORDS} words",
                )
            passages.append(Text(file.stem, text))
            start = end + 1
    return tuple(passages)


def folder(name: str) -> Path:
    """Where a corpus that atlas ships lies, a file a topic."""
    return package_data() / ("corpus" if name == PINNED else f"corpora/{name}")


def topics(name: str = PINNED) -> tuple[str, ...]:
    """The topics, in the order of the passages."""
    return tuple(dict.fromkeys(passage.topic for passage in load(name)))


@functools.cache
def digest(name: str = PINNED) -> str:
    """`sha256:...` of topics and texts of a corpus that atlas ships, which protocols carry."""
    return _digest(load(name))


def named(stated: str, below: Path) -> str | Path:
    """What somebody calls a corpus: one that atlas ships by its name, anything else is a file
    below a folder. A file of the name of such a corpus is written with its folder, `./reference`.
    """
    return stated if stated in SHIPPED else below / stated


def told(choices: Choices) -> str:
    """What is measured on, as readers are told it: `reference (invented text of ...)`."""
    if isinstance(choices.corpus, Path):
        return "texts of this atlas' own"
    return f"{choices.corpus} ({SHIPPED[choices.corpus]})"


def chosen(choices: Choices) -> tuple[Text, ...]:
    """The texts to measure on."""
    return read(choices.corpus) if isinstance(choices.corpus, Path) else load(choices.corpus)


def chosen_digest(choices: Choices) -> str:
    """`sha256:...` of the texts to measure on."""
    if isinstance(choices.corpus, Path):
        return _digest(chosen(choices))
    return digest(choices.corpus)


def read(path: Path) -> tuple[Text, ...]:
    """Somebody's own corpus, from a JSON Lines file or a .txt file.

    Raises `AtlasError` or `Problems`, with line numbers, for a file that is too large or cannot be
    read, too few or too many texts, texts that are empty, too long, no characters or there twice.
    """
    changed = path.stat() if path.is_file() else None
    return _read(path, changed and (changed.st_mtime_ns, changed.st_size))


@functools.lru_cache(maxsize=1)
def _read(path: Path, changed: object) -> tuple[Text, ...]:
    lines, plain = _lines(path), path.suffix.lower() == ".txt"
    texts: list[Text] = []
    seen: dict[str, int] = {}
    found: list[AtlasError] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = _text({"text": line.strip()} if plain else json_file.parse(line, path))
            first = seen.setdefault(text.text, number)
            if first != number:
                raise AtlasError(f"the text of line {first} again", remedy="leave one of them out")
        except AtlasError as error:
            found.append(
                AtlasError(error.problem, file=path, place=f"line {number}", remedy=error.remedy)
            )
            if len(found) >= MOST_PROBLEMS:
                break
            continue
        texts.append(text)
    if not found and not FEWEST_TEXTS <= len(texts) <= MOST_TEXTS:
        found = [
            AtlasError(
                f"{len(texts)} texts",
                file=path,
                remedy=f"a corpus has {FEWEST_TEXTS} to {MOST_TEXTS} of them, one a line",
            )
        ]
    if found:
        raise Problems(found)
    return tuple(texts)


def _lines(path: Path) -> list[str]:
    try:
        json_file.require_file(path)
        size = path.stat().st_size
        if size > LARGEST:
            raise AtlasError(
                f"{size} bytes, more than {LARGEST}", file=path, remedy="take fewer texts"
            )
        # Some editors begin a file with a byte-order mark, which "utf-8-sig" reads over.
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        remedy = (
            "name a JSON Lines file, a .txt file with a text a line, or a corpus that atlas ships: "
            + ", ".join(SHIPPED)
        )
        raise from_os(error, file=path, remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise AtlasError(
            f"byte {error.start} is not UTF-8", file=path, remedy="write it in UTF-8"
        ) from error


def _text(item: object) -> Text:
    """One line's object as a text; `AtlasError` without a place for what is wrong with it."""
    if not isinstance(item, dict):
        raise AtlasError(f"{short(item)} is not an object", remedy='write {"text": "..."}')
    if "text" not in item:
        for key in item:
            if key != "topic":  # the text under another name, perhaps
                known = ("text", "topic")
                raise AtlasError(f"unknown key {short(key)}", remedy=suggest(key, known))
    for key, longest in (("text", LONGEST_TEXT), ("topic", LONGEST_TOPIC)):
        value = item.get(key, "" if key == "text" else "-")
        if not isinstance(value, str):
            raise AtlasError(f"{key} {short(value)} is not text", remedy='write {"text": "..."}')
        if not value.strip():
            missing = "is empty" if key in item else "is missing"
            raise AtlasError(f"{key} {missing}", remedy='write {"text": "..."}')
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise AtlasError(
                f"{key} {short(value)} holds half of a surrogate pair, which is not a character",
                remedy="write the whole character, or leave it out",
            )
        if len(value) > longest:
            raise AtlasError(
                f"{key} of {len(value)} characters", remedy=f"at most {longest}: cut it"
            )
    return Text(item.get("topic", ""), item["text"])


def _digest(texts: Sequence[Text]) -> str:
    total = hashlib.sha256()
    for text in texts:
        total.update(f"{text.topic}\0{text.text}\0".encode("utf-8", "surrogatepass"))
    return f"sha256:{total.hexdigest()}"
