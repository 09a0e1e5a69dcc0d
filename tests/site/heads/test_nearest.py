"""Nearest heads: a copied head is found first, whatever else was measured; nothing is made up for
what was not."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import atlases
import head_atlas
import numpy as np
import pytest
from numpy.typing import NDArray

from atlas.paths import Project
from atlas.profiles import collection, statement
from atlas.site.heads import fingerprints as head_nearest
from atlas.site.heads import nearest
from atlas.site.heads import scores as head_scores
from atlas.site.heads.fingerprints import Prints
from atlas.site.heads.nearest import DOUBT, NEAREST, STEPS, Nearest
from atlas.site.heads.scores import Listed

FROM, TO = (2, 1), (0, 2)
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
        (("attention", "functions"), ("attention",)),
        (("attention", "functions"), ("functions",)),
        (("functions",), ("attention", "functions")),
        (("attention",), ("attention",)),
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


def test_other_versions_and_protocols_are_not_compared(atlas: Project) -> None:
    head_atlas.model(atlas, "a-source")
    head_atlas.model(atlas, "b-copy", seed=0)
    assert _nearest(atlas, "a-source", FROM)[0] == ("b-copy", *FROM, 0.0)
    matrices = head_atlas.attention(0, 4, 3)
    head_atlas.write(atlas, "b-copy", "attention", matrices, protocol={"length": 64})
    listed, prints = _read(atlas)
    found = prints.nearest(atlas.cache / "nearest.npz")
    assert found is not None
    shared = len(prints.sets[0]) - len(head_atlas.ATTENTION)
    assert (found.counts[: listed[0].count, 0] == shared).all()
    head_atlas.write(
        atlas, "b-copy", "functions", head_atlas.functions(0, 4, 3), protocol={"threshold": 0.15}
    )
    assert _nearest(atlas, "a-source", FROM) == []


def test_what_a_model_lacks_is_not_taken_for_zero(atlas: Project) -> None:
    """Heads of the encoder have three scores: their distance is that of those three."""
    three = ("entropy", "sink", "distance")
    head_atlas.model(atlas, "decoder", measured=("attention",))
    head_atlas.model(atlas, "encoder", seed=1, measured=("attention",))
    ours, theirs = head_atlas.attention(0, 4, 3), head_atlas.attention(1, 4, 3)
    head_atlas.write(atlas, "encoder", "attention", [one for one in theirs if one.name in three])
    found = _nearest(atlas, "decoder", FROM)
    one = np.array([matrix.values[FROM] for matrix in ours if matrix.name in three])
    all_theirs = np.stack([matrix.values for matrix in theirs if matrix.name in three])
    apart = np.sqrt(((all_theirs - one[:, None, None]) ** 2).mean(axis=0))
    layer, head = np.unravel_index(apart.argmin(), apart.shape)
    assert found[0][:3] == ("encoder", layer, head)
    assert found[0][3] == pytest.approx(apart.min(), rel=1e-6)


def test_a_fingerprint_is_made_of_scores_of_a_fixed_range_at_the_smaller_k() -> None:
    drawn = head_atlas.functions(0, 4, 3)
    names = [one.name for one in nearest.chosen("functions", drawn)]
    assert names[0] == "ov_copying" and len(names) == 41
    assert "score:capital@10" in names and "suppressive:name@1" in names
    assert not any(name.endswith(("@25", "@3")) or name.startswith("relations") for name in names)
    assert not list(nearest.chosen("importance", head_atlas.attention(0, 4, 3)))
    signed = next(one for one in drawn if one.name == "ov_copying")
    assert nearest.shares(signed) == pytest.approx((signed.values + 1) / 2)
    free = [replace(one, range=(0, None)) for one in head_atlas.attention(0, 4, 3)]
    assert not list(nearest.chosen("attention", free))


def _brute(values: NDArray[np.float64], first: list[int]) -> NDArray[np.float64]:
    """(head, model): how heads are ordered, by the nearest head of each other model."""
    found = np.full((len(values), len(first) - 1), np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # pairs without a shared score
        for head, own in enumerate(values):
            squares = (values - own) ** 2
            counts = np.isfinite(squares).sum(axis=1)
            order = np.where(counts > 0, (np.nansum(squares, axis=1) + DOUBT) / counts, np.inf)
            for at, (start, end) in enumerate(pairwise(first)):
                if not start <= head < end:
                    found[head, at] = order[start:end].min()
    return found


@pytest.mark.parametrize("scores", [12, 90])
def test_it_finds_what_comparing_all_pairs_finds(scores: int) -> None:
    drawn = np.random.default_rng(3)
    first = [0, 40, 70, 160, 300]
    values = drawn.random((300, scores))
    values[40:70, : scores // 2] = np.nan
    values[160:230, scores // 3 :] = np.nan
    values[drawn.random(values.shape) < 0.01] = np.nan
    values[5] = np.nan
    found = nearest.nearest(values, first)
    assert found is not None
    brute = np.sort(_brute(values, first), axis=1)
    there = found.heads[:, :3] >= 0
    assert (there == np.isfinite(brute[:, :3])).all() and not there[5].any()
    counts = np.maximum(found.counts[:, :3], 1)
    order = found.distances[:, :3] ** 2 + DOUBT / counts
    # scores are rounded to 1/500 when the head of a model is chosen, and less finely for many
    step = 1 / min(STEPS, int(np.sqrt(2**24 / scores)))
    assert order[there] == pytest.approx(brute[:, :3][there], abs=2.5 * step)
    assert (order[there] >= brute[:, :3][there] - 1e-12).all()


def test_all_sums_are_exact_in_float32() -> None:
    """Opposite ends of many scores: the largest sums that can occur come out whole."""
    values = np.zeros((2, 400))
    values[1] = 1
    compared = nearest._Compared.of(values)
    order, _ = compared.best(1, 2)
    assert order[0] == (400 + DOUBT) / 400
    assert 400 * compared.range**2 < nearest.EXACT


def test_the_answer_is_kept_until_a_score_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(0).random((20, 6))
    cache = tmp_path / "cache" / "nearest.npz"
    first = nearest.nearest(drawn, [0, 10, 20], cache)
    asked = []
    search = nearest._search

    def counted(values: NDArray[np.float64], starts: list[int]) -> Nearest:
        asked.append(values.shape)
        return search(values, starts)

    monkeypatch.setattr(nearest, "_search", counted)
    again = nearest.nearest(drawn, [0, 10, 20], cache)
    assert first is not None and again is not None and not asked
    assert (again.heads == first.heads).all() and again.usual == first.usual
    assert (again.distances == first.distances).all() and (again.counts == first.counts).all()
    nearest.nearest(drawn + 0.001, [0, 10, 20], cache)
    nearest.nearest(drawn + 0.001, [0, 12, 20], cache)
    assert len(asked) == 2
    cache.write_bytes(b"PK\x03\x04 nothing that numpy could read")
    assert nearest.nearest(drawn + 0.001, [0, 12, 20], cache) is not None
    assert len(asked) == 3


def test_a_list_names_the_nearest_models_only() -> None:
    values = np.linspace(0, 1, 12)[:, None] * np.ones((1, 4))
    found = nearest.nearest(values, list(range(13)))
    assert found is not None and found.heads.shape == (12, NEAREST)
    assert found.heads[0].tolist() == list(range(1, NEAREST + 1))
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_an_atlas_of_too_many_heads_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "LIMIT", 19)
    assert nearest.nearest(np.zeros((20, 6)), [0, 10, 20]) is None
