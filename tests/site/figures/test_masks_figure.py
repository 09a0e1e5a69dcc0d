"""The block masks of a page: panels, the order of topics, the picture, what it weighs."""

from __future__ import annotations

import gzip
import io
import itertools
import re
from dataclasses import replace
from pathlib import Path

import atlases
import masks_atlas
import numpy as np
import pytest
import samples
from PIL import Image

from atlas.profiles.profile_file import Profile
from atlas.site import pages
from atlas.site.figures import masks, palettes

LAYERS = [8, 36, 1]


@pytest.fixture(params=LAYERS)
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    made = atlases.project(tmp_path / "atlas")
    return masks_atlas.site(made, "one", request.param)


def test_panels_count_what_is_pruned(profile: Profile) -> None:
    found = masks.of(profile)
    assert found
    layers = profile.matrix("mask:mlp").values.shape[1]
    assert (found.layers, found.blocks) == (layers, layers * len(masks_atlas.TOPICS))
    assert sorted(found.topics) == sorted(masks_atlas.TOPICS)
    assert [panel.name for panel in found.panels] == ["mlp", "attn"]
    for panel in found.panels:
        values = profile.matrix(f"mask:{panel.name}").values
        assert panel.pruned == sum(value == 0 for line in values.tolist() for value in line)
    assert sum(panel.pruned for panel in found.panels) == 16 * masks_atlas.kept(
        np.arange(2.0 * layers)[None], 0.25
    ).tolist()[0].count(0)


def test_the_picture_has_a_pixel_for_every_block(profile: Profile) -> None:
    found = masks.of(profile)
    assert found
    shown = np.asarray(Image.open(io.BytesIO(masks.png(profile))).convert("RGB"))
    light, dark = (list(bytes.fromhex(colour[1:])) for colour in palettes.BINARY_COLOURS)
    for at, name in enumerate(("mlp", "attn")):
        values = profile.matrix(f"mask:{name}").values
        panel = shown[:, at * found.layers : (at + 1) * found.layers]
        assert panel.shape == (len(found.topics), found.layers, 3)
        for row, topic in enumerate(found.topics):
            for layer, value in enumerate(values[masks_atlas.TOPICS.index(topic)]):
                assert panel[row, layer].tolist() == (dark if value else light)


def test_topics_of_one_group_are_neighbours(tmp_path: Path) -> None:
    """The drawn topics need the blocks of their group, of which there are two."""
    made = atlases.project(tmp_path / "atlas")
    profile = masks_atlas.site(made, "one", 36)
    groups = [at % 2 for at in masks.order(profile)]
    assert sum(a != b for a, b in itertools.pairwise(groups)) == 1


def test_a_line_of_points_is_found_again() -> None:
    places = np.random.default_rng(1).permutation(24)
    between = np.abs(places[:, None] - places[None, :]).astype(float)
    path = masks.shortest(between.tolist())
    assert np.abs(np.diff(places[path])).tolist() == [1] * 23
    assert path[0] < path[-1]


def test_the_way_is_near_the_shortest_of_all() -> None:
    for seed in range(20):
        points = np.random.default_rng(seed).random((7, 2))
        between = np.linalg.norm(points[:, None] - points[None], axis=-1)

        def length(path: tuple[int, ...], between: np.ndarray = between) -> float:
            return float(sum(between[a, b] for a, b in itertools.pairwise(path)))

        least = min(map(length, itertools.permutations(range(7))))
        assert length(tuple(masks.shortest(between.tolist()))) <= least * 1.02


def test_few_topics_have_an_order_too() -> None:
    assert masks.shortest([]) == []
    assert masks.shortest([[0.0]]) == [0]
    assert masks.shortest([[0.0, 3.0], [3.0, 0.0]]) == [0, 1]
    assert masks.shortest([[0.0] * 4] * 4) == [0, 1, 2, 3]


def test_other_profiles_have_no_block_masks(profile: Profile) -> None:
    assert masks.of(samples.profile()) is None
    assert masks.of(samples.profile(analysis="masks")) is None
    fewer = tuple(one for one in profile.matrices if one.name != "delta:attn")
    assert masks.of(replace(profile, matrices=fewer)) is None


def test_the_section_is_light_and_its_labels_are_text(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    profile = masks_atlas.site(made, "one", 36)
    pages.render(made)
    page = (made.folder("one") / "index.md").read_text(encoding="utf-8")
    assert (made.folder("one") / "previews" / masks.PREVIEW).is_file()
    figure = re.search(r'<figure class="atlas-figure atlas-masks".*?</figure>', page, re.S)
    assert figure
    order = [masks_atlas.TOPICS[at] for at in masks.order(profile)]
    assert re.findall(r"<li>(.*?)</li>", figure.group()) == order * 2
    without = page.replace(figure.group(), "")
    assert len(gzip.compress(page.encode())) - len(gzip.compress(without.encode())) < 600


def test_a_label_is_never_markup(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    masks_atlas.site(made, "one", 4, topics=("<b>law</b>", "a & b", *masks_atlas.TOPICS[2:]))
    pages.render(made)
    page = (made.folder("one") / "index.md").read_text(encoding="utf-8")
    assert "<b>law" not in page
    assert "<li>&lt;b&gt;law&lt;/b&gt;</li>" in page
