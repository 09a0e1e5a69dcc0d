"""Previews: what a heatmap looks like before, or without, its interactive figure.

A picture of cells has no proportions of its own: pages stretch it over the frame of the figure, as
wide as there is room. So the PNG stands in an SVG that says so.
"""

from __future__ import annotations

import io
import math

import numpy as np

from atlas.files import still_svg
from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap

LEVELS = 64


def file_name(analysis: str, matrix: Matrix) -> str:
    """`attention.entropy.svg`; `:` and `@` may not stand in every file system or address."""
    plain = matrix.name.replace(":", "-").replace("@", "-at-")
    return f"{analysis}.{plain}.svg"


def png(matrix: Matrix, width: int = 0) -> bytes:
    """A matrix on the colour scale that it asks for, a pixel a cell, or a block of pixels where it
    has to stand alone and be at least so wide.

    At most 64 colours and one for what does not exist, which is transparent.
    """
    from PIL import Image

    palette = heatmap.colours(matrix)
    if len(palette) > LEVELS:
        palette = palette[:: len(palette) // LEVELS]
    levels = len(palette)
    shares = heatmap.shares(matrix)
    absent = np.isnan(shares)
    index = np.where(absent, levels, np.minimum(np.nan_to_num(shares) * levels, levels - 1))
    block = max(1, min(16, math.ceil(width / len(matrix.columns))))
    pixels = np.kron(index.astype(np.uint8), np.ones((block, block), np.uint8))
    image = Image.fromarray(pixels, mode="P")
    image.putpalette(bytes.fromhex("".join(colour[1:] for colour in palette)) + b"\x80\x80\x80")
    out = io.BytesIO()
    image.save(out, "PNG", transparency=levels if absent.any() else None, compress_level=6)
    return out.getvalue()


def stretching(picture: bytes) -> bytes:
    """A PNG as an SVG that fills whatever it is put into."""
    from PIL import Image

    return still_svg.written(picture, *Image.open(io.BytesIO(picture)).size)
