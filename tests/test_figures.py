"""The figure's template and the palettes."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from typing import Any

import atlases
import pytest

from atlas import figures
from atlas.matrix import Matrix
from atlas.paths import PACKAGE


def _objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        found = [node] if node.get("type") == "object" and "attributes" in node else []
        return found + [item for value in node.values() for item in _objects(value)]
    if isinstance(node, list):
        return [item for value in node for item in _objects(value)]
    return []


def test_template_names_everything_that_the_browser_sets() -> None:
    document = json.loads(figures.template())
    names = {item["attributes"].get("name") for item in _objects(document["item"])}
    axes = {f"{axis}{part}" for axis in ("rows", "columns") for part in ("", "_ticker", "_edges")}
    assert axes | {"figure", "source", "mapper", "x_range", "y_range", "cursor", "zoom"} <= names
    assert {"bar", "bar_ticker", "rows_lines", "columns_lines"} <= names


def test_template_is_small_and_its_script_is_that_of_the_installed_bokeh() -> None:
    document = json.loads(figures.template())
    assert len(json.dumps(document["item"])) < 9000
    name, wheel = figures.script()
    assert document["script"] == name
    version = name.removeprefix("bokeh-").removesuffix(".min.js")
    assert version.encode() in wheel.read_bytes()


def test_template_is_the_same_in_every_process() -> None:
    """Bokeh numbers its objects by what a process made before; hash seeds order sets."""
    code = (
        "from bokeh.plotting import figure; figure(); figure();"
        "from atlas import figures; print(figures.template(), end='')"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {figures.template()}


def test_template_needs_no_evaluation_of_code() -> None:
    """Sites with a strict content security policy forbid it; CustomJS and its kin need it."""
    assert "Custom" not in figures.template()


@pytest.mark.parametrize("matrix", atlases.matrices(), ids=lambda matrix: matrix.name)
def test_every_kind_has_a_palette_of_colours(matrix: Matrix) -> None:
    palette = figures.palettes()[matrix.kind]
    assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in palette)
    if matrix.kind in ("categorical", "binary"):
        assert len(set(palette)) == len(palette)


@pytest.mark.parametrize("kind", ["sequential", "counts"])
def test_sequential_palettes_grow_lighter(kind: str) -> None:
    """What is readable without colour vision, and in print."""
    lightness = [_lightness(colour) for colour in figures.palettes()[kind]]
    assert all(later > earlier - 0.2 for earlier, later in itertools.pairwise(lightness))
    assert lightness[-1] - lightness[0] > 60


def _lightness(colour: str) -> float:
    """CIE L* of an sRGB colour, 0 to 100."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance
