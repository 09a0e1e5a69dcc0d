"""The functional map of a page: panels, counts by depth, what cannot be measured, the picture."""

from __future__ import annotations

import gzip
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import atlases
import functional_atlas
import numpy as np
import pytest
import samples
from PIL import Image

from atlas.pinned.relations import CATEGORIES
from atlas.profiles.profile_file import Profile
from atlas.site import pages
from atlas.site.figures import functions
from atlas.site.figures.palettes import HEAD_COLOURS

SHAPES = [(48, 25), (32, 32), (36, 40), (80, 64), (4, 4), (1, 1)]


@pytest.fixture(params=SHAPES, ids=lambda shape: "x".join(map(str, shape)))
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    return functional_atlas.profile(made, "one", *request.param)


def test_heads_are_counted_by_category_and_depth(profile: Profile) -> None:
    found = functions.of(profile)
    assert found
    assert (found.layers, found.heads) == profile.matrix("categories").values.shape
    assert [panel.name for panel in found.panels] == ["all", *CATEGORIES]
    classes = profile.matrix("categories").values
    for panel in found.panels:
        name = "relations" if panel.name == "all" else f"relations:{panel.name}"
        values = profile.matrix(name).values
        expected = [0, 0, 0, 0]
        for layer, line in enumerate(values):
            expected[int(layer / found.layers * 4)] += sum(value > 0 for value in line)
        assert list(panel.quarters) == expected
        assert panel.heads == sum(expected)
    ones = int(((classes >= 1) & (classes <= 4)).sum())
    assert found.many == (ones, *(int((classes == code).sum()) for code in (5, 6, 7)))
    assert functions.NARROWEST <= found.ratio <= functions.WIDEST


def test_the_picture_has_a_pixel_for_every_head_of_every_panel(profile: Profile) -> None:
    shown = Image.open(io.BytesIO(functions.png(profile)))
    layers, heads = profile.matrix("categories").values.shape
    assert shown.size == (5 * layers, heads)
    pixels = np.asarray(shown.convert("RGBA"))
    counts = [profile.matrix(f"relations:{name}").values for name in CATEGORIES]
    for at, own in enumerate([profile.matrix("relations").values, *counts]):
        panel = pixels[:, at * layers : (at + 1) * layers]
        for layer, head in np.ndindex(layers, heads):
            red, green, blue, alpha = panel[head, layer].tolist()
            if not own[layer, head]:
                assert alpha == 0
                continue
            many = sum(each[layer, head] > 0 for each in counts)
            assert f"#{red:02x}{green:02x}{blue:02x}" == HEAD_COLOURS[many - 1]
            assert alpha == 255


def test_relations_that_the_tokenizer_lacks_are_told_with_their_pairs(profile: Profile) -> None:
    found = functions.of(profile)
    assert found
    told = [(one.title, one.pairs) for one in found.unmeasured]
    assert told == [("Word to homophone", 7), ("English to French", 1)]


def test_other_analyses_have_no_functional_map() -> None:
    assert functions.of(samples.profile()) is None
    assert functions.of(samples.profile(analysis="functions")) is None
    with pytest.raises(ValueError, match="no functional map"):
        functions.png(samples.profile())


def test_without_a_measurable_relation_the_page_says_so(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    functional_atlas.site(made, "one", 4, 4)
    whole = functional_atlas.profile(made, "one", 4, 4)
    bare = tuple(one for one in whole.matrices if one.name == "ov_copying")
    found = functions.of(replace(whole, matrices=bare))
    assert found
    assert found.panels == ()
    assert found.preview == "", "there is nothing to be pictured"
    assert {one.pairs for one in found.unmeasured} == {80, 7, 1}


def test_the_page_and_the_index_of_data(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    functional_atlas.site(made, "one", 48, 25)
    pages.render(made)
    page = (made.folder("one") / "index.md").read_text(encoding="utf-8")
    assert page.count('class="atlas-map"') == 5
    assert (made.folder("one") / "previews" / functions.PREVIEW).is_file()
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "Word to homophone (7 pairs), English to French (1 pair). A relation needs 30." in text
    assert "pairs:capital" not in text
    index = json.loads((made.docs / "data" / "index.json").read_text(encoding="utf-8"))
    (listed,) = (one for one in index["profiles"] if one["analysis"] == "functions")
    (part,) = listed["parts"]
    content = (made.docs / part["path"]).read_bytes()
    assert part["bytes"] == len(content)
    assert (part["part"], part["path"]) == ("heads", "models/one/functions.heads.json")
    assert (made.docs / "data" / part["schema"]).is_file()


def test_a_page_grows_with_no_relation_that_a_head_is_asked_about(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    rows = tuple(samples.matrix(name=f"score:r{at}@10", title=f"R {at}") for at in range(80))
    atlases.profile(made, "one", matrices=(samples.matrix(), *rows))
    pages.render(made)
    page = (made.folder("one") / "index.md").read_text(encoding="utf-8")
    assert "R 40" not in page  # the picker is filled from the profile, when somebody comes near
    assert len(gzip.compress(page.encode(), 6)) < 4096
