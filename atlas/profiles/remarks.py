"""What is to be said of a model's files though it can be measured.

The part that is measured, of a model of several; which layers have another mixer than attention, or
another MLP; tensors that nothing reads, and code of the model's own, which is never run; of a GGUF
file how it is stored, and what it leaves open. All stand among the conditions of its profiles;
`check` and `plan` tell of models that are on this machine what is unusual.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from atlas import architectures
from atlas.checkpoints import gguf_folder, headers, locate
from atlas.entries.entry import Entry
from atlas.entries.geometry import Geometry
from atlas.errors import cut
from atlas.paths import Project
from atlas.profiles import plan, statement

NAMED = 3
"""Tensors that are named before the rest is counted."""

WORDS = {"unread": "tensors that nothing reads", "code": "code that runs", "config": "its config"}
"""The conditions that `check` and `plan` tell of."""

OF_LANGUAGE = "the language part alone; the others are neither run nor counted"
"""What is said of models that also see or hear."""

LONGEST = 80
"""Characters of a tensor's name that are told."""


def of_folder(folder: Path) -> dict[str, str]:
    """The conditions that a model's files give its profiles; none where all is as usual.

    Raises `AtlasError` for files that cannot be read.
    """
    config = headers.config(folder)
    architecture = architectures.lookup(config, folder / "config.json")
    found = {}
    if architectures.derived(architecture.model_type):
        found["row"] = architectures.origin(architecture.model_type)
    if part := architecture.row.part:
        found["part"] = f"{OF_LANGUAGE} ({part.key} of its config)"
    if kinds := architecture.told_kinds:
        found["kinds_of_layers"] = kinds
    if mixers := architecture.told_mixers:
        found["mixers"] = mixers
    if unread := architecture.unread(headers.read(folder)):
        found["unread"] = _named(unread)
    if config.get("auto_map"):
        found["code"] = (
            "that of transformers; the model brings its own (auto_map), which is not run"
        )
    return found | (gguf_folder.conditions(folder) if gguf_folder.holds(folder) else {})


def of_language(architecture: str) -> bool:
    """Whether of models of an architecture the language part is measured, and no other."""
    known = architecture in architectures.known()
    return known and architectures.row(architecture).part is not None


def _shape(project: Project, entry: Entry) -> Geometry | None:
    try:
        return plan.geometry(project, entry)
    except Exception:  # files that cannot be understood tell no shape: `unavailable` tells why
        return None


def lines(project: Project, entries: Iterable[Entry]) -> list[str]:
    """A line for each analysis that a model cannot have, and for each remark on a model that is on
    this machine."""
    told = []
    for entry in entries:
        for name, why in statement.not_offered(entry.architecture, _shape(project, entry)).items():
            told.append(f"{entry.slug}: {name} is not offered: {why}")
        try:
            folder = locate.of_entry(project, entry)
            found = of_folder(folder) if folder is not None else {}
        except Exception:  # files that cannot be understood: `unavailable` tells why
            continue
        told += [f"{entry.slug}: {WORDS[key]}: {found[key]}" for key in WORDS if key in found]
    return told


def _named(names: Sequence[str]) -> str:
    """`3 tensors: a, b and c`, of more than `NAMED` the first."""
    shown = ", ".join(cut(name, LONGEST) for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)}: {shown}{more}"
