"""The workflows and the scripts that they call, without GitHub."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import atlases
import pytest
import samples
import yaml

from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.profiles import profile_file

ROOT = PACKAGE.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HEAD = "a" * 40


def script(name: str) -> ModuleType:
    path = ROOT / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def workflow(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in workflow(path)["jobs"].values() for step in job["steps"]]


def test_there_are_the_three() -> None:
    assert [path.stem for path in WORKFLOWS] == ["check", "profile", "publish"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_workflow_asks_for_little(path: Path) -> None:
    stated = workflow(path)
    text = path.read_text(encoding="utf-8")
    assert stated["permissions"] == {}
    for job in stated["jobs"].values():
        assert "permissions" in job and "timeout-minutes" in job
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
            assert re.search(re.escape(step["uses"]) + r" # v[0-9.]+\n", text), step["uses"]
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), "an expression would be pasted into the script"
        for name in re.findall(r"scripts/\w+\.py", step.get("run", "")):
            assert (ROOT / name).is_file()


def test_check_has_no_secrets_and_cannot_write() -> None:
    path = ROOT / ".github" / "workflows" / "check.yml"
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text and "github.token" not in text and "_target" not in text
    for job in workflow(path)["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["runs-on"] == "ubuntu-latest"


def test_the_gpu_runner_only_reads_and_runs_the_base_branch() -> None:
    path = ROOT / ".github" / "workflows" / "profile.yml"
    jobs = workflow(path)["jobs"]
    measure = jobs["measure"]
    assert measure["if"] == "github.event.label.name == 'profile'"
    assert set(measure["permissions"].values()) == {"read"}
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["ref"] == "${{ github.sha }}"
    order = " ".join(str(step.get("run", "")) for step in measure["steps"])
    assert order.index("reviewed.py") < order.index("take_entries.py") < order.index("fetch_w")
    assert jobs["deliver"]["permissions"] == {"contents": "write"}
    assert "head.repo.full_name == github.repository" in jobs["deliver"]["if"]


def test_publish_works_without_torch() -> None:
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    assert "[profile]" not in text and "--no-profile" in text and "find_spec('torch')" in text


def review(state: str, commit: str = HEAD, who: str = "m", role: str = "MEMBER") -> dict[str, Any]:
    return {
        "state": state,
        "commit_id": commit,
        "user": {"login": who},
        "author_association": role,
    }


@pytest.mark.parametrize(
    ("reviews", "approved"),
    [
        ([review("APPROVED")], True),
        ([], False),
        ([review("APPROVED", "b" * 40)], False),
        ([review("APPROVED", role="CONTRIBUTOR")], False),
        ([review("APPROVED", role="NONE", who="x"), review("COMMENTED")], False),
        ([review("APPROVED"), review("COMMENTED")], True),
        ([review("APPROVED"), review("CHANGES_REQUESTED")], False),
        ([review("APPROVED"), review("DISMISSED")], False),
        ([review("APPROVED"), review("CHANGES_REQUESTED", who="other")], False),
        ([review("CHANGES_REQUESTED"), review("APPROVED")], True),
        ([review("APPROVED") | {"user": None}], False),
    ],
)
def test_only_a_maintainers_approval_of_this_commit_counts(
    reviews: list[dict[str, Any]], approved: bool
) -> None:
    assert script("reviewed").approved(HEAD, reviews) is approved


class Repository:
    """A project in a git repository, with a commit to contribute on top of the base."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.git("init", "--quiet", "--initial-branch=main")
        self.base = self.commit()

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
            cwd=self.project.root,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
        )
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD")

    def contributed(self) -> str:
        """What lies there now as a commit; the checkout goes back to the base."""
        made = self.commit()
        self.git("reset", "--quiet", "--hard", self.base)
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    project = atlases.project(tmp_path / "atlas")
    samples.write_entry(project, "old")
    return Repository(project)


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


def test_weights_are_fetched_as_pinned_and_without_pickles(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str, list[str]]] = []
    hub = ModuleType("huggingface_hub")
    hub.snapshot_download = lambda source, revision, allow_patterns: calls.append(  # type: ignore[attr-defined]
        (source, revision, allow_patterns)
    )
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
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


@pytest.fixture
def handed(repository: Repository, tmp_path: Path) -> Path:
    """A folder of profiles as the machine that measured hands it over."""
    measured = repository.project
    atlases.profile(
        measured,
        "old",
        model=profile_file.Pin(
            "old", samples.ENTRY["source"], samples.REVISION, samples.DIGEST, None
        ),
    )
    (measured.folder("old") / "verified.json").write_text("{}")
    folder = tmp_path / "handed"
    assert len(script("hand_over").collect(measured, folder, ["old"])) == 1
    measured.profile("old", "weights").unlink()
    return folder


def test_profiles_are_handed_over(repository: Repository, handed: Path) -> None:
    [written] = script("hand_over").accept(handed, repository.project)
    assert written == repository.project.profile("old", "weights")
    assert profile_file.load(written).analysis == "weights"


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda folder: (folder / "old" / "x.py").write_text("x"), "is no <slug>"),
        (lambda folder: (folder / "x.json").write_text("{}"), "is no <slug>"),
        (lambda folder: (folder / "old" / "wights.json").write_text("{}"), "no analysis"),
        (lambda folder: (folder / "old" / "weights.json").write_text("{}"), "is missing"),
        (lambda folder: (folder / "old").rename(folder / "other"), "cannot be read"),
        (lambda folder: (folder / "old" / "drift.json").symlink_to("/etc/passwd"), "symbolic link"),
    ],
)
def test_what_is_no_sound_profile_is_not_accepted(
    repository: Repository, handed: Path, spoil: Any, wrong: str
) -> None:
    spoil(handed)
    with pytest.raises(AtlasError) as caught:
        script("hand_over").accept(handed, repository.project)
    assert wrong in " ".join(map(str, getattr(caught.value, "problems", [caught.value])))
    assert not repository.project.profile("old", "weights").exists()


def test_profiles_of_another_revision_are_not_accepted(
    repository: Repository, handed: Path
) -> None:
    samples.write_entry(repository.project, "old", revision="b" * 40, text="")
    text = repository.project.entry("old").read_text().replace("b" * 40, '"' + "b" * 40 + '"')
    repository.project.entry("old").write_text(text)
    with pytest.raises(AtlasError, match="the entry says"):
        script("hand_over").accept(handed, repository.project)


def test_nothing_measured_is_a_failure(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="nothing was measured"):
        script("hand_over").collect(repository.project, tmp_path / "out", ["old"])
