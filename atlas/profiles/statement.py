"""What an analysis is, and what each one states about itself, without torch.

An analysis is a folder, `atlas/analyses/<name>/`: its name is the folder's name. `__init__.py`
states it and imports nothing but `Geometry`; its docstring is the text of the analysis' page.
Beside that it states:

VERSION: int      raised by its author whenever its numbers change
TIER              "weights" (streams the checkpoint), "forward" or "backward" (runs the model)
KINDS             the kinds of architecture it fits: ("decoder", "encoder")
PROTOCOL          what must agree before values of two models are subtracted; {"corpus": "digest"}
                  stands for the digest of the corpus in use, "clusters" for that of its clusters,
                  "relations" for that of the relations; "sparsity", "learned", "fold" and
                  "later" are an atlas' to choose
MATRICES          the matrices it makes: title, unit, range ... by name (`profiles/contract.py`)
PARTS             where stated: what it writes beside its profile, ("heads",), each with a schema
SIZES             where stated: numbers of parts that are differences, and the key of their item
                  that says of what size, {"losses": {"increase": "loss"}}
NEEDS             where stated: keys of the entry without which it does not apply, ("base",); what
                  needs a base has run(checkpoint, base, progress)
UNLESS            where stated: canonical modules that no model it fits has, and why, {"attn.gate":
                  "a gate ..."}: a clause that readers are told
ONLY_WITH         where stated: what of geometry a model has to have, and why, {"heads": "no layer
                  has attention ..."}: a clause that readers are told of a model that has none
SHOWN             where stated: how its figure opens, {"order": "mean", "beside": "block"}: columns
                  by their mean, the column of the matrix `block` before those on the same scale;
                  {"pin": "head"}: what the address of a model's page calls one of its cells
FACTS             where stated: facts' names as readers are told them, {"classified": "Heads ..."};
                  "" for a fact that its page tells elsewhere
REWORDED          where stated: titles, units and directions that profiles of this version may have,
                  and what is said today, {"share of what is there": "relative to the stream"}
def cost(geometry)  -> (floating point operations, peak bytes): pure arithmetic on a Geometry

`run.py` measures: def run(subject, progress) -> Measured, and, where it can share a pass over the
corpus with others, def observe(model, passages) -> Observer. sound.py, where there is one, says
what of a profile must agree with what (`profiles/soundness.py`).

An installed package brings analyses as entry points of the group `model_atlas.analyses`, each a
package laid out like a folder here. A project's folder brings none: a contribution carries no code.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import inspect
import math
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from atlas import analyses, architectures
from atlas.entries.entry import Entry
from atlas.entries.geometry import LACKING, Geometry
from atlas.errors import AtlasError, short, suggest
from atlas.failures import place
from atlas.pinned import clusters, corpus, relations
from atlas.pinned.choices import DEFAULT, Choices
from atlas.profiles import contract
from atlas.profiles.contract import Quantity
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar

Tier = Literal["weights", "forward", "backward"]
TIERS: tuple[Tier, ...] = ("weights", "forward", "backward")

DATA: Mapping[str, Callable[[Choices], str]] = {
    "corpus": corpus.chosen_digest,
    "clusters": clusters.digest,
    "relations": lambda choices: relations.digest(),
}
"""Data that protocols name, and what gives their digests."""

CHOSEN: Mapping[str, Callable[[Choices], Scalar]] = {
    "sparsity": lambda choices: choices.sparsity,
    "learned": lambda choices: choices.learned,
    "fold": lambda choices: choices.fold,
    "later": lambda choices: choices.later,
}
"""What of a protocol an atlas chooses; an analysis states what it is by default."""

EXTRA = ("torch", "transformers", "tokenizers", "safetensors", "accelerate")
"""What the extra `profile` installs."""

REQUIRED = ("VERSION", "TIER", "KINDS", "PROTOCOL", "MATRICES", "cost")

GROUP = "model_atlas.analyses"
"""The group of entry points by which installed packages bring analyses."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
"""What an analysis may be called."""

Cost = Callable[[Geometry], tuple[float, float]]
"""An analysis' `cost`: floating point operations and peak bytes on a model of some shape."""

Progress = Callable[[int, int], None]
"""Called with (done, total) units of work as an analysis runs."""


