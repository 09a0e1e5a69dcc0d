"""Weights fetched through the hub's own client, at the commit that an entry names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import samples
import stand_in_hub
import tiny
from click.testing import CliRunner, Result
from downloads import Downloads

from atlas.checkpoints import locate
from atlas.commands import main
from atlas.drafting import fetching
from atlas.entries import entry
from atlas.paths import Project

COMMIT = stand_in_hub.COMMIT


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(project: Project, *words: str) -> Result:
    words = ("fetch", *words, "--project", str(project.root))
    return CliRunner().invoke(main, words, catch_exceptions=False)


def client(monkeypatch: pytest.MonkeyPatch, error: Exception | None, size: int = 5) -> None:
    """The hub's client, which raises an error or says how large a file is."""

    def download(*words: str, dry_run: bool = False, **more: object) -> list[SimpleNamespace]:
        if error is not None:
            raise error
        return [SimpleNamespace(filename="x", file_size=size, will_download=True)]

    hub = ModuleType("huggingface_hub")
    hub.snapshot_download = download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)


def test_a_model_is_fetched_without_pickles_and_others_all_the_same(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    with stand_in_hub.chosen(monkeypatch, Downloads) as running:
        for name in ("open-1b", "closed-1b"):
            folder = running.folders[f"org/{name}"] = tmp_path / name
            tiny.make(folder, "llama")
            (folder / "pytorch_model.bin").write_bytes(b"a pickle")
            text = samples.entry_text(name=name, source=f"org/{name}")
            samples.write_entry(project, name, text.replace(samples.REVISION, COMMIT))
        running.gated.add("org/closed-1b")
        command = [sys.executable, "-m", "atlas", "fetch", "*-1b", "--json"]
        done = subprocess.run(command, cwd=project.root, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    closed, opened = json.loads(done.stdout)
    assert (closed["result"], opened["result"]) == ("failed", "fetched"), done.stderr
    assert "org/closed-1b: is gated; accept its conditions at http" in closed["notes"][0]
    held = locate.of_entry(project, entry.load(project.entry("open-1b")))
    assert held is not None and (held / "model.safetensors").is_file()
    assert opened["bytes"] > 0 and not (held / "pytorch_model.bin").exists()
    assert "open-1b: is here already" in run(project, "open-1b").stderr


def kinds(*names: str) -> Exception:
    """An error of the client's own kinds."""
    made: type[Exception] = Exception
    for name in names:
        made = type(name, (made,), {})
    return made("why")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (kinds("RepositoryNotFoundError", "GatedRepoError"), "is gated; accept its conditions"),
        (kinds("RevisionNotFoundError"), "; atlas pin --again some-model pins the commit"),
        (kinds("RepositoryNotFoundError"), "is not on the hub, or it is private"),
        (kinds("LocalEntryNotFoundError"), "LocalEntryNotFoundError: why; check the network"),
        (OSError(28, "No space left", "/x"), "No space left"),
    ],
)
def test_what_the_hub_refuses_has_a_remedy(
    project: Project, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    samples.write_entry(project)
    client(monkeypatch, error)
    result = run(project, "some-model")
    assert result.exit_code == 1 and told in result.stderr, result.stderr
    assert "some-model: not fetched: " in run(project, "-q", "some-model").stderr


def test_what_cannot_be_fetched_is_told_before(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(monkeypatch, None, 10**18)
    samples.write_entry(project)
    assert "1,000,000 TB to fetch, and " in run(project, "some-model").stderr
    client(monkeypatch, None)
    result = run(project, "--dry-run", "some-model")
    assert result.exit_code == 0 and "some-model: would be fetched: 5 bytes" in result.stderr
    samples.write_entry(project, revision=None)
    assert "atlas pin some-model does" in run(project, "some-model").stderr
    samples.write_entry(project, source="./nowhere", revision=...)
    assert "put the model's folder there" in run(project, "some-model").stderr
    samples.write_entry(project)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set; unset it" in run(project, "some-model").stderr
    assert fetching.of(project, "some-model").result == "failed"
