"""Exceptions of code that is not ours to foresee: torch, transformers, a contributed analysis.

Whatever is raised while one model is worked on is that model's outcome, told in one line. The
traceback goes to a file that the line names.
"""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from atlas.errors import AtlasError, cut, from_os, shown
from atlas.paths import PACKAGE

LONGEST = 300
"""Characters of a message that are told; the log has all of it."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Failed:
    """What became of a step that raised: why, in one line, and the file with the traceback.

    `expected`: whether it was an `AtlasError`, which says it all itself and has no log.
    """

    reason: str
    expected: bool
    log: Path | None


def attempt(step: Callable[[], Result], log: Path) -> Result | Failed:
    """What a step gives, or what it raised, whatever that is; only Ctrl-C goes on up.

    The exception itself is let go: its traceback would keep alive what the step had in memory.
    """
    try:
        return step()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # what Rust code panics with is not an Exception
        expected = isinstance(error, AtlasError)
        return Failed(line(error, log), expected, None if expected else log)


def line(error: BaseException, log: Path) -> str:
    """What to tell of an exception, in one line.

    An `AtlasError` says it all itself. Of anything else, its type, its message and the place that
    says most; its traceback goes to the file `log`, or, where that cannot be written, to a
    temporary one.
    """
    if isinstance(error, AtlasError):
        return " | ".join(str(error).splitlines())
    if isinstance(error, OSError) and error.filename is not None:
        return f"{from_os(error, '')}; traceback: {_logged(error, log)}"
    text = " ".join(_message(error).split())
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    where = f" ({found})" if (found := place(error)) else ""
    return f"{AtlasError(cut(told, LONGEST))}{where}; traceback: {_logged(error, log)}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception can raise as it is written
        return "its message cannot be written"


def place(error: BaseException) -> str:
    """Where an exception was raised, and the place of ours that led there:
    `atlas/analyses/mine.py:12, through torch/nn/functional.py:2567`."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    last = f"{_file(frames[-1].filename)}:{frames[-1].lineno}"
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    if not ours or ours[-1] is frames[-1]:
        return last
    return f"{_file(ours[-1].filename)}:{ours[-1].lineno}, through {last}"


def _file(name: str) -> str:
    """A source file as people know it: from its package on."""
    path = Path(name)
    if path.is_relative_to(PACKAGE):
        return path.relative_to(PACKAGE.parent).as_posix()
    for folder in path.parents:
        if folder.name in ("site-packages", "dist-packages"):
            return path.relative_to(folder).as_posix()
    return path.name


def _logged(error: BaseException, log: Path) -> str:
    lines = traceback.format_exception(error)
    text = "".join(lines).encode("utf-8", "backslashreplace")
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(text)
    except OSError:
        try:
            with tempfile.NamedTemporaryFile(
                "wb", prefix="atlas-", suffix=".log", delete=False
            ) as at:
                at.write(text)
        except OSError:  # nowhere to write at all
            return "nowhere, because no file can be written"
        return at.name
    return shown(log)
