"""Derived rows as files: data alone, in their order, and nothing else is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atlas import architectures
from atlas.architectures import row_file
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.review import check

SHIPPED = PACKAGE / "architectures" / "derived"


@pytest.fixture(autouse=True)
def no_project_is_left() -> Iterator[None]:
    yield
    architectures.use([])


def document(**changes: Any) -> dict[str, Any]:
    """A derived row of a type that nobody has, as it is read from its file."""
    held: dict[str, Any] = json.loads((SHIPPED / "arcee.json").read_text(encoding="utf-8"))
    held["row"]["model_type"] = "mine"
    for path, value in changes.items():
        *places, last = path.split("__")
        part = held
        for place in places:
            part = part[place]
        part[last] = value
    return held


def written(folder: Path, held: dict[str, Any], name: str = "mine") -> Path:
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(held), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_what_is_shipped_is_read_as_strictly_and_written_the_same(path: Path) -> None:
    found = row_file.read(path)
    assert row_file.text(found) == path.read_text(encoding="utf-8")
    assert architectures.derived(path.stem) == found
    assert path.stem not in architectures.by_hand()
    assert architectures.origin(path.stem) == f"derived with transformers {found.transformers}"


def test_rows_that_say_everything_come_back(tmp_path: Path) -> None:
    """Every column that a derivation can fill, of rows by hand that fill it."""
    for name in ("granite", "olmoe", "gpt2", "cohere", "bert"):
        row = architectures.row(name)
        made = row_file.DerivedRow(row, "5.0.0", ("something",), (), {"hidden_size": 32})
        path = tmp_path / f"{name}.json"
        path.write_text(row_file.text(made), encoding="utf-8")
        assert row_file.read(path) == made


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"row__modules__attn.q": "self_attn.q_proj"}, "row.modules.attn.q: 'self_attn.q_proj' is"),
        ({"row__modules__attn.q__disk": "../../etc\n"}, "row.modules.attn.q.disk: '../../etc"),
        ({"row__modules__attn.q__run": "x"}, "unknown key 'run'"),
        ({"row__keys": {"layers": 2**31}}, "row.keys.layers: 2147483648 is not a count"),
        ({"row__keys": {"layers": True}}, "row.keys.layers: True is not"),
        ({"row__residual": "sideways"}, "row.residual: 'sideways' is none of sequential"),
        ({"row__norm": {"kind": "rms"}}, "row.norm: key 'eps' is missing"),
        ({"row__scales": {"logits": {"key": "a", "power": "2"}}}, "row.scales.logits.power"),
        ({"row__requires": {"a": {"b": [1e400]}}}, "row.requires.a.b[0]: inf is not"),
        ({"row__joins": ["a"]}, "row.joins: ['a'] is not"),
        ({"row__variants": [{"when": {}, "columns": {"joins": 3}}]}, "row.variants[0].columns"),
        ({"row__model_type": "other"}, "row.model_type: is the row of 'other'; call the file"),
        ({"format": 2}, "format: "),
        ({"proved": []}, "proved: "),
        ({"code": "import os"}, "code: unknown key 'code'"),
        ({"transformers": "new"}, "transformers: 'new' does not have the right form"),
    ],
)
def test_what_no_derivation_writes_is_refused(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    text = json.dumps(document(**changes)).replace("Infinity", "1e400")
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AtlasError) as caught:
        row_file.read(path)
    problems = getattr(caught.value, "problems", [caught.value])
    assert any(told in str(problem) for problem in problems), [*map(str, problems)]


def test_a_row_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    deep = "[" * 900 + "]" * 900
    text = json.dumps(document(row__requires={"a": "DEEP"})).replace('"DEEP"', deep)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AtlasError, match=r"nested too deeply|not valid JSON"):
        row_file.read(path)


def test_rows_of_a_project_come_last_and_go_with_it(project: Project) -> None:
    assert "mine" not in architectures.known()
    written(project.architectures, document())
    assert architectures.use(project.rows()) == []
    assert "mine" in architectures.known() and "mine" not in architectures.shipped()
    origin = architectures.origin("mine")
    assert origin.startswith("a row of this project, derived with transformers ")
    assert architectures.row("mine").model_type == "mine"
    architectures.use([])
    assert "mine" not in architectures.known()


@pytest.mark.parametrize("model_type", ["llama", "arcee"])
def test_no_project_replaces_a_row_of_atlas(model_type: str, project: Project) -> None:
    held = document(row__model_type=model_type, row__layers="elsewhere")
    written(project.architectures, held, model_type)
    before = architectures.row(model_type)
    (wrong,) = architectures.use(project.rows())
    assert f"{model_type} has a row in atlas" in str(wrong)
    assert architectures.row(model_type) == before and before.layers != "elsewhere"


def test_check_tells_what_is_wrong_with_the_rows_of_a_project(project: Project) -> None:
    written(project.architectures, document())
    written(project.architectures, document(row__residual="sideways"), "bad")
    (problem,) = check.findings(project).problems
    assert "architectures/bad.json" in str(problem) and "sideways" in str(problem)
    assert "mine" in architectures.known()


def test_a_row_on_trial_is_read_by_and_forgotten() -> None:
    row = row_file.read_trusted(SHIPPED / "arcee.json").row
    config = {"model_type": "llama"}
    with architectures.on_trial(row):
        assert architectures.row("arcee") is row
    assert "mine" not in architectures.known()
    with pytest.raises(AtlasError, match="no architecture 'mine'"):
        architectures.lookup({**config, "model_type": "mine"}, "config.json")
