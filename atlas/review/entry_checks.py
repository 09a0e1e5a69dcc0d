"""Where entries contradict each other, their architecture's row, or their own profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from atlas import architectures
from atlas.architectures import parameter_counts
from atlas.architectures.row import Row
from atlas.entries.entry import Entry
from atlas.entries.geometry import OF_HEADS, Geometry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import statement
from atlas.profiles.profile_file import Profile
from atlas.words import scalar


def duplicates(entries: Sequence[Entry], project: Project) -> Iterator[AtlasError]:
    """Entries that list the same model twice: the same source at the same revision."""
    seen: dict[tuple[str, str | None], str] = {}
    for item in entries:
        key = (item.source.lower(), item.revision)
        if key in seen:
            yield AtlasError(
                f"source {item.source!r} is also that of {seen[key]!r}",
                file=project.entry(item.slug),
                place="source",
                remedy="keep one of them, or pin them to different revisions",
            )
        seen.setdefault(key, item.slug)


def against_row(item: Entry, file: Path) -> Iterator[AtlasError]:
    """An entry's geometry against its architecture's row: shapes and counts that cannot be."""
    shape = item.geometry
    if shape is None or item.architecture not in architectures.known():
        return
    row = architectures.row(item.architecture)
    lacking = list(_lacking(item.architecture, row, shape, file))
    yield from lacking
    if lacking:
        return
    if shape.heads and shape.heads % shape.kv_heads:
        yield AtlasError(
            f"{shape.heads} heads cannot share {shape.kv_heads} key/value heads evenly",
            file=file,
            place="geometry.kv_heads",
            remedy="write what the model's config says",
        )
        return
    bounds = parameter_counts.bounds(row, shape)
    if shape.parameters is not None and not bounds.hold(shape.parameters):
        most = "or more" if bounds.most is None else f"to {scalar(bounds.most)}"
        yield AtlasError(
            f"{scalar(shape.parameters)} parameters, and a {item.architecture} of this shape has "
            f"{scalar(bounds.least)} {most}",
            file=file,
            place="geometry.parameters",
            remedy="correct the count or the shape",
        )


def _lacking(name: str, row: Row, shape: Geometry, file: Path) -> Iterator[AtlasError]:
    """Heads or an MLP that an entry leaves out and its row has, or states and its row has not."""
    of_heads = ", ".join(OF_HEADS)
    for count, module, keys, what in (
        ("heads", "attn.q", of_heads, "attention"),
        ("d_mlp", "mlp.up", "d_mlp", "an MLP"),
    ):
        stated, place = getattr(shape, count), f"geometry.{count}"
        if stated and row.never_has(count):
            told = f"{count} is {stated}, and no layer of {name} has {what}"
            yield AtlasError(told, file=file, place=place, remedy=f"leave out {keys}")
        elif not stated and not row.may_lack(module):
            told = f"{count} is missing, and layers of {name} have {what}"
            remedy = f"write what the model's config says: {keys}"
            yield AtlasError(told, file=file, place=place, remedy=remedy)


def against_entry(item: Entry, profile: Profile, file: Path) -> Iterator[AtlasError]:
    """A profile against the entry beside it: analyses that do not fit."""
    if item.architecture in architectures.known():
        kind, stated = architectures.kind(item.architecture), statement.of(profile.analysis)
        if kind not in stated.kinds:
            yield AtlasError(
                f"{profile.analysis!r} does not fit {kind}s such as {item.architecture}",
                file=file,
                remedy="remove it",
            )
        elif why := statement.unfit(profile.analysis, item.architecture, item.geometry):
            yield AtlasError(
                f"{profile.analysis!r} does not fit {item.architecture}: {why}",
                file=file,
                remedy="remove it",
            )
