"""A heatmap is drawn by Bokeh, as a file, on paper, and in Python for a page that no script has
touched: labels, ticks, titles and colours are the same in all of them.

A figure that is drawn in another way has a reader here, which gives what it shows as `Told`.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import atlases
import numpy as np
import pytest
import scene_reading
from cells import open_model
from PIL import Image
from served import Site, built

from atlas.profiles import profile_file, rewording
from atlas.profiles.matrix import Matrix
from atlas.site.figures import drawing, heatmap, scene

SIZES = {"tiny": (4, 4), "some": (12, 32), "large": (80, 64)}
"""Layers and heads."""

MATRICES = ("rms", "outlier", "ov_copying", "categories", "score:all@10", "mask", "holes")
PHONE = {"viewport": {"width": 390, "height": 844}}

Colours = list[list[str | None]]


@dataclass(frozen=True)
class Told:
    """What a drawing shows: labels that are seen, titles of axes, the colour bar or the classes,
    and the colour of every cell, None where there is no value."""

    rows: list[str]
    columns: list[str]
    axes: list[str]
    bar: list[str]
    classes: dict[str, str]
    colours: Colours


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Models of three sizes with a matrix of every kind, one of them with holes."""
    made = atlases.project(tmp_path_factory.mktemp("drawn") / "atlas")
    for seed, (slug, (layers, heads)) in enumerate(SIZES.items()):
        atlases.entry(made, slug)
        found = atlases.matrices(seed, layers, heads)
        atlases.profile(made, slug, matrices=(*found, _with_holes(found[2])))
    return built(made, serve)


def _with_holes(matrix: Matrix) -> Matrix:
    values = matrix.values.copy()
    values[1, ::2] = np.nan
    values[0, 0] = np.nan
    return replace(matrix, name="holes", values=values, undefined=(("0", "0"),))


def _live(page: Any) -> Told:
    """What Bokeh was given."""
    found = page.evaluate(
        """() => {
          const model = (name) => Bokeh.documents[0].get_model_by_name(name);
          const seen = (name) => {
            const labels = model(name).major_label_overrides;
            return model(`${name}_ticker`).ticks.map((at) => labels.get(at));
          };
          const data = model("source").data;
          const hasBar = model("bar").visible;
          const legend = [...document.querySelectorAll('[data-role="legend"] button')];
          return {
            rows: seen("rows"), columns: seen("columns"),
            axes: [model("columns").axis_label, model("rows").axis_label],
            bar: hasBar ? [model("bar_title").text.replaceAll("\\n", " "), ...seen("bar")] : [],
            classes: legend.map((one) => one.childNodes[1].textContent),
            shares: [...data.image[0]].map((share) => (Number.isNaN(share) ? null : share)),
            width: data.dw[0], palette: model("mapper").palette,
          };
        }"""
    )
    palette, width = found.pop("palette"), found.pop("width")
    flat = [
        None if share is None else _plain(palette[min(int(share * len(palette)), len(palette) - 1)])
        for share in found.pop("shares")
    ]
    rows = [flat[at : at + width] for at in range(0, len(flat), width)]
    classes = dict(zip(found.pop("classes"), map(_plain, palette), strict=False))
    return Told(**found, classes=classes, colours=rows)


def _plain(colour: Any) -> str:
    """`#rrggbb` in small letters, of a number where Bokeh holds one."""
    return f"#{colour >> 8:06x}" if isinstance(colour, int) else str(colour).lower()


def _on_paper(text: str, live: Told) -> Told:
    """What the SVG of a scene shows."""
    found = scene_reading.read(text)
    (panel,) = found.panels
    colours = panel.colours(len(live.colours), len(live.colours[0]))
    at = found.words.index(live.bar[0]) if live.bar else 0
    boxes = {label: colour for label, colour in found.boxes.items() if colour.startswith("#")}
    return Told(
        rows=panel.rows,
        columns=panel.columns,
        axes=panel.axes,
        bar=found.words[at : at + len(live.bar)] if live.bar else [],
        classes={label: colour.lower() for label, colour in boxes.items()},
        colours=[[one and one.lower() for one in row] for row in colours],
    )


def _exported(page: Any, _site: Site, live: Told, _matrix: Matrix) -> Told:
    with page.expect_download() as download:
        page.locator('[data-role="svg"]').first.click()
    return _on_paper(Path(download.value.path()).read_text(encoding="utf-8"), live)


