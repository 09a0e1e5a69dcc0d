"""A model's page: its sections with what each says and shows before any script has run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from atlas.entries.entry import Entry
from atlas.profiles import collection
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile, Scalar
from atlas.profiles.statement import Statement
from atlas.site.across import thumbnails
from atlas.site.figures import (
    column_order,
    drawing,
    findings,
    functions,
    heatmap,
    layer_curves,
    masks,
    previews,
    quantising,
    scene,
)
from atlas.site.figures import facts as wording
from atlas.site.figures.functions import FunctionalMap
from atlas.site.figures.masks import BlockMasks
from atlas.site.figures.scene import Scene

Own = FunctionalMap | BlockMasks
OWN: Mapping[str, ModuleType] = {"functions": functions, "masks": masks}
"""Figures of single analyses, by their names: `of(profile)` is what a page says of one, `png` its
preview. Their templates are `sections/<name>.j2`, their scripts `static/<name>/`."""


STILLS: Mapping[str, Callable[[Profile], bytes]] = {"residual": layer_curves.svg}
"""Still pictures beside those of the heatmap, `<name>.still.svg`: what a script draws only when it
comes into sight, for paper."""

SAID: Mapping[str, Callable[[Profile, Entry], Iterator[str]]] = {"drift": quantising.told}
"""What single analyses say of how a model was made, by their names."""


@dataclass(frozen=True)
class Figure:
    """A section's figure: what the page says before any script has run.

    `named` is the matrix that it opens with, `first` the same as it is drawn: the way round, with
    its columns in the order and beside the one that its analysis says. `preview` is the picture of
    its cells alone, `drawing` that of `scene`, both relative to the page. `boxes` are the layouts
    that matrices have on the page, that of `first` before the others; `layouts` says which, for
    every one. `legend`: labels and colours of a matrix that has no colour bar. `hatched`: what its
    cells without a value stand for.
    """

    named: Matrix
    first: Matrix
    scene: Scene
    preview: str
    drawing: str
    scale: str
    direction: str
    summary: str
    legend: tuple[tuple[str, str], ...]
    hatched: str
    boxes: tuple[heatmap.Box, ...]
    layouts: tuple[int, ...]

    @property
    def box(self) -> heatmap.Box:
        """The layout of the matrix that is shown first."""
        return self.boxes[0]

    def place(self, cell: tuple[str, str]) -> tuple[int, int]:
        """Where a cell of its matrix, (row, column) by their labels, is drawn."""
        row, column = cell if self.first.axes == self.named.axes else cell[::-1]
        return self.first.rows.index(row), self.first.columns.index(column)

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """Its preview and its drawing: path relative to the page, and SVG."""
        yield self.preview, previews.stretching(previews.png(self.first))
        yield self.drawing, drawing.svg(self.scene)


@dataclass(frozen=True)
class Section(collection.Section):
    """One analysis of an entry as a page shows it; there is nothing to show until it is measured.

    `opens`: the matrix that its figure opens with, its first where that is empty.
    """

    opens: str = ""
    entry: Entry = field(kw_only=True)

    @functools.cached_property
    def figure(self) -> Figure | None:
        return _figure(self.stated, self.profile, self.opens) if self.profile else None

    @functools.cached_property
    def findings(self) -> tuple[str, ...]:
        """What the matrices say together, in sentences."""
        if self.profile is None:
            return ()
        said = SAID.get(self.stated.name)
        own = said(self.profile, self.entry) if said else ()
        return (*own, *findings.told(self.profile.matrices, self.stated.matrices))

    @property
    def facts(self) -> Mapping[str, Scalar]:
        """The profile's facts under names that a reader knows."""
        if self.profile is None:
            return {}
        return wording.facts(self.profile.facts, self.profile.matrices, self.stated.facts)

    @functools.cached_property
    def own(self) -> Own | None:
        """The figure that this analysis has beside its heatmap, where it has one and it was
        measured."""
        module = OWN.get(self.stated.name)
        return module.of(self.profile) if module and self.profile else None

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """The previews of the section's figures: path relative to the page, and SVG."""
        if self.figure:
            yield from self.figure.pictures()
        if self.own and self.own.preview and self.profile:
            png = OWN[self.stated.name].png(self.profile)
            yield self.own.preview, previews.stretching(png)

    def stills(self) -> Iterator[tuple[str, bytes]]:
        """Drawings of what a script draws when it comes into sight: path and SVG."""
        if self.profile and self.stated.name in STILLS:
            yield f"previews/{self.stated.name}.still.svg", STILLS[self.stated.name](self.profile)


def sections(model: Model, order: Sequence[str] = ()) -> tuple[Section, ...]:
    """A model's sections as its page shows them: what tells most about it, what else was measured,
    then what is awaited. `order`: names of analyses, where the atlas states their order itself."""
    shown = (Section(**vars(one), entry=model.entry) for one in model.sections)
    told = thumbnails.telling(model.sections)
    leading = list(order) or ([told[0]] if told else [])
    places = {name: place for place, name in enumerate(leading)}
    return tuple(
        sorted(
            shown,
            key=lambda one: (one.profile is None, places.get(one.stated.name, len(places))),
        )
    )


def _figure(stated: Statement, profile: Profile, opens: str) -> Figure:
    """A figure that begins with one matrix; a script offers all of them."""
    matrices = profile.matrices
    named = profile.matrix(opens) if opens else matrices[0]
    beside = column_order.beside(stated, matrices)
    order = stated.shown.get("order", "")
    first = scene.as_drawn(named, order, beside)
    boxes: dict[heatmap.Box, int] = {heatmap.box(first): 0}
    layouts = [
        boxes.setdefault(heatmap.box(scene.as_drawn(matrix, "", beside)), len(boxes))
        for matrix in matrices
    ]
    return Figure(
        named=named,
        first=first,
        scene=scene.of(named, order, beside),
        preview=f"previews/{previews.file_name(stated.name, first)}",
        drawing=f"previews/{previews.file_name(stated.name, first, '.figure')}",
        scale=heatmap.scale_text(first),
        direction=heatmap.direction(first),
        summary=heatmap.summary(named),
        legend=heatmap.legend(first),
        hatched=heatmap.hatched(first),
        boxes=tuple(boxes),
        layouts=tuple(layouts),
    )
