"""The lock of a project: one holds it, the next waits and says so, and nothing keeps it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from atlas.files import project_lock
from atlas.paths import Project

HOLD = """\
import sys
from pathlib import Path
from atlas.files import project_lock
from atlas.paths import Project
with project_lock.held(Project(Path(sys.argv[1])), print):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another(project: Project) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is told to let go."""
    command = [sys.executable, "-c", HOLD, str(project.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def unexpected(line: str) -> None:
    pytest.fail(line)


def test_a_lock_that_is_free_is_held_and_says_nothing(project: Project) -> None:
    for _ in range(2):
        with project_lock.held(project, unexpected):
            assert project.lock.read_text().startswith(f"process {os.getpid()} on ")


def test_it_is_not_thrown_away_with_what_can_be(project: Project) -> None:
    with project_lock.held(project, unexpected):
        assert project.cache not in project.lock.parents
        before = project.lock.stat().st_mtime_ns
    with project_lock.held(project, unexpected):
        assert project.lock.stat().st_mtime_ns == before, "a preview would build the site again"


def test_a_second_one_waits_and_says_for_whom(project: Project) -> None:
    said: list[str] = []
    with another(project) as process:
        pid = process.pid

        def say(line: str) -> None:
            said.append(line)
            let_go(process)

        with project_lock.held(project, say):
            assert process.wait(60) == 0
    [line] = said
    assert line.startswith(f"waiting for process {pid} on ")
    assert line.endswith(f", which writes in {project.root}")


def test_a_holder_is_told_once_it_has_signed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It locks first and signs a moment later; whoever asks in between hears its name all the
    same."""
    locked, asked = threading.Event(), threading.Event()
    said: list[str] = []
    let_go = threading.Event()
    sign, signed = project_lock._sign, project_lock._signed

    def late(handle: int) -> None:
        if not locked.is_set():
            locked.set()
            assert asked.wait(60)
        sign(handle)

    def read(handle: int) -> str:
        found = signed(handle)
        if threading.current_thread() is threading.main_thread():
            asked.set()
        return found

    def hold() -> None:
        with project_lock.held(project, unexpected):
            assert let_go.wait(60)

    def say(line: str) -> None:
        said.append(line)
        let_go.set()

    monkeypatch.setattr(project_lock, "_sign", late)
    monkeypatch.setattr(project_lock, "_signed", read)
    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(60)
    with project_lock.held(project, say):
        pass
    holder.join()
    [line] = said
    assert line.startswith(f"waiting for process {os.getpid()} on ")


def test_a_holder_that_cannot_sign_is_told_without_a_name(project: Project) -> None:
    """On a full disk nothing is signed, and whoever waits still hears that it waits."""
    said: list[str] = []
    with another(project) as process:
        project.lock.write_text("")

        def say(line: str) -> None:
            said.append(line)
            let_go(process)

        with project_lock.held(project, say):
            pass
    assert said == [f"waiting for another command, which writes in {project.root}"]


def test_threads_of_one_process_wait_for_each_other(project: Project) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with project_lock.held(project, lambda line: None):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_a_killed_holder_holds_nothing(project: Project) -> None:
    with another(project) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with project_lock.held(project, unexpected):
            pass


def test_its_folder_can_be_thrown_away_while_somebody_waits(project: Project) -> None:
    with another(project) as process:

        def say(line: str) -> None:
            shutil.rmtree(project.lock.parent)
            let_go(process)

        with project_lock.held(project, say):
            assert project.lock.is_file()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_there_is_no_locking_the_work_is_done_and_it_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(project_lock, "_lock", refuse)
    said: list[str] = []
    say = said.append
    for _ in range(2):
        with project_lock.held(project, say):
            pass
    [line] = said
    assert line == (
        f"{project.lock} cannot be locked ({os.strerror(number)}): going on without a lock; "
        "run one command of this atlas at a time"
    )


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_lock_that_cannot_be_opened_is_told(project: Project, kind: str) -> None:
    """A link is not followed, for what it leads to would be written."""
    elsewhere = project.root / "precious.txt"
    elsewhere.write_text("precious")
    if kind == "file":
        (project.docs / "assets").write_text("")
    else:
        project.lock.parent.mkdir(parents=True)
        project.lock.symlink_to(elsewhere)
    said: list[str] = []
    with project_lock.held(project, said.append):
        assert elsewhere.read_text() == "precious"
    assert len(said) == 1 and "going on without a lock" in said[0]


def test_an_error_lets_go_of_it(project: Project) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), project_lock.held(project, unexpected):
            raise KeyboardInterrupt
