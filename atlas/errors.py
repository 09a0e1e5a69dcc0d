"""Errors that a person can act on.

AtlasError        one problem: file, place, problem with its value, remedy; one line
└── Problems      every problem that one run found, a line each

They are raised anywhere and caught once, in `atlas/commands/__init__.py`: the lines go to standard
error, exit 1.
`from_os` makes one of an error of the file system.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

DAMAGED = "the weights are damaged, or their type is too narrow for this model"
"""The remedy where what a model computes is infinite or not a number."""


class AtlasError(Exception):
    """One problem, told in one line: `file: place: problem; remedy`.

    `file` is shown relative to the working directory where it lies below it. `place` is a line
    number or a key path such as `geometry.heads`. `problem` names the offending value, `remedy`
    says what to do. Newlines inside any part are folded, so that one problem stays one line, and
    characters that act on a terminal are written out, for a part may quote a contribution.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str | None = None,
        place: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.place = place
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        parts = [shown(self.file)] if self.file is not None else []
        parts += [self.place] if self.place else []
        line = ": ".join([*parts, self.problem])
        line = f"{line}; {self.remedy}" if self.remedy else line
        return _printable(" ".join(line.split()))

    def as_dict(self) -> dict[str, str | None]:
        """The same parts for `--json`."""
        return {
            "file": shown(self.file) if self.file is not None else None,
            "place": self.place,
            "problem": self.problem,
            "remedy": self.remedy,
        }


class Problems(AtlasError):  # noqa: N818 - several, so the plural is the name
    """Several problems found in one run; `str()` is a line for each."""

    def __init__(self, problems: Iterable[AtlasError]) -> None:
        self.problems: list[AtlasError] = []
        for problem in problems:
            self.problems += problem.problems if isinstance(problem, Problems) else [problem]
        super().__init__(f"{len(self.problems)} problems")

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


REMEDIES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room: the quota is used up",
    errno.EROFS: "that place is read-only: choose another, or mount it for writing",
    errno.EACCES: "allow this user to read and write there",
    errno.EPERM: "allow this user to read and write there",
    errno.EMFILE: "allow more open files: ulimit -n 4096",
    errno.ENFILE: "the system has too many open files: close some programs",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "mend the symbolic links there",
    errno.EIO: "the disk or the network drive fails: copy the files elsewhere",
    errno.ENOMEM: "free some memory",
}
"""What helps against an error of the file system, by its number."""


def from_os(
    error: OSError,
    what: str = "cannot be read",
    *,
    file: Path | str | None = None,
    remedy: str | None = None,
) -> AtlasError:
    """An error of the file system as one that a person can act on.

    `what` failed, where that is known; `file` where the system does not name one. `remedy` is told
    where the error's number does not say of itself what helps.
    """
    reason = error.strerror or str(error) or type(error).__name__
    return AtlasError(
        f"{what}: {reason}" if what else reason,
        file=file if file is not None else error.filename,
        remedy=REMEDIES.get(error.errno or 0, remedy),
    )


def shown(path: Path | str) -> str:
    """A path as people want to read it: relative to the working directory where possible. An
    address stays as it is."""
    if "://" in str(path):
        return str(path)
    try:
        return Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError):
        return str(path)


LISTED = 12
"""Known words that a message lists before it counts the rest."""


def suggest(word: object, known: Sequence[str], most: int = LISTED) -> str:
    """`did you mean 'x'? known: a, b, c`, for a word that is not in a list; `most` are listed."""
    near = nearest(word, known)
    told = list_known(known, most)
    return told if near is None else f"did you mean {near!r}? {told}"


def list_known(known: Sequence[str], most: int = LISTED) -> str:
    """`known: a, b, c`, of more than `most` how many there are besides."""
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return f"known: {', '.join(known[:most]) or 'none'}{more}"


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that was probably meant: one that is spelt almost so, or else one that the
    word is the beginning of, `gemma3` of `gemma3_text`. None where there is neither.

    A number tells versions apart, so that words with other numbers are never near.
    """
    typed = str(word)[:100].lower()
    plain, numbers = _letters(typed), _numbers(typed)
    most = 1 if len(plain) < 6 else 2
    best: str | None = None
    for other in known:
        letters = _letters(other.lower())
        if abs(len(letters) - len(plain)) > most or _numbers(other) != numbers or not letters:
            continue
        changes = _changes(plain, letters)
        if changes <= most:
            best, most = other, changes - 1
    longer = (other for other in known if re.match(rf"{re.escape(typed)}[^a-z0-9]", other.lower()))
    return best if best is not None or not plain else next(longer, None)


def _letters(word: str) -> str:
    return "".join(char for char in word if char.isalnum())


def _numbers(word: str) -> list[str]:
    """The numbers in a word; `2.0` is the same version as `2`."""
    found = re.findall(r"[0-9]+", word)
    while found and not found[-1].strip("0"):
        found.pop()
    return found


def _changes(one: str, other: str) -> int:
    """How many letters were added, left out or swapped with their neighbour; another letter in the
    place of one counts twice, for in a short word it makes another word."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            fewest = min(last[column], here[-1]) + 1
            if letter == wanted:
                fewest = min(fewest, last[column - 1])
            swapped = one[row - 2 : row] == wanted + other[column - 2 : column - 1]
            if row > 1 and column > 1 and swapped:
                fewest = min(fewest, before[column - 2] + 1)
            here.append(fewest)
        before, last = last, here
    return last[-1]


def short(value: object, limit: int = 60) -> str:
    """A value's repr, cut so that an error stays one readable line."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no number of more than 4300 digits
        text = f"a {type(value).__name__} of thousands of digits"
    return cut(text, limit)


def cut(text: str, limit: int) -> str:
    """A text of at most that many characters, an ellipsis where some are missing."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in line
    )


def raise_all(problems: Sequence[AtlasError]) -> None:
    """Raise nothing, the one problem, or all of them together."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Problems(problems)
