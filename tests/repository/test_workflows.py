"""The workflows, without GitHub: what they may do and in which order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from contributions import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


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


def test_it_is_asked_before_every_push_to_a_contributors_branch() -> None:
    path = ROOT / ".github" / "workflows" / "profile.yml"
    pushes = [step["run"] for step in steps(path) if " push " in step.get("run", "")]
    [deliver, record] = pushes
    assert deliver.index('scripts/unprotected.py "$REF"') < deliver.index("push")
    assert '"HEAD:refs/heads/verified/$GITHUB_RUN_ID"' in record, "a name of its own"


def test_records_are_refused_in_pull_requests_and_made_by_the_runner() -> None:
    check = ROOT / ".github" / "workflows" / "check.yml"
    [judging] = [step for step in steps(check) if "atlas check" in step.get("run", "")]
    assert 'atlas check --base "$BASE"' in judging["run"]
    assert judging["env"]["BASE"] == "${{ github.event.pull_request.base.sha }}"
    assert "head.repo.full_name == github.repository &&" in judging["env"]["RECORDS"]
    jobs = workflow(ROOT / ".github" / "workflows" / "profile.yml")["jobs"]
    assert jobs["verify"]["permissions"] == {"contents": "read"}
    assert jobs["verify"]["if"] == (
        "github.event_name == 'workflow_dispatch' && "
        "github.ref_name == github.event.repository.default_branch"
    )
    assert jobs["record"]["permissions"] == {"contents": "write"}
    assert jobs["record"]["needs"] == "verify" and jobs["record"]["runs-on"] == "ubuntu-latest"