@dataclass(frozen=True)
class Measured:
    """What an analysis returns; `measure/run.py` adds the model, the version and how it was made.

    `parts` are not matrices but lists of items by name; each goes into a file of its own.
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
    needs: tuple[str, ...]
    unless: Mapping[str, str] = field(repr=False)
    only_with: Mapping[str, str] = field(repr=False)
    shown: Mapping[str, str]
    facts: Mapping[str, str] = field(repr=False)
    reworded: Mapping[str, str] = field(repr=False)
    matrices: Mapping[str, Quantity] = field(repr=False)
    parts: tuple[str, ...]
    sizes: Mapping[str, Mapping[str, str]] = field(repr=False)
    arithmetic: Cost = field(repr=False, compare=False)

    @property
    def is_general(self) -> bool:
        """Whether any model can have it, whatever its architecture and lineage."""
        return set(self.kinds) >= {"decoder", "encoder"} and not self.needs

    @property
    def protocol(self) -> Mapping[str, Scalar]:
        """Its protocol where an atlas chooses nothing."""
        return self.protocol_under(DEFAULT)

    def protocol_under(self, choices: Choices) -> Mapping[str, Scalar]:
        """Its protocol, with the digests of the data that it says it measures on, and what was
        chosen."""
        found = dict(self.own_protocol)
        for key, value in self.own_protocol.items():
            if key in DATA and value == "digest":
                found[key] = DATA[key](choices)
            elif key in CHOSEN:
                found[key] = CHOSEN[key](choices)
        return found

    @property
    def title(self) -> str:
        """The first line of the docstring, without its full stop."""
        return self.prose.partition("\n")[0].rstrip(".")

    @property
    def text(self) -> str:
        """The docstring below its title: Markdown for the methods page."""
        return self.prose.partition("\n")[2].strip()


def names() -> tuple[str, ...]:
    """Every analysis there is, in the order of tiers, then of names; without those whose statement
    cannot be read, which `broken` tells."""
    sound = [name for name in _folders() if not isinstance(_stated(name), AtlasError)]
    return tuple(sorted(sound, key=lambda name: (TIERS.index(of(name).tier), name)))


def broken() -> list[AtlasError]:
    """An error for each analysis whose statement cannot be read: it ends nothing but itself."""
    found = (_stated(name) for name in _folders())
    return [error for error in found if isinstance(error, AtlasError)]


def of(name: str) -> Statement:
    """What the analysis states about itself.

    Raises `AtlasError` for an unknown name, and for one that does not state what it must.
    """
    if name not in _folders():
        raise AtlasError(f"there is no analysis {name!r}", remedy=suggest(name, _folders()))
    found = _stated(name)
    if isinstance(found, AtlasError):
        raise found
    return found


def cost(name: str, geometry: Geometry) -> tuple[float, float]:
    """What an analysis would take on a model of that shape: (floating point operations, bytes).

    Raises `AtlasError` where its arithmetic fails.
    """
    try:
        operations, peak = map(float, of(name).arithmetic(geometry))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        operations = peak = math.nan
        told = f"its cost is not a pair of numbers: {type(error).__name__}: {error}"
    else:
        told = f"its cost is {operations}, {peak}"
    if not (0 <= operations < math.inf and 0 <= peak < math.inf):
        raise AtlasError(told, file=f"{name}/__init__.py in atlas/analyses", remedy="mend `cost`")
    return operations, peak


def module(name: str) -> ModuleType:
    """What measures an analysis, torch and all. Raises `AtlasError` where torch is missing."""
    of(name)
    try:
        return importlib.import_module(f"{_package(name)}.run")
    except ModuleNotFoundError as error:
        ours = (error.name or "").partition(".")[0] in EXTRA
        raise AtlasError(
            f"analysis {name!r} needs {error.name}, which is not installed",
            remedy="pip install 'model-atlas[profile]'" if ours else f"install {error.name}",
        ) from error


def rules(name: str) -> ModuleType | None:
    """What ties the values of an analysis to each other, sound.py; None where it says nothing."""
    of(name)
    where = _package(name)
    if importlib.util.find_spec(f"{where}.sound") is None:
        return None
    return importlib.import_module(f"{where}.sound")


def wanted(
    entry: Entry,
    kind: str,
    chosen: tuple[str, ...] | None = None,
    shape: Geometry | None = None,
) -> tuple[str, ...]:
    """The analyses that a model should have: its entry's, else the project's, else all; those
    that fit its kind of architecture and its shape, and that it states enough for.

    `shape`: what is known of it, by default what its entry states.
    """
    stated = entry.analyses if entry.analyses is not None else chosen
    asked = stated if stated is not None else names()
    return tuple(
        name
        for name in names()
        if name in asked
        and kind in of(name).kinds
        and unfit(name, entry.architecture, shape or entry.geometry) is None
        and all(getattr(entry, key) is not None for key in of(name).needs)
    )


def unfit(name: str, architecture: str, shape: Geometry | None = None) -> str | None:
    """Why an analysis fits no model of an architecture and, where it is known, of a shape, whatever
    its kind; None where it may."""
    if architecture not in architectures.known():
        return None
    row, stated = architectures.row(architecture), of(name)
    for count, why in stated.only_with.items():
        if row.never_has(count) or (shape is not None and getattr(shape, count) == 0):
            return why
    return next((why for module, why in stated.unless.items() if module in row.modules), None)


def not_offered(architecture: str, shape: Geometry | None = None) -> dict[str, str]:
    """The analyses that fit no model of an architecture and of a shape, though they fit its kind,
    and why."""
    kind = architectures.kind(architecture) if architecture in architectures.known() else None
    reasons = {name: unfit(name, architecture, shape) for name in names() if kind in of(name).kinds}
    return {name: why for name, why in reasons.items() if why is not None}


def _folders() -> tuple[str, ...]:
    found = pkgutil.iter_modules(analyses.__path__)
    own = {one.name for one in found if one.ispkg and not one.name.startswith("_")}
    return tuple(sorted(own | _installed().keys()))


def origin(name: str) -> dict[str, str]:
    """The condition that an analysis of another package gives its profiles: which one, and its
    version."""
    entry = _installed().get(name)
    return (
        {}
        if entry is None or entry.dist is None
        else {"analysis": f"of the package {entry.dist.name} {entry.dist.version}"}
    )


@functools.cache
def _installed() -> Mapping[str, EntryPoint]:
    """The entry points of analyses that other packages bring, without those that have the name of
    one of ours, and what lies in the working folder, which is a project's and is not installed."""
    own = {one.name for one in pkgutil.iter_modules(analyses.__path__)}
    here = Path.cwd()
    return {
        entry.name: entry
        for entry in importlib.metadata.entry_points(group=GROUP)
        if NAME.fullmatch(entry.name)
        and entry.name not in own
        and entry.dist is not None
        and Path(str(entry.dist.locate_file(""))).resolve() != here
    }


