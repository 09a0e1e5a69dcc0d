"""Nearest heads: a copied head is found first, whatever else was measured; nothing is made up for
what was not, and a head that does nothing is like no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import atlases
import head_atlas
import numpy as np
import pytest
from numpy.typing import NDArray

from atlas.paths import Project
from atlas.pinned import relations
from atlas.profiles import collection, statement
from atlas.profiles.matrix import Matrix
from atlas.site.heads import fingerprints as head_nearest
from atlas.site.heads import nearest
from atlas.site.heads import scores as head_scores
from atlas.site.heads.fingerprints import Prints
from atlas.site.heads.nearest import LEAST, NEAREST, Nearest
from atlas.site.heads.scores import Listed

FROM, TO = (1, 1), (0, 2)
"""A head of the first model, and where the second has a copy of it, at another depth."""


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    return atlases.project(tmp_path / "atlas")


def _read(made: Project) -> tuple[list[Listed], Prints]:
    listed = head_scores.listed(collection.load(made))
    statements = [statement.of(name) for name in statement.names()]
    scores = [one for stated in statements for one in head_scores.scores(listed, stated)]
    return listed, head_nearest.prints(listed, scores, head_scores.groups(listed, statements))


def _nearest(made: Project, slug: str, head: tuple[int, int]) -> list[tuple[str, int, int, float]]:
    """Of a head, the nearest ones: model, layer, head, distance."""
    listed, prints = _read(made)
    found = prints.nearest(made.cache / "nearest.npz")
    assert found is not None
    own = next(one for one in listed if one.slug == slug)
    row = own.first + head[0] * own.heads + head[1]
    told = []
    for at, far in zip(found.heads[row], found.distances[row], strict=True):
        if at >= 0:
            other = next(one for one in reversed(listed) if one.first <= at)
            told.append((other.slug, *divmod(int(at) - other.first, other.heads), float(far)))
    return told


def _copy(made: Project, slug: str, name: str, layers: int, heads: int, seed: int) -> None:
    """Overwrite a head of a model by one of the model of seed 0, in one analysis."""
    drawn = getattr(head_atlas, name)
    matrices = head_atlas.copied(drawn(seed, layers, heads), drawn(0, 4, 3), {TO: FROM})
    head_atlas.write(made, slug, name, matrices)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("attention", "functions"), ("attention", "functions")),
        (("attention", "functions"), ("functions",)),
        (("functions",), ("attention", "functions")),
        (("functions",), ("functions",)),
    ],
)
def test_a_copied_head_is_found_first(
    atlas: Project, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    head_atlas.model(atlas, "a-source", measured=first)
    head_atlas.model(atlas, "b-copy", 3, 5, seed=1, measured=second)
    for name in second:
        _copy(atlas, "b-copy", name, 3, 5, 1)
    for at in range(2, 6):
        head_atlas.model(atlas, f"other-{at}", 6, 4, seed=at)
    assert _nearest(atlas, "a-source", FROM)[0] == ("b-copy", *TO, 0.0)
    assert _nearest(atlas, "b-copy", TO)[0] == ("a-source", *FROM, 0.0)
    others = [slug for slug, *_ in _nearest(atlas, "a-source", FROM)]
    assert len(others) == len(set(others)) == 5  # one head a model, none of its own


def test_a_model_without_functions_has_too_little_in_common(atlas: Project) -> None:
    """Three patterns of attention are not enough to call two heads alike."""
    head_atlas.model(atlas, "a-source")
    head_atlas.model(atlas, "b-copy", measured=("attention",))
    assert _nearest(atlas, "a-source", FROM) == []
    head_atlas.model(atlas, "a-source", measured=("attention",))
    assert _nearest(atlas, "a-source", FROM) == []


@pytest.mark.parametrize(("count", "compared"), [(7, False), (8, True)])
def test_so_many_relations_must_be_shared(atlas: Project, count: int, compared: bool) -> None:
    """Of both models, and not of either."""
    kept = [one.name for one in relations.load_all()]
    for slug, names in (("a-source", kept[: count + 6]), ("b-copy", kept[6:])):
        head_atlas.model(atlas, slug)
        drawn = head_atlas.functions(0, 4, 3)
        own = [one for one in drawn if _relation(one) in (*names, "")]
        head_atlas.write(atlas, slug, "functions", own)
    _, prints = _read(atlas)
    assert prints.alike.tolist() == [[True, compared], [compared, True]]
    assert [slug for slug, *_ in _nearest(atlas, "a-source", FROM)] == ["b-copy"] * compared


def _relation(matrix: Matrix) -> str:
    return matrix.name.partition("@")[0].partition(":")[2] if "@" in matrix.name else ""


def test_other_versions_and_protocols_are_not_compared(atlas: Project) -> None:
    head_atlas.model(atlas, "a-source")
    head_atlas.model(atlas, "b-copy", seed=0)
    assert _nearest(atlas, "a-source", FROM)[0] == ("b-copy", *FROM, 0.0)
    matrices = head_atlas.attention(0, 4, 3)
    head_atlas.write(atlas, "b-copy", "attention", matrices, protocol={"length": 64})
    _, prints = _read(atlas)
    ours, theirs = map(set, prints.sets)
    assert {prints.scores[at].analysis for at in ours & theirs} == {"functions"}
    assert _nearest(atlas, "a-source", FROM)[0] == ("b-copy", *FROM, 0.0)
    head_atlas.write(
        atlas, "b-copy", "functions", head_atlas.functions(0, 4, 3), protocol={"threshold": 0.15}
    )
    assert _nearest(atlas, "a-source", FROM) == []


def test_conditions_that_bind_are_other_scores(atlas: Project) -> None:
    """As everywhere: another text that was scored is another measurement."""
    for slug, count in (("a-source", 1000), ("b-copy", 999)):
        head_atlas.model(atlas, slug)
        drawn = head_atlas.attention(0, 4, 3)
        conditions = {"scored_bytes": count}
        head_atlas.write(atlas, slug, "attention", drawn, conditions=conditions)
    _, prints = _read(atlas)
    ours, theirs = map(set, prints.sets)
    assert {prints.scores[at].analysis for at in ours & theirs} == {"functions"}
    assert {prints.scores[at].analysis for at in ours} == {"functions", "attention"}


def test_what_a_head_lacks_is_not_taken_for_zero(atlas: Project) -> None:
    """Induction cannot be defined in a short window: the rest is compared."""
    head_atlas.model(atlas, "a-source")
    head_atlas.model(atlas, "b-copy")
    drawn = [
        _changed(one, {FROM: np.nan}) if one.name == "induction" else one
        for one in head_atlas.attention(0, 4, 3)
    ]
    head_atlas.write(atlas, "b-copy", "attention", drawn)
    assert _nearest(atlas, "a-source", FROM)[0] == ("b-copy", *FROM, 0.0)
    assert _nearest(atlas, "b-copy", FROM)[0] == ("a-source", *FROM, 0.0)
    zero = [
        _changed(one, {FROM: 0.0}) if one.name == "induction" else one
        for one in head_atlas.attention(0, 4, 3)
    ]
    head_atlas.write(atlas, "b-copy", "attention", zero)
    assert _nearest(atlas, "a-source", FROM)[0][3] > 0


def _changed(matrix: Matrix, changes: Mapping[tuple[int, int], float]) -> Matrix:
    values = matrix.values.copy()
    for head, value in changes.items():
        values[head] = value
    return replace(matrix, values=values)


def test_a_head_that_does_nothing_is_in_no_list(atlas: Project) -> None:
    for slug in ("a-source", "b-copy"):
        head_atlas.model(atlas, slug)
        quiet = [_changed(one, {FROM: 0.09}) for one in head_atlas.attention(0, 4, 3)]
        head_atlas.write(atlas, slug, "attention", quiet)
        quiet = [
            _changed(one, {FROM: 0.09}) if one.kind in ("sequential", "diverging") else one
            for one in head_atlas.functions(0, 4, 3)
        ]
        head_atlas.write(atlas, slug, "functions", quiet)
    listed, prints = _read(atlas)
    found = prints.nearest(atlas.cache / "nearest.npz")
    assert found is not None
    silent = [one.first + FROM[0] * one.heads + FROM[1] for one in listed]
    assert not found.found[silent].any() and not np.isin(found.heads, silent).any()
    assert _nearest(atlas, "a-source", FROM) == []
    said = head_nearest.functions(found, prints)
    assert said[silent].tolist() == [0, 0] and set(said) == {0, 1}


def test_of_a_model_without_functions_it_is_not_said_that_its_heads_do_nothing(
    atlas: Project,
) -> None:
    head_atlas.model(atlas, "a-source")
    head_atlas.model(atlas, "b-patterns", seed=1, measured=("attention",))
    _, prints = _read(atlas)
    found = prints.nearest(atlas.cache / "nearest.npz")
    assert found is not None
    said = head_nearest.functions(found, prints)
    assert set(said[:12]) <= {0, 1} and set(said[12:]) == {255}


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    lesser, greater = np.minimum(one, other)[known].sum(), np.maximum(one, other)[known].sum()
    return float(1 - lesser / greater) if greater else 1.0


def _brute(
    values: NDArray[np.float64], first: Sequence[int], alike: NDArray[np.bool_]
) -> list[list[float]]:
    """Of every head, the distances of the nearest head of each other model, nearest first."""
    owner = np.repeat(np.arange(len(alike)), np.diff(first))
    loud = (np.nansum(values, axis=1) >= LEAST) & alike.diagonal()[owner]
    found = []
    for head, own in enumerate(values):
        far: dict[int, float] = {}
        for other in np.flatnonzero(loud & alike[owner[head]][owner]) if loud[head] else ():
            if owner[other] != owner[head]:
                apart = _apart(own, values[other])
                far[owner[other]] = min(apart, far.get(owner[other], 1.0))
        found.append(sorted(one for one in far.values() if one < 1)[:NEAREST])
    return found


@pytest.mark.parametrize("busy", [0.04, 0.5])
@pytest.mark.parametrize("scores", [12, 90])
def test_it_finds_what_comparing_all_pairs_finds(
    monkeypatch: pytest.MonkeyPatch, scores: int, busy: float
) -> None:
    """Heads that do little and heads that do much; some that do nothing, some not measured."""
    monkeypatch.setattr(nearest, "CELLS", 3000)
    drawn = np.random.default_rng(3)
    first = [0, 40, 70, 160, 161, 300]
    values = drawn.random((300, scores)) * (drawn.random((300, scores)) < busy)
    values[40:70, : scores // 2] = np.nan
    values[170:230, scores // 3 :] = np.nan
    values[drawn.random(values.shape) < 0.01] = np.nan
    values[5] = np.nan
    values[6] = 0
    values[160] = drawn.random(scores)
    alike = np.ones((5, 5), dtype=bool)
    alike[0, 2] = alike[2, 0] = False
    found = nearest.nearest(values, first, alike)
    assert found is not None
    for head, wanted in enumerate(_brute(values, first, alike)):
        there = found.heads[head] >= 0
        assert found.distances[head][there] == pytest.approx(wanted, abs=1e-4)
        assert (found.distances[head][~there] == 1).all()
        assert not there[there.sum() :].any()
        for other, far in zip(found.heads[head][there], found.distances[head][there], strict=True):
            assert _apart(values[head], values[other]) == pytest.approx(far, abs=1e-4)
    assert not found.found[5] and not found.found[6]


def test_a_model_that_is_not_alike_with_itself_is_compared_with_none() -> None:
    values = np.ones((6, 3))
    alike = np.array([[True, True, False], [True, True, False], [False, False, False]])
    found = nearest.nearest(values, [0, 2, 4, 6], alike)
    assert found is not None and found.heads[4:].max() == -1 and found.heads[:2].max() == 2


def test_all_sums_are_exact() -> None:
    """All of many strengths at once: the largest sums that can occur come out whole."""
    values = np.ones((2, 1000))
    values[1, 0] = 0.5
    alike = np.ones((2, 2), dtype=bool)
    compared = nearest._Compared.of(values, [0, 1, 2], alike)
    steps = compared.steps.astype(np.int64)
    assert compared.sums[0].tolist() == steps.sum(axis=0).tolist()
    assert 2 * steps.sum(axis=0).max() <= nearest.EXACT
    found = nearest.nearest(values, [0, 1, 2], alike)
    assert found is not None
    quotient = np.float32(steps[:, 1].sum()) / np.float32(steps[:, 0].sum())
    assert found.distances[0, 0] == 1 - float(quotient)
    assert found.distances[0, 0] == pytest.approx(0.5 / 1000, abs=1e-7)


def test_the_usual_distance_is_that_of_heads_of_different_models() -> None:
    values = np.zeros((400, 20))
    values[:200, :10] = np.random.default_rng(0).random((200, 10))
    values[200:, 5:15] = np.random.default_rng(1).random((200, 10))
    found = nearest.nearest(values, [0, 200, 400], np.ones((2, 2), dtype=bool))
    assert found is not None and found.usual is not None and found.close is not None
    far = [_apart(one, other) for one in values[:200:4] for other in values[200::4]]
    assert found.usual == pytest.approx(np.median(far), abs=0.02)
    assert found.close == pytest.approx(np.quantile(far, 0.05), abs=0.02)
    none = nearest.nearest(np.zeros((4, 3)), [0, 2, 4], np.ones((2, 2), dtype=bool))
    assert none is not None and none.usual is None and none.close is None


def test_the_answer_is_kept_until_a_score_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(0).random((20, 6))
    cache = tmp_path / "cache" / "nearest.npz"
    alike = np.ones((2, 2), dtype=bool)
    first = nearest.nearest(drawn, [0, 10, 20], alike, cache)
    asked = []
    search = nearest._search

    def counted(compared: nearest._Compared) -> Nearest:
        asked.append(compared.steps.shape)
        return search(compared)

    monkeypatch.setattr(nearest, "_search", counted)
    again = nearest.nearest(drawn, [0, 10, 20], alike, cache)
    assert first is not None and again is not None and not asked
    assert (again.heads == first.heads).all() and again.usual == first.usual
    assert (again.distances == first.distances).all() and (again.found == first.found).all()
    assert again.close == first.close
    nearest.nearest(drawn + 0.001, [0, 10, 20], alike, cache)
    nearest.nearest(drawn + 0.001, [0, 12, 20], alike, cache)
    assert len(asked) == 2
    cache.write_bytes(b"PK\x03\x04 nothing that numpy could read")
    assert nearest.nearest(drawn + 0.001, [0, 12, 20], alike, cache) is not None
    assert len(asked) == 3
    nearest.nearest(drawn + 0.001, [0, 12, 20], np.eye(2, dtype=bool), cache)
    assert len(asked) == 4


def test_a_list_names_the_nearest_models_only() -> None:
    values = np.linspace(0.1, 1, 12)[:, None] * np.ones((1, 4))
    found = nearest.nearest(values, list(range(13)), np.ones((12, 12), dtype=bool))
    assert found is not None and found.heads.shape == (12, NEAREST)
    assert found.heads[0].tolist() == list(range(1, NEAREST + 1))
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_an_atlas_of_too_many_heads_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "LIMIT", 19)
    assert nearest.nearest(np.ones((20, 6)), [0, 10, 20], np.ones((2, 2), dtype=bool)) is None
    monkeypatch.setattr(nearest, "LIMIT", 20)
    assert nearest.nearest(np.ones((20, 6)), [0, 10, 20], np.ones((2, 2), dtype=bool))
