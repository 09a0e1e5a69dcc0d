"""What an analysis is, and what each one states about itself, read without importing torch.

An analysis is one file, `atlas/analyses/<name>.py`: its name is the file's name, its docstring is
the text of its page. Beside that it states, as literals that are read from its source:

VERSION: int      raised by its author whenever its numbers change
TIER              "weights" (streams the checkpoint), "forward" or "backward" (runs the model)
KINDS             the kinds of architecture it fits: ("decoder", "encoder")
PROTOCOL          what must agree before values of two models are subtracted; {"corpus": "digest"}
                  stands for the digest of the corpus in use, "clusters" for that of its clusters,
                  "relations" for that of the relations; "sparsity" and "learned" are an atlas' to
                  choose
NEEDS             where stated: keys of the entry without which it does not apply, ("base",); what
                  needs a base has run(checkpoint, base, progress)
SHOWN             where stated: how its figure opens, {"order": "mean", "beside": "block"}: columns
                  by their mean, the column of the matrix `block` before those on the same scale
FACTS             where stated: facts' names as readers are told them, {"classified": "Heads ..."};
                  "" for a fact that its page tells elsewhere
def cost(geometry)  -> (floating point operations, peak bytes): pure arithmetic on a Geometry
def run(...)      -> Measured
"""

from __future__ import annotations

import ast
import functools
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

from atlas import choices, clusters, corpus, relations
from atlas.entry import Entry, Geometry
from atlas.errors import AtlasError, short, suggest
from atlas.matrix import Matrix
from atlas.paths import PACKAGE
from atlas.store import Scalar

Tier = Literal["weights", "forward", "backward"]
TIERS: tuple[Tier, ...] = ("weights", "forward", "backward")

DATA: Mapping[str, Callable[[], str]] = {
    "corpus": corpus.digest_in_use,
    "clusters": clusters.digest,
    "relations": relations.digest,
}
"""Data that protocols name, and what gives their digests."""

CHOSEN: Mapping[str, Callable[[], Scalar]] = {
    "sparsity": lambda: choices.now().sparsity,
    "learned": lambda: choices.now().learned,
}
"""What of a protocol an atlas chooses; the file of an analysis states what it is by default."""

STATED = ("VERSION", "TIER", "KINDS", "PROTOCOL", "NEEDS", "SHOWN", "FACTS")

Cost = Callable[[Geometry], tuple[float, float]]
"""An analysis' `cost`: floating point operations and peak bytes on a model of some shape."""

Progress = Callable[[int, int], None]
"""Called with (done, total) units of work as an analysis runs."""


@dataclass(frozen=True)
class Measured:
    """What an analysis returns; `profile` adds the model, the version and how it was made.

    `parts` are what is no matrix, lists of items by name, and go into files of their own (`parts`).
    """

    matrices: tuple[Matrix, ...]
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    conditions: Mapping[str, Scalar] = field(default_factory=dict)
    parts: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """What an analysis' file states about itself."""

    name: str
    version: int
    tier: Tier
    kinds: tuple[str, ...]
    own_protocol: Mapping[str, Scalar] = field(repr=False)
    prose: str
    source: Path = field(repr=False)
    needs: tuple[str, ...]
    shown: Mapping[str, str]
    facts: Mapping[str, str] = field(repr=False)
    arithmetic: Cost = field(repr=False, compare=False)

    @property
    def is_general(self) -> bool:
        """Whether any model can have it, whatever its architecture and lineage."""
        return set(self.kinds) >= {"decoder", "encoder"} and not self.needs

    @property
    def protocol(self) -> Mapping[str, Scalar]:
        """Its protocol under what is chosen at the moment."""
        return _pinned(self.own_protocol)

    @property
    def title(self) -> str:
        """The first line of the docstring, without its full stop."""
        return self.prose.partition("\n")[0].rstrip(".")

    @property
    def text(self) -> str:
        """The docstring below its title: Markdown for the methods page."""
        return self.prose.partition("\n")[2].strip()


