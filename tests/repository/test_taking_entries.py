"""What the GPU runner takes of a contribution and fetches for it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
import samples
from contributions import ROOT, Repository, script

from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project


def test_entries_are_taken_as_data_and_nothing_else(repository: Repository) -> None:
    project = repository.project
    samples.write_entry(project, "new", source="org/new")
    samples.write_entry(project, "old", license="mit")
    (project.folder("new") / "weights.json").write_text("{}")
    (project.folder("new") / "run.py").write_text("raise SystemExit")
    (project.root / "mkdocs.yml").write_text("hooks: [docs/models/new/run.py]")
    commit = repository.contributed()
    assert script("take_entries").take(project, repository.base, commit) == ["new", "old"]
    assert entry.load(project.entry("old")).license == "mit"
    assert [path.name for path in project.folder("new").iterdir()] == ["model.yml"]
    assert "hooks" not in project.mkdocs_yml.read_text()


def test_what_main_got_since_is_not_taken_for_the_contribution(repository: Repository) -> None:
    project = repository.project
    samples.write_entry(project, "new")
    commit = repository.contributed()
    samples.write_entry(project, "meanwhile")
    base = repository.commit()
    assert script("take_entries").take(project, base, commit) == ["new"]


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda folder: samples.write_entry(folder, "x", source="./local", revision=...), "pinned"),
        (lambda folder: samples.write_entry(folder, "x", revision=None), "pinned"),
        (lambda folder: samples.write_entry(folder, "x", extra=1), "unknown key"),
        (lambda folder: samples.write_entry(folder, "x", text="a: b\n" * 20_000), "larger than"),
        (lambda folder: (folder.root / "README").write_text("x"), "0 entries"),
        (lambda folder: [samples.write_entry(folder, f"x{n}") for n in range(9)], "9 entries"),
        (
            lambda folder: (
                folder.folder("x").mkdir(),
                folder.entry("x").symlink_to("/etc/passwd"),
            ),
            "not a plain file",
        ),
    ],
)
def test_what_is_no_pinned_entry_is_refused_before_anything_is_written(
    repository: Repository, make: Any, wrong: str
) -> None:
    make(repository.project)
    commit = repository.contributed()
    with pytest.raises(AtlasError) as caught:
        script("take_entries").take(repository.project, repository.base, commit)
    problems = getattr(caught.value, "problems", [caught.value])
    assert wrong in " ".join(map(str, problems))
    assert not repository.project.folder("x").exists()


def test_a_revision_that_is_no_hash_never_reaches_git(repository: Repository) -> None:
    with pytest.raises(AtlasError, match="no full commit hash"):
        script("take_entries").take(repository.project, repository.base, "--output=x")


Fetched = list[tuple[str, str, list[str]]]


def stand_in_hub(monkeypatch: pytest.MonkeyPatch, sizes: tuple[int | None, ...] = (5,)) -> Fetched:
    """A hub's client that fetches nothing: what it was asked to fetch. Its files have `sizes`, and
    one more is here already."""
    calls: Fetched = []

    def download(
        source: str,
        revision: str,
        allow_patterns: list[str],
        ignore_patterns: list[str],
        dry_run: bool,
    ) -> list[SimpleNamespace] | None:
        if dry_run:
            here = SimpleNamespace(
                filename="model.safetensors", file_size=10**15, will_download=False
            )
            files = [
                SimpleNamespace(filename=str(number), file_size=size, will_download=True)
                for number, size in enumerate(sizes)
            ]
            return [here, *files]
        calls.append((source, revision, allow_patterns))
        return None

    hub = ModuleType("huggingface_hub")
    hub.snapshot_download = download  # type: ignore[attr-defined]
    hub.errors = huggingface_hub.errors  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    return calls


@pytest.mark.parametrize(
    ("sizes", "wrong"),
    [
        ((10**11, 3 * 10**11), "'tune': more than 320 GB would be fetched in one run"),
        ((10**11, 10**11), "'old': more than 320 GB would be fetched in one run"),
        ((5, None), "org/tune does not say how large '1' is"),
    ],
)
def test_what_the_runner_fetches_has_a_limit(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    sizes: tuple[int | None, ...],
    wrong: str,
) -> None:
    calls = stand_in_hub(monkeypatch, sizes)
    samples.write_entry(repository.project, "tune", source="org/tune", base="old")
    with pytest.raises(AtlasError, match=wrong):
        script("fetch_weights").fetch(repository.project, ["tune"])
    assert calls == [], "nothing is fetched of what is too much in all"


def test_large_files_of_a_contribution_are_not_even_fetched(
    repository: Repository, tmp_path: Path
) -> None:
    """As the workflow fetches it: what is missing is not fetched later either."""
    project = repository.project
    samples.write_entry(project, "x", text="a: b\n" * 20_000)
    commit = repository.contributed()
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("update-ref", "refs/pull/1/head", commit)
    runner = tmp_path / "runner"
    origin = f"file://{project.root}"
    repository.git("clone", "--quiet", origin, str(runner))
    text = (ROOT / ".github" / "workflows" / "profile.yml").read_text(encoding="utf-8")
    [command] = re.findall(r"git (fetch .*--filter.*)", text)
    words = command.replace('"', "").replace("$NUMBER", "1").split()
    repository.git("-C", str(runner), *words)
    with pytest.raises(AtlasError, match="larger than"):
        script("take_entries").take(Project(runner), repository.base, commit)
    packs = sum(path.stat().st_size for path in (runner / ".git" / "objects").rglob("*.pack"))
    missing = repository.git("-C", str(runner), "rev-list", "--objects", "--missing=print", commit)
    assert packs and "?" in missing


def test_weights_are_fetched_as_pinned_and_without_pickles(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = stand_in_hub(monkeypatch)
    samples.write_entry(repository.project, "tune", source="org/tune", base="old")
    script("fetch_weights").fetch(repository.project, ["tune"])
    assert [(source, revision) for source, revision, _ in calls] == [
        ("org/tune", samples.REVISION),
        (samples.ENTRY["source"], samples.REVISION),
    ]
    patterns = calls[0][2]
    assert not any("bin" in one or "py" in one or one == "*" for one in patterns)
    samples.write_entry(repository.project, "open", revision=None)
    with pytest.raises(AtlasError, match="'open' is no pinned model"):
        script("fetch_weights").fetch(repository.project, ["open"])
