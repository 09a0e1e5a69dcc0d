"""How a model differs from its base, of tunes made by hand: what changed is named, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import head_atlas
import numpy as np
import pytest
import samples
from numpy.typing import NDArray

from atlas.paths import Project
from atlas.profiles import collection
from atlas.profiles.matrix import Matrix
from atlas.review import tuned, tuned_words
from atlas.review.tuned import Answer

SPREAD = 0.01
LAYERS, HEADS = 4, 6
MODULES = ("attn.q", "attn.v", "norm.attn")
Values = NDArray[np.float64]
Act = Callable[[Values], Values]


def attention(act: Act | None = None, spread: float | None = SPREAD) -> list[Matrix]:
    """The scores of all heads; `act` makes others of those for induction."""
    return [
        replace(
            one,
            values=act(one.values.copy()) if act and one.name == "induction" else one.values,
            spread=None if spread is None else np.full(one.values.shape, spread),
        )
        for one in head_atlas.attention(0, LAYERS, HEADS)
    ]


def change(row: int, column: int, by: float) -> Act:
    """An act that changes one head's score."""

    def act(values: Values) -> Values:
        values[row, column] += by if values[row, column] < 0.5 else -by
        return values

    return act


def drift(*moved: tuple[int, int, float], **facts: float) -> tuple[Sequence[Matrix], Any]:
    """A profile of drift in which some modules of layers moved so far."""
    values = np.zeros((LAYERS, len(MODULES)))
    for row, column, far in moved:
        values[row, column] = far
    told = {"relative_change": float(values.max()), "changed": 0.25 if moved else 0.0, **facts}
    rows = tuple(map(str, range(LAYERS)))
    labels: dict[str, Any] = {"rows": rows, "columns": MODULES, "axes": ("layer", "module")}
    return [samples.matrix(name="relative_change", values=values, **labels)], told


@pytest.fixture
def made(tmp_path: Path) -> Project:
    """An atlas of a base and a tune of it that are still to be measured."""
    project = atlases.project(tmp_path / "atlas")
    head_atlas.model(project, "base", LAYERS, HEADS, measured=())
    head_atlas.model(project, "tune", LAYERS, HEADS, measured=(), base="base")
    return project


def answer(made: Project) -> Answer | None:
    models = {one.entry.slug: one for one in collection.load(made)}
    return tuned.of(models["tune"], models["base"])


def measured(
    made: Project,
    ours: Sequence[Matrix],
    moved: tuple[Sequence[Matrix], Any] | None = None,
    **changes: Any,
) -> Answer:
    """The answer of a tune with these scores; of the base they are those that were drawn."""
    head_atlas.write(made, "base", "attention", attention(), **changes)
    head_atlas.write(made, "tune", "attention", ours, **changes)
    write_drift(made, moved or drift())
    found = answer(made)
    assert found is not None
    return found


def write_drift(made: Project, moved: tuple[Sequence[Matrix], Any]) -> None:
    base = {"base": "base", "base_source": "zoo:drawn-at-random", "base_revision": None}
    conditions = {**base, "base_digest": samples.DIGEST}
    head_atlas.write(made, "tune", "drift", moved[0], facts=moved[1], conditions=conditions)


def told(found: Answer) -> dict[str, str]:
    return {line.about: line.whole.partition(": ")[2] for line in tuned_words.lines(found)}


def test_exactly_the_head_that_changed_is_named(made: Project) -> None:
    found = measured(made, attention(change(2, 3, 0.4)), drift((2, 0, 0.3)))
    [heads] = found.heads
    [one] = heads.changed
    assert (one.layer, one.head, one.matrix) == ("2", "3", "induction")
    before = next(m for m in attention() if m.name == "induction").values[2, 3]
    assert one.before == pytest.approx(before) and abs(one.after - before) == pytest.approx(0.4)
    assert one.error == pytest.approx(SPREAD * 2**0.5), "that of the difference of two readings"
    said = told(found)
    first, second = said["Attention"].split("\n")
    assert first == "1 of 24 heads changed beyond its spread"
    assert second.startswith("  head 2.3: Induction, ") and second.endswith("(± 0.014)")
    assert said["Moved most"] == "attn.q in layer 2 by 0.3"
    assert said["Did not move"].startswith("attn.v and norm.attn, in every layer")
    assert "23 of 24 heads in Attention" in said["Did not move"]


def test_of_an_equal_copy_nothing_moved(made: Project) -> None:
    found = measured(made, attention())
    assert found.is_same and found.moved == () and found.still == MODULES
    said = told(found)
    assert said["Drift"] == "None: every weight of the blocks is as it was"
    assert said["Attention"] == "None of 24 heads changed beyond its spread"
    assert said["Did not move"] == "Everything that was measured" and "Moved most" not in said


