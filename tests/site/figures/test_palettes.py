"""The palettes: for every eye, in print, and each kind of matrix has one."""

from __future__ import annotations

import itertools

import atlases
import numpy as np
import pytest

from atlas.profiles.matrix import Matrix
from atlas.site.figures import palettes


@pytest.mark.parametrize("matrix", atlases.matrices(), ids=lambda matrix: matrix.name)
def test_every_kind_has_a_palette_of_colours(matrix: Matrix) -> None:
    palette = palettes.by_kind()[matrix.kind]
    assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in palette)
    if matrix.kind in ("categorical", "binary"):
        assert len(set(palette)) == len(palette)


@pytest.mark.parametrize("kind", ["sequential", "counts"])
def test_sequential_palettes_grow_lighter(kind: str) -> None:
    """What is readable without colour vision, and in print."""
    lightness = [_lightness(colour) for colour in palettes.by_kind()[kind]]
    assert all(later > earlier - 0.2 for earlier, later in itertools.pairwise(lightness))
    assert lightness[-1] - lightness[0] > 60


VISION = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green cones": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue cones": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Linear RGB as it is seen: Machado, Oliveira & Fernandes 2009, severity 1."""


@pytest.mark.parametrize("vision", VISION)
def test_no_two_categories_look_alike(vision: str) -> None:
    """At least 13 apart in CIELAB, where 2.3 can just be noticed; binary ones far apart."""
    colours = [_lab(colour, vision) for colour in palettes.CATEGORY_COLOURS]
    apart = [np.linalg.norm(one - other) for one, other in itertools.combinations(colours, 2)]
    assert min(apart) >= 13
    off, on = (_lab(colour, vision) for colour in palettes.BINARY_COLOURS)
    assert np.linalg.norm(off - on) >= 40


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("kind", ["sequential", "counts", "diverging"])
def test_steps_of_a_scale_are_seen(kind: str, vision: str) -> None:
    """Every sixteenth of a palette differs from the one before."""
    colours = [_lab(colour, vision) for colour in palettes.by_kind()[kind][::16]]
    steps = [np.linalg.norm(later - earlier) for earlier, later in itertools.pairwise(colours)]
    assert min(steps) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_signs_are_told_apart(vision: str) -> None:
    """Values and their negatives, from a quarter of the diverging scale on."""
    colours = [_lab(colour, vision) for colour in palettes.by_kind()["diverging"]]
    for at in range(0, 96, 8):
        assert np.linalg.norm(colours[at] - colours[-1 - at]) >= 20


def _linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(colour: str, vision: str) -> np.ndarray:
    """CIELAB (D65) of an sRGB colour as it is seen."""
    seen = np.clip(np.array(VISION[vision]) @ _linear(colour), 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _lightness(colour: str) -> float:
    """CIE L* of an sRGB colour, 0 to 100."""
    return float(_lab(colour, "full")[0])
