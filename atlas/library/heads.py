"""Every score of every attention head, a row for each head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from atlas.library.tables import Table, table
from atlas.profiles.tidy import Cell
from atlas.site.heads.scores import AXES

GROUP = "/comparison_group"

Place = tuple[str, int, int]


def table_of(analyses: Sequence[tuple[str, Iterable[Cell]]]) -> Table[Any]:
    """The heads of the models in tidy tables of several analyses.

    A score is a number for each layer and head. `<analysis>/comparison_group` tells which models'
    scores may be subtracted, where they are not all of one group. A score that a model lacks is
    None.
    """
    heads: dict[Place, dict[str, Any]] = {}
    names: dict[str, None] = {}
    for analysis, cells in analyses:
        for cell in cells:
            if (cell.row_axis, cell.column_axis) != AXES or cell.class_label:
                continue
            if not (cell.row_label.isdigit() and cell.column_label.isdigit()):
                continue
            head = heads.setdefault((cell.model, int(cell.row_label), int(cell.column_label)), {})
            head[f"{analysis}{GROUP}"] = cell.comparison_group
            head[f"{analysis}/{cell.matrix}"] = cell.value
            names.setdefault(f"{analysis}{GROUP}")
            names.setdefault(f"{analysis}/{cell.matrix}")
    several = {name for name in names if _differs(name, heads.values())}
    columns = [name for name in names if not name.endswith(GROUP) or name in several]
    rows = ((*place, *(head.get(name) for name in columns)) for place, head in heads.items())
    return table(("model", "layer", "head", *columns), rows)


def _differs(name: str, heads: Iterable[dict[str, Any]]) -> bool:
    return len({head[name] for head in heads if name in head}) > 1
