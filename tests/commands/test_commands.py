"""The commands, run as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from atlas import commands
from atlas.drafting import new_project
from atlas.entries import entry
from atlas.paths import PACKAGE
from atlas.profiles import statement

WANTED = statement.wanted(entry.load(PACKAGE.parent / "docs/models/ref-llama/model.yml"), "decoder")
"""The analyses that the model of a new project has."""

COMMANDS = [
    "init",
    "new",
    "list",
    "show",
    "pin",
    "fetch",
    "rename",
    "rm",
    "architecture",
    "check",
    "plan",
    "profile",
    "render",
    "build",
    "serve",
    "publish",
    "verify",
    "diff",
    "diff-models",
    "csv",
    "card",
    "export",
    "completion",
]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(commands.main, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A project as `atlas init` makes it."""
    new_project.write(tmp_path / "demo")
    return tmp_path / "demo"


def entry_of(project: Path) -> Path:
    return project / "docs/models/ref-llama/model.yml"


def test_every_command_is_listed_in_order_of_work_and_has_help() -> None:
    listed = run("--help").output
    assert set(COMMANDS) == set(commands.main.commands)
    places = [listed.index(f"\n  {command} ") for command in COMMANDS]
    assert places == sorted(places)
    for command in COMMANDS:
        told = run(command, "--help")
        assert told.exit_code == 0 and len(told.output) > 120


def test_readme_tells_every_command() -> None:
    readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"atlas {command}" in readme for command in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    script = "import sys, atlas.commands; print([m for m in sys.modules if '.' not in m])"
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert not {"torch", "numpy", "bokeh", "jinja2", "yaml", "jsonschema", "rich"} & set(
        eval(told.stdout)  # the list that the line above printed
    )


def test_module_is_the_command() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "atlas", "--version"], capture_output=True, text=True
    )
    assert told.returncode == 0 and "atlas, version" in told.stdout


def test_init_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    told = run("init", tmp_path)
    assert told.exit_code == 1 and "not an empty folder" in told.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_init_makes_a_project_that_checks_and_has_nothing_to_measure(demo: Path) -> None:
    assert run("check", "--project", demo).exit_code == 0
    told = run("plan", "--project", demo, "--json", "--all")
    states = {job["analysis"]: job["state"] for job in json.loads(told.stdout)}
    assert states == dict.fromkeys(WANTED, "fresh")
    assert "site_url" not in (demo / "mkdocs.yml").read_text()


def test_outside_a_project_the_remedy_is_told(tmp_path: Path) -> None:
    told = run("check", "--project", tmp_path)
    assert told.exit_code == 1 and "atlas init" in told.output


def test_every_problem_of_every_file_in_one_run(demo: Path) -> None:
    text = entry_of(demo).read_text()
    entry_of(demo).write_text(
        text.replace("family:", "famly:").replace("license: ", "license: 3 #")
    )
    other = demo / "docs/models/Bad_Slug/model.yml"
    other.parent.mkdir()
    other.write_text(text)
    told = run("build", "--project", demo)
    assert told.exit_code == 1
    lines = [line for line in told.output.splitlines() if line.startswith("atlas: ")]
    for words in ("did you mean 'family'", "3 is not text", "'Bad_Slug' is not a slug"):
        assert any(words in line for line in lines), (words, lines)
    assert not (demo / "site").exists()


