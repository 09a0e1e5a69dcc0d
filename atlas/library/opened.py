"""An atlas that was opened: its models, tables over all of them, and comparisons."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atlas.errors import AtlasError, suggest
from atlas.library import comparing, heads
from atlas.library.comparing import View
from atlas.library.labelled import LabelledArray, counted, dimensions
from atlas.library.model import Items, Model
from atlas.library.sources import Folder, ProjectSource, SiteSource, Source, told_of
from atlas.library.tables import Table, table
from atlas.profiles import profile_file, rewording, side_files, statement, tidy
from atlas.profiles.alignment import By
from atlas.profiles.model_row import ModelRow
from atlas.profiles.profile_file import Profile
from atlas.profiles.tidy import Cell


class Atlas:
    """An atlas: `atlas.open(...)` gives it. Files are read when they are asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._profiles: dict[tuple[str, str], Profile] = {}

    @functools.cached_property
    def models(self) -> Table[ModelRow]:
        """Every model, a row each: what its entry states, and the analyses that were measured."""
        return Table(ModelRow._fields, self._source.models())

    def model(self, slug: str) -> Model:
        """A model by its slug, the name of its page. Raises `AtlasError` where there is none."""
        known = {row.slug: row for row in self.models}
        if slug not in known:
            raise AtlasError(f"there is no model {slug!r}", remedy=suggest(slug, list(known)))
        return Model(
            known[slug],
            functools.partial(self._profile, slug),
            functools.partial(self._items, slug),
        )

    def table(self, analysis: str, name: str) -> Table[Any]:
        """A matrix of every model that has it, a row for each value.

        Columns: `model`, `comparison_group`, one for each axis of the matrix, `value`,
        `class_label` of matrices whose values are classes, `spread` and `n`. Values may be
        subtracted where the group is the same; 0 is the main group. What does not exist in a model
        has no row.

        Raises `AtlasError` for a name that no model has.
        """
        found: list[Cell] = []
        names: dict[str, None] = {}
        for cell in self._cells(analysis):
            names.setdefault(cell.matrix)
            if cell.matrix == name:
                found.append(cell)
        if not found:
            told = f"no model has a matrix {name!r} of {analysis}"
            raise AtlasError(told, remedy=suggest(name, list(names)))
        axes = {(cell.row_axis, cell.column_axis) for cell in found}
        dims = dimensions(axes.pop()) if len(axes) == 1 else ("row_label", "column_label")
        labelled = any(cell.class_label for cell in found)
        labels = zip(
            counted([cell.row_label for cell in found]),
            counted([cell.column_label for cell in found]),
            strict=True,
        )
        rows = (
            (
                cell.model,
                cell.comparison_group,
                *places,
                cell.value,
                *([cell.class_label] if labelled else []),
                cell.spread,
                cell.n,
            )
            for cell, places in zip(found, labels, strict=True)
        )
        extra = ("class_label",) if labelled else ()
        return table(("model", "comparison_group", *dims, "value", *extra, "spread", "n"), rows)

    def heads(self) -> Table[Any]:
        """Every score of every attention head of every model: a row for each head, with the columns
        `model`, `layer`, `head` and one for each score, such as `attention/induction`.

        Where scores of an analysis were not all measured alike, `<analysis>/comparison_group` tells
        which models' may be subtracted from each other's.
        """
        return heads.table_of([(name, self._cells(name)) for name in self._analyses()])

    def compare(
        self,
        first: str | Model,
        second: str | Model,
        analysis: str,
        name: str,
        *,
        view: View = "difference",
        by: By | None = None,
    ) -> LabelledArray:
        """What the second model has more than the first, as the compare page subtracts it.

        `first` and `second`: slugs, or models of another atlas or of `atlas.profile`. `view`: the
        difference, or the "ratio" of the second to the first, of amounts. Of classes, the
        difference is 1 where they differ. `by`: layers are matched by their number ("layer") or by
        relative depth ("depth"); None: by depth where the models have unlike numbers of them.
        `conditions` of what is given tells what was measured otherwise and forbids no comparison.

        Raises `AtlasError` for what must not be subtracted, with the reason: another version of the
        analysis, another protocol, another corpus, another unit.
        """
        ours, theirs = (self.model(one) if isinstance(one, str) else one for one in (first, second))
        return comparing.compared(ours, theirs, analysis, name, view, by)

    def _analyses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for row in self.models for name in row.analyses))

    def _cells(self, analysis: str) -> Iterator[Cell]:
        """The tidy table of an analysis, published or made of the profiles."""
        known = self._analyses()
        if analysis not in known:
            raise AtlasError(f"no model has {analysis!r}", remedy=suggest(analysis, known))
        path = f"data/{analysis}.csv.gz"
        if self._source.has(path):
            return tidy.read(self._source.file(path))
        slugs = (row.slug for row in self.models if analysis in row.analyses)
        return tidy.cells([self._profile(slug, analysis) for slug in slugs])

    def _profile(self, slug: str, analysis: str) -> Profile:
        if (slug, analysis) not in self._profiles:
            path = f"models/{slug}/{analysis}.json"
            found = self._source.file(path)
            try:
                self._profiles[slug, analysis] = _today(profile_file.load(found))
            except AtlasError as error:
                raise told_of(error, found, f"{self._source.where.rstrip('/')}/{path}") from error
        return self._profiles[slug, analysis]

    def _items(self, slug: str, analysis: str, part: str) -> Items:
        self._source.file(f"models/{slug}/{analysis}.json")  # a part lies beside its profile
        path = self._source.file(f"models/{slug}/{analysis}.{part}.json")
        items: Items = side_files.load(path)[part]
        return items

    def __repr__(self) -> str:
        return f"<Atlas of {len(self.models)} models: {self._source.where}>"

    def _repr_html_(self) -> str:
        return self.models._repr_html_()


def _today(profile: Profile) -> Profile:
    """A profile with the words of today, as pages have it; that of an analysis which is not
    installed here as it is."""
    return rewording.today(profile) if profile.analysis in statement.names() else profile


def opened(source: str | Path, cache: Path | None = None) -> Atlas:
    """What `atlas.open` gives."""
    return Atlas(_source(source, cache))


def _source(source: str | Path, cache: Path | None) -> Source:
    if isinstance(source, str) and "://" in source:
        from atlas.library.remote import Site

        return SiteSource(Site.at(source, cache))
    from atlas.library.sources import INDEX
    from atlas.paths import Project

    root = Path(source).expanduser()
    if (root / "mkdocs.yml").is_file() and (root / "docs").is_dir():
        return ProjectSource(Project(root.resolve()))
    if (root / INDEX).is_file():
        return SiteSource(Folder(root.resolve()))
    raise AtlasError(
        "is neither a project (mkdocs.yml and docs/) nor a built site (data/index.json)",
        file=root,
        remedy="name a project's folder, its site/ after atlas build, or an https address",
    )
