"""Profiles on disk: whole or not at all, the same bytes again, nothing wrong gets through."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import DIGEST, ENTRY, REVISION, matrix, profile

from atlas import schemas
from atlas.errors import AtlasError, Problems
from atlas.files import json_file
from atlas.profiles import freshness, profile_file
from atlas.profiles.freshness import Wanted
from atlas.profiles.profile_file import Pin, Profile

WANTED = Wanted(ENTRY["source"], REVISION, DIGEST, None, 1, profile().protocol)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some-model" / "weights.json"


def written(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A file that was right until it was changed."""
    document = json.loads(profile_file.text(profile()))
    change(document)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(AtlasError) as caught:
        profile_file.load(path)
    lines = [str(item) for item in Problems([caught.value]).problems]
    assert all(line.startswith(str(path)) and line.isprintable() for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_what_is_saved_comes_back_byte_for_byte(path: Path) -> None:
    made = profile(facts={"a": 0.123456, "b": math.nan, "c": "W·x", "d": True, "e": 123456})
    profile_file.save(path, made)
    read = profile_file.load(path)
    assert profile_file.text(read) == path.read_text(encoding="utf-8") == profile_file.text(made)
    assert read.facts == {"a": 0.1235, "b": None, "c": "W·x", "d": True, "e": 123456}
    assert read.model == made.model and read.conditions == made.conditions
    assert read.matrix("score:capital@10").columns == matrix().columns
    with pytest.raises(KeyError):
        read.matrix("nothing")


def test_the_file_passes_the_published_schema_values_and_all(path: Path) -> None:
    profile_file.save(path, profile())
    document = json.loads(path.read_text(encoding="utf-8"))
    assert schemas.problems(document, "profile", path) == []
    assert document["format"] == profile_file.FORMAT


def test_a_row_of_values_is_a_line() -> None:
    lines = profile_file.text(profile()).splitlines()
    assert "    [0.5, 12.34, null]," in lines and "    [1e-07, 0, 3]]}," in lines


def test_values_of_every_size_come_back_byte_for_byte(path: Path) -> None:
    generator = np.random.default_rng(0)
    values = generator.standard_normal((40, 50)) * 10.0 ** generator.integers(-320, 305, (40, 50))
    values[0, :4] = (np.nan, -0.0, 5e-324, np.finfo(float).max)
    labels = {"rows": tuple(map(str, range(40))), "columns": tuple(map(str, range(50)))}
    profile_file.save(path, profile(matrices=(matrix(values=values, **labels),)))
    assert profile_file.text(profile_file.load(path)) == path.read_text(encoding="utf-8")


def test_what_a_protocol_states_is_not_rounded(path: Path) -> None:
    protocol = {"tau": 0.123456789, "k": 10}
    profile_file.save(path, profile(protocol=protocol))
    read = profile_file.load(path)
    assert read.protocol == protocol
    assert freshness.differences(read, replace(WANTED, protocol=protocol)) == ()


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("facts", np.int64(3), "facts.x: np.int64(3) is a int64, no text or finite number"),
        ("facts", np.float32(3), "is a float32, no text or finite number; the analysis must"),
        ("conditions", (1, 2), "conditions.x: (1, 2) is a tuple"),
        ("protocol", [1], "protocol.x: [1] is a list"),
        ("facts", math.inf, "facts.x: inf is a float, no text or finite number"),
        ("protocol", -math.inf, "protocol.x: -inf is a float"),
    ],
)
def test_only_plain_scalars_are_written(part: str, value: Any, problem: str, path: Path) -> None:
    with pytest.raises(AtlasError) as caught:
        profile_file.save(path, profile(**{part: {"x": value}}))
    assert problem in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"matrices": ()},
        {"matrices": (matrix(), matrix())},
        {"matrices": (matrix(name="Not A Name"),)},
        {"matrices": (matrix(title=""),)},
        {"matrices": (matrix(unit="a\x1b[0m"),)},
        {"matrices": (matrix(rows=("0", " 1")),)},
        {"facts": {"Bad Key": 1}},
        {"facts": {"text": "a\x00b"}},
        {"facts": {"text": "x" * 401}},
        {"analysis": "drift"},
        {"version": 0},
        {"model": Pin("other", "a/b", None, DIGEST, None)},
        {"model": Pin("some-model", "a/b", None, "md5:0", None)},
    ],
)
def test_nothing_is_saved_that_could_not_be_read(changes: dict[str, Any], path: Path) -> None:
    with pytest.raises(AtlasError):
        profile_file.save(path, profile(**changes))
    assert not path.parent.exists()


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "format missing": (lambda d: d.pop("format"), "key 'format' is missing; add it: number of"),
    "format text": (lambda d: d.update(format="1"), "format: '1' is not a whole number; write"),
    "format true": (lambda d: d.update(format=True), "format: True is not a whole number"),
    "format infinite": (lambda d: d.update(format=math.inf), "is not valid JSON: Infinity is no"),
    "format zero": (lambda d: d.update(format=0), "format: 0 is less than the minimum of 1"),
    "format newer": (
        lambda d: d.update(format=4),
        "format: format 4 is newer than this atlas, which reads up to 3; upgrade: pip install",
    ),
    "unknown key": (lambda d: d.update(fact={}), "fact: unknown key 'fact'; did you mean 'facts'?"),
    "version": (lambda d: d.update(version=1.0), "version: 1.0 is not a whole number; write"),
    "digest": (
        lambda d: d["model"].update(digest=DIGEST + "\n"),
        "does not have the right form: there is space around it",
    ),
    "tokenizer": (lambda d: d["model"].update(tokenizer="x"), "model.tokenizer: 'x' is not valid"),
    "revision": (lambda d: d["model"].update(revision="main"), "model.revision: 'main' does not"),
    "model extra": (lambda d: d["model"].update(x=1), "model.x: unknown key 'x'; known: digest"),
    "other slug": (
        lambda d: d["model"].update(slug="other"),
        "model.slug: 'other' in a file that lies at 'some-model'; move the file or measure again",
    ),
    "other analysis": (
        lambda d: d.update(analysis="drift"),
        "analysis: 'drift' in a file that lies at 'weights'; move the file or measure again",
    ),
    "fact list": (lambda d: d["facts"].update(x=[1]), "facts.x: [1] is not text or a finite"),
    "fact huge": (lambda d: d["facts"].update(x=10**400), "facts.x: 1000"),
    "fact key": (lambda d: d["facts"].update({"X Y": 1}), "'X Y' does not have the right form"),
    "fact control": (lambda d: d["facts"].update(x="\x1b"), "it holds a character that cannot be"),
    "fact surrogate": (lambda d: d["facts"].update(x="\ud800"), "it holds a character that cannot"),
    "no matrices": (lambda d: d.update(matrices=[]), "matrices: [] should be non-empty"),
    "matrices mapping": (lambda d: d.update(matrices={}), "matrices: {} is not a list"),
    "matrix text": (lambda d: d.update(matrices=["x"]), "matrices[0]: 'x' is not a mapping"),
    "same name": (
        lambda d: d["matrices"].append(d["matrices"][0]),
        "matrices: two matrices are named 'rms'; measure it again",
    ),
    "kind": (
        lambda d: d["matrices"][0].update(kind="sequentail"),
        "matrices[0].kind: 'sequentail' is not one of the known values; did you mean 'sequential'?",
    ),
    "axes": (lambda d: d["matrices"][0].update(axes=["layer"]), "matrices[0].axes: ['layer'] is"),
    "label": (lambda d: d["matrices"][1]["rows"].append(3), "matrices[1].rows[2]: 3 is not text"),
    "label control": (
        lambda d: d["matrices"][1].update(columns=["a", "b\x07", "c"]),
        "matrices[1].columns[1]: 'b\\x07' does not have the right form: it holds a character",
    ),
    "value text": (
        lambda d: d["matrices"][0]["values"][0].__setitem__(0, "x"),
        "matrix 'rms': values holds 'x', which is not a number; measure it again",
    ),
    "value missing": (
        lambda d: d["matrices"][0]["values"][0].pop(),
        "matrix 'rms': values has rows of 2 to 3 values; measure it again",
    ),
    "row missing": (
        lambda d: d["matrices"][0]["values"].pop(),
        "matrix 'rms': values of shape (1, 3) for 2 rows and 3 columns; measure it again",
    ),
    "row number": (
        lambda d: d["matrices"][0]["values"].append(3),
        "matrices[0].values[2]: 3 is not a list; measure it again",
    ),
    "values empty": (lambda d: d["matrices"][0].update(values=[]), "matrices[0].values: [] should"),
    "rows empty": (lambda d: d["matrices"][0].update(values=[[], []]), "values of shape (2, 0)"),
    "n": (lambda d: d["matrices"][0].update(n=0), "matrices[0].n: 0 is less than the minimum"),
    "range": (lambda d: d["matrices"][0].update(range=[0, 1]), "above the promised range (0, 1)"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_file_is_told(case: str, path: Path) -> None:
    change, problem = BROKEN[case]
    lines = told(written(path, change))
    assert any(problem in line for line in lines), lines
    assert len(lines) == 1 and "; " in lines[0]


def test_every_problem_in_one_run(path: Path) -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["matrices"][0]["values"][0][0] = "x"
        document["matrices"][1]["values"].pop()
        document["analysis"] = "drift"

    assert len(told(written(path, spoil))) == 3


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "line 1: is not valid JSON: Expecting value; write the file again"),
        (b"[]", "[] is not a mapping; measure it again"),
        (b'{"format": NaN}', "is not valid JSON: NaN is not a finite number"),
        (b'{"format": -Infinity}', "is not valid JSON: -Infinity is not a finite number"),
        (b'{"format": 1, "format": 1}', "is not valid JSON: key 'format' is repeated"),
        (b'{"format": 1,\n}', "line 2: is not valid JSON"),
        (b"\xef\xbb\xbf{}", "is not valid JSON: Unexpected UTF-8 BOM"),
        (b'{"format": "\xff"}', "byte 12 is not UTF-8; write the file again"),
        (b"[" * 100_000, "is not valid JSON: "),
        (b'{"format": ' + b"1" * 5000 + b"}", "is not valid JSON: Exceeds the limit"),
    ],
)
def test_files_that_are_no_json(raw: bytes, problem: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(raw)
    assert problem in told(path)[0]


def test_infinity_by_exponent_is_found_among_values(path: Path) -> None:
    text = profile_file.text(profile()).replace("12.34", "1e999")
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    lines = told(path)
    assert "values at row '0', column 'attn.k' is inf, no finite number; measure it" in lines[0]


def test_an_oversized_file_is_not_read(path: Path) -> None:
    path.parent.mkdir()
    with path.open("wb") as stream:
        stream.truncate(json_file.LARGEST + 1)
    assert "67,108,865 bytes, larger than 67,108,864; write the file again" in told(path)[0]


def test_files_that_are_not_there_and_links(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    assert "cannot be read: No such file or directory" in told(path)[0]
    (tmp_path / "outside.json").write_text(profile_file.text(profile()))
    path.symlink_to(tmp_path / "outside.json")
    assert "is a symbolic link to" in told(path)[0]


def test_carriage_returns_do_no_harm(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(profile_file.text(profile()).replace("\n", "\r\n").encode())
    assert profile_file.text(profile_file.load(path)) == profile_file.text(profile())


# Freshness


def stale(measured: Profile, **changes: Any) -> tuple[str, ...]:
    return freshness.differences(measured, replace(WANTED, **changes))


def test_fresh_where_everything_agrees() -> None:
    assert stale(profile()) == ()
    # What cannot be known here does not make a profile stale, nor does how it was made.
    assert stale(profile(made_by={}, conditions={}, facts={}), digest=None) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "measured with version 1, current 2"),
        ({"source": "a/b"}, f"measured on source {ENTRY['source']}, current a/b"),
        ({"revision": "f" * 40}, f"measured on revision {REVISION}, current {'f' * 40}"),
        ({"tokenizer": DIGEST}, "measured with another tokenizer"),
        (
            {"protocol": {"tau": 0.2, "rule": "k = 10 …"}},
            "protocol tau: measured with 0.1, current 0.2",
        ),
        (
            {"protocol": {"tau": 0.1}},
            "protocol rule: measured with 'k = 10 …', current None",
        ),
    ],
)
def test_stale_and_why(changes: dict[str, Any], reason: str) -> None:
    assert stale(profile(), **changes) == (reason,)


