"""Pictures of links, and the tags that name them on built pages."""

from __future__ import annotations

import io
from pathlib import Path

import atlases
import numpy as np
import pagecheck
import pytest
import samples
from nasty import NASTY, spoil
from PIL import Image

from atlas.paths import Project
from atlas.profiles import collection
from atlas.profiles.collection import Model
from atlas.site import link_pictures, mkdocs_build, pages
from atlas.site.figures import heatmap

ADDRESS = "https://atlas.example/some/path/"


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """Two models, one of them measured."""
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "measured")
    atlases.profile(made, "measured")
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    return made


def _model(made: Project, slug: str = "measured") -> Model:
    return next(model for model in collection.load(made) if model.entry.slug == slug)


def test_the_picture_has_the_size_that_sites_ask_for(atlas: Project) -> None:
    for slug in ("measured", "waiting"):
        content = link_pictures.png(_model(atlas, slug))
        assert Image.open(io.BytesIO(content)).size == (1200, 630)
        assert len(content) < 40_000


def test_the_picture_is_always_the_same(atlas: Project) -> None:
    first = link_pictures.png(_model(atlas))
    assert link_pictures.png(_model(atlas)) == first
    assert link_pictures.png(_model(atlas, "waiting")) != first


def test_the_picture_shows_the_values(atlas: Project) -> None:
    matrix = atlases.matrices()[0]
    picture = Image.open(io.BytesIO(link_pictures.png(_model(atlas)))).convert("RGB")
    left, top, right, bottom = link_pictures.MAP
    palette, shares = heatmap.colours(matrix), heatmap.shares(matrix)
    for row, column in ((0, 0), (5, 3), (11, 7)):
        x = left + (right - left) * (column + 0.5) / len(matrix.columns)
        y = top + (bottom - top) * (row + 0.5) / len(matrix.rows)
        colour = palette[min(255, int(shares[row, column] * 256))]
        wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        shown = picture.getpixel((int(x), int(y)))
        assert np.abs(np.array(shown) - wanted).max() <= 8


def test_a_long_name_stays_beside_the_map(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "measured", name=f"{'Long' * 12} {'x' * 30}")
    picture = np.array(Image.open(io.BytesIO(link_pictures.png(_model(made)))))
    assert (
        picture[:, link_pictures.MAP[0] - 50 : link_pictures.MAP[0] - 10] == picture[0, 0]
    ).all()
    assert (picture[:, :60] == picture[0, 0]).all()


def test_built_pages_name_their_picture_by_its_full_address(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATLAS_SITE_URL", ADDRESS)
    pages.render(atlas)
    mkdocs_build.mkdocs(atlas, lambda said: None)
    page = atlas.site / "models" / "measured" / "index.html"
    text = page.read_text(encoding="utf-8")
    head = text.partition("</head>")[0]
    image = f'<meta property="og:image" content="{ADDRESS}models/measured/{link_pictures.FILE}">'
    assert head.count(image) == 1
    assert (page.parent / link_pictures.FILE).is_file()
    assert f'<meta property="og:description" content="{samples.ENTRY["summary"]}">' in head
    assert f'<meta property="og:url" content="{ADDRESS}models/measured/">' in head
    assert "Model measured" in head.partition('og:title" content="')[2].partition('"')[0]
    assert link_pictures.mark(atlas) == 2
    assert page.read_text(encoding="utf-8") == text


def test_without_an_address_there_are_no_tags(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ATLAS_SITE_URL", raising=False)
    pages.render(atlas)
    mkdocs_build.mkdocs(atlas, lambda said: None)
    page = atlas.site / "models" / "measured" / "index.html"
    assert "og:image" not in page.read_text()
    assert not (page.parent / link_pictures.FILE).exists()


def test_nasty_texts_stay_within_their_tags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATLAS_SITE_URL", ADDRESS)
    tags = []
    for name, texts in (("nasty", NASTY), ("plain", ("aa", "bb", "cc", "dd", "ee"))):
        made = atlases.project(tmp_path / name)
        spoil(made, texts)
        pages.render(made)
        mkdocs_build.mkdocs(made, lambda said: None)
        tags.append(pagecheck.Page(made.site / "models" / "nasty" / "index.html").shape)
    assert tags[0] == tags[1]