def test_check_json_holds_the_same_problems(demo: Path) -> None:
    entry_of(demo).write_text("name: [\n")
    told = run("check", "--project", demo, "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["problems"][0]["file"].endswith("model.yml")


def test_misspelt_model_and_analysis_are_answered(demo: Path) -> None:
    assert "did you mean 'ref-llama'" in run("plan", "ref-lama", "--project", demo).output
    told = run("profile", "--analysis", "weight", "--project", demo)
    assert told.exit_code == 1 and "did you mean 'weights'" in told.output


def test_profile_measures_what_is_missing_and_then_has_nothing_to_do(demo: Path) -> None:
    path = demo / "docs/models/ref-llama/weights.json"
    committed = json.loads(path.read_text())
    others = len(WANTED) - 1
    path.unlink()
    planned = json.loads(run("plan", "--project", demo, "--json").stdout)
    [job] = planned
    assert (job["state"], job["reasons"]) == ("missing", ["never measured"])
    assert job["bytes"] > 0 and job["seconds"] > 0
    told = run("profile", "--project", demo)
    assert (
        told.exit_code == 0
        and f"1 measured, {others} fresh, 0 failed, 0 not measurable" in told.stderr
    )
    again = json.loads(path.read_text())
    assert again["model"] == committed["model"]
    assert f"0 measured, {others + 1} fresh" in run("profile", "--project", demo).stderr


def test_stale_profiles_say_why(demo: Path) -> None:
    path = demo / "docs/models/ref-llama/weights.json"
    document = json.loads(path.read_text())
    document["version"] = 99
    path.write_text(json.dumps(document))
    planned = json.loads(run("plan", "--project", demo, "--json").stdout)
    assert planned[0]["state"] == "stale" and "version 99" in planned[0]["reasons"][0]


def test_verify_agrees_with_the_committed_and_sees_a_changed_value(demo: Path) -> None:
    only = ("--analysis", "weights", "--analysis", "functions")
    assert run("verify", "--project", demo, *only).exit_code == 0
    path = demo / "docs/models/ref-llama/weights.json"
    document = json.loads(path.read_text())
    document["matrices"][0]["values"][1][2] *= 1.01
    path.write_text(json.dumps(document))
    told = run("verify", "--project", demo, *only)
    name = document["matrices"][0]["name"]
    assert told.exit_code == 1 and f"ref-llama weights {name}: differs by" in told.stderr
    verdicts = json.loads(run("verify", "--project", demo, *only, "--json").stdout)
    assert [verdict["matrix"] for verdict in verdicts if not verdict["agrees"]] == [name]


def test_what_is_measured_anew_is_no_longer_called_reproduced(demo: Path) -> None:
    """A record about another profile is a problem of `check`, and must not come of measuring."""
    path = demo / "docs/models/ref-llama/weights.json"
    text = path.read_text()
    path.write_text(json.dumps({**json.loads(text), "protocol": {"rule": "another one"}}))
    assert "is about another weights.json" in run("check", "--project", demo).stderr
    path.write_text(text)
    record = demo / "docs/models/ref-llama/verified.json"
    document = json.loads(record.read_text())
    document["analyses"]["weights"]["measured"] = "sha256:" + "0" * 64
    record.write_text(json.dumps(document))
    assert "is about another weights.json" in run("check", "--project", demo).stderr
    assert run("profile", "--project", demo, "--analysis", "weights", "--fresh").exit_code == 0
    left = json.loads(record.read_text())["analyses"]
    assert left.keys() == document["analyses"].keys() - {"weights"}
    assert run("check", "--project", demo).exit_code == 0


@pytest.fixture
def away(demo: Path) -> Path:
    """The same project with a second model that is not on this machine."""
    folder = demo / "docs/models/elsewhere"
    folder.mkdir()
    text = entry_of(demo).read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("name:", "source:"))]
    head = ["name: Elsewhere", "source: nobody/nothing", f'revision: "{"0" * 40}"']
    (folder / "model.yml").write_text("\n".join([*head, *kept, ""]))
    return demo


def test_a_model_that_is_not_here_does_not_stop_a_build(away: Path) -> None:
    told = run("build", "--project", away, "--json")
    assert told.exit_code == 0
    unmeasured = json.loads(told.stdout)["unmeasured"]
    assert [item["model"] for item in unmeasured] == ["elsewhere"] * len(WANTED)
    assert "atlas fetch " in unmeasured[0]["reason"]
    page = (away / "site/models/elsewhere/index.html").read_text()
    assert "Awaiting a profile." in page and "atlas profile elsewhere" in page


def test_required_profiles_that_cannot_be_made_are_an_error(away: Path) -> None:
    told = run("build", "--project", away, "--require-profiles")
    assert told.exit_code == 1 and "not on this machine" in told.output
    assert not (away / "site").exists()


def test_completion_knows_models_and_analyses(demo: Path) -> None:
    assert "_ATLAS_COMPLETE" in run("completion", "bash").output
    environment = os.environ | {
        "_ATLAS_COMPLETE": "bash_complete",
        "COMP_WORDS": "atlas plan --analysis ",
        "COMP_CWORD": "3",
    }
    words = [sys.executable, "-m", "atlas"]
    told = subprocess.run(words, env=environment, cwd=demo, capture_output=True, text=True)
    assert "weights" in told.stdout
    environment |= {"COMP_WORDS": "atlas plan ref", "COMP_CWORD": "2"}
    told = subprocess.run(words, env=environment, cwd=demo, capture_output=True, text=True)
    assert "ref-llama" in told.stdout
    environment |= {"COMP_WORDS": "atlas pin ref"}
    told = subprocess.run(words, env=environment, cwd=demo, capture_output=True, text=True)
    assert "ref-llama" in told.stdout
