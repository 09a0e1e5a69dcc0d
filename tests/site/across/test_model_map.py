"""The map of models: what the distance is made of, the plane, and what is left off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import atlases
import head_atlas
import numpy as np
import own_atlas
import pytest
import samples

from atlas.paths import Project, static
from atlas.pinned import relations
from atlas.profiles import collection, statement
from atlas.profiles.profile_file import Profile
from atlas.site.across import depth_curves, map_drawing, model_map
from atlas.site.across.model_map import Likeness
from atlas.site.figures import palettes

STATEMENTS = [statement.of(name) for name in statement.names()]


ATTENTION, RESIDUAL, FUNCTIONS = model_map.DOES.rules.values()

every_map = pytest.mark.parametrize("likeness", [model_map.DOES, model_map.STORED])


def _map(made: Project, likeness: Likeness = model_map.STORED) -> model_map.ModelMap:
    return model_map.lay_out(collection.load(made), STATEMENTS, likeness)


def _profile(*values: object, **changes: object) -> Profile:
    """A profile of one quantity, layers by modules unless said otherwise."""
    drawn = np.array(values, float)
    fields = {
        "values": drawn,
        "rows": tuple(map(str, range(len(drawn)))),
        "columns": tuple(f"m{at}" for at in range(drawn.shape[1])),
        "range": (0, 1),
        **changes,
    }
    return samples.profile(matrices=(samples.matrix(**fields),))


def _distance(first: Profile, second: Profile) -> float:
    return float(model_map.distances([first, second], RESIDUAL)[0][0, 1])


def test_a_bounded_quantity_counts_as_a_share_of_its_bounds() -> None:
    first, second = _profile([0.2], [0.2]), _profile([0.5], [0.5])
    assert _distance(first, second) == pytest.approx(0.3)
    wide = {"range": (-1, 1), "kind": "diverging"}
    assert _distance(_profile([0.2], **wide), _profile([0.5], **wide)) == pytest.approx(0.15)


def test_an_unbounded_quantity_counts_in_decades_and_no_more_than_one() -> None:
    first, second = _profile([2.0], range=(0, None)), _profile([20.0], range=(0, None))
    assert _distance(first, second) == pytest.approx(1.0)
    assert _distance(first, _profile([2e9], range=(0, None))) == 1.0
    half = _profile([2.0 * 10**0.5], range=(0, None))
    assert _distance(first, half) == pytest.approx(0.5)


def test_layers_are_held_against_each_other_by_relative_depth() -> None:
    short, long = _profile([0.0], [1.0]), _profile([0.0], [0.5], [1.0])
    assert _distance(short, long) == pytest.approx(0.0, abs=1e-12)


def test_heads_may_stand_in_any_order_and_modules_may_not() -> None:
    ours, theirs = ([0.1, 0.9], [0.1, 0.9]), ([0.9, 0.1], [0.9, 0.1])
    assert _distance(_profile(*ours), _profile(*theirs)) == pytest.approx(0.8)
    heads = {"axes": ("layer", "head")}
    assert _distance(_profile(*ours, **heads), _profile(*theirs, **heads)) == 0


def test_only_what_both_models_have_counts() -> None:
    ours = _profile([0.1, np.nan], columns=("attn.q", "mlp.gate"))
    theirs = _profile([0.3, 0.9], columns=("attn.q", "mlp.gate"))
    assert _distance(ours, theirs) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "changes", [{"range": None}, {"kind": "counts"}, {"axes": ("layer", "layer")}]
)
def test_what_has_no_fixed_scale_or_no_curve_does_not_count(changes: dict[str, object]) -> None:
    assert depth_curves.curves(_profile([1.0], [0.0], **changes).matrices[0]) == {}


def _functions(*names: str, seed: int = 0, **scores: float) -> Profile:
    """A profile of `functions` with the folded scores of some relations, all 0 but for those told,
    which a head of the last layer has."""
    drawn = [
        replace(one, values=np.zeros((4, 3)))
        for one in head_atlas.folded(seed, 4, 3)
        if (plain := one.name.partition("@")[0].partition(":")[2]) in names
    ]
    for one in drawn:
        plain = one.name.partition("@")[0].partition(":")[2]
        if one.name.startswith("folded_score:"):
            one.values[3, 1] = scores.get(plain.replace("-", "_"), 0.0)
    return samples.profile(analysis="functions", matrices=tuple(drawn), facts=head_atlas.NULLS)


NAMES = relations.names()


def test_relations_count_where_a_head_of_either_model_has_them() -> None:
    """That neither knows the other nineteen makes two models no more alike."""
    none, knows = _functions(*NAMES), _functions(*NAMES, capital=0.8)
    both = _functions(*NAMES, capital=0.8, year=0.6)
    far = [
        float(model_map.distances(pair, FUNCTIONS)[0][0, 1])
        for pair in ([none, knows], [knows, both], [none, both], [none, none], [both, both])
    ]
    highest = np.interp(depth_curves.DEPTHS, np.linspace(0, 1, 4), [0, 0, 0, 1]).mean()
    one = highest * (1 + 1 / 3) / 2  # the highest head, and the mean over three
    assert far == pytest.approx([0.8 * one, 0.3 * one, 0.7 * one, 0, 0])
    chance = _functions(*NAMES, capital=0.14)
    assert model_map.distances([none, chance], FUNCTIONS)[0][0, 1] == 0


def test_functions_of_models_with_too_few_relations_in_common_do_not_count() -> None:
    ours, theirs = _functions(*NAMES[:10]), _functions(*NAMES[3:])
    assert np.isnan(model_map.distances([ours, theirs], FUNCTIONS)[0][0, 1])
    theirs = _functions(*NAMES[2:])
    assert model_map.distances([ours, theirs], FUNCTIONS)[0][0, 1] == 0
    without = model_map.distances([ours, None], FUNCTIONS)[0]
    assert np.isnan(without[0, 1])


def test_two_models_are_compared_on_the_analyses_that_both_have() -> None:
    one = np.array([[0, 0.2, 0.4], [0.2, 0, 0.3], [0.4, 0.3, 0]])
    other = np.array([[0, 0.6, np.nan], [0.6, 0, np.nan], [np.nan, np.nan, np.nan]])
    found = model_map.together([one, other])
    assert found == pytest.approx(np.array([[0, 0.4, 0.4], [0.4, 0, 0.3], [0.4, 0.3, 0]]))
    assert model_map.together([np.full((2, 2), np.nan)]).tolist() == [[0, 1], [1, 0]]


def test_what_is_stored_is_not_what_a_model_does(tmp_path: Path) -> None:
    """A model of other weights that attends as another one does: at the same place on one map."""
    made = atlases.project(tmp_path / "atlas")
    for at, slug in enumerate(("a", "b", "c")):
        head_atlas.model(made, slug, seed=at // 2)
        atlases.profile(made, slug, matrices=atlases.matrices(at, 4, 3))
    does = {one.model.entry.slug: one for one in _map(made, model_map.DOES).places}
    assert does["a"].nearest[0][0].entry.slug == "b" and does["a"].nearest[0][1] == 0
    assert does["a"].nearest[1][1] > 0.01
    assert [stated.name for stated, _ in _map(made, model_map.DOES).yardstick] == [
        "functions",
        "attention",
    ]
    stored = _map(made, model_map.STORED)
    assert [stated.name for stated, _ in stored.yardstick] == ["weights"]
    assert all(far > 0 for one in stored.places for _, far in one.nearest)


def test_an_encoder_is_compared_by_what_it_can_have(tmp_path: Path) -> None:
    """It has no functions, and is not left off for that; a decoder without them is."""
    made = atlases.project(tmp_path / "atlas")
    for at, slug in enumerate(("a", "b", "c")):
        head_atlas.model(made, slug, seed=at)
    head_atlas.model(made, "encoder", seed=3, measured=("attention",), architecture="bert")
    head_atlas.model(made, "unmeasured", seed=4, measured=("attention",))
    found = _map(made, model_map.DOES)
    assert [one.model.entry.slug for one in found.places] == ["a", "b", "c", "encoder"]
    assert [(model.entry.slug, why) for model, why in found.apart] == [
        ("unmeasured", "Functions of heads not measured")
    ]


def test_the_plane_gives_back_points_of_a_plane() -> None:
    points = np.random.default_rng(1).normal(size=(9, 2))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    found, kept = model_map.plane(apart)
    assert np.linalg.norm(found[:, None] - found[None], axis=2) == pytest.approx(apart)
    assert kept == pytest.approx(1.0)


def test_the_plane_is_the_same_whatever_the_signs_of_the_vectors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = np.random.default_rng(2).normal(size=(6, 3))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    first, kept = model_map.plane(apart)
    solve = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda a: (solve(a)[0], -solve(a)[1]))
    assert np.array_equal(model_map.plane(apart)[0], first)
    assert 0 < kept < 1


@every_map
def test_the_committed_models_lie_as_they_are_related(likeness: Likeness) -> None:
    """A tune is nearest to its base or to another tune of it; of the reference models, for the base
    of a real one may not be measured."""
    reference = [one for one in collection.load(own_atlas.OURS) if one.entry.is_reference]
    found = model_map.lay_out(reference, STATEMENTS, likeness)
    related = {
        place.model.entry.slug: place.nearest[0][0].entry
        for place in found.places
        if place.model.entry.base
    }
    assert related
    for slug, nearest in related.items():
        base = next(p.model.entry.base for p in found.places if p.model.entry.slug == slug)
        assert base in (nearest.slug, nearest.base)
    assert 0.5 < found.kept <= 1


def test_who_is_not_measured_like_the_others_is_named(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    for slug in ("a", "b", "c"):
        atlases.entry(made, slug)
        atlases.profile(made, slug)
    atlases.entry(made, "old")
    atlases.profile(made, "old", version=99)
    atlases.entry(made, "waiting")
    found = _map(made)
    assert [place.model.entry.slug for place in found.places] == ["a", "b", "c"]
    assert [(model.entry.slug, why) for model, why in found.apart] == [
        ("old", "Weights measured differently")
    ]
    (stated, _), *rest = found.yardstick
    assert (stated.name, rest) == ("weights", [])


def test_copies_lie_on_one_spot_and_one_model_makes_no_map(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    atlases.profile(made, "one")
    assert _map(made).places == ()
    atlases.entry(made, "copy", base="one")
    atlases.profile(made, "copy")
    found = _map(made)
    assert {(place.x, place.y) for place in found.places} == {(0.0, 0.0)}
    (pair,) = found.tunes
    assert [place.model.entry.slug for place in pair] == ["one", "copy"]
    for sheet in (map_drawing.wide(found), map_drawing.narrow(found)):
        assert all(0 < dot.x < sheet.width and 0 < dot.y < sheet.height for dot in sheet.dots)


def test_names_cover_no_dot_and_no_other_name() -> None:
    found = _map(own_atlas.OURS)
    many = replace(found, places=found.places * 5)
    for sheet in (map_drawing.wide(many), map_drawing.narrow(many)):
        boxes = [
            (dot.name.x, dot.name.y - 11.5, dot.name.x + _length(dot), dot.name.y + 3.5)
            for dot in sheet.dots
            if dot.name
        ]
        assert boxes
        for at, box in enumerate(boxes):
            assert box[0] >= 0 and box[2] <= sheet.width and box[3] <= sheet.height
            for other in boxes[:at]:
                assert not _meet(box, other)
            for dot in sheet.dots:
                assert not _meet(box, (dot.x - 4.9, dot.y - 4.9, dot.x + 4.9, dot.y + 4.9))


def test_a_family_keeps_its_colour_when_models_join() -> None:
    found = _map(own_atlas.OURS)
    before = dict(map_drawing.wide(found).families)
    place = found.places[0]
    entry = replace(place.model.entry, family="aaa-new", slug="new", name="New")
    joined = replace(place, model=replace(place.model, entry=entry))
    after = dict(map_drawing.wide(replace(found, places=(joined, *found.places))).families)
    assert after.items() >= before.items()
    assert set(after) - set(before) == {"aaa-new"}


def test_measured_families_of_the_reference_atlas_have_a_colour_each() -> None:
    measured = [one for one in collection.load(own_atlas.OURS) if one.is_measured]
    families = {model.entry.family for model in measured}
    assert len(families) > 4
    assert len({map_drawing.colour_of(family) for family in families}) == len(families)


@pytest.mark.parametrize("ground", ["#ffffff", "#14171d"])
def test_colours_of_families_are_seen_in_light_and_dark(ground: str) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    assert ground in (static() / "shell" / "theme.css").read_text()
    for colour in palettes.FAMILY_COLOURS:
        low, high = sorted((luminance(colour), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 3, colour


def test_the_bar_is_as_long_as_it_says() -> None:
    found = _map(own_atlas.OURS)
    sheet = map_drawing.wide(found)
    first, second = sheet.dots[0], sheet.dots[1]
    pixels = np.hypot(first.x - second.x, first.y - second.y)
    ours, theirs = found.places[0], found.places[1]
    distance = np.hypot(ours.x - theirs.x, ours.y - theirs.y)
    assert pixels / distance == pytest.approx(sheet.bar[1] / sheet.bar[0], rel=1e-2)


def _length(dot: map_drawing.Dot) -> float:
    return len(dot.place.model.entry.name) * map_drawing.CHARACTER


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return not (
        one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    )
