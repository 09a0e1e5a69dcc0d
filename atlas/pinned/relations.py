"""The relations that the `functions` analysis scores heads on, pinned as data.

A relation is a file `data/relations/<category>/<name>.tsv`: a line `# title: Country to capital`,
more `# ` lines if wanted, then a line `source<TAB>target` for each pair, sorted, none twice. The
folder is the category, the file's name the relation's name; nothing is registered elsewhere.

Which pairs can be measured depends on the tokenizer: those whose two words are one token each.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlas import paths
from atlas.errors import AtlasError, raise_all, short, suggest

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CATEGORIES = ("algorithmic", "knowledge", "linguistic", "translation")
"""The categories in the order in which pages show them."""

MINIMUM_PAIRS = 30
"""With fewer single-token pairs a relation is not measurable for a tokenizer."""

FOREIGN = "\U00012000"
"""A cuneiform sign: tokenizers hardly know it, so it shows what unknown words turn into."""


@dataclass(frozen=True)
class Relation:
    """A relation: its pairs of words and a digest of them.

    `digest` is the SHA-256 of the lines `source<TAB>target`: a changed comment leaves it alone.
    """

    name: str
    title: str
    category: str
    pairs: tuple[tuple[str, str], ...]
    digest: str


@dataclass(frozen=True)
class TokenPair:
    """A pair whose two words are one token each, with the ids of those tokens."""

    source: str
    target: str
    source_id: int
    target_id: int


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all relations: categories in order, names sorted within each."""
    return tuple(_files(folder))


def load(name: str, folder: Path | None = None) -> Relation:
    """The relation called `name`; AtlasError where it is unknown or its file is malformed."""
    files = _files(folder)
    if name not in files:
        raise AtlasError(f"unknown relation {name!r}", remedy=suggest(name, tuple(files)))
    return _read(files[name])


def load_all(folder: Path | None = None) -> tuple[Relation, ...]:
    """Every relation, in the order of `names`; Problems with everything that is malformed."""
    relations: list[Relation] = []
    problems: list[AtlasError] = []
    for path in _files(folder).values():
        try:
            relations.append(_read(path))
        except AtlasError as problem:
            problems.append(problem)
    raise_all(problems)
    return tuple(relations)


@functools.cache
def digest() -> str:
    """`sha256:...` of all relations' names and pairs: what protocols name."""
    content = hashlib.sha256()
    for relation in load_all():
        content.update(f"{relation.name} {relation.digest}\n".encode())
    return f"sha256:{content.hexdigest()}"


def single_word(tokenizer: Tokenizer, word: str) -> int | None:
    """The id of `word`'s only token, or None where it is not one token.

    A word is single when tokens("a " + word) are tokens("a") and exactly one more, without special
    tokens; this holds for byte-level, SentencePiece and WordPiece tokenizers alike. The unknown
    token is not a word: WordPiece makes it of any word with a letter that it lacks.
    """
    added = _added(tokenizer, word)
    if len(added) != 1 or added == _added(tokenizer, FOREIGN):
        return None
    return added[0]


def measurable(relation: Relation, tokenizer: Tokenizer) -> tuple[TokenPair, ...]:
    """The pairs of `relation` whose two words are single for `tokenizer`, in file order.

    With fewer than `MINIMUM_PAIRS` of them the relation is not measurable with this tokenizer.
    """
    words = dict.fromkeys(word for pair in relation.pairs for word in pair)
    ids = {word: single_word(tokenizer, word) for word in words}
    found: list[TokenPair] = []
    for source, target in relation.pairs:
        source_id, target_id = ids[source], ids[target]
        if source_id is not None and target_id is not None:
            found.append(TokenPair(source, target, source_id, target_id))
    return tuple(found)


def _added(tokenizer: Tokenizer, word: str) -> list[int]:
    """The ids that `word` adds after "a"; none where the tokens of "a" are not kept."""
    before: list[int] = tokenizer.encode("a", add_special_tokens=False).ids
    both: list[int] = tokenizer.encode(f"a {word}", add_special_tokens=False).ids
    return both[len(before) :] if both[: len(before)] == before else []


def _files(folder: Path | None) -> dict[str, Path]:
    """Each relation's file by its name, in the order of `names`."""
    folder = folder or paths.package_data() / "relations"
    files: dict[str, Path] = {}
    problems: list[AtlasError] = []
    for path in sorted(folder.glob("*/*.tsv"), key=lambda path: (path.parent.name, path.stem)):
        if path.parent.name not in CATEGORIES:
            known = suggest(path.parent.name, CATEGORIES)
            problems.append(
                AtlasError(f"unknown category {path.parent.name!r}", file=path, remedy=known)
            )
        elif path.stem in files:
            other = f"{files[path.stem].parent.name}/{path.name}"
            problems.append(
                AtlasError(
                    f"a second relation called {path.stem!r}, beside {other}",
                    file=path,
                    remedy="a relation's name is its file's name: rename one of the two",
                )
            )
        else:
            files[path.stem] = path
    raise_all(problems)
    if not files:
        raise AtlasError(
            "no relations here",
            file=folder,
            remedy="expected <category>/<relation>.tsv; install atlas again",
        )
    return files


def _read(path: Path) -> Relation:
    """The relation in `path`; Problems with every malformed line."""
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise AtlasError(
            f"not UTF-8: {error.reason} at byte {error.start}",
            file=path,
            remedy="save the file as UTF-8",
        ) from None
    problems: list[AtlasError] = []
    title = _title(path, lines[0], problems)
    if lines.pop() != "":
        problems.append(
            AtlasError(
                "the last line has no end", file=path, remedy="end every line with a newline"
            )
        )
    pairs = _pairs(path, lines, problems)
    if not pairs and not problems:
        problems.append(AtlasError("no pairs", file=path, remedy="add lines source<TAB>target"))
    raise_all(problems)
    text = "".join(f"{source}\t{target}\n" for source, target in pairs)
    digest = "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
    return Relation(path.stem, title, path.parent.name, tuple(pairs), digest)


def _title(path: Path, line: str, problems: list[AtlasError]) -> str:
    """What the file's first line states as the relation's title."""
    mark = "# title: "
    title = line.removeprefix(mark)
    if line == title or title != title.strip() or not title:
        problems.append(
            AtlasError(
                f"no title in {short(line)}",
                file=path,
                place="line 1",
                remedy=f"begin the file with a line such as {mark + 'Country to capital'!r}",
            )
        )
    return title


def _pairs(path: Path, lines: list[str], problems: list[AtlasError]) -> list[tuple[str, str]]:
    """The pairs of a file's lines; what is wrong with a line is added to `problems`."""
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("# ") and not pairs:
            continue
        words = line.split("\t")
        if len(words) != 2 or any(not word or word != " ".join(word.split()) for word in words):
            problem = f"{short(line)} is not source<TAB>target"
            remedy = "write two words with one tab between and no other blanks around them"
        elif pairs and (words[0], words[1]) <= pairs[-1]:
            twice = (words[0], words[1]) == pairs[-1]
            problem = f"{short(line)} stands twice" if twice else f"{short(line)} is out of order"
            remedy = "remove it" if twice else "sort the pairs by code point: LC_ALL=C sort"
        else:
            pairs.append((words[0], words[1]))
            continue
        problems.append(AtlasError(problem, file=path, place=f"line {number}", remedy=remedy))
    return pairs
