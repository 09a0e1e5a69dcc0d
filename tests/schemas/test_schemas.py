"""Every way to break a schema is told with file, place, value and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from samples import ENTRY, GEOMETRY

from atlas import schemas
from atlas.entries import entry
from atlas.entries.geometry import Geometry
from atlas.paths import schema
from atlas.profiles import matrix, profile_file

FILE = Path("model.yml")


def told(**changes: Any) -> list[str]:
    keys = {key: value for key, value in {**ENTRY, **changes}.items() if value is not ...}
    return [str(error) for error in schemas.problems(keys, "entry", FILE)]


@pytest.mark.parametrize("name", ["entry", "profile"])
def test_schemas_are_schemas_and_describe_every_key(name: str) -> None:
    document = schemas.load(name)
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$id"] == schema(name).name
    assert document["additionalProperties"] is False
    assert all("description" in about for about in document["properties"].values())


def test_a_right_entry_has_no_problem() -> None:
    assert told() == []
    assert told(geometry=GEOMETRY, tags=["base"], revision=None, released="2025-04") == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"licence": "mit"},
            "model.yml: licence: unknown key 'licence'; did you mean 'license'? known: analyses,",
        ),
        ({"name": ...}, "model.yml: key 'name' is missing; add it: the model's name as people"),
        ({"name": 7}, "model.yml: name: 7 is not text; write the model's name as people"),
        ({"name": ["a"]}, "model.yml: name: ['a'] is not text; write the model's name"),
        ({"name": ""}, "model.yml: name: '' should be non-empty; write the model's name"),
        ({"name": "x" * 81}, "is too long: 81, at most 80; shorten it"),
        ({"family": "Some Model"}, "family: 'Some Model' does not have the right form; write the"),
        ({"tags": "base"}, "model.yml: tags: 'base' is not a list; write a list of lower-case"),
        ({"tags": ["a", "a"]}, "model.yml: tags: ['a', 'a'] has non-unique elements; write a"),
        ({"tags": ["a"] * 12 + ["b"]}, "is too long: 13, at most 12; shorten it"),
        ({"tags": ["a", "B C"]}, "model.yml: tags[1]: 'B C' does not have the right form"),
        ({"geometry": 3}, "model.yml: geometry: 3 is not a mapping; write the model's shape"),
        ({"geometry": {}}, "model.yml: geometry: key 'layers' is missing; add it: number of"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], line: str) -> None:
    assert line in told(**changes)[0]


@pytest.mark.parametrize(
    ("heads", "problem"),
    [
        (0, "geometry.heads: 0 is less than the minimum of 1"),
        (-4, "geometry.heads: -4 is less than the minimum of 1"),
        (True, "geometry.heads: True is not a whole number"),
        (4.0, "geometry.heads: 4.0 is not a whole number"),
        ("4", "geometry.heads: '4' is not a whole number"),
        (None, "geometry.heads: None is not a whole number"),
        (10**30, "geometry.heads: 1000000000000000000000000000000 is greater than"),
        (float("nan"), "geometry.heads: nan is not a whole number"),
        pytest.param(10**4000, "is not a whole number", id="huge"),
    ],
)
def test_whole_numbers_are_whole(heads: Any, problem: str) -> None:
    [line] = told(geometry={**GEOMETRY, "heads": heads})
    assert problem in line and "write number of attention heads" in line


@pytest.mark.parametrize("key", ["name", "license", "summary", "source"])
@pytest.mark.parametrize(
    "text",
    [
        "\u200b",
        "\x1b[31mred",
        "bell\x07",
        "a\u202eb",
        "a\u2028b",
        "a\x7f",
        "a\x85b",
        "a\ud800",
        " a",
    ],
)
def test_text_that_would_reach_a_page_holds_no_control_characters(key: str, text: str) -> None:
    [line] = told(**{key: text})
    assert f"model.yml: {key}: " in line
    assert "does not have the right form: " in line


@pytest.mark.parametrize("name", ["Größe 7B", "模型 7B", "a 👩‍🔬 b", "GPT‑2 – small"])
def test_text_may_be_any_other(name: str) -> None:
    assert told(name=name) == []


@pytest.mark.parametrize("key", ["name", "family", "architecture", "revision", "released", "base"])
def test_a_newline_at_the_end_is_no_end(key: str) -> None:
    value = {**ENTRY, "released": "2025-04", "base": "other"}[key]
    assert len(told(**{key: f"{value}\n"})) == 1


def test_every_problem_is_told_once_and_in_the_order_of_the_file() -> None:
    lines: schemas.Lines = {(): 1, ("zzz",): 2, ("name",): 5, ("geometry", "heads"): 9}
    document = {**ENTRY, "zzz": 1, "name": 3, "geometry": {**GEOMETRY, "heads": 0}}
    found = [str(error) for error in schemas.problems(document, "entry", FILE, lines)]
    assert [line.split(":")[1] for line in found] == [" line 2", " line 5", " line 9"]
    missing = [str(error) for error in schemas.problems({}, "entry", FILE)]
    assert len(missing) == len(set(missing)) == len(schemas.load("entry")["required"])


def test_thousands_of_problems_do_not_bury_the_reader() -> None:
    found = told(tags=[7] * 5000)
    assert len(found) <= schemas.MOST + 1
    assert "mend these first" in found[-1]


def test_places_name_line_and_key_path() -> None:
    lines: schemas.Lines = {(): 1, ("tags",): 4, ("tags", 2): 7}
    assert schemas.place(("tags", 2), lines) == "line 7: tags[2]"
    assert schemas.place(("tags", 3), lines) == "line 4: tags[3]"
    assert schemas.place(("geometry", "heads"), None) == "geometry.heads"
    assert schemas.place((), None) == ""


def test_schemas_and_code_name_the_same_keys() -> None:
    """A key in the one and not in the other would be refused, or never written."""
    stated = schemas.load("entry")["properties"]
    assert set(stated) == set(entry.Entry.__dataclass_fields__) - {"slug"}
    assert set(stated["geometry"]["properties"]) == set(Geometry.__dataclass_fields__)
    profile = schemas.load("profile")
    assert set(profile["properties"]) == {*profile_file.Profile.__dataclass_fields__, "format"}
    assert set(profile["properties"]["model"]["properties"]) == set(
        profile_file.Pin.__dataclass_fields__
    )
    assert set(profile["$defs"]["matrix"]["properties"]) == set(matrix.Matrix.__dataclass_fields__)
