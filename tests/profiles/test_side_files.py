"""Parts of profiles: written beside them, read strictly, and told where they do not belong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import write_entry

from atlas import paths, schemas
from atlas.errors import AtlasError
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import profile_file, side_files
from atlas.profiles.matrix import Matrix
from atlas.review import check

HEADS: list[dict[str, Any]] = [
    {
        "layer": 0,
        "head": 1,
        "relations": {"score:first-letter@10": [2 / 3, 0.5, 0.8, 0.0123456]},
        "salient": [["␣été", 1.23456, ["␣summer", "\\n"]]],
    },
    {"layer": 0, "head": 2, "relations": {}, "salient": []},
]


def profile(version: int = 1, digest: str = "0") -> profile_file.Profile:
    pin = profile_file.Pin("m", "zoo:llama", None, "sha256:" + digest * 64, None)
    labels: Any = {"axes": ("layer", "head"), "rows": ("0",), "columns": ("0",)}
    values = np.zeros((1, 1))
    only = Matrix("a", "A", "u", "sequential", values=values, direction="more", **labels)
    return profile_file.Profile("functions", version, pin, {}, {}, {}, (only,), {})


@pytest.fixture
def folder(project: Project) -> Path:
    where = project.folder("m")
    profile_file.save(where / "functions.json", profile())
    return where


def save(folder: Path, items: side_files.Items, of: profile_file.Profile | None = None) -> Path:
    side_files.save(folder / "functions.json", of or profile(), "heads", items)
    return folder / "functions.heads.json"


def test_a_part_comes_back_with_numbers_of_four_digits(folder: Path) -> None:
    where = save(folder, HEADS)
    document = side_files.load(where)
    assert document["heads"][0]["relations"] == {
        "score:first-letter@10": [0.6667, 0.5, 0.8, 0.01235]
    }
    assert document["heads"][0]["salient"] == [["␣été", 1.235, ["␣summer", "\\n"]]]
    assert document["model"]["slug"] == "m"
    assert len(where.read_text(encoding="utf-8").splitlines()) == 9, "an item a line"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"layer": -1}, "heads[0].layer"),
        ({"salient": [["a\u200b", 1.0, ["b"]]]}, "does not have the right form"),
        ({"salient": [["a", 1.0, []]]}, "heads[0].salient[0][2]"),
        ({"relations": {"score:capital": [0, 0, 0, 0]}}, "relations"),
        ({"relations": {"score:capital@10": [0, 0, 2, 0]}}, "greater than the maximum"),
        ({"note": "x"}, "unknown key 'note'"),
    ],
)
def test_what_breaks_the_schema_is_not_written(
    change: dict[str, Any], expected: str, folder: Path
) -> None:
    with pytest.raises(AtlasError) as caught:
        save(folder, [{**HEADS[1], **change}])
    assert expected in str(caught.value)
    assert not (folder / "functions.heads.json").exists()


@pytest.mark.parametrize("other", [profile(version=2), profile(digest="1")])
def test_a_part_of_another_measurement_is_told(other: profile_file.Profile, folder: Path) -> None:
    where = save(folder, HEADS, other)
    with pytest.raises(AtlasError, match=r"was not measured together with 'functions\.json'"):
        side_files.load(where)


def test_a_part_without_its_profile_or_in_another_place_is_told(
    folder: Path, project: Project
) -> None:
    where = save(folder, HEADS)
    elsewhere = project.folder("n") / where.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(where.read_bytes())
    with pytest.raises(AtlasError, match="'m' in a file that lies at 'n'"):
        side_files.load(elsewhere)
    (folder / "functions.json").unlink()
    with pytest.raises(AtlasError, match=r"there is no 'functions\.json'"):
        side_files.load(where)


def test_every_schema_of_a_part_is_its_own() -> None:
    found = sorted(path.name for path in paths.schema("entry").parent.glob("*.*.schema.json"))
    assert "functions.heads.schema.json" in found and "masks.losses.schema.json" in found
    for name in found:
        stem = name.removesuffix(".schema.json")
        assert schemas.load(stem)["$id"] == name
        assert side_files.exists(*stem.split("."))
    assert not side_files.exists("functions", "tails") and not side_files.exists("functions", "")


def test_check_reads_parts_of_analyses_that_there_are(
    folder: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = save(folder, HEADS)
    write_entry(project, "m")
    monkeypatch.setattr("atlas.profiles.statement.names", lambda: ("functions",))

    def problems() -> str:
        return "\n".join(map(str, check.problems(project)))

    assert where.name not in problems()
    document = json.loads(where.read_text(encoding="utf-8"))
    where.write_text(json.dumps({**document, "version": 7}), encoding="utf-8")
    assert "functions.heads.json: was not measured together" in problems()
    where.rename(folder / "functions.tails.json")
    assert "'functions.tails.json' belongs to no analysis" in problems()


def test_profile_writes_parts_before_their_profile(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas.measure import run as measuring

    written: list[str] = []
    write: Callable[[Path, Any], None] = json_file.write_atomic

    def noted(path: Path, content: str | bytes) -> None:
        written.append(path.name)
        write(path, content)

    monkeypatch.setattr("atlas.files.json_file.write_atomic", noted)
    where = project.profile("m", "functions")
    measuring._save(project, where, profile(), {"heads": HEADS})
    assert written == ["functions.heads.json", "functions.json"]
    assert side_files.load(where.with_name(written[0]))["heads"][1] == HEADS[1]
