"""Revisions filled from a hub: one line changes, whatever the hub or the file is like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from samples import REVISION, entry_text, profile, write_entry
from stand_in_hub import COMMIT, Handler, StandIn

from atlas.commands import main
from atlas.drafting import pinning
from atlas.entries import entry
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import profile_file

NAME = "some-org/Some-Model-1B"
API = f"/api/models/{NAME}"
NEXT = "beef" + "0" * 36


@pytest.fixture(autouse=True)
def repository(stand_in: StandIn, tmp_path: Path) -> None:
    """The hub holds one model, without files."""
    stand_in.folders[NAME] = tmp_path / "repository"
    stand_in.folders[NAME].mkdir()


def run(project: Project, *words: object) -> Result:
    return CliRunner().invoke(main, ["pin", *map(str, words), "--project", str(project.root)])


def answering(sha: object) -> Callable[[Handler], None]:
    body = json.dumps({"id": NAME, "sha": sha, "siblings": []}).encode()
    return lambda request: request.answer(200, body)


# What it changes

TEXT = entry_text(revision=None)
FORMS = {
    "null": ("revision: null", f'revision: "{COMMIT}"'),
    "a comment": ("revision: null   # to be pinned", f'revision: "{COMMIT}"   # to be pinned'),
    "nothing": ("revision:", f'revision: "{COMMIT}"'),
    "nothing and a comment": ("revision: # later", f'revision: "{COMMIT}" # later'),
    "a tilde": ("revision:  ~", f'revision:  "{COMMIT}"'),
    "a quoted key": ('"revision" : Null', f'"revision" : "{COMMIT}"'),
    "on the next line": ("revision:\n  null", f'revision:\n  "{COMMIT}"'),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("form", FORMS)
def test_one_line_changes_and_nothing_else(
    project: Project, stand_in: StandIn, form: str, ends: str
) -> None:
    before, after = FORMS[form]
    text = f"# R\u00e9sum\u00e9 \U0001f600\n{TEXT}tags: ['a',  \"b\"]  # kept\n# revision: null\n"
    path = write_entry(project)
    raw = text.replace("revision: null", before, 1).replace("\n", ends).encode()
    path.write_bytes(raw)
    result = run(project)
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == raw.replace(
        before.replace("\n", ends).encode(), after.replace("\n", ends).encode(), 1
    )
    assert entry.load(path).revision == COMMIT
    assert f"some-model: pinned to {COMMIT}, main of {NAME}" in result.stderr


def test_a_whole_entry_in_braces_and_one_without_a_last_line_end(
    project: Project, stand_in: StandIn
) -> None:
    path = write_entry(project)
    keys = TEXT.strip().splitlines()
    for text in ("{" + ", ".join(keys) + "}\n", "\n".join(sorted(keys, key=len, reverse=True))):
        path.write_text(text)
        assert run(project).exit_code == 0
        assert path.read_text() == text.replace("null", f'"{COMMIT}"')


@pytest.mark.parametrize("value", [f">-\n  {REVISION}", f'"{REVISION[:9]}\\\n  {REVISION[9:]}"'])
def test_what_cannot_be_changed_alone_is_left_and_told(
    project: Project, stand_in: StandIn, value: str
) -> None:
    text = TEXT.replace("revision: null", f"revision: {value}")
    path = write_entry(project, text=text)
    assert entry.load(path).revision == REVISION, "it is read as it should be"
    result = run(project, "some-model", "--again")
    assert result.exit_code == 1 and path.read_text() == text
    assert f'write it by hand, on a line of its own: revision: "{COMMIT}"' in result.stderr


def test_a_dry_run_writes_nothing(project: Project, stand_in: StandIn) -> None:
    path = write_entry(project, revision=None)
    result = run(project, "--dry-run", "--json")
    assert result.exit_code == 0 and path.read_text() == TEXT
    assert f"would be pinned to {COMMIT}" in result.stderr
    assert json.loads(result.stdout) == [
        {
            "model": "some-model",
            "result": "pinned",
            "source": NAME,
            "before": None,
            "revision": COMMIT,
            "notes": [],
        }
    ]


def test_a_file_is_written_whole_or_not_at_all(
    project: Project, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    path = write_entry(project, revision=None)
    monkeypatch.setattr(json_file, "_replace", full)
    result = run(project)
    assert result.exit_code == 1 and path.read_text() == TEXT
    assert "make room on that disk" in result.stderr


def test_what_somebody_wrote_meanwhile_is_kept(project: Project, stand_in: StandIn) -> None:
    path = write_entry(project, revision=None)

    def slow(request: Handler) -> None:
        path.write_text(TEXT + "tags: [new]\n")
        answering(COMMIT)(request)

    stand_in.answers[API] = slow
    result = run(project)
    assert result.exit_code == 1 and path.read_text() == TEXT + "tags: [new]\n"
    assert "was changed meanwhile; run atlas pin again" in result.stderr


# Which entries


def test_those_without_a_revision_or_those_that_are_named(
    project: Project, stand_in: StandIn
) -> None:
    write_entry(project, "a", revision=None)
    write_entry(project, "b", revision=None)
    pinned = write_entry(project, "c").read_text()
    write_entry(project, "d", source="zoo:llama", revision=...)
    assert run(project, "b").exit_code == 0
    assert entry.load(project.entry("a")).revision is None
    result = run(project)
    assert result.exit_code == 0 and [line[:3] for line in result.stderr.splitlines()] == ["a: "]
    assert project.entry("c").read_text() == pinned
    result = run(project)
    assert result.exit_code == 0 and "nothing to pin" in result.stderr
    result = run(project, "d")
    assert result.exit_code == 1 and "zoo:llama is not on the hub; leave it out" in result.stderr
    result = run(project, "bb")
    assert result.exit_code == 1 and "there is no model 'bb'; did you mean 'b'?" in result.stderr


def test_a_pin_moves_only_where_that_is_said(project: Project, stand_in: StandIn) -> None:
    path = write_entry(project)
    profile_file.save(project.profile("some-model", "weights"), profile())
    before = path.read_text()
    result = run(project, "some-model")
    assert result.exit_code == 0 and path.read_text() == before
    assert f"some-model: stays at {REVISION}; --again moves it" in result.stderr
    assert stand_in.asked == []
    result = run(project, "some-model", "--again")
    assert result.exit_code == 0 and path.read_text() == before.replace(REVISION, COMMIT)
    assert f"some-model: moved from {REVISION} to {COMMIT}, main of {NAME}" in result.stderr
    assert f"note: some-model: {pinning.STALE}" in result.stderr
    written = path.stat().st_mtime_ns
    result = run(project, "some-model", "--again")
    assert f"some-model: stays at {COMMIT}, main" in result.stderr
    assert "stale" not in result.stderr and path.stat().st_mtime_ns == written
    result = run(project, "--again")
    assert result.exit_code == 2 and "name them" in result.stderr


def test_another_branch(project: Project, stand_in: StandIn) -> None:
    stand_in.commits["next"] = NEXT
    path = write_entry(project, revision=None)
    result = run(project, "--revision", "older")
    assert result.exit_code == 1 and f"{NAME} has no revision 'older'" in result.stderr
    assert run(project, "--revision", "next").exit_code == 0
    assert entry.load(path).revision == NEXT
    assert run(project, "some-model", "--again", "--revision", COMMIT).exit_code == 0
    assert entry.load(path).revision == COMMIT


# What goes wrong


def test_one_that_cannot_be_pinned_stops_no_other(project: Project, stand_in: StandIn) -> None:
    write_entry(project, "a", revision=None, source="some-org/Nowhere")
    write_entry(project, "b", text="name: [\n")
    write_entry(project, "c", revision=None, source="some-org/Closed")
    write_entry(project, "d", revision=None, source="some-org/Ill")
    write_entry(project, "e", revision=None, source="some-org/Gone")
    write_entry(project, "f", revision=None, file="f.gguf")
    write_entry(project, "g", revision=None)
    api = "/api/models/some-org/"
    stand_in.answers[f"{api}Closed"] = lambda it: it.answer(403, b"", code="GatedRepo")
    stand_in.answers[f"{api}Ill"] = lambda it: it.answer(503, b"")
    stand_in.answers[f"{api}Gone"] = lambda it: it.connection.close()
    result = run(project, "--json")
    assert result.exit_code == 1
    assert entry.load(project.entry("g")).revision == COMMIT
    found = {one["model"]: one for one in json.loads(result.stdout)}
    assert {one["result"] for slug, one in found.items() if slug != "g"} == {"failed"}
    page = f"{stand_in.endpoint}/some-org/Closed"
    for slug, words in {
        "a": "there is no model 'some-org/Nowhere' on the hub, or it is private; correct the id",
        "b": "docs/models/b/model.yml: line 2",
        "c": f"is gated, and no token is set; accept its conditions at {page} and set HF_TOKEN",
        "d": "answered 503; try again later",
        "e": "cannot be reached",
        "f": "f.gguf: is not in that repository; known: none",
    }.items():
        assert words in found[slug]["notes"][0], slug
        assert f"{slug}: not pinned: {found[slug]['notes'][0]}" in result.stderr
    assert found["e"]["notes"][0].endswith("; check the network"), "a folder would be no remedy"


def test_a_gated_model_is_pinned_and_its_conditions_are_told(
    project: Project, stand_in: StandIn
) -> None:
    stand_in.gated.add(NAME)
    path = write_entry(project, revision=None)
    result = run(project)
    assert result.exit_code == 0 and entry.load(path).revision == COMMIT
    assert f"it is gated: accept its conditions at {stand_in.endpoint}/{NAME} " in result.stderr


def test_a_model_that_has_moved_is_pinned_and_its_name_told(
    project: Project, stand_in: StandIn
) -> None:
    stand_in.renamed["old-org/Old"] = NAME
    path = write_entry(project, revision=None, source="old-org/Old")
    result = run(project)
    assert result.exit_code == 0 and entry.load(path).source == "old-org/Old"
    assert f"source: old-org/Old is called {NAME} today" in result.stderr


@pytest.mark.parametrize(
    "sha",
    [
        None,
        7,
        [COMMIT],
        "main",
        COMMIT[:39],
        COMMIT + "0",
        COMMIT + "\n",
        COMMIT.upper(),
        '" #' + COMMIT[3:],
        "\u0661" * 40,
    ],
)
def test_what_is_no_full_hash_is_never_written(
    project: Project, stand_in: StandIn, sha: object
) -> None:
    stand_in.answers[API] = answering(sha)
    path = write_entry(project, revision=None)
    result = run(project)
    assert result.exit_code == 1 and path.read_text() == TEXT
    assert "which is not a full hash" in result.stderr


def test_another_commit_than_the_one_asked_for_is_refused(
    project: Project, stand_in: StandIn
) -> None:
    stand_in.answers[f"{API}/revision/{NEXT}"] = answering(COMMIT)
    path = write_entry(project, revision=None)
    result = run(project, "--revision", NEXT)
    assert result.exit_code == 1 and path.read_text() == TEXT
    assert f"the hub has commit {COMMIT} where {NEXT} was asked for" in result.stderr


def test_offline_is_told(
    project: Project, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_entry(project, revision=None)
    result = run(project)
    assert result.exit_code == 1
    assert "some-model: not pinned: HF_HUB_OFFLINE is set; unset it" in result.stderr
    assert stand_in.asked == []


def test_a_link_is_not_written_through(project: Project, stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "precious.yml").write_text(TEXT)
    path = project.entry("some-model")
    path.parent.mkdir()
    path.symlink_to(tmp_path / "precious.yml")
    result = run(project)
    assert result.exit_code == 1 and "is a symbolic link" in result.stderr
    assert path.is_symlink() and (tmp_path / "precious.yml").read_text() == TEXT
