"""The one lock of a project: held by whoever writes pages, the manifest, the site or a record of
verification, for as long as that takes, and never while anything is measured.

The system holds it for an open file and lets go of it however a process ends, so that no lock is
ever left behind. Where a file system knows no locks the work is done without one, and that is told.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from atlas.errors import shown
from atlas.files import temporary
from atlas.paths import Project

POLL_SECONDS = 0.1

UNSIGNED_POLLS = 20
"""How often a holder that has not signed is asked again before it is told without a name: it locks
first and signs a moment later, and on a full disk it never can."""

TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK}
"""What a system answers where somebody else has the lock."""

Say = Callable[[str], None]


@contextlib.contextmanager
def held(project: Project, say: Say) -> Iterator[None]:
    """Hold a project's lock. `say` is told where it has to be waited for, and by whom it is held,
    and where there is no locking. It cannot be taken again by whoever holds it."""
    handle = _taken(project, say)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)  # which lets go of it


def _taken(project: Project, say: Say) -> int | None:
    """The open file that is locked; None where that is not possible here."""
    told = False
    refused = 0
    while True:
        handle = None
        try:
            handle = _opened(project.lock)
            free = _locks(handle)
        except OSError as error:
            if handle is not None:
                os.close(handle)
            _say_unlocked(project.lock, error.strerror or str(error), say)
            return None
        if free and _is_still(project.lock, handle):
            _sign(handle)
            return handle
        if not free and not told:
            refused += 1
            who = _signed(handle)
            told = bool(who) or refused == UNSIGNED_POLLS
            if told:
                say(
                    f"waiting for {who or 'another command'}, which writes in {shown(project.root)}"
                )
        os.close(handle)
        time.sleep(POLL_SECONDS)


def _opened(path: Path) -> int:
    """The lock's file, made where there is none; no link is followed."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # the folder was thrown away since
            return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)


def _locks(handle: int) -> bool:
    """Lock an open file; False where somebody else has."""
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in TAKEN:
            return False
        raise
    return True


def _lock(handle: int) -> None:
    """Lock an open file; `OSError` where that is not possible, at once."""
    if sys.platform == "win32":
        import msvcrt

        # A byte far behind what the file says: Windows keeps others from reading a locked one.
        os.lseek(handle, 2**30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(path: Path, handle: int) -> bool:
    """Whether an open file is the one of that name: what is generated may be thrown away."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    """Say in the lock's file who holds it. Where it says so already it is left as it is: a preview
    watches the folder that it lies in."""
    name = f"process {os.getpid()} on {temporary.machine()}"
    if _signed(handle) == name:
        return
    with contextlib.suppress(OSError):  # a full disk: the lock is held all the same
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{name}\n".encode())


def _signed(handle: int) -> str:
    """Who holds the lock, as its file says."""
    os.lseek(handle, 0, os.SEEK_SET)
    return os.read(handle, 200).decode("utf-8", "replace").strip()


@functools.cache  # told once, however often it is tried
def _say_unlocked(path: Path, why: str, say: Say) -> None:
    say(
        f"{shown(path)} cannot be locked ({why}): going on without a lock; "
        "run one command of this atlas at a time"
    )
