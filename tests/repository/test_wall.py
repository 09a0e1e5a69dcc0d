"""The wall and the wings: which folder may import which, and no circles.

Read from the source, so that an import inside a function counts as well; what only types need does
not. ARCHITECTURE.md shows the same table.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import tiny
from letters import letters
from samples import GEOMETRY, write_entry

from atlas.paths import PACKAGE, Project

ROOT = {"errors", "failures", "paths", "words"}
"""Files at the root, which every wing may import."""

FLOOR = {"files", "schemas", "pinned", "entries", "architectures", "checkpoints"}

MAY: dict[str, set[str]] = {
    "errors": set(),
    "words": set(),
    "paths": {"errors"},
    "failures": {"errors", "paths"},
    "files": ROOT,
    "schemas": ROOT | {"files"},
    "pinned": ROOT | {"files", "schemas"},
    "entries": ROOT | {"files", "schemas"},
    "architectures": ROOT | {"files", "schemas", "entries"},
    "checkpoints": ROOT | {"entries", "files"},
    "profiles": ROOT | FLOOR,
    "drafting": ROOT | FLOOR | {"profiles"},
    "review": ROOT | FLOOR | {"profiles"},
    "loaded": ROOT | FLOOR | {"profiles"},
    "passes": ROOT | FLOOR | {"profiles", "loaded"},
    "analyses": ROOT | FLOOR | {"profiles", "loaded", "passes"},
    "measure": ROOT | FLOOR | {"profiles", "loaded", "passes"},
    "zoo": ROOT | FLOOR | {"loaded"},
    "site": ROOT | {"files", "schemas", "pinned", "entries", "architectures", "profiles", "review"},
    "library": ROOT | FLOOR | {"profiles", "loaded", "measure", "site"},
    "commands": ROOT
    | FLOOR
    | {"profiles", "drafting", "review", "measure", "site", "loaded", "library"},
}
"""What each wing may import beside itself; `__main__` is the command."""

READ_THROUGH = {"profiles.statement": {"analyses"}}
"""Statements of analyses, which stand on the floor, are found by name."""

TORCH = {"torch", "transformers", "tokenizers", "safetensors", "gguf", "accelerate", "sklearn"}
WEB = {"bokeh", "jinja2", "markupsafe", "mkdocs", "PIL"}
SIDES = {
    "torch": (TORCH, {"loaded", "passes", "analyses", "measure", "zoo"}),
    "web": (WEB, {"site"}),
}
"""Libraries that only some wings import: left and right of the wall."""


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name without `atlas.`; packages by their own."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    del found["__init__"]
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


def wing(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("name", sorted(MAY))
def test_a_wing_imports_what_it_may(name: str) -> None:
    allowed = MAY[name] | {name}
    wrong = [
        f"{one} imports {other}"
        for one in modules()
        if wing(one) == name
        for other in sorted(ours(one) - READ_THROUGH.get(one, set()))
        if wing(other) not in allowed
    ]
    assert wrong == []


def test_architecture_md_draws_this_table() -> None:
    text = (PACKAGE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## What may import what")[2].partition("## ")[0]
    short = {"*root*": ROOT, "*floor*": FLOOR}
    drawn = {}
    for name, may in re.findall(r"^\| `(\w+)` \| *([^;|]*)", table, re.MULTILINE):
        drawn[name] = set().union(*(short.get(word, {word.strip("`")}) for word in may.split()))
    assert drawn == MAY


def test_every_module_is_in_a_wing() -> None:
    assert {wing(name) for name in modules()} == {*MAY, "__main__"}
    assert ours("__main__") == {"commands"}


@pytest.mark.parametrize("side", SIDES)
def test_libraries_stay_on_their_side_of_the_wall(side: str) -> None:
    libraries, wings = SIDES[side]
    users = {name for name in modules() if imports(name) & libraries}
    assert users and {wing(name) for name in users} <= wings, users


def test_no_analysis_imports_another() -> None:
    for name in modules():
        if name.startswith("analyses."):
            folder = ".".join(name.split(".")[:2])
            inside = {one for one in ours(name) if wing(one) == "analyses"}
            assert all(one == folder or one.startswith(f"{folder}.") for one in inside), name


def test_statements_of_analyses_stand_on_the_floor() -> None:
    """What is read without torch: `analyses/<name>/__init__.py`."""
    for name in modules():
        if name.startswith("analyses.") and name.count(".") == 1:
            assert {wing(one) for one in ours(name)} <= ROOT | {"entries"}, name
            assert not imports(name) & TORCH, name


def test_no_circles() -> None:
    graph = {name: ours(name) & modules().keys() - {name} for name in modules()}
    tuple(TopologicalSorter(graph).static_order())


def test_only_commands_measure_and_show() -> None:
    """`measure.run` writes profiles: nothing but commands, and a notebook, has it do so."""
    users = {wing(name) for name in modules() if "measure.run" in ours(name)}
    assert users == {"commands", "library"}


# The same, of processes


def loaded(project: Project, *words: str, before: str = "") -> set[str]:
    """The modules that a command has loaded when it is done; `before`: what is run ahead of it."""
    script = (
        f"import json, sys\n{before}"
        "from atlas.commands import main\n"
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
sys.path.insert(0, {str(Path(__file__).parents[1] / "support")!r})
import thin_corpus
from atlas.pinned import corpus
corpus.chosen = thin_corpus.passages
"""
"""Has a process read few of the corpus' texts: what it loads does not depend on how many."""


def test_measuring_loads_nothing_of_the_web(measured: Project) -> None:
    done = loaded(measured, "profile", "--project", str(measured.root), before=THIN)
    # transformers loads jinja2 and PIL of its own; that we do not is seen in the imports, above.
    assert "torch" in done and not done & (WEB - {"jinja2", "markupsafe", "PIL"})
    assert measured.profile("some-model", "weights").is_file()
    assert measured.profile("some-model", "activations").is_file()
