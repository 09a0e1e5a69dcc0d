"""The live preview: it renders again as inputs change, once each, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import atlases
import pytest

from atlas.files import project_lock
from atlas.paths import PACKAGE, Project, shipped_templates
from atlas.site import mkdocs_build

PATIENCE = 120.0
"""Seconds that a step of the preview may take on a busy machine."""


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:.0f} seconds"
        time.sleep(0.1)


SERVE = """\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from atlas.commands import main
main()
"""
"""`atlas` with Ctrl-C as a terminal gives it: where tests run in the background, it is ignored."""


@contextmanager
def _serving(made: Project) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """`atlas serve` of a project: the process, its address and what it says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    said = made.root / "said.txt"
    command = [sys.executable, "-c", SERVE, "serve", "--address", address]
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=made.root, stdout=out, stderr=out, env={**os.environ, "ATLAS_SITE_URL": ""}
        )
        try:
            yield process, f"http://{address}/", said
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
                process.wait()


def _page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode("utf-8"))
    except OSError:
        return ""


COMMITTED = Project(PACKAGE.parent)
SLUG = "ref-llama"


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """An atlas of one model that was truly measured, as a preview shows nothing else."""
    made = atlases.project(tmp_path / "atlas")
    _name(made, "First name")
    made.profile(SLUG, "weights").write_bytes(COMMITTED.profile(SLUG, "weights").read_bytes())
    return made


def _name(made: Project, name: str) -> None:
    text = COMMITTED.entry(SLUG).read_text(encoding="utf-8")
    made.entry(SLUG).parent.mkdir(parents=True, exist_ok=True)
    made.entry(SLUG).write_text(f"name: {name}\n{text.partition(chr(10))[2]}", encoding="utf-8")


def _times(made: Project) -> dict[str, int]:
    """When each rendered file was written."""
    files = [path for path in made.docs.rglob("*") if path.is_file()]
    return {str(path): path.stat().st_mtime_ns for path in files}


def test_the_preview_follows_every_kind_of_input_and_does_not_loop(atlas: Project) -> None:
    with _serving(atlas) as (process, url, said):
        page = f"{url}models/{SLUG}/"
        _until(lambda: "First name" in _page(page), "the first page")

        _name(atlas, "Second name")
        _until(lambda: "Second name" in _page(page), "a changed entry")

        weights = atlas.profile(SLUG, "weights")
        document = json.loads(weights.read_text(encoding="utf-8"))
        document["facts"]["a_new_fact"] = "and its value"
        weights.write_text(json.dumps(document), encoding="utf-8")
        _until(lambda: "and its value" in _page(page), "a changed profile")

        own = atlas.templates / "families.md.j2"
        own.parent.mkdir()
        text = (shipped_templates() / own.name).read_text(encoding="utf-8")
        own.write_text(text.replace("# Families", "# Kith and kin"), encoding="utf-8")
        _until(lambda: "Kith and kin" in _page(f"{url}families/"), "a template")

        atlas.entry(SLUG).write_text("name: [half typed", encoding="utf-8")
        _until(
            lambda: "half typed" in said.read_text() or "model.yml" in said.read_text(), "a slip"
        )
        _name(atlas, "Third name")
        _until(lambda: "Third name" in _page(page), "a mended entry")

        with project_lock.held(atlas, pytest.fail):  # it is held only while it renders
            pass
        before, told = _times(atlas), said.read_text()
        time.sleep(3)  # six looks at the inputs
        assert _times(atlas) == before
        assert said.read_text().count("rendered:") == told.count("rendered:")
        assert process.poll() is None
    assert process.returncode == 0


def test_what_changes_while_it_renders_is_rendered_too(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit during the first rendering, and an input that is gone as it is read."""
    rendered: list[str] = []

    class Server:
        """MkDocs' preview, which ends at the third rendering."""

        returncode = 0

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def poll(self) -> int | None:
            return 0 if len(rendered) > 2 else None

        def terminate(self) -> None:
            pass

    def render() -> None:
        rendered.append(atlas.entry(SLUG).read_text())
        if len(rendered) < 3:
            _name(atlas, f"Name {len(rendered)}")
        if len(rendered) == 2:
            raise FileNotFoundError(2, "No such file or directory", "weights.json")

    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: Server())
    monkeypatch.setattr(mkdocs_build, "POLL_SECONDS", 0.01)
    mkdocs_build.serve(atlas, "127.0.0.1:1", render)
    assert ["First" in rendered[0], "Name 1" in rendered[1], "Name 2" in rendered[2]] == [True] * 3


def test_an_address_in_use_is_an_error(atlas: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-m", "atlas", "serve", "--address", address]
        done = subprocess.run(
            command, cwd=atlas.root, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"atlas: {address} is in use; ") and "take another: --address" in line


@pytest.mark.parametrize("wanted", [False, True])
def test_a_browser_is_opened_where_it_is_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    asked: list[list[str]] = []
    really = subprocess.Popen

    def ended(command: list[str], **more: object) -> subprocess.Popen[bytes]:
        asked.append(command)
        return really([sys.executable, "-c", ""])

    with monkeypatch.context() as patched:
        patched.setattr(mkdocs_build.subprocess, "Popen", ended)  # type: ignore[attr-defined]
        patched.setattr(mkdocs_build, "POLL_SECONDS", 0.05)
        mkdocs_build.serve(project, "127.0.0.1:1", lambda: None, open_browser=wanted)
    assert [("--open" in command) for command in asked] == [wanted]
