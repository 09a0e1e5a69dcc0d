"""Every command on a terminal: wide, narrow, dumb and without colours."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
import tiny
from letters import letters
from samples import write_entry
from terminals import Seen, Terminal

from atlas.paths import Project, demo

SETTINGS: dict[str, tuple[int, dict[str, str]]] = {
    "80 columns": (80, {}),
    "200 columns": (200, {}),
    "20 columns": (20, {}),
    "dumb": (80, {"TERM": "dumb"}),
    "no colour": (80, {"NO_COLOR": "1"}),
}

ANALYSES = ["weights", "activations", "attention"]

COMMANDS: dict[str, tuple[str, ...]] = {
    "--help": (),
    "init": ("a-new-one",),
    "new": ("./other", "--slug", "drafted", "--dry-run"),
    "pin": (),
    "plan": ("--all",),
    "profile": ("--fresh",),
    "verify": (),
    "check": ("--dry-run",),
    "render": (),
    "build": (),
    "diff": (".",),
    "csv": ("some-model", "weights", "rms"),
    "export": ("tables",),
    "completion": ("bash",),
}


@pytest.fixture(scope="module")
def terminals() -> Iterator[list[Terminal]]:
    """Two of them, for two cores."""
    made = [Terminal(), Terminal()]
    yield made
    for one in made:
        one.close()


@pytest.fixture
def terminal(terminals: list[Terminal]) -> Terminal:
    return terminals[0]


def atlas(folder: Path) -> Path:
    """A project with one model that is quickly measured, and one that is not here."""
    project = Project(folder)
    project.models.mkdir(parents=True)
    shutil.copy(demo() / "mkdocs.yml", folder)
    text = project.mkdocs_yml.read_text().replace("atlas: {}", "atlas: {corpus: texts.jsonl}")
    project.mkdocs_yml.write_text(text)
    texts = [{"text": f"In the year {year} a cat sat on a mat."} for year in range(64)]
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, texts)))
    letters(tiny.make(folder / "weights", "llama"))
    shutil.copytree(folder / "weights", folder / "other")
    write_entry(project, source="./weights", revision=..., analyses=ANALYSES)
    write_entry(project, "elsewhere", name="Elsewhere", analyses=ANALYSES)
    return folder


@pytest.fixture(scope="module")
def seen(
    terminals: list[Terminal], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Seen]:
    """What every command leaves on every terminal."""
    free: SimpleQueue[Terminal] = SimpleQueue()
    for one in terminals:
        free.put(one)
    root = tmp_path_factory.mktemp("atlases")

    def run(setting: str) -> dict[tuple[str, str], Seen]:
        columns, variables = SETTINGS[setting]
        folder = atlas(root / setting.replace(" ", "-"))
        terminal = free.get()
        found = {}
        for command, words in COMMANDS.items():
            found[setting, command] = terminal.run([command, *words], folder, columns, variables)
        free.put(terminal)
        return found

    with ThreadPoolExecutor(len(terminals)) as pool:
        return {key: one for found in pool.map(run, SETTINGS) for key, one in found.items()}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_command_on_every_terminal(
    seen: dict[tuple[str, str], Seen], setting: str, command: str
) -> None:
    found = seen[setting, command]
    assert found.status == 0 and "Traceback" not in found.text, found.text
    assert "mistake of atlas" not in found.text
    if setting == "dumb":
        assert "\x1b" not in found.raw
    if setting == "no colour":
        assert not {"\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[90m"} & set(
            part + "m" for part in found.raw.split("m")
        )


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_cell_of_a_table_is_lost(seen: dict[tuple[str, str], Seen], setting: str) -> None:
    found = seen[setting, "plan"]
    for name in ANALYSES:
        assert found.has(name, "never measured"), found.text
    assert found.has("some-model", "elsewhere: not measurable here: ", "atlas fetch elsewhere")
    assert found.has("3 to measure here", "3 not measurable here; 0 fresh")
    assert "…" not in found.text


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_account_ends_a_run(seen: dict[tuple[str, str], Seen], setting: str) -> None:
    found = seen[setting, "profile"]
    assert found.has(
        "some-model weights: measured (", "some-model: 3 measured in ", "elsewhere: no"
    )
    assert found.has("3 measured, 0 fresh, 0 failed, 3 not measurable here; ")
    assert found.has("some-model: 3 measured in ")


def test_progress_shows_what_is_done(seen: dict[tuple[str, str], Seen]) -> None:
    found = seen["80 columns", "profile"]
    assert re.search("some-model [a-z, ]+ [^a-z]* [1-9][0-9]*/[1-9]", found.text)


def test_ctrl_c_says_what_is_done_and_that_the_same_command_goes_on(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = atlas(tmp_path / "atlas")
    shutil.copy(demo() / "mkdocs.yml", folder)  # the whole corpus: there is time
    keys = ("some-model weights: measured", "\x03")
    found = terminal.run(["profile", "some-model"], folder, keys=keys)
    assert found.status == 130, found.text
    assert found.has("some-model: 1 measured in ", "1 measured, 0 fresh, 0 failed, 0 not meas")
    assert found.has("2 left: run it again to go on", "atlas: stopped")
    assert "Traceback" not in found.text and "Aborted" not in found.text
    found = terminal.run(["profile", "some-model"], folder)
    assert found.status == 0 and found.has("2 measured, 1 fresh, 0 failed")


def test_serve_ends_with_ctrl_c(terminal: Terminal, tmp_path: Path) -> None:
    folder = atlas(tmp_path / "atlas")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    found = terminal.run(["serve", "--address", address], folder, keys=("Serving on", "\x03"))
    assert found.status == 0 and "Traceback" not in found.text, found.text