def _package(name: str) -> str:
    """The Python package of an analysis."""
    entry = _installed().get(name)
    return f"atlas.analyses.{name}" if entry is None else entry.module


@functools.cache
def _stated(name: str) -> Statement | AtlasError:
    """The statement of an analysis, or what is wrong with it, whatever its file raises."""
    package = _package(name)
    where = f"{name}/__init__.py in {package.rpartition('.')[0].replace('.', '/')}"
    try:
        return _read(name, importlib.import_module(package), where)
    except AtlasError as error:
        return error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it may end the process, for all we know
        told = f"cannot be read: {type(error).__name__}: {error} ({place(error)})"
        return AtlasError(told, file=where, remedy="mend the analysis, or remove its folder")


def _read(name: str, package: ModuleType, where: str) -> Statement:
    stated = vars(package)
    prose = inspect.getdoc(package) or ""
    missing = [key for key in REQUIRED if key not in stated] + ([] if prose else ["docstring"])
    if missing:
        raise AtlasError(
            f"states no {', '.join(missing)}",
            file=where,
            remedy="see atlas/profiles/statement.py for what an analysis states",
        )
    _require_sound(stated, where)
    return Statement(
        name=name,
        version=stated["VERSION"],
        tier=stated["TIER"],
        kinds=tuple(stated["KINDS"]),
        own_protocol=stated["PROTOCOL"],
        prose=prose,
        needs=tuple(stated.get("NEEDS", ())),
        unless=stated.get("UNLESS", {}),
        only_with=stated.get("ONLY_WITH", {}),
        shown=stated.get("SHOWN", {}),
        facts=stated.get("FACTS", {}),
        reworded=stated.get("REWORDED", {}),
        matrices=_quantities(stated["MATRICES"], where),
        parts=tuple(stated.get("PARTS", ())),
        sizes=stated.get("SIZES", {}),
        arithmetic=stated["cost"],
    )


def _require_sound(stated: Mapping[str, Any], where: str) -> None:
    """Raise `AtlasError` for a statement of the wrong type."""
    protocol, shown = stated["PROTOCOL"], stated.get("SHOWN", {})
    sound = {
        "VERSION": type(stated["VERSION"]) is int and stated["VERSION"] > 0,
        "TIER": stated["TIER"] in TIERS,
        "KINDS": isinstance(stated["KINDS"], tuple)
        and set(stated["KINDS"]) <= {"decoder", "encoder"},
        "NEEDS": stated.get("NEEDS", ()) in ((), ("base",)),
        "UNLESS": _is_words(stated.get("UNLESS", {})),
        "ONLY_WITH": _is_words(only_with := stated.get("ONLY_WITH", {}))
        and set(only_with) <= set(LACKING),
        "SHOWN": _is_words(shown) and set(shown) <= {"order", "beside", "pin"},
        "FACTS": _is_words(stated.get("FACTS", {})),
        "REWORDED": _is_words(stated.get("REWORDED", {})),
        "MATRICES": isinstance(stated["MATRICES"], dict) and bool(stated["MATRICES"]),
        "PARTS": isinstance(stated.get("PARTS", ()), tuple),
        "SIZES": isinstance(sizes := stated.get("SIZES", {}), dict)
        and set(sizes) <= set(stated.get("PARTS", ()))
        and all(map(_is_words, sizes.values())),
        "PROTOCOL": isinstance(protocol, dict)
        and all(isinstance(value, (str, int, float, type(None))) for value in protocol.values()),
    }
    for key in (key for key, is_sound in sound.items() if not is_sound):
        raise AtlasError(
            f"states {short(stated[key])}",
            file=where,
            place=key,
            remedy="see atlas/profiles/statement.py for what an analysis states",
        )


def _quantities(stated: Mapping[str, Any], where: str) -> dict[str, Quantity]:
    try:
        return contract.read(stated)
    except (TypeError, ValueError) as error:
        raise AtlasError(
            str(error),
            file=where,
            place="MATRICES",
            remedy="see atlas/profiles/contract.py for what is stated of a matrix",
        ) from None


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str) for word in value.values())
