"""What a link to a model's page looks like elsewhere: a picture, and the tags that name it.

The tags (Open Graph) need the page's full address, which only a built page has, and a head that no
Markdown reaches: `mark` adds them to what the build has made, whichever program built it, and draws
the pictures beside. Where the site does not say where it will be served there is no full address,
no tag, and no picture.
"""

from __future__ import annotations

import functools
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import numpy as np
from numpy.typing import NDArray

from atlas.entries import family_names, presentation
from atlas.entries.presentation import Presentation
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import collection
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.site.across import thumbnails
from atlas.site.across.shared_scale import MISSING
from atlas.site.templates import fold
from atlas.words import count

if TYPE_CHECKING:
    from PIL import ImageFont

FILE = "previews/social.png"
WIDTH, HEIGHT = 1200, 630
MAP = (620, 96, 1128, 478)
"""Where the map lies: left, top, right, bottom."""

SHADES = 16
GROUND, INK, MUTED = (247, 248, 250), (29, 36, 48), (91, 101, 117)
LOGO, LOGO_COLOURS = 56, 48
"""Pixels that a logo is high at most, and its colours."""

NAMELESS = Presentation()
"""Of an atlas that says nothing of itself."""

LONGEST = 60
"""Characters of a line of small print."""


def png(model: Model, told: Presentation = NAMELESS) -> bytes:
    """The picture of a model: its name, family, shape and the map that tells most about it, below
    them the atlas' title and logo; at most 256 colours."""
    from PIL import Image

    found = thumbnails.telling(model.sections)
    matrix = found[1] if found else None
    palette: list[tuple[int, ...]] = _shades(INK) + _shades(MUTED)
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    if matrix is not None:
        colours = thumbnails.colours(matrix)
        _draw_map(pixels, matrix, len(palette), len(colours))
        palette += [tuple(bytes.fromhex(colour[1:])) for colour in colours]
    indent = 0
    if logo := _logo(told.logo):
        shown, own = logo
        indent = shown.shape[1] + 16
        top = HEIGHT - 76 - shown.shape[0] // 2
        pixels[top : top + shown.shape[0], 72 : 72 + shown.shape[1]] = shown + len(palette)
        palette += own
    for size, muted, x, y, text in _words(model, matrix):
        _write(pixels, text, size, x, y, SHADES if muted else 0)
    name = str(fold(told.title))[:LONGEST]
    _write(pixels, name, 27, 72 + indent, HEIGHT - 92, 0)
    image = Image.fromarray(pixels, mode="P")
    image.putpalette(bytes(part for colour in palette for part in colour))
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _logo(file: Path | None) -> tuple[NDArray[np.uint8], list[tuple[int, ...]]] | None:
    """A logo on the picture's ground: places in a palette of its own, and that; None for what
    Pillow does not read, such as SVG."""
    from PIL import Image, UnidentifiedImageError

    if file is None or not file.is_file():
        return None
    try:
        with Image.open(file) as opened:
            opened.thumbnail((LOGO * 4, LOGO))
            drawn = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
    ground = Image.new("RGBA", drawn.size, (*GROUND, 255))
    few = Image.alpha_composite(ground, drawn).convert("RGB").quantize(LOGO_COLOURS)
    colours = (few.getpalette() or [])[: 3 * LOGO_COLOURS]
    own = [tuple(colours[at : at + 3]) for at in range(0, len(colours), 3)]
    return np.asarray(few), own


def _shades(colour: tuple[int, int, int]) -> list[tuple[int, ...]]:
    """From the ground to a colour."""
    steps = np.linspace(GROUND, colour, SHADES).round().astype(int)
    return [tuple(map(int, step)) for step in steps]


def _draw_map(pixels: NDArray[np.uint8], matrix: Matrix, first: int, levels: int) -> None:
    left, top, right, bottom = MAP
    steps = thumbnails.laid(matrix)
    index = first + thumbnails.indexed(steps, levels).astype(int)
    index = np.where(steps == MISSING, 3, index)
    rows = np.arange(bottom - top) * steps.shape[0] // (bottom - top)
    columns = np.arange(right - left) * steps.shape[1] // (right - left)
    pixels[top:bottom, left:right] = index[rows[:, None], columns[None]]


