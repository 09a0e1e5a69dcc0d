"""Commands that write what is generated take turns; those that measure keep nobody waiting."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import samples
import tiny
from click.testing import CliRunner, Result

from atlas import commands
from atlas.commands import build
from atlas.drafting import new_project
from atlas.files import json_file, project_lock
from atlas.paths import Project
from atlas.review import published_files
from atlas.site import mkdocs_build, pages


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    new_project.write(tmp_path / "atlas")
    return Project(tmp_path / "atlas")


def run(*words: str, project: Project) -> Result:
    return CliRunner().invoke(commands.main, [*words, "--project", str(project.root)])


@pytest.fixture
def taken(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lock is held by somebody else until a command has asked who that is."""
    begun, asked = threading.Event(), threading.Event()
    signed = project_lock._signed

    def seen(handle: int) -> str:
        if begun.is_set():  # before, it is the holder itself that looks
            asked.set()
        return signed(handle)

    def hold() -> None:
        with project_lock.held(atlas, pytest.fail):
            begun.set()
            assert asked.wait(300)
            threading.Event().wait(0.5)

    monkeypatch.setattr(project_lock, "_signed", seen)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    yield
    thread.join()


@pytest.mark.parametrize("words", [("render",), ("build", "--no-profile")])
def test_a_second_command_waits_and_says_so(
    atlas: Project, taken: None, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mkdocs_build, "mkdocs", lambda *_: None)
    done = run(*words, project=atlas)
    assert done.exit_code == 0, done.output
    assert done.output.count("waiting for process ") == 1
    assert "rendered: " in done.output


def test_a_build_holds_it_while_it_writes_and_not_while_it_measures(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, bool] = {}

    def note(step: str) -> None:
        """Whether the lock is held as a step is made."""
        said: list[str] = []
        thread = threading.Thread(target=_try, args=(atlas, said), daemon=True)
        thread.start()
        thread.join(0.5)
        found[step] = bool(said)

    planned = pages.planned

    def noted(made: Project) -> dict[str, bytes]:
        note("render")
        return planned(made)

    monkeypatch.setattr(build, "measure", lambda *_: note("measure"))
    monkeypatch.setattr(pages, "planned", noted)
    monkeypatch.setattr(mkdocs_build, "mkdocs", lambda *_: note("site"))
    done = run("build", project=atlas)
    assert done.exit_code == 0, done.output
    assert found == {"measure": False, "render": True, "site": True}


def _try(project: Project, said: list[str]) -> None:
    with project_lock.held(project, said.append):
        pass


def test_what_a_kill_left_is_swept_by_the_next_render(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [atlas.folder("ref-llama"), atlas.site / "models", atlas.cache]
    for folder in left:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".weights.json.elsewhere-0123abcd.7.abc.tmp").write_text("")
    monkeypatch.setattr("atlas.files.temporary.OLD", -1)
    assert run("render", project=atlas).exit_code == 0
    assert not list(atlas.root.rglob("*.tmp"))


def test_renders_that_overlap_with_edits_leave_nothing_stuck(atlas: Project) -> None:
    command = [sys.executable, "-m", "atlas", "render", "--project", str(atlas.root)]
    entry = atlas.entry("ref-llama")
    text = entry.read_text(encoding="utf-8")
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(3)]
    edits = 0
    while any(process.poll() is None for process in running):
        edits += 1
        shutil.rmtree(atlas.cache, ignore_errors=True)
        json_file.write_atomic(entry, re.sub("(?m)^name: .*", f"name: Edit {edits}", text))
        if edits % 20 == 0:  # a command that is killed half-way
            running[edits // 20 % 3].kill()
        threading.Event().wait(0.1)
    for process in running:
        process.wait()
    done = run("render", project=atlas)
    assert done.exit_code == 0, done.output
    page = (atlas.folder("ref-llama") / "index.md").read_text(encoding="utf-8")
    assert f"Edit {edits}" in page
    assert "rendered: 0 written" in run("render", project=atlas).output
    assert list(published_files.problems(atlas)) == []


def test_dot_atlas_can_be_thrown_away_at_any_time(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is, again and again, while a model is measured and its pages are rendered."""
    tiny.make(atlas.root / "weights", "llama")
    samples.write_entry(
        atlas, "a", name="A", source="./weights", revision=..., analyses=["weights"]
    )
    monkeypatch.setattr(mkdocs_build, "mkdocs", lambda *_: None)
    over = threading.Event()

    def throw_away() -> None:
        while not over.wait(0.002):
            shutil.rmtree(atlas.cache, ignore_errors=True)

    thread = threading.Thread(target=throw_away)
    thread.start()
    try:
        done = run("build", project=atlas)
    finally:
        over.set()
        thread.join()
    assert done.exit_code == 0, done.output
    assert atlas.profile("a", "weights").is_file()
    shutil.rmtree(atlas.cache, ignore_errors=True)
    assert "1 fresh" in run("build", project=atlas).output