def test_noise_within_the_spread_is_no_change(made: Project) -> None:
    """Two independent readings of equal heads, a hundred times: of 144 scores, some six are more
    than two errors apart every time."""
    drawn = np.random.default_rng(5)
    named = beyond_two = 0
    write_drift(made, drift())
    true = [np.clip(one.values, 0.2, 0.8) for one in attention()]
    pairs: list[Any] = []
    for _ in range(100):
        both = [
            [
                replace(m, values=v + drawn.normal(0, SPREAD, v.shape))
                for m, v in zip(attention(), true, strict=True)
            ]
            for _ in range(2)
        ]
        pairs.append(both)
    head_atlas.write(made, "base", "attention", attention())
    head_atlas.write(made, "tune", "attention", attention())
    models = {one.entry.slug: one for one in collection.load(made)}
    for ours, theirs in pairs:
        model, base = (
            with_scores(models[slug], scores) for slug, scores in (("tune", ours), ("base", theirs))
        )
        found = tuned.of(model, base)
        assert found is not None
        named += bool(found.heads[0].changed)
        beyond_two += sum(
            int((np.abs(a.values - b.values) > 2 * SPREAD * 2**0.5).sum())
            for a, b in zip(ours, theirs, strict=True)
        )
    assert beyond_two > 500, "twice the error is exceeded by chance all the time"
    assert named <= 12, "in about one of twenty comparisons any head is named"


def with_scores(model: collection.Model, scores: Sequence[Matrix]) -> collection.Model:
    sections = tuple(
        replace(one, profile=replace(one.profile, matrices=tuple(scores)))
        if one.profile and one.stated.name == "attention"
        else one
        for one in model.sections
    )
    return replace(model, sections=sections)


@pytest.mark.parametrize(("errors", "names"), [(3.0, False), (5.0, True)])
def test_the_number_of_comparisons_counts(made: Project, errors: float, names: bool) -> None:
    """Of 144 scores one is 3 errors off by chance; 5 is no chance."""
    found = measured(made, attention(change(1, 1, errors * SPREAD * 2**0.5)))
    assert 3.5 < found.errors < 3.7
    assert bool(found.heads[0].changed) is names


def test_a_difference_of_rounding_is_none(made: Project) -> None:
    """However small a spread is: another machine moves a value by that much."""
    nearly = [replace(one, spread=one.spread and one.spread * 0) for one in attention(spread=None)]
    ours = [
        replace(one, values=np.clip(one.values * (1 + 2e-4), 0, 1), spread=one.values * 1e-9)
        for one in nearly
    ]
    assert measured(made, ours).heads[0].changed == ()


def test_without_a_spread_nothing_is_claimed(made: Project) -> None:
    found = measured(made, attention(change(2, 3, 0.4), spread=None))
    assert found.heads[0].changed == ()


def test_what_cannot_be_compared_is_said(made: Project) -> None:
    head_atlas.write(made, "base", "attention", attention())
    assert answer(made) is None, "nothing of both was measured"
    write_drift(made, drift((0, 0, 0.1)))
    found = answer(made)
    assert found is not None and found.heads == ()
    assert "Attention: the model was not measured." in found.left
    ours = attention(change(0, 0, 0.4))
    head_atlas.write(made, "tune", "attention", ours, conditions={"scored_bytes": 7})
    found = answer(made)
    assert found is not None and found.heads == ()
    assert any("measured in another way than its base" in line for line in found.left)
    head_atlas.write(made, "tune", "attention", ours, version=1)
    stale = answer(made)
    assert stale is not None and "Attention: the profile of the model is stale." in stale.left
    assert "Not compared" in told(found) and "Attention" not in told(found)


def test_the_file_of_a_large_model_is_small(made: Project) -> None:
    """A page loads it at once, however many heads changed."""
    found = measured(made, attention(lambda values: 1 - values), drift((2, 0, 0.3), (1, 1, 0.2)))
    assert len(found.heads[0].changed) > 12
    [heads] = [dict(one) for one in tuned_words.document(found)["heads"]]  # type: ignore[attr-defined]
    assert heads["changed"] == len(found.heads[0].changed) and len(heads["most"]) == 3


def test_a_model_without_a_base_has_no_answer(made: Project) -> None:
    models = {one.entry.slug: one for one in collection.load(made)}
    assert tuned.of(models["base"], None) is None
    assert tuned.of(models["base"], models["tune"]) is None


def test_a_score_at_several_k_counts_once(made: Project) -> None:
    """Heads are judged at the first; those with gains folded are another reading of the same."""
    scores = [
        replace(one, estimate="wilson" if one.n else "")
        for one in head_atlas.functions(0, LAYERS, HEADS)
    ]
    head_atlas.write(made, "base", "functions", scores)
    moved = [
        replace(one, values=one.values + (np.arange(24).reshape(4, 6) == 9) * 0.6)
        if one.name.removeprefix("folded_") in ("score:capital@10", "score:capital@25")
        and one.values[1, 3] < 0.3
        else one
        for one in scores
    ]
    head_atlas.write(made, "tune", "functions", moved)
    write_drift(made, drift((1, 1, 0.2)))
    found = answer(made)
    assert found is not None
    [heads] = found.heads
    assert [(one.layer, one.head, one.matrix) for one in heads.changed] == [
        ("1", "3", "score:capital@10")
    ]
    assert tuned_words.comparison(found) == (
        "?models=base,tune&analysis=functions&matrix=score:capital@10&view=difference"
        "&row=1&column=3"
    )


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.25, "25%"), (0.9996, "99.96%"), (1.0, "100%"),
     (0.0, "0%"), (0.0004, "0.04%"), (1e-9, "less than 0.001%")],
)  # fmt: skip
def test_shares_that_are_not_all_are_not_told_as_all(
    made: Project, share: float, said: str
) -> None:
    found = measured(made, attention(), drift((0, 0, 0.1), changed=share))
    assert told(found)["Drift"].endswith(f"; {said} of them changed")
