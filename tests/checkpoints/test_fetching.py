"""`atlas fetch` against a stand-in of the hub: what is fetched, what not, and what goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stand_in_hub
import tiny
from click.testing import CliRunner
from downloads import Downloads
from samples import write_entry
from stand_in_hub import COMMIT, StandIn

from atlas import commands
from atlas.checkpoints import fetching, locate
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import unavailable

ID = "some-org/Some-Model-1B"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandIn]:
    """A hub with one model: safetensors, and things that atlas never reads."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    with stand_in_hub.chosen(monkeypatch, Downloads) as running:
        folder = tiny.make(tmp_path / "published", "llama")
        for name in ("pytorch_model.bin", "consolidated.safetensors"):
            (folder / name).write_bytes(b"never")
        (folder / "modeling_own.py").write_text("raise SystemExit")
        running.folders[ID] = folder
        yield running


def run(project: Project, *words: str) -> Any:
    """In a process of its own: the hub's client reads its environment as it is imported."""
    command = [sys.executable, "-m", "atlas", "fetch", "--project", str(project.root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_atlas_reads_is_fetched_at_the_pinned_revision(project: Project, hub: StandIn) -> None:
    write_entry(project, "a", source=ID, revision=COMMIT)
    would = run(project, "a", "--dry-run")
    assert would.returncode == 0 and "MB would be fetched" in would.stderr
    assert locate.of_entry(project, entry.load(project.entry("a"))) is None
    done = run(project, "a")
    assert done.returncode == 0, done.stderr
    folder = locate.of_entry(project, entry.load(project.entry("a")))
    assert folder is not None and str(folder) in done.stderr
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors"} <= names
    assert not {"pytorch_model.bin", "consolidated.safetensors", "modeling_own.py"} & names
    hub.asked.clear()
    again = run(project, "a")
    assert "a: all of it is here" in again.stderr
    assert not [path for path, *_ in hub.asked if path.endswith(".safetensors")]


@pytest.mark.parametrize("last", ["render", pytest.param("build", marks=pytest.mark.nightly)])
def test_offline_a_whole_cache_is_enough(
    project: Project, hub: StandIn, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    write_entry(project, "a", source=ID, revision=COMMIT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    early = run(project, "a")
    assert early.returncode == 1
    assert "is not whole on this machine, and HF_HUB_OFFLINE is set" in early.stderr
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert run(project, "a").returncode == 0
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.asked.clear()
    assert "a: all of it is here" in run(project, "a").stderr
    where = ("--project", str(project.root))
    for words in (
        ("plan", "a", "--analysis", "weights"),
        ("profile", "a", "--analysis", "weights"),
        ("verify", "a", "--analysis", "weights"),
        (last,),
    ):
        done = CliRunner().invoke(commands.main, [*words, *where])
        assert done.exit_code == 0, (words, done.output)
        assert words == (last,) or "not measurable here:" not in done.output
    assert project.profile("a", "weights").is_file() and hub.asked == []


def test_what_cannot_be_fetched_stops_no_other(project: Project, hub: StandIn) -> None:
    hub.folders["some-org/closed"] = hub.folders[ID]
    hub.gated.add("some-org/closed")
    write_entry(project, "a", source=ID, revision=COMMIT)
    write_entry(project, "closed", source="some-org/closed", revision=COMMIT)
    write_entry(project, "gone", source="some-org/gone", revision=COMMIT)
    write_entry(project, "moved", source=ID, revision="0" * 40, tags=["moved"])
    (project.root / "pickled").mkdir()
    (project.root / "pickled" / "config.json").write_text("{}")
    hub.folders["some-org/pickled"] = project.root / "pickled"
    write_entry(project, "pickled", source="some-org/pickled", revision=COMMIT)
    write_entry(project, "gguf", source=ID, revision=COMMIT, file="none.gguf")
    done = run(project, "gone", "moved", "closed", "pickled", "gguf", "a")
    assert done.returncode == 1
    told = done.stderr
    assert "gone: not fetched: there is no model some-org/gone on the hub" in told
    assert f"moved: not fetched: the hub has no {ID} at {'0' * 40}; atlas pin moved --again" in told
    assert "closed: not fetched: some-org/closed is gated; accept its conditions at" in told
    assert f"pickled: not fetched: some-org/pickled at {COMMIT} has no weights in saf" in told
    assert f"gguf: not fetched: {ID} at {COMMIT} has no file 'none.gguf'" in told
    assert locate.of_entry(project, entry.load(project.entry("a"))) is not None


def test_a_hub_that_does_not_answer_is_told_at_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_entry(project, "a", source=ID, revision=COMMIT)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    done = run(project, "a")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "a: not fetched: http://127.0.0.1:9/" in done.stderr
    assert "cannot be reached" in done.stderr and "check the network" in done.stderr
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    assert "HF_ENDPOINT 'nonsense' is not an address" in run(project, "a").stderr


def test_what_was_cut_off_is_told_and_fetched(project: Project, hub: StandIn) -> None:
    tiny.make(hub.folders[ID], "llama", vocab_size=20000, shard_size=2_000_000)
    (hub.folders[ID] / "model.safetensors").unlink(missing_ok=True)
    item = entry.load(write_entry(project, "a", source=ID, revision=COMMIT))
    assert run(project, "a").returncode == 0
    assert unavailable.of_files(project, item) is None
    shard = min(fetching.place(item).glob("model-*.safetensors"))
    shard.resolve().unlink()
    shard.unlink()
    obstacle = unavailable.of_files(project, item)
    assert obstacle is not None and obstacle.kind == "partial"
    assert "only some of the weights are on this machine; atlas fetch a" in obstacle.line
    again = run(project, "a")
    assert f"{shard.stat().st_size / 1e6:,.1f} MB fetched" in again.stderr
    assert unavailable.of_files(project, item) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "zoo:llama", "revision": ...}, "its source is zoo:llama; leave it out"),
        ({"revision": None}, "its revision is null; atlas pin a"),
    ],
)
def test_what_is_not_pinned_on_the_hub(
    project: Project, changes: dict[str, Any], words: str
) -> None:
    write_entry(project, "a", **changes)
    with pytest.raises(AtlasError) as caught:
        fetching.pinned(project, ["a"])
    assert words in str(caught.value)


def test_a_disk_without_room_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AtlasError, match=r"GB are to be fetched, and .* GB are free.*HF_HOME"):
        fetching.require_room(10**18)
    fetching.require_room(0)