def _printed(page: Any, _site: Site, live: Told, _matrix: Matrix) -> Told:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    text = page.locator(".atlas-printed svg").first.evaluate(
        "one => new XMLSerializer().serializeToString(one)"
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    return _on_paper(text, live)


def _before_scripts(page: Any, site: Site, _live: Told, matrix: Matrix) -> Told:
    """What Python draws, in the room that the figure has on this page."""
    text = drawing.svg(scene.of(matrix)).decode()
    (site.project.site / "drawn.svg").write_text(text, encoding="utf-8")
    room = page.locator(".atlas-stage").first.bounding_box()
    found = page.evaluate(
        """async ([address, width, height]) => {
          const frame = document.createElement("iframe");
          Object.assign(frame.style, { width: `${width}px`, height: `${height}px`, border: "0" });
          frame.src = address;
          const shown = new Promise((resolve) => frame.addEventListener("load", resolve));
          document.body.append(frame);
          await shown;
          const seen = (selector) => [...frame.contentDocument.querySelectorAll(selector)]
            .filter((one) => getComputedStyle(one).display !== "none")
            .map((one) => one.textContent);
          const title = seen(".b .m").reverse().join(" ");
          const told = {
            rows: seen(".e"), columns: seen(".x text"),
            axes: [...seen(".u"), ...seen("svg > .m:not(.u)")],
            bar: title ? [title, ...seen(".b text:not(.m)")] : [],
          };
          frame.remove();
          return told;
        }""",
        [f"{site.url}drawn.svg?{matrix.name}{len(text)}", room["width"], room["height"]],
    )
    classes = {label: colour.lower() for label, colour in heatmap.legend(matrix)}
    return Told(**found, classes=classes, colours=_pixels(text))


def _pixels(text: str) -> Colours:
    image = ElementTree.fromstring(text).find(f"{scene_reading.SVG}image")
    assert image is not None
    told = base64.b64decode(str(image.get("href")).partition(",")[2])
    pixels = np.asarray(Image.open(io.BytesIO(told)).convert("RGBA"))
    return [
        [f"#{r:02x}{g:02x}{b:02x}" if alpha else None for r, g, b, alpha in row] for row in pixels
    ]


READERS: dict[str, Callable[[Any, Site, Told, Matrix], Told]] = {
    "exported": _exported,
    "printed": _printed,
    "before scripts": _before_scripts,
}


def _opened(page: Any, site: Site, slug: str, name: str) -> tuple[Told, Matrix]:
    open_model(page, site, slug)
    page.locator('[data-role="matrix"]').first.select_option(name)
    page.wait_for_timeout(300)  # a repaint, and the labels that the new room allows
    profile = profile_file.load(site.project.profile(slug, "weights"))
    return _live(page), rewording.today(profile).matrix(name)


@pytest.mark.parametrize("slug", SIZES)
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("context_options", [{}, PHONE], ids=["wide", "phone"])
def test_all_drawings_show_the_same(page: Any, site: Site, slug: str, name: str) -> None:
    live, matrix = _opened(page, site, slug, name)
    assert len(live.columns) > 1
    assert live.axes[0][0].isupper()
    assert live.axes[1][0].isupper()
    assert bool(live.bar) != bool(live.classes)
    for drawn, read in READERS.items():
        told = read(page, site, live, matrix)
        assert told.rows == live.rows, drawn
        assert told.columns == live.columns, drawn
        assert told.axes == live.axes, drawn
        assert told.bar == live.bar, drawn
        assert told.classes == live.classes, drawn
        _assert_alike(told.colours, live.colours, drawn)


def _assert_alike(found: Colours, wanted: Colours, drawn: str) -> None:
    """Colours are the same but for the neighbour of one in a palette, where the browser holds 32
    bits of what Python has 64 of."""
    both = [
        (one, other)
        for row, line in zip(found, wanted, strict=True)
        for one, other in zip(row, line, strict=True)
    ]
    assert [one is None for one, _ in both] == [other is None for _, other in both], drawn
    apart = [_distance(one, other) for one, other in both if one and other]
    assert max(apart) <= 8, drawn
    assert np.mean(np.array(apart) > 0) < 0.02, drawn


def _distance(one: str, other: str) -> int:
    return max(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5))


def test_what_a_reader_chose_is_exported_and_printed(page: Any, site: Site) -> None:
    """Order, names, scale and depth; and a class that is switched off leaves nothing."""
    live, matrix = _opened(page, site, "some", "rms")
    page.locator('[data-role="order"]').select_option("mean")
    page.locator('[data-role="scale"]').select_option("log")
    page.locator('[data-role="native"]').check()
    page.locator('[data-role="depth"]').check()
    chosen = _live(page)
    assert chosen.columns != live.columns
    assert chosen.axes == ["Component, by mean, highest first", "Layer, relative depth"]
    assert "q_proj" in " ".join(chosen.columns)
    for read in (_exported, _printed):
        assert read(page, site, chosen, matrix) == chosen
    page.locator('[data-role="matrix"]').select_option("categories")
    page.locator('[data-role="legend"] button').first.click()
    found = _exported(page, site, _live(page), matrix)
    assert atlases.CATEGORIES[0] not in found.classes
    assert len(found.classes) == len(atlases.CATEGORIES) - 1


def test_a_difference_would_be_found(page: Any, site: Site) -> None:
    live, matrix = _opened(page, site, "tiny", "rms")
    other = replace(matrix, title="Another", rows=tuple("abcd"), values=matrix.values[::-1])
    told = _before_scripts(page, site, live, other)
    assert told.rows != live.rows
    assert told.bar[0] != live.bar[0]
    with pytest.raises(AssertionError):
        _assert_alike(told.colours, live.colours, "another")
