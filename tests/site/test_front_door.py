"""The home page's live map and the figures in small: real data, real models first, a ready address
each, and a page that makes sense where nothing was measured."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import atlases
import functional_atlas
import large_atlas
import numpy as np
import own_atlas
import pytest
import samples
from PIL import Image

from atlas.paths import Project
from atlas.profiles import collection, profile_file
from atlas.site import pages
from atlas.site.across import opening_map, thumbnails
from atlas.site.figures.palettes import CATEGORY_COLOURS

FIGURES = ("functions", "masks", "importance", "components", "side-by-side")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = atlases.project(tmp_path_factory.mktemp("large") / "atlas")
    large_atlas.write(made)
    pages.render(made)
    return made


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return own_atlas.rendered(tmp_path_factory.mktemp("ours") / "atlas")


def home(made: Project) -> str:
    return (made.docs / "index.md").read_text(encoding="utf-8")


def doors(page: str) -> dict[str, str]:
    """The figures on the page: name, and the HTML of each."""
    return dict(re.findall(r'<li data-door="([^"]+)">(.*?)</li>', page))


def pixels(file: Path) -> np.ndarray:
    """What a thumbnail shows, (row, column, RGBA)."""
    data = re.search(r"base64,([^\"]+)", file.read_text())
    assert data
    return np.array(Image.open(io.BytesIO(b64decode(data[1]))).convert("RGBA"))


def differs(file: Path) -> bool:
    """Whether a thumbnail has more than one colour."""
    shown = pixels(file)
    return bool((shown != shown[0, 0]).any())


def real(made: Project, slug: str, layers: int, heads: int, seed: int = 0, **entry: Any) -> None:
    """A model of the hub with the functions of its heads."""
    atlases.entry(made, slug, source=f"org/{slug}", revision=samples.REVISION, **entry)
    found = functional_atlas.profile(made, slug, layers, heads, seed)
    pin = profile_file.Pin(slug, f"org/{slug}", samples.REVISION, samples.DIGEST, None)
    profile_file.save(
        made.profile(slug, "functions"),
        samples.profile(
            analysis="functions",
            version=found.version,
            model=pin,
            protocol=found.protocol,
            facts=found.facts,
            matrices=found.matrices,
        ),
    )


@pytest.mark.parametrize("atlas", ["large", "ours"])
def test_all_five_figures_are_shown_of_committed_data(
    atlas: str, request: pytest.FixtureRequest
) -> None:
    made: Project = request.getfixturevalue(atlas)
    found = doors(home(made))
    assert tuple(found) == FIGURES
    for html in found.values():
        pictures = re.findall(r'<img src="([^"]+)"', html)
        assert pictures
        assert all((made.docs / path).is_file() for path in pictures)
        assert any(differs(made.docs / path) for path in pictures), "a picture of something"


@pytest.mark.parametrize("atlas", ["large", "ours"])
def test_every_figure_leads_to_a_ready_address(atlas: str, request: pytest.FixtureRequest) -> None:
    made: Project = request.getfixturevalue(atlas)
    for html in doors(home(made)).values():
        (address,) = re.findall(r'href="([^"]+)"', html)
        parts = urlsplit(address.replace("&amp;", "&"))
        page = (made.docs / parts.path / "index.md").read_text(encoding="utf-8")
        assert not parts.fragment or f"{{#{parts.fragment} data-search-exclude}}" in page
        asked = parse_qs(parts.query)
        for slug in asked.get("models", [""])[0].split(","):
            assert not slug or made.profile(slug, asked["analysis"][0]).is_file()
        if "figure" in asked:
            title = re.findall(r"<small>([^<]+)</small>", html)[0]
            profile = made.profile(parts.path.split("/")[1], asked["figure"][0])
            titles = {
                one["name"]: one["title"] for one in json.loads(profile.read_text())["matrices"]
            }
            assert titles[asked["matrix"][0]] == title, "the quantity in the picture"


def test_a_figure_without_data_is_absent(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    real(made, "one", 6, 4)
    pages.render(made)
    assert tuple(doors(home(made))) == ("functions",), "one model is not several side by side"
    real(made, "two", 4, 4)
    pages.render(made)
    assert tuple(doors(home(made))) == ("functions", "side-by-side")


def test_an_empty_atlas_has_a_home_that_makes_sense(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    pages.render(made)
    page = home(made)
    assert "<h1>What's inside a language model?</h1>" in page
    assert "No model is listed yet" in page
    assert doors(page) == {} and "data-atlas" not in page


def test_the_live_map_is_of_the_largest_real_model_with_categories(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "reference")
    functional_atlas.profile(made, "reference", 40, 40)
    for slug, heads in (("a-small", 2), ("b-large", 9)):
        real(made, slug, 5, heads)
    opening = opening_map.of(collection.load(made))
    assert opening and opening.model.entry.slug == "b-large"
    matrix = profile_file.load(made.profile("b-large", "functions")).matrix("categories")
    assert opening.cells == "".join(str(int(one)) for row in matrix.values for one in row)
    assert [one.heads for one in opening.classes] == [
        int((matrix.values == at).sum()) for at in range(len(opening.classes))
    ]
    pages.render(made)
    shown = pixels(made.docs / opening.picture.path)
    for layer, head in ((0, 0), (4, 8), (2, 5)):
        colour = CATEGORY_COLOURS[int(matrix.values[layer, head])]
        assert shown[head, layer, :3].tolist() == list(bytes.fromhex(colour[1:]))
    page = home(made)
    assert f'data-cells="{opening.cells}" data-down="9"' in page
    (classes,) = re.findall(r"data-classes='([^']*)'", page)
    assert json.loads(classes) == [one.name for one in opening.classes]


@pytest.mark.parametrize(
    ("analyses", "wanted"),
    [
        (("functions", "importance", "weights"), ("functions", "categories")),
        (("importance", "attention", "weights"), ("importance", "taylor")),
        (("attention", "weights"), ("attention", "induction")),
        (("weights",), ("weights", "rms")),
    ],
)
def test_a_card_shows_what_tells_most(
    tmp_path: Path, analyses: tuple[str, ...], wanted: tuple[str, str]
) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    for analysis in analyses:
        measured(made, analysis)
    found = thumbnails.telling(collection.load(made)[0].sections)
    assert found and (found[0], found[1].name) == wanted


def measured(made: Project, analysis: str, **changes: Any) -> None:
    if analysis == "functions":
        functional_atlas.profile(made, "one", 6, 4)
        return
    names = {"importance": "taylor", "attention": "induction"}
    matrices = (
        (samples.matrix(name="entropy"), samples.matrix(**{"name": names[analysis], **changes}))
        if analysis in names
        else atlases.matrices()
    )
    atlases.profile(made, "one", analysis=analysis, matrices=matrices)


def test_a_map_in_which_all_cells_are_alike_tells_nothing(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    measured(made, "attention", values=np.zeros_like(samples.matrix().values))
    measured(made, "weights")
    found = thumbnails.telling(collection.load(made)[0].sections)
    assert found and found[1].name != "induction"


def test_sizes_are_only_said_of_sizes(large: Project, ours: Project) -> None:
    assert "Importance across sizes" in doors(home(large))["importance"]
    assert "Importance across models" in doors(home(ours))["importance"]


def test_a_model_page_begins_with_what_tells_most(ours: Project) -> None:
    page = (ours.docs / "models" / "smollm2-135m-instruct" / "index.md").read_text("utf-8")
    heads = re.findall(r"^## (.*?) \{", page, re.MULTILINE)
    assert heads[0] == "Functions of heads" and heads[-2:] == [
        "Not measured yet",
        "About this model",
    ]


def test_the_counters_stand_below(ours: Project) -> None:
    page = home(ours)
    assert page.index("atlas-doors") < page.index("## Models") < page.index("atlas-counts")


def test_a_survey_is_pictured_on_one_scale(ours: Project) -> None:
    page = (ours.docs / "survey" / "index.md").read_text("utf-8")
    cards = re.findall(r'<a class="atlas-card" href="([^"]+)">(.*?)</a>', page)
    assert len(cards) == 8
    for address, html in cards:
        assert re.fullmatch(r"\.\./survey/\w+/\?matrix=.+", address)
        for path in re.findall(r'<img src="\.\./([^"]+)"', html):
            assert (ours.docs / path).is_file() and "-in-survey" in path
    assert "bundle.json" not in page, "the format stands with the data"