def _words(model: Model, matrix: Matrix | None) -> list[tuple[int, bool, int, int, str]]:
    """Every line of text: size, whether it is small print, left, top, words."""
    entry = model.entry
    lines = _wrapped(str(fold(entry.name)), 60, MAP[0] - 130)[:4]
    found = [(60, False, 72, 92 + 74 * at, line) for at, line in enumerate(lines)]
    below = 92 + 74 * len(lines) + 14
    facts = [f"{family_names.spelt(entry.family, [entry.name])} family"]
    if entry.geometry:
        heads = f", {entry.geometry.heads} heads" if entry.geometry.heads else ""
        facts.append(f"{entry.geometry.layers} layers{heads}")
        if entry.geometry.parameters:
            facts.append(f"{count(entry.geometry.parameters)} parameters")
    if entry.is_reference:
        facts.append("Reference model, for demonstration")
    found += [(27, True, 72, below + 40 * at, text) for at, text in enumerate(facts)]
    caption = "Awaiting a profile"
    if matrix is not None:
        caption = f"{matrix.title}: {thumbnails.axes(matrix)}"
    caption = str(fold(caption))[:LONGEST]
    found.append((24, True, MAP[0], MAP[3] + 22 if matrix is not None else 270, caption))
    return found


def _wrapped(text: str, size: int, width: int) -> list[str]:
    """Words in lines of at most `width` pixels; a longer word is cut."""
    font = _font(size)
    lines: list[str] = []
    for word in text.split():
        while font.getlength(word) > width:
            word = word[: len(word) * 9 // 10]
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return found


def _write(pixels: NDArray[np.uint8], text: str, size: int, x: int, y: int, first: int) -> None:
    """Put a line of text, smooth, onto the picture; what reaches over its edge is cut."""
    from PIL import Image, ImageDraw

    width = min(round(_font(size).getlength(text)) + 4, WIDTH - x)
    mask = Image.new("L", (width, round(size * 1.4)))
    ImageDraw.Draw(mask).text((0, 0), text, fill=255, font=_font(size))
    shades = np.asarray(mask) // (256 // SHADES)
    place = pixels[y : y + mask.height, x : x + mask.width]
    place[shades > 0] = first + shades[shades > 0]


def mark(project: Project) -> int:
    """Give every built model page that knows its address a picture and tags; how many have them."""
    pages = {page: page.read_text("utf-8") for page in project.site.glob("models/*/index.html")}
    tagged = {page: tags for page, text in pages.items() if (tags := _tags(text))}
    told = presentation.load(project)
    for model in collection.load(project) if tagged else ():
        page = project.site / model.folder / "index.html"
        if page in tagged:
            json_file.write_atomic(page.parent / FILE, png(model, told))
            if "og:image" not in pages[page]:
                text = pages[page].replace("</head>", f"{tagged[page]}</head>", 1)
                json_file.write_atomic(page, text)
    return len(tagged)


def _tags(text: str) -> str:
    """The tags of a built page, made of what its own head says; none without a full address."""
    address = re.search(r'<link rel="canonical" href="(https?://[^"]+)"', text)
    title = re.search(r"<title>([^<]*)</title>", text)
    about = re.search(r'<meta name="description" content="([^"]*)"', text)
    if not address or not title or not about:
        return ""
    picture = urljoin(address[1], FILE)
    told = {
        "og:type": "article",
        "og:title": title[1].replace('"', "&quot;"),
        "og:description": about[1],
        "og:url": address[1],
        "og:image": picture,
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
    }
    tags = [f'<meta property="{name}" content="{value}">' for name, value in told.items()]
    return "".join([*tags, '<meta name="twitter:card" content="summary_large_image">'])
