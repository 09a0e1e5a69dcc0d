"""The wings of the scripts: which folder of `atlas/static/` may import which, and no circles.

Read from the source, without the types in its comments. An `import()` inside a function loads when
a reader asks for it; the few that lead into another figure or page are listed. `test_wall.py` holds
the Python side, ARCHITECTURE.md draws both.
"""

from __future__ import annotations

import functools
import posixpath
import re
from graphlib import TopologicalSorter

import pytest

from atlas.paths import static

SHARED = {"shell", "matrix", "panels", "drawing", "plots"}
"""Wings that figures and pages are made of."""

FIGURES = {"attention", "functions", "masks", "residual"}
"""A wing a figure of a model's page; `heatmap` is the one that other wings build on."""

PAGES = {"compare", "family", "heads", "home", "lost", "models", "survey", "tune"}
"""A wing a page over several models."""

MAY: dict[str, set[str]] = {
    "shell": set(),
    "matrix": set(),
    "panels": {"matrix", "shell"},
    "drawing": {"panels", "matrix", "shell"},
    "plots": {"drawing", "panels", "matrix", "shell"},
    "heatmap": {"drawing", "panels", "matrix", "shell"},
    **{wing: SHARED | {"heatmap"} for wing in FIGURES | PAGES},
}
"""What each wing may import beside itself."""

ENTRIES = {"atlas.js", "early.js"}
"""Scripts outside the wings, which pages name themselves."""

LAZY = {
    ("compare/mount.js", "masks/comparison.js"),
    ("functions/head-panel.js", "heads/nearest.js"),
}
"""What one figure or page may load of another when a reader asks for it."""

COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*", re.DOTALL | re.MULTILINE)
IMPORT = re.compile(r'^import\b[^"(]*"([^"\n]+)"', re.MULTILINE)
LATER = re.compile(r'\bimport\(\s*"([^"\n]+)"')


@functools.cache
def scripts() -> dict[str, str]:
    """Code of every script by its path below `static/`, without its comments."""
    return {
        path.relative_to(static()).as_posix(): COMMENT.sub("", path.read_text(encoding="utf-8"))
        for path in sorted(static().rglob("*.js"))
    }


def imports(script: str) -> set[str]:
    """The scripts that one imports as it loads."""
    return {_path(script, named) for named in IMPORT.findall(scripts()[script])}


def later(script: str) -> set[str]:
    """The scripts that one loads when they are needed."""
    return {_path(script, named) for named in LATER.findall(scripts()[script])}


def _path(script: str, named: str) -> str:
    assert named.startswith("."), f"{script} imports {named!r}, which is not a path"
    return posixpath.normpath(posixpath.join(posixpath.dirname(script), named))


def wing(script: str) -> str:
    return script.partition("/")[0]


def wrong(found: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of pairs of scripts, those where the first may not import the second."""
    return sorted(
        (one, other)
        for one, other in found
        if wing(other) not in MAY.get(wing(one), set()) | {wing(one)}
    )


def test_every_script_and_sheet_is_in_a_wing() -> None:
    sheets = {path.relative_to(static()).as_posix() for path in static().rglob("*.css")}
    assert {wing(name) for name in {*scripts(), *sheets} - ENTRIES} == MAY.keys()


def test_every_import_leads_to_a_script() -> None:
    found = {other for script in scripts() for other in imports(script) | later(script)}
    assert found <= scripts().keys()


@pytest.mark.parametrize("name", sorted(MAY))
def test_a_wing_imports_what_it_may(name: str) -> None:
    found = {(one, other) for one in scripts() if wing(one) == name for other in imports(one)}
    assert wrong(found) == []


def test_only_listed_scripts_load_another_figure_or_page() -> None:
    inside = scripts().keys() - ENTRIES
    assert wrong({(one, other) for one in inside for other in later(one)}) == sorted(LAZY)


def test_pages_name_two_scripts_and_these_load_the_others() -> None:
    assert scripts().keys() >= ENTRIES
    assert {wing(other) for other in imports("atlas.js")} == {"shell"}
    assert {wing(other) for other in later("atlas.js")} == FIGURES | PAGES | {"heatmap"}
    assert imports("early.js") | later("early.js") == set()


def test_no_circles() -> None:
    """Neither as scripts load nor when they load others later."""
    graph = {script: imports(script) | later(script) for script in scripts()}
    tuple(TopologicalSorter(graph).static_order())
