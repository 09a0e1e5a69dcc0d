"""The wall: JSON between measuring and showing, and imports that point down only.

Read from the source, so that an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import tiny
from samples import GEOMETRY, write_entry
from test_batches import letters

from atlas.paths import PACKAGE, Project

TORCH = {"torch", "transformers", "tokenizers", "safetensors", "accelerate"}
WEB = {"bokeh", "jinja2", "markupsafe", "mkdocs", "PIL"}
FLOOR = [
    *("errors", "paths", "schemas", "strict_yaml", "json_file", "entry", "matrix", "store"),
    *("architectures", "headers", "plan", "analysis", "settings", "pins", "check", "verify"),
    "corpus",
]
"""What both sides stand on, as in DESIGN.md: neither side's libraries, and no module of a side."""
MEASURES = ["profile", "checkpoint", "linalg"]
SHOWS = ["pages", "figures", "publishing", "templating"]


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name without `atlas.`; packages by their own."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


@functools.cache
def imports(name: str) -> frozenset[str]:
    """What a module imports, anywhere in it: `atlas.x` for our own, else the top-level name."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in typing_only]
    return frozenset(found for node in nodes for found in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here"
        inside = [f"{node.module}.{alias.name}" for alias in node.names]
        ours = node.module == "atlas" or f"{node.module}".startswith("atlas.")
        names = (
            [
                name if name.removeprefix("atlas.") in modules() else f"{node.module}"
                for name in inside
            ]
            if ours
            else [f"{node.module}"]
        )
    else:
        return
    for name in names:
        yield name if name.startswith("atlas.") else name.partition(".")[0]


def ours(name: str) -> set[str]:
    """The modules of this package that a module imports."""
    return {item.removeprefix("atlas.") for item in imports(name) if item.startswith("atlas.")}


def reaches(name: str) -> set[str]:
    """Everything that a module imports, through others too."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        for item in imports(here):
            inner = item.removeprefix("atlas.")
            if item not in seen and item.startswith("atlas.") and inner in modules():
                waiting.append(inner)
            seen.add(item)
    return seen


ABOVE = ("cli", "steps", "__main__")


@pytest.mark.parametrize("name", [name for name in modules() if name not in ABOVE])
def test_no_module_stands_on_both_sides(name: str) -> None:
    reached = reaches(name)
    assert not (reached & TORCH and reached & WEB), (reached & TORCH, reached & WEB)


@pytest.mark.parametrize("name", FLOOR)
def test_the_floor_imports_neither_side(name: str) -> None:
    assert not reaches(name) & (TORCH | WEB)


@pytest.mark.parametrize("name", MEASURES)
def test_measuring_is_seen_to_reach_torch_and_not_the_web(name: str) -> None:
    """The first half proves that the test sees what it is looking for."""
    assert reaches(name) & TORCH and not reaches(name) & WEB


@pytest.mark.parametrize("name", SHOWS)
def test_showing_does_not_reach_torch(name: str) -> None:
    assert not reaches(name) & TORCH


def test_showing_is_seen_to_reach_the_web() -> None:
    assert {"bokeh", "jinja2"} <= reaches("pages")


def test_imports_point_down_only() -> None:
    graph = {name: ours(name) for name in modules()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError with the circle


def test_nothing_imports_the_command_line_and_no_analysis_another() -> None:
    for name in modules():
        assert "cli" not in ours(name) or name == "__main__", name
        assert "steps" not in ours(name) or name == "cli", name
        if name.startswith("analyses."):
            assert not [other for other in ours(name) if other.startswith("analyses")], name
            assert "profile" not in ours(name)


def test_only_the_command_line_imports_the_loop_over_analyses() -> None:
    assert [name for name in modules() if "profile" in ours(name)] == ["steps"]


def test_no_module_has_a_name_that_says_nothing() -> None:
    for name in modules():
        assert name.rpartition(".")[2] not in {"utils", "common", "helpers", "base", "manager"}


# The same, of processes


def loaded(project: Project, *words: str, before: str = "") -> set[str]:
    """The modules that a command has loaded when it is done; `before`: what is run ahead of it."""
    script = (
        f"import json, sys\n{before}"
        "from atlas.cli import main\n"
        f"try: main({list(words)!r}, prog_name='atlas')\n"
        "except SystemExit as end:\n"
        "    print()\n"
        "    print(json.dumps([end.code, sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    code, names = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return {name.partition(".")[0] for name in names}


@pytest.fixture
def measured(project: Project) -> Project:
    """A project with a model whose weights are at hand."""
    letters(tiny.make(project.root / "weights", "llama"))
    shape = {**GEOMETRY, "d_head": 6}
    write_entry(project, source="./weights", revision=..., geometry=shape)
    return project


@pytest.mark.parametrize("command", ["check", "plan", "render"])
def test_commands_that_do_without_torch(measured: Project, command: str) -> None:
    done = loaded(measured, command, "--project", str(measured.root))
    assert not done & TORCH
    assert "atlas" in done


def test_help_loads_neither_side_nor_numpy(project: Project) -> None:
    assert not loaded(project, "--help") & (TORCH | WEB | {"numpy", "yaml", "jsonschema"})


THIN = f"""
sys.path.insert(0, {str(Path(__file__).parent)!r})
import thin_corpus
from atlas import corpus
corpus.in_use = thin_corpus.passages
"""
"""Has a process read few of the corpus' texts: what it loads does not depend on how many."""


def test_measuring_loads_nothing_of_the_web(measured: Project) -> None:
    done = loaded(measured, "profile", "--project", str(measured.root), before=THIN)
    # transformers loads jinja2 and PIL of its own; that we do not is seen in the imports, above.
    assert "torch" in done and not done & (WEB - {"jinja2", "markupsafe", "PIL"})
    assert measured.profile("some-model", "weights").is_file()
    assert measured.profile("some-model", "activations").is_file()
