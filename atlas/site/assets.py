"""What every page of the site shares: scripts, style, the figure's template and BokehJS itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atlas.paths import static
from atlas.site import script_bundles
from atlas.site.figures import bokeh_figure

FOLDER = "assets/atlas"
STYLE = "atlas.css"

COMMENTS = re.compile(r"/\*.*?\*/\s*|^[ \t]+", re.DOTALL | re.MULTILINE)
"""What of a style sheet means nothing to a browser: comments, and space that begins a line."""


def files() -> Iterator[tuple[str, bytes]]:
    """Path below docs/, and content."""
    modules = {
        path.name: path.read_text(encoding="utf-8") for path in sorted(static().glob("*.js"))
    }
    for name, script in script_bundles.joined(modules).items():
        yield f"{FOLDER}/{name}", script.encode()
    # One file, so that a page asks once and no mkdocs.yml has to follow when a page kind is added.
    styles = sorted(static().glob("*.css"), key=lambda path: (path.name != STYLE, path.name))
    sheet = "\n".join(path.read_text(encoding="utf-8") for path in styles)
    yield f"{FOLDER}/{STYLE}", COMMENTS.sub("", sheet).encode()
    name, wheel = bokeh_figure.script()
    yield f"{FOLDER}/{name}", wheel.read_bytes()
    yield f"{FOLDER}/heatmap.json", bokeh_figure.template().encode()
