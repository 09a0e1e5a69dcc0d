"""Every file and module that a comment, a docstring or a guide names is there.

A name in backticks counts: a path from the root of the repository, from `atlas/` or from the file's
own folder, or the end of the path of one file only; `atlas.x.y` for a module.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import atlas

ROOT = Path(__file__).parents[2]

NAMED = re.compile(r"`([\w./-]*\w\.(?:py|js|css|j2|md))(?::\d+)?`")
MODULE = re.compile(r"`(?:python -m )?(atlas(?:\.(?!js\b|css\b)\w+)+)")
SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)

GUIDES = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "atlas/data/README.md",
    "benchmarks/README.md",
)

EACH = {"run.py", "mount.js"}
"""Files that every folder of a kind has."""


@cache
def files() -> frozenset[str]:
    """Every file of the repository, tracked or about to be."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    return frozenset(name for name in found.stdout.splitlines() if (ROOT / name).is_file())


@cache
def texts() -> dict[str, str]:
    """What is written for people, by the file that it stands in."""
    found = {}
    for name in sorted(files()):
        text = (ROOT / name).read_text(encoding="utf-8") if _is_read(name) else ""
        if name.endswith(".py"):
            found[name] = "\n".join(_python(text))
        elif name.endswith((".js", ".css")):
            found[name] = "\n".join(SCRIPT_COMMENT.findall(text))
        elif text:
            found[name] = text
    return {name: text for name, text in found.items() if text}


def _is_read(name: str) -> bool:
    code = name.startswith("atlas/") and name.endswith((".py", ".js", ".css"))
    return code or name.startswith("templates/") or name in GUIDES


def _python(text: str) -> Iterator[str]:
    """The comments of a module, and strings that stand alone: docstrings of whatever."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


@cache
def ends() -> Counter[str]:
    """How many files end in each of their paths' ends."""
    return Counter(
        "/".join(parts[start:])
        for parts in (name.split("/") for name in files())
        for start in range(len(parts))
    )


def is_there(named: str, inside: str) -> bool:
    """Whether a name that stands in the file `inside` means one that is there."""
    folder = inside.rpartition("/")[0]
    whole = {named, f"atlas/{named}", f"{folder}/{named}"}
    return bool(whole & files()) or ends()[named] == 1


def is_module(named: str) -> bool:
    """Whether it is a module, or a name that the package offers."""
    path = named.replace(".", "/")
    offered = named.removeprefix("atlas.") in (*atlas.__all__, "__all__")
    return offered or bool({f"{path}.py", f"{path}/__init__.py"} & files())


@pytest.mark.parametrize("inside", sorted(texts()))
def test_every_file_that_is_named_is_there(inside: str) -> None:
    text = texts()[inside]
    gone = {one for one in NAMED.findall(text) if one not in EACH and not is_there(one, inside)}
    gone |= {one for one in MODULE.findall(text) if not is_module(one)}
    assert sorted(gone) == []