def test_without_a_revision_the_digests_must_agree() -> None:
    local = Pin("some-model", "./here", None, DIGEST, DIGEST)
    here = {"source": "./here", "revision": None, "tokenizer": DIGEST}
    other = "sha256:" + "6" * 64
    assert stale(profile(model=local), **here) == ()
    assert stale(profile(model=local), **{**here, "digest": other}) == (
        "measured on other weights",
    )
    for tokenizer in (None, other):
        assert stale(profile(model=local), **{**here, "tokenizer": tokenizer}) == (
            "measured with another tokenizer",
        )
    # Files that are not at hand say nothing.
    assert stale(profile(model=local), **{**here, "digest": None, "tokenizer": None}) == ()


def test_a_revision_stands_for_weights_that_cannot_be_told_apart() -> None:
    assert stale(profile(), digest="sha256:" + "6" * 64) == ()


def test_all_reasons_are_told() -> None:
    assert len(stale(profile(), version=2, source="a/b", revision=None, protocol={})) == 5


# Writing


def test_writing_replaces_whole_files_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.json"
    json_file.write_atomic(path, "one ✓")
    json_file.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [item.name for item in path.parent.iterdir()] == ["c.json"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
) -> None:
    path = tmp_path / "a.json"
    json_file.write_atomic(path, "old")

    def fail(*_: object) -> None:
        raise failure

    owner: object = os if step == "fsync" else Path
    monkeypatch.setattr(owner, step, fail)
    wanted = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else AtlasError
    with pytest.raises(wanted) as caught:
        json_file.write_atomic(path, "new")
    if wanted is AtlasError:
        assert "a.json: cannot be written: No space left on device; make room" in str(caught.value)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]


def test_the_bytes_are_on_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def watched_fsync(handle: int) -> None:
        steps.append("fsync")
        fsync(handle)

    def watched_rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_rename)
    json_file.write_atomic(tmp_path / "a.json", "new")
    assert steps == ["fsync", "rename"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AtlasError, match="cannot be written: "):
        json_file.write_atomic(tmp_path / "file" / "a.json", "x")
