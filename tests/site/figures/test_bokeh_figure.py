"""The figure's template."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from atlas.paths import PACKAGE
from atlas.site.figures import bokeh_figure


def _objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        found = [node] if node.get("type") == "object" and "attributes" in node else []
        return found + [item for value in node.values() for item in _objects(value)]
    if isinstance(node, list):
        return [item for value in node for item in _objects(value)]
    return []


def test_template_names_everything_that_the_browser_sets() -> None:
    document = json.loads(bokeh_figure.template())
    names = {item["attributes"].get("name") for item in _objects(document["item"])}
    axes = {f"{axis}{part}" for axis in ("rows", "columns") for part in ("", "_ticker", "_edges")}
    assert axes | {"figure", "source", "mapper", "x_range", "y_range", "zoom"} <= names
    assert {"bar", "bar_ticker", "rows_lines", "columns_lines"} <= names


def test_template_is_small_and_its_script_is_that_of_the_installed_bokeh() -> None:
    document = json.loads(bokeh_figure.template())
    assert len(json.dumps(document["item"])) < 9000
    name, wheel = bokeh_figure.script()
    assert document["script"] == name
    version = name.removeprefix("bokeh-").removesuffix(".min.js")
    assert version.encode() in wheel.read_bytes()


def test_template_is_the_same_in_every_process() -> None:
    """Bokeh numbers its objects by what a process made before; hash seeds order sets."""
    code = (
        "from bokeh.plotting import figure; figure(); figure();"
        "from atlas.site.figures import bokeh_figure as it; print(it.template(), end='')"
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
    assert texts == {bokeh_figure.template()}


def test_template_needs_no_evaluation_of_code() -> None:
    """Sites with a strict content security policy forbid it; CustomJS and its kin need it."""
    assert "Custom" not in bokeh_figure.template()
