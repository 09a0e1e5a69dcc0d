"""Cells of a heatmap as a picture: those of a drawing, and alone as a model's picture in lists.

A picture of cells has no proportions of its own: pages stretch it over the room that they have. So
the PNG stands in an SVG that says so.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from atlas.files import still_svg
from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap, scene

MOST = 255
"""Colours of a PNG beside a transparent one."""

GREY = b"\x80\x80\x80"
"""What a transparent cell is where transparency is not known."""


def plain(name: str) -> str:
    """The name of a matrix in the name of a file: `:` and `@` may not stand in every file system or
    address."""
    return name.replace(":", "-").replace("@", "-at-")


def file_name(analysis: str, matrix: Matrix, part: str = "") -> str:
    """`attention.entropy.svg`, or `attention.entropy.figure.svg` with its axes."""
    return f"{analysis}.{plain(matrix.name)}{part}.svg"


def png(matrix: Matrix, width: int = 0) -> bytes:
    """A matrix on the colour scale that it asks for, a pixel a cell, or a block of pixels where it
    has to stand alone and be at least so wide; what has no value is transparent."""
    block = max(1, min(16, math.ceil(width / len(matrix.columns))))
    cells = np.kron(scene.index(matrix), np.ones((block, block), np.int64))
    return of_index(cells, heatmap.colours(matrix))


def of_index(index: NDArray[np.int64], palette: Sequence[str]) -> bytes:
    """Cells as PNG, a pixel each: `index` of shape (row, column) is the place of each in `palette`,
    -1 for a transparent one.

    A PNG holds 256 colours; where a transparent one is one too many, two that are neighbours become
    one.
    """
    from PIL import Image

    used = np.unique(index[index >= 0])
    absent = bool((index < 0).any())
    if absent and len(used) > MOST:
        used = np.delete(used, len(used) // 2)
    pixels = np.searchsorted(used, index).clip(0, len(used) - 1)
    pixels = np.where(index < 0, len(used), pixels).astype(np.uint8)
    image = Image.fromarray(pixels, mode="P")
    colours = "".join(palette[at][1:] for at in used)
    image.putpalette(bytes.fromhex(colours) + (GREY if absent else b""))
    out = io.BytesIO()
    image.save(out, "PNG", transparency=len(used) if absent else None, compress_level=9)
    return out.getvalue()


def stretching(picture: bytes) -> bytes:
    """A PNG as an SVG that fills whatever it is put into."""
    from PIL import Image

    return still_svg.written(picture, *Image.open(io.BytesIO(picture)).size)
