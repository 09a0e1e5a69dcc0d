"""The temporary files that files are written whole by: how they are named, and when they are swept.

One is left behind where a process is killed as it writes. Its name says which process of which
machine wrote it, for a folder may be shared between machines:
`.weights.json.<host>-<system>.<pid>.<random>.tmp`. `<system>` stands for the running system and its
process numbers: containers of one host name have numbers of their own.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

NAME = re.compile(r"\..+\.(?P<machine>[\w-]+-[0-9a-f]{8})\.(?P<process>\d+)\.\w+\.tmp")
IGNORED = "*.tmp"
"""What Git leaves out."""

OLD = 24 * 60 * 60
"""Seconds after which one is left behind, whoever wrote it."""

LONGEST_HOST = 40


def beside(path: Path) -> tuple[int, Path]:
    """A new, empty temporary file in the folder of a file, opened for writing."""
    prefix = f".{path.name}.{machine()}.{os.getpid()}."
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".tmp")
    return handle, Path(name)


def sweep(folders: Iterable[Path]) -> list[Path]:
    """Remove the temporary files below these folders whose process is known to be dead, or that are
    older than a day; those that were removed."""
    removed = []
    for folder in folders:
        for path in folder.rglob(".*.tmp"):
            with contextlib.suppress(OSError):  # gone by now, or not ours to remove: it can stay
                if path.is_file() and not path.is_symlink() and _left_behind(path):
                    path.unlink()
                    removed.append(path)
    return removed


@functools.cache
def machine() -> str:
    """This machine in a temporary file's name: its host name, and what tells apart systems that
    have the same one."""
    host = re.sub(r"[^\w-]", "-", platform.node(), flags=re.ASCII)[:LONGEST_HOST] or "unnamed"
    system = hashlib.sha256()
    with contextlib.suppress(OSError):  # neither is there but on Linux
        system.update(Path("/proc/sys/kernel/random/boot_id").read_bytes())
        system.update(os.fsencode(Path("/proc/self/ns/pid").readlink()))
    return f"{host}-{system.hexdigest()[:8]}"


def _left_behind(path: Path) -> bool:
    if time.time() - path.stat().st_mtime > OLD:
        return True
    named = NAME.fullmatch(path.name)
    if named is None or named["machine"] != machine():
        return False
    return not _runs(int(named["process"]))


def _runs(process: int) -> bool:
    """Whether a process of this machine runs, or may do so."""
    if sys.platform == "win32":  # where signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True
