"""Curves over the layers as a still picture: what it holds, and that it is known as a picture."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import samples

from atlas.files import still_svg
from atlas.profiles.profile_file import Profile
from atlas.site.figures import layer_curves

LAYERS = 30


def _profile(values: object = None, **changes: object) -> Profile:
    drawn = np.random.default_rng(0).uniform(0.1, 0.5, (LAYERS, 3)) if values is None else values
    fields = {
        "title": "Block influence",
        "unit": "1 - cosine",
        "axes": ("layer", "sublayer"),
        "rows": tuple(map(str, range(LAYERS))),
        "columns": ("attn", "mlp", "block"),
        "values": drawn,
        **changes,
    }
    square = samples.matrix(name="cka", axes=("layer", "layer"))
    return samples.profile(matrices=(samples.matrix(**fields), square))


def test_a_chart_a_quantity_of_layers_and_blocks() -> None:
    (chart,) = layer_curves.charts(_profile())
    assert chart.title == "Block influence"
    assert [line.name for line in chart.lines] == ["Attention block", "MLP block", "Whole layer"]
    assert all(len(line.points) == LAYERS for line in chart.lines)
    assert chart.y.title == "1 - cosine"
    labels = [label for _, label in chart.x.ticks]
    assert labels[0] == "0" and len(labels) <= layer_curves.LABELLED


def test_values_over_two_decades_have_a_logarithmic_axis() -> None:
    values = np.geomspace(1e-4, 10, LAYERS * 3).reshape(LAYERS, 3)
    (chart,) = layer_curves.charts(_profile(values))
    assert chart.title == "Block influence (log scale)"
    assert chart.lines[0].points[0][1] == pytest.approx(-4)
    assert "0.01" in [label for _, label in chart.y.ticks]


def test_what_has_no_value_is_left_out() -> None:
    values = np.full((LAYERS, 3), 0.25)
    values[3, 1] = np.nan
    values[:, 2] = np.nan
    (chart,) = layer_curves.charts(_profile(values))
    assert [len(line.points) for line in chart.lines] == [LAYERS, LAYERS - 1]
    assert chart.y.begin < 0.25 < chart.y.end


def test_the_picture_is_known_as_one(tmp_path: Path) -> None:
    profile = _profile(title="Share & <b>rest</b>")
    picture = layer_curves.svg(profile)
    assert picture == layer_curves.svg(profile)
    path = tmp_path / "residual.still.svg"
    path.write_bytes(picture)
    assert still_svg.is_one(path)
    assert picture.count(b'class="k k') == 6  # three lines, and these in the legend
    assert b"Share &amp; &lt;b&gt;rest&lt;/b&gt;" in picture
    path.write_bytes(picture.replace(b"<g ", b"<script>alert(1)</script><g "))
    assert not still_svg.is_one(path)


def test_an_encoder_without_them_has_an_empty_picture() -> None:
    profile = _profile()
    assert layer_curves.charts(dataclasses.replace(profile, matrices=profile.matrices[1:])) == []


def test_a_block_that_is_no_attention_is_not_called_so() -> None:
    made = dataclasses.replace(_profile(), conditions={"mixers": "state space in 0, 1"})
    (chart,) = layer_curves.charts(made)
    assert [line.name for line in chart.lines] == ["Mixer block", "MLP block", "Whole layer"]
