"""Temporary files: what a kill leaves behind is swept, what somebody writes is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atlas.files import json_file, temporary

WRITE = """\
import os, signal, sys
from pathlib import Path
from atlas.files import json_file
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
json_file.write_atomic(Path(sys.argv[1]), "half a profile")
"""


def left_by_a_kill(path: Path) -> Path:
    """What a process leaves that is killed as it writes a file."""
    done = subprocess.run([sys.executable, "-c", WRITE, path], check=False)
    assert done.returncode == -signal.SIGKILL and not path.exists()
    [found] = path.parent.glob(f".{path.name}.*.tmp")
    return found


def named(folder: Path, machine: str, process: int) -> Path:
    path = folder / f".weights.json.{machine}.{process}.abcd_123.tmp"
    path.write_text("")
    return path


def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_kill_leaves_is_swept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    found = left_by_a_kill(tmp_path / "a" / "weights.json")
    assert temporary.sweep([tmp_path, tmp_path / "not-there"]) == [found]
    assert not found.exists()


def test_what_is_being_written_is_left_alone(tmp_path: Path) -> None:
    handle, mine = temporary.beside(tmp_path / "weights.json")
    os.close(handle)
    theirs = named(tmp_path, temporary.machine(), os.getppid())
    assert temporary.sweep([tmp_path]) == []
    assert mine.exists() and theirs.exists()


@pytest.mark.parametrize("machine", ["elsewhere-0123abcd", "elsewhere", ""])
def test_another_machines_are_swept_when_they_are_old(tmp_path: Path, machine: str) -> None:
    """Its processes have numbers of their own; so have those of files named as they were before."""
    path = named(tmp_path, machine, dead())
    assert temporary.sweep([tmp_path]) == []
    a_day_ago = time.time() - temporary.OLD - 60
    os.utime(path, (a_day_ago, a_day_ago))
    assert temporary.sweep([tmp_path]) == [path]


def test_only_temporary_files_are_swept(tmp_path: Path) -> None:
    kept = [tmp_path / "notes.tmp", tmp_path / ".hidden", tmp_path / ".folder.tmp" / "x"]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        os.utime(path, (0, 0))
    (tmp_path / ".link.tmp").symlink_to(tmp_path / "notes.tmp")
    assert temporary.sweep([tmp_path]) == []


def test_a_name_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handle, path = temporary.beside(tmp_path / "functions.heads.json")
    os.close(handle)
    found = temporary.NAME.fullmatch(path.name)
    assert found and found["machine"] == temporary.machine()
    assert int(found["process"]) == os.getpid()
    monkeypatch.setattr("platform.node", lambda: "ein.langer/Name\nä" * 20)
    temporary.machine.cache_clear()
    try:
        json_file.write_atomic(tmp_path / f"{'x' * 120}.json", "{}")
        assert temporary.machine().startswith("ein-langer-Name--ein-")
    finally:
        monkeypatch.undo()
        temporary.machine.cache_clear()
