"""What every page of the site shares: scripts, style, the figure's template and BokehJS itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from atlas.entries.colours import Colours
from atlas.paths import static
from atlas.site import script_bundles
from atlas.site.figures import bokeh_figure

FOLDER = "assets/atlas"
STYLE = "atlas.css"
"""The one style sheet of the site, from those of all wings."""

THEME = "shell/theme.css"
SHARED = ("shell", "panels", "drawing", "plots", "heatmap")
"""Wings whose styles come first, in this order: a figure or page may change them."""

COLOURED = ("--md-accent-fg-color", "--md-typeset-a-color", "--atlas-link")
"""What of the theme an atlas can colour itself."""

COMMENTS = re.compile(r"/\*.*?\*/\s*|^[ \t]+", re.DOTALL | re.MULTILINE)
"""What of a style sheet means nothing to a browser: comments, and space that begins a line."""


def files(colours: Colours = ()) -> Iterator[tuple[str, bytes]]:
    """Path below docs/, and content. `colours`: those of the atlas itself, by colour scheme."""
    modules = {
        path.relative_to(static()).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(static().rglob("*.js"))
    }
    for name, script in script_bundles.joined(modules).items():
        yield f"{FOLDER}/{name}", script.encode()
    # One file, so that a page asks once and no mkdocs.yml has to follow when a page kind is added.
    styles = sorted(static().rglob("*.css"), key=_place)
    sheet = "\n".join(path.read_text(encoding="utf-8") for path in styles)
    yield f"{FOLDER}/{STYLE}", f"{COMMENTS.sub('', sheet)}{_own(dict(colours))}".encode()
    name, wheel = bokeh_figure.script()
    yield f"{FOLDER}/{name}", wheel.read_bytes()
    yield f"{FOLDER}/heatmap.json", bokeh_figure.template().encode()


def _own(colours: Mapping[str, str]) -> str:
    """The colours of links and of what is chosen, where the atlas has its own; paper is light."""
    if not colours:
        return ""
    light, dark = (
        "".join(f"{name}:{colours[scheme]};" for name in COLOURED) for scheme in ("light", "dark")
    )
    return (
        f':root,[data-md-color-scheme="default"]{{{light}}}\n'
        f'@media screen{{[data-md-color-scheme="slate"]{{{dark}}}}}\n'
        f"@media print{{:root,[data-md-color-scheme]{{{light}}}}}\n"
    )


def _place(path: Path) -> tuple[int, bool, str]:
    """Where a style sheet stands: the theme first, and what others build on before them."""
    where = path.relative_to(static())
    wing = where.parts[0]
    place = SHARED.index(wing) if wing in SHARED else len(SHARED)
    return place, where.as_posix() != THEME, where.as_posix()
