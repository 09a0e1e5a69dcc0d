"""PNG previews: what a heatmap looks like before, or without, its interactive figure."""

from __future__ import annotations

import io
import math

import numpy as np

from atlas import drawing
from atlas.matrix import Matrix

LEVELS = 64
WIDTH = 240
"""Pixels that a preview is at least wide, so that it can stand alone; pages scale it."""


def file_name(analysis: str, matrix: Matrix) -> str:
    """`attention.entropy.png`; `:` and `@` may not stand in every file system or address."""
    plain = matrix.name.replace(":", "-").replace("@", "-at-")
    return f"{analysis}.{plain}.png"


def png(matrix: Matrix) -> bytes:
    """A matrix on the colour scale that it asks for, a block of pixels a cell.

    At most 64 colours and one for what does not exist, which is transparent.
    """
    from PIL import Image

    palette = drawing.colours(matrix)
    if len(palette) > LEVELS:
        palette = palette[:: len(palette) // LEVELS]
    levels = len(palette)
    shares = drawing.shares(matrix)
    absent = np.isnan(shares)
    index = np.where(absent, levels, np.minimum(np.nan_to_num(shares) * levels, levels - 1))
    block = min(16, math.ceil(WIDTH / len(matrix.columns)))
    pixels = np.kron(index.astype(np.uint8), np.ones((block, block), np.uint8))
    image = Image.fromarray(pixels, mode="P")
    image.putpalette(bytes.fromhex("".join(colour[1:] for colour in palette)) + b"\x80\x80\x80")
    out = io.BytesIO()
    image.save(out, "PNG", transparency=levels if absent.any() else None, compress_level=6)
    return out.getvalue()
