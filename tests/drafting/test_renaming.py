"""Another slug for a model, and a model taken out: what follows, what stays, what a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from own_atlas import OURS

from atlas.commands import main
from atlas.drafting import mentions
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import profile_file, verified
from atlas.review import check

KEPT = ("model.yml", "weights.json", "drift.json", "masks.json", "masks.clusters.json")
FINDING = """\
title: What it does
lead: A lead.
steps:
  - title: One
    claim: ref-tunes-drift
    figure: "models/ref-llama/?figure=weights&matrix=rms"
    text: [Some words.]
"""


@pytest.fixture
def tunes(project: Project) -> Project:
    """A model, its tune with a drift and records, claims about both, and a finding."""
    shutil.copy(OURS.mkdocs_yml, project.mkdocs_yml)
    for slug in ("ref-llama", "ref-llama-topic", "ref-llama-instruct"):
        project.folder(slug).mkdir()
        for name in KEPT:
            path = OURS.folder(slug) / name
            if path.exists():
                shutil.copy(path, project.folder(slug))
        record = json.loads(OURS.verified(slug).read_text())
        lines = record["analyses"].items()
        there = {key: line for key, line in lines if f"{key}.json" in KEPT and key != "masks"}
        project.verified(slug).write_text(json.dumps({**record, "analyses": there}))
    for name in ("ref-tunes-drift", "ref-tunes-keep-induction", "ref-llama-induction"):
        path = project.claims / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(OURS.claims / path.name, path)
    project.findings.mkdir()
    (project.findings / "one.yml").write_text(FINDING)
    (project.docs / "about.md").write_text("See [it](models/ref-llama/index.md).\n")
    return project


def run(project: Project, *words: str, input: str | None = None) -> Result:
    words = (*words, "--project", str(project.root))
    return CliRunner().invoke(main, words, input=input, catch_exceptions=False)


def tree(project: Project) -> dict[str, bytes]:
    """Every file that people wrote or that was measured."""
    found = {path.relative_to(project.root): path for path in project.root.rglob("*")}
    return {
        place.as_posix(): path.read_bytes()
        for place, path in found.items()
        if path.is_file() and not any(part.startswith(".") for part in place.parts)
    }


def test_everything_that_names_a_model_follows(tunes: Project) -> None:
    before = {place: raw for place, raw in tree(tunes).items()}
    wrong = len(check.problems(tunes))
    for kept in ("outcomes", "unfinished"):
        (tunes.cache / kept / "ref-llama" / "masks").mkdir(parents=True)
    result = run(tunes, "rename", "ref-llama", "my.llama-1b")
    assert result.exit_code == 0, result.output
    assert not tunes.folder("ref-llama").exists()
    assert len(check.problems(tunes)) == wrong, "parts that were left out, before as after"
    for slug in ("my.llama-1b", "ref-llama-topic"):
        record = verified.load(tunes.verified(slug))
        assert record
        for name in record:
            path = tunes.profile(slug, name)
            assert verified.reproduced(record, profile_file.load(path), path), (slug, name)
    drift = profile_file.load(tunes.profile("ref-llama-topic", "drift"))
    assert drift.conditions["base"] == "my.llama-1b"
    assert "base: my.llama-1b\n" in tunes.entry("ref-llama-topic").read_text()
    after = tree(tunes)
    assert len(after) == len(before)
    named = [place for place, raw in after.items() if b"ref-llama/" in raw or b"ref-llama," in raw]
    assert named == ["docs/about.md"] and "about.md links to models/ref-llama/" in result.stderr
    for kept in ("outcomes", "unfinished"):
        assert (tunes.cache / kept / "my.llama-1b" / "masks").is_dir()
    assert run(tunes, "rename", "my.llama-1b", "ref-llama").exit_code == 0
    assert tree(tunes) == before, "there and back, byte for byte"


@pytest.mark.parametrize("step", [0, 4, 8, 11, 13])
def test_a_kill_loses_nothing_and_the_same_command_goes_on(
    tunes: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    shutil.copytree(tunes.root, tmp_path / "other")
    other = Project(tmp_path / "other")
    assert run(other, "rename", "ref-llama", "new").exit_code == 0
    left = [step]

    def killed(then: Callable[..., object]) -> Callable[..., object]:
        def act(*all: object) -> object:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return then(*all)

        return act

    with monkeypatch.context() as patched:
        patched.setattr(json_file, "write_atomic", killed(json_file.write_atomic))
        patched.setattr(Path, "rename", killed(Path.rename))
        assert run(tunes, "rename", "ref-llama", "new").exit_code == 130
    assert tunes.folder("ref-llama").is_dir()
    assert run(tunes, "rename", "ref-llama", "new").exit_code == 0
    assert tree(tunes) == tree(other)


def test_names_that_are_taken_or_none_are_refused(tunes: Project) -> None:
    before = tree(tunes)
    for new, told in (
        ("ref-llama-topic", "is there already"),
        ("ref-llama", "is there already"),
        ("My Llama", "NEW 'My Llama' is not a slug"),
        ("../away", "is not a slug"),
    ):
        result = run(tunes, "rename", "ref-llama", new)
        assert result.exit_code == 1 and told in result.stderr, new
    result = run(tunes, "rename", "ref-lama", "new")
    assert result.exit_code == 1 and "did you mean 'ref-llama'?" in result.stderr
    tunes.profile("ref-llama-topic", "drift").write_text("{")
    result = run(tunes, "rename", "ref-llama", "new")
    assert result.exit_code == 1 and "drift.json" in result.stderr
    tunes.profile("ref-llama-topic", "drift").write_bytes(
        before["docs/models/ref-llama-topic/drift.json"]
    )
    assert tree(tunes) == before


def test_a_model_that_is_being_measured_stays(
    tunes: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = {"result": "begun", "what": "measured", "host": os.uname().nodename, "pid": os.getppid()}
    path = tunes.outcome("ref-llama", "masks")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(note))
    for words in (("rename", "ref-llama", "new"), ("rm", "--yes", "ref-llama")):
        result = run(tunes, *words)
        assert result.exit_code == 1 and "is being measured by process" in result.stderr
    path.write_text(json.dumps({**note, "pid": 2**22 + 1}))
    assert run(tunes, "rename", "ref-llama", "new").exit_code == 0


ADDRESSES = {
    "models/a/?figure=a&matrix=a": "models/b/?figure=a&matrix=a",
    "models/a/": "models/b/",
    "models/a-1/?figure=x": "models/a-1/?figure=x",
    "models/x.a/": "models/x.a/",
    "families/a/": "families/a/",
    "compare/?models=a-1,a,x.a&analysis=a": "compare/?models=a-1,b,x.a&analysis=a",
    "compare/?models=a%2Cc&matrix=m#a": "compare/?models=b%2Cc&matrix=m#a",
    "heads/?model=a&score=a": "heads/?model=b&score=a",
}


@pytest.mark.parametrize("before", ADDRESSES)
def test_addresses_change_where_they_name_the_model_alone(before: str) -> None:
    assert mentions.address(before, "a", "b") == ADDRESSES[before]


def test_a_slug_is_changed_whatever_its_quotes_and_comments(tmp_path: Path) -> None:
    text = (
        "# about a\nsentence: a is a\r\nview: 'models/a/?x=1'  # a\nholds:\n"
        '  - {left: {model: "a", matrix: a, rows: [a]}, is: above, right: a}\n'
    )
    changed = mentions.renamed(text, tmp_path / "claim.yml", "a", "b")
    assert changed == text.replace("models/a/", "models/b/").replace('"a"', '"b"')


def test_rm_asks_says_who_needs_it_and_removes_the_model_alone(tunes: Project) -> None:
    before = tree(tunes)
    (tunes.folder("ref-llama") / "notes.txt").write_text("mine")
    result = run(tunes, "rm", "ref-llama", input="y\n")
    assert result.exit_code == 1 and "say it with --yes" in result.stderr, "nobody at a terminal"
    result = run(tunes, "rm", "--dry-run", "ref-llama")
    for told in (
        "ref-llama: the entry and 2 profiles",
        "base of ref-llama-instruct, ref-llama-topic",
        "ref-llama-induction.yml",
        "one.yml: no longer show",
        "about.md: link to",
    ):
        assert told in result.stderr, told
    assert {**before, "docs/models/ref-llama/notes.txt": b"mine"} == tree(tunes)
    result = run(tunes, "rm", "--yes", "ref-llama")
    assert result.exit_code == 0 and "notes.txt: not part of an entry" in result.stderr
    left = {place: raw for place, raw in before.items() if "models/ref-llama/" not in place}
    assert {**left, "docs/models/ref-llama/notes.txt": b"mine"} == tree(tunes)


def test_rm_takes_patterns_and_is_silent_of_what_goes_too(tunes: Project) -> None:
    result = run(tunes, "rm", "--yes", "ref-llama*")
    assert result.exit_code == 0 and "base of" not in result.stderr
    assert list(tunes.models.iterdir()) == []
    result = run(tunes, "rm", "--yes", "ref-*")
    assert result.exit_code == 1 and "no model matches 'ref-*'" in result.stderr
