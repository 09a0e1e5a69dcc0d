"""PNG previews, read back."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import atlases
import numpy as np
import pytest
import samples
from PIL import Image

from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap, previews


def _pixels(matrix: Matrix) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(previews.png(matrix))).convert("RGBA")).astype(int)


@pytest.mark.parametrize("matrix", atlases.matrices(), ids=lambda matrix: matrix.name)
def test_every_cell_has_the_colour_of_its_value(matrix: Matrix) -> None:
    """Within the distance of two of the preview's 64 levels."""
    pixels = _pixels(matrix)
    rows, columns = matrix.values.shape
    alone = np.asarray(Image.open(io.BytesIO(previews.png(matrix, 100))).convert("RGBA"))
    block = min(16, -(-100 // columns))
    assert (alone == pixels.repeat(block, 0).repeat(block, 1)).all()
    assert pixels.shape[:2] == (rows, columns)
    palette = heatmap.colours(matrix)
    wanted = np.array([[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in palette])
    shares = heatmap.shares(matrix)
    known = np.isfinite(shares)
    index = np.minimum(np.nan_to_num(shares) * len(palette), len(palette) - 1).astype(int)
    assert np.abs(pixels[..., :3] - wanted[index])[known].max() <= 24
    assert (pixels[..., 3][known] == 255).all()
    assert (pixels[..., 3][~known] == 0).all()


def test_previews_are_small_and_the_same_every_time() -> None:
    matrix = atlases.matrices()[0]
    assert previews.png(matrix) == previews.png(matrix)
    assert len(previews.png(matrix)) < 1500


def test_names_suit_every_file_system() -> None:
    matrix = samples.matrix(name="score:capital@10")
    assert previews.file_name("functions", matrix) == "functions.score-capital-at-10.svg"


def test_a_stretching_picture_holds_the_same_pixels() -> None:
    picture = previews.png(atlases.matrices()[0])
    root = ElementTree.fromstring(previews.stretching(picture))
    (image,) = root
    assert root.get("preserveAspectRatio") == "none"
    assert root.get("viewBox") == f"0 0 {image.get('width')} {image.get('height')}" == "0 0 8 12"
    assert base64.b64decode(str(image.get("href")).partition(",")[2]) == picture