def names() -> tuple[str, ...]:
    """Every analysis there is, in the order of tiers, then of names."""
    folder = PACKAGE / "analyses"
    found = [path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")]
    return tuple(sorted(found, key=lambda name: (TIERS.index(statement(name).tier), name)))


@functools.cache
def statement(name: str) -> Statement:
    """What the analysis states about itself, from its source.

    Raises `AtlasError` for an unknown name, and for a file that does not state what it must.
    """
    path = PACKAGE / "analyses" / f"{name}.py"
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("[a-z]*.py"))
        raise AtlasError(f"there is no analysis {name!r}", remedy=suggest(name, known))
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    literals = _literals(tree)
    missing = [key for key in ("VERSION", "TIER", "KINDS", "PROTOCOL") if key not in literals]
    prose = ast.get_docstring(tree) or ""
    function = _function(tree, "cost")
    if missing or not prose or function is None:
        raise AtlasError(
            f"states no {', '.join(missing) or 'docstring or cost'}",
            file=path,
            remedy="see atlas/analysis.py for what an analysis states",
        )
    _require_sound(literals, path)
    return Statement(
        name=name,
        version=literals["VERSION"],
        tier=literals["TIER"],
        kinds=tuple(literals["KINDS"]),
        own_protocol=literals["PROTOCOL"],
        prose=prose,
        source=path,
        needs=tuple(literals.get("NEEDS", ())),
        shown=literals.get("SHOWN", {}),
        facts=literals.get("FACTS", {}),
        arithmetic=_arithmetic(function, path),
    )


def prose(name: str) -> str:
    """The docstring of an analysis: title line and the text of its page."""
    return statement(name).prose


def cost(name: str, geometry: Geometry) -> tuple[float, float]:
    """What an analysis would take on a model of that shape: (floating point operations, bytes).

    `cost` in the analysis' file is pure arithmetic, so it is compiled alone and torch stays out.
    """
    operations, peak = statement(name).arithmetic(geometry)
    return float(operations), float(peak)


def _arithmetic(function: ast.FunctionDef, path: Path) -> Cost:
    """`cost` of an analysis' file, compiled without the rest of the file."""
    future = ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
    module = ast.fix_missing_locations(ast.Module([future, function], []))
    namespace: dict[str, Any] = {"math": math}
    exec(compile(module, str(path), "exec"), namespace)  # our own source, not input
    return cast(Cost, namespace["cost"])


def load(name: str) -> ModuleType:
    """The analysis' module itself, torch and all. Raises `AtlasError` where torch is missing."""
    statement(name)
    try:
        return importlib.import_module(f"atlas.analyses.{name}")
    except ModuleNotFoundError as error:
        raise AtlasError(
            f"analysis {name!r} needs {error.name}, which is not installed",
            remedy="pip install 'model-atlas[profile]'",
        ) from error


def wanted(entry: Entry, kind: str, chosen: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The analyses that a model should have: its entry's, else the project's, else all; those
    that fit its kind of architecture, and that it states enough for."""
    stated = entry.analyses if entry.analyses is not None else chosen
    asked = stated if stated is not None else names()
    return tuple(
        name
        for name in names()
        if name in asked
        and kind in statement(name).kinds
        and all(getattr(entry, key) is not None for key in statement(name).needs)
    )


def _require_sound(literals: Mapping[str, Any], path: Path) -> None:
    """Raise `AtlasError` for a statement of the wrong type."""
    protocol, shown = literals["PROTOCOL"], literals.get("SHOWN", {})
    sound = {
        "VERSION": type(literals["VERSION"]) is int and literals["VERSION"] > 0,
        "TIER": literals["TIER"] in TIERS,
        "KINDS": isinstance(literals["KINDS"], tuple)
        and set(literals["KINDS"]) <= {"decoder", "encoder"},
        "NEEDS": literals.get("NEEDS", ()) in ((), ("base",)),
        "SHOWN": _is_words(shown) and set(shown) <= {"order", "beside"},
        "FACTS": _is_words(literals.get("FACTS", {})),
        "PROTOCOL": isinstance(protocol, dict)
        and all(isinstance(value, (str, int, float, type(None))) for value in protocol.values()),
    }
    for key in (key for key, is_sound in sound.items() if not is_sound):
        raise AtlasError(
            f"states {short(literals[key])}",
            file=path,
            place=key,
            remedy="see atlas/analysis.py for what an analysis states",
        )


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str) for word in value.values())


def _pinned(protocol: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """A protocol with the digests of the data that it says an analysis measures on, and what was
    chosen."""
    found = dict(protocol)
    for key, value in protocol.items():
        if key in DATA and value == "digest":
            found[key] = DATA[key]()
        elif key in CHOSEN:
            found[key] = CHOSEN[key]()
    return found


def _literals(tree: ast.Module) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id in STATED:
            value = node.value  # type: ignore[attr-defined]
            found[target.id] = ast.literal_eval(value)
    return found


def _function(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    return None
