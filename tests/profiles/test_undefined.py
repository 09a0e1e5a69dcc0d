"""A value that cannot be defined is told from one that does not exist, in files and in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import matrix, profile

from atlas import schemas
from atlas.errors import AtlasError
from atlas.profiles import agreement, matrix_csv, profile_file, soundness
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.site.across import bundles, quantities, shared_scale
from atlas.site.figures import column_order, heatmap

VAGUE = matrix(undefined=(("0", "mlp.gate"),))
"""The sample, whose only gap is a value that cannot be defined."""

BOTH = matrix(
    values=np.array([[np.nan, 12.34, np.nan], [1e-7, 0.0, 3.0]]), undefined=(("0", "mlp.gate"),)
)
"""One value that cannot be defined, and one that does not exist."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some-model" / "weights.json"


def with_matrices(*matrices: Matrix) -> Profile:
    return profile(matrices=matrices)


def test_it_comes_back_and_passes_the_schema(path: Path) -> None:
    profile_file.save(path, with_matrices(BOTH))
    text = path.read_text(encoding="utf-8")
    assert '   "undefined": [["0", "mlp.gate"]]}' in text.splitlines()[-3]
    assert schemas.problems(json.loads(text), "profile", path) == []
    read = profile_file.load(path)
    assert read.matrices[0].undefined == (("0", "mlp.gate"),)
    assert read.matrices[0].is_undefined.tolist() == [[False, False, True], [False] * 3]
    assert profile_file.text(read) == text and read.format == profile_file.FORMAT == 3


def test_a_profile_without_one_has_no_such_key() -> None:
    assert "undefined" not in profile_file.text(profile())


def test_format_1_is_read_and_stays_what_it_was(path: Path) -> None:
    older = replace(profile(), format=1)
    profile_file.save(path, older)
    read = profile_file.load(path)
    assert read.format == 1 and read.matrices[0].undefined == ()
    assert profile_file.text(read) == path.read_text(encoding="utf-8") == profile_file.text(older)
    assert '"format": 1' in path.read_text(encoding="utf-8")


def spoilt(path: Path, change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(profile_file.text(with_matrices(BOTH)))
    change(document)
    path.parent.mkdir()
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(AtlasError) as caught:
        profile_file.load(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda d: d.update(format=1),
            "matrices[0].undefined: format 1 has no key 'undefined'; measure it again",
        ),
        (
            lambda d: d.update(format=4),
            "format: format 4 is newer than this atlas, which reads up to 3; upgrade: pip install",
        ),
        (
            lambda d: d["matrices"][0].update(undefined=[["1", "mlp.gate"]]),
            "matrix 'rms': the value at row '1', column 'mlp.gate' is undefined, and 3; measure it",
        ),
        (
            lambda d: d["matrices"][0].update(undefined=[["7", "mlp.gate"]]),
            "a value at row '7', column 'mlp.gate' is undefined, and there is no such",
        ),
        (
            lambda d: d["matrices"][0].update(undefined=[["0", "mlp.gate"]] * 2),
            "a cell is said to be undefined twice",
        ),
        (lambda d: d["matrices"][0].update(undefined=[]), "matrices[0].undefined: [] should be"),
        (lambda d: d["matrices"][0].update(undefined=[["0"]]), "matrices[0].undefined[0]: ['0']"),
        (lambda d: d["matrices"][0].update(undefined=[[0, 2]]), "0 is not text"),
    ],
)
def test_marks_that_are_wrong(
    change: Callable[[dict[str, Any]], object], told: str, path: Path
) -> None:
    assert told in spoilt(path, change)


def test_a_null_that_nobody_marked_is_a_problem_from_format_2_on(
    state: Callable[..., Path], path: Path
) -> None:
    state("weights", was='"gaps": True', now='"gaps": False')
    unsaid = with_matrices(matrix())
    [line] = map(str, soundness.problems(unsaid, path))
    assert "matrix 'rms': 1 of its values are not a number, the first at layer 0, module ml" in line
    assert soundness.problems(replace(unsaid, format=1), path) == []
    assert soundness.problems(with_matrices(VAGUE), path) == []


def test_in_csv_it_is_nan_and_what_does_not_exist_is_empty() -> None:
    assert matrix_csv.csv(BOTH).splitlines()[1] == "0,,12.34,NaN"


def test_sentences_tell_the_two_apart() -> None:
    absent = "do not exist in this architecture"
    vague = "cannot be defined for this model"
    assert heatmap.summary(matrix()).endswith(f"over 5 values; 1 of 6 {absent}.")
    assert heatmap.summary(VAGUE).endswith(f"over 5 values; 1 of 6 {vague}.")
    assert heatmap.summary(BOTH).endswith(f"over 4 values; 1 of 6 {absent}; 1 of 6 {vague}.")
    none = matrix(rows=("0",), columns=("attn.q",), values=np.array([[np.nan]]))
    assert heatmap.summary(none) == "None of these values exist in this architecture."
    none = replace(none, undefined=(("0", "attn.q"),))
    assert heatmap.summary(none) == "None of these values can be defined for this model."
    assert heatmap.hatched(matrix()) == "does not exist in this architecture"
    assert heatmap.hatched(VAGUE) == "cannot be defined for this model"
    assert heatmap.hatched(matrix(values=np.ones((2, 3)))) == ""


def test_it_is_verified_like_a_value() -> None:
    marked, unmarked = with_matrices(VAGUE), with_matrices(matrix())
    assert all(verdict.agrees for verdict in agreement.compare(marked, marked))
    for pair in ((marked, unmarked), (unmarked, marked)):
        [verdict] = agreement.compare(*pair)
        assert not verdict.agrees and verdict.problem == "cannot be defined on one side only"
        assert verdict.where == "layer 0, module mlp.gate"
    older = replace(unmarked, format=1)
    assert all(verdict.agrees for verdict in agreement.compare(older, marked)), "it did not say"


def test_it_stays_with_its_cell() -> None:
    assert column_order.arranged(VAGUE, "mean").undefined == VAGUE.undefined
    wider = quantities.spread(VAGUE, (*VAGUE.columns, "mlp.down"))
    assert wider.is_undefined.tolist() == [[False, False, True, False], [False] * 4]
    scale = shared_scale.over([VAGUE])
    assert bundles.told_scale(scale, [matrix(), VAGUE])["undefined"] is True
    assert "undefined" not in bundles.told_scale(scale, [matrix()])
