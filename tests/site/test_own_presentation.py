"""An atlas of one's own says what it is, and nothing of another one."""

from __future__ import annotations

from pathlib import Path

import beacon_atlas
import numpy as np
import pagecheck
import pytest
from PIL import Image

from atlas.entries import presentation
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.review import check
from atlas.site import link_pictures, mkdocs_build, pages
from atlas.site.kinds import KINDS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The atlas, checked, rendered and built."""
    made = beacon_atlas.write(tmp_path_factory.mktemp("beacon") / "atlas")
    assert not check.problems(made)
    pages.render(made)
    mkdocs_build.mkdocs(made, print)
    return made


def page(made: Project, path: str = "") -> pagecheck.Page:
    return pagecheck.Page(made.site / path / "index.html")


def test_no_link_leads_nowhere_or_to_a_section_that_is_left_out(made: Project) -> None:
    assert pagecheck.broken_links(made.site) == []
    left_out = presentation.load(made).left_out
    assert {"compare", "survey", "claims", "recipe"} <= {*left_out}
    for file in made.site.rglob("*.html"):
        parts = {part for link in pagecheck.Page(file).links for part in Path(link).parts}
        assert not parts & {*left_out}, file
    assert not [name for name in left_out if (made.site / name).exists()]


def test_nothing_of_ours_remains(made: Project) -> None:
    for file in made.site.rglob("*"):
        if file.suffix in (".html", ".json", ".js", ".css", ".xml"):
            text = file.read_text(encoding="utf-8")
            assert "Model Atlas" not in text and "What's inside" not in text, file
            assert "for this atlas" not in text, file


def test_home_begins_with_its_own_words(made: Project) -> None:
    text = (made.site / "index.html").read_text(encoding="utf-8")
    places = [
        text.index(words)
        for words in (
            "<h1>What Beacon&#39;s models do</h1>",
            '<a href="https://beacon.example/">Beacon</a>',
            '<a href="models/">its models</a>',
            "<code>{{ braces }}</code>",
            '<h2 id="what-is-measured"',
            '<h2 id="models"',
            "Beacon Lab",
        )
    ]
    assert places == sorted(places)
    assert "An atlas of attention heads" not in text and "assets/beacon.png" in text


def test_analyses_are_those_chosen_in_their_order(made: Project) -> None:
    text = (made.site / "models/ref-llama/index.html").read_text(encoding="utf-8")
    places = [text.index(f'id="{name}">') for name in ("weights", "attention", "about")]
    assert places == sorted(places) and text.count("<h2 ") == 3
    listed = {path.name for path in (made.site / "methods").iterdir() if path.is_dir()}
    assert listed == {"weights", "attention"}


def test_templates_of_the_project_win_file_by_file(made: Project) -> None:
    assert "What we trained" in page(made, "models").text
    model = page(made, "models/ref-llama").text
    assert model.count("Ours") == 2 and "From Beacon" in model
    assert "About this model" in model, "the page itself is the one that atlas ships"


def test_pictures_of_links_have_title_and_logo(made: Project) -> None:
    with Image.open(made.site / "models/ref-llama/previews/social.png") as opened:
        drawn = np.asarray(opened.convert("RGB")).astype(int)
    colour = np.array(bytearray.fromhex("8a1c4a"))
    logo = (np.abs(drawn - colour).max(axis=2) < 8).nonzero()
    assert logo[0].size == 32 * 32 and logo[1].min() == 72
    assert logo[0].min() > link_pictures.MAP[3]


def test_colours_are_in_the_style_sheet_and_light_on_paper(made: Project) -> None:
    sheet = (made.site / "assets/atlas/atlas.css").read_text(encoding="utf-8")
    own = sheet[sheet.rindex(':root,[data-md-color-scheme="default"]') :]
    light, dark, paper = own.strip().splitlines()
    assert "--md-accent-fg-color:#8a1c4a" in light and "--md-typeset-a-color:#8a1c4a" in paper
    assert "--md-typeset-a-color:#f2a0c0" in dark and dark.startswith("@media screen")


def test_a_broken_template_of_the_project_is_named_with_its_line(tmp_path: Path) -> None:
    made = beacon_atlas.write(tmp_path / "atlas")
    own = made.templates / "parts/home/models.j2"
    own.parent.mkdir()
    own.write_text("one\n{{ nowhere.there }}\n", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"templates/parts/home/models\.j2: line 2: .*'nowhere'"):
        pages.render(made)


def test_every_kind_of_page_is_a_section_or_always_there() -> None:
    assert {*KINDS, "data"} - {"home", "model"} == set(presentation.SECTIONS)
    assert {*presentation.ALWAYS} < set(presentation.SECTIONS)
