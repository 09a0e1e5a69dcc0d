"""A matrix with its labels: what `Model.matrix` and `Atlas.compare` give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.errors import AtlasError, suggest
from atlas.library.optional import imported
from atlas.profiles.matrix import Matrix, Values

if TYPE_CHECKING:
    import pandas
    import xarray

Scalars = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, eq=False)
class LabelledArray:
    """Values of one matrix with the labels of its rows and columns.

    It is a class of its own, small and the same everywhere, so that code which reads an atlas does
    not depend on which libraries are installed: `to_pandas()` and `to_xarray()` give a frame or a
    `DataArray` where they are.

    `model`, `analysis`, `name`: what was measured on what. `values`: (row, column) float64, read
    only; NaN where the quantity does not exist in the model, or cannot be defined for it
    (`undefined`). `axes`: what rows and columns are, ("layer", "head"). `rows`, `columns`: their
    labels, as text. `spread`: standard errors of the same shape, None where none is known. `n`: the
    observations behind a value. `classes`: what the values of a categorical matrix stand for.
    `version`, `protocol`: what must agree before two arrays are compared. `conditions`: how it was
    measured. `digest`: of the weights that were read.

    `array["0", "attn.q"]` is one value, by its labels.
    """

    model: str
    analysis: str
    version: int
    digest: str
    protocol: Scalars = field(repr=False)
    conditions: Scalars = field(repr=False)
    _matrix: Matrix = field(repr=False)

    @property
    def name(self) -> str:
        return self._matrix.name

    @property
    def title(self) -> str:
        return self._matrix.title

    @property
    def unit(self) -> str:
        return self._matrix.unit

    @property
    def direction(self) -> str:
        """What a higher value means, in a few words."""
        return self._matrix.direction

    @property
    def axes(self) -> tuple[str, str]:
        return self._matrix.axes

    @property
    def rows(self) -> tuple[str, ...]:
        return self._matrix.rows

    @property
    def columns(self) -> tuple[str, ...]:
        return self._matrix.columns

    @property
    def values(self) -> Values:
        return _read_only(self._matrix.values)

    @property
    def spread(self) -> Values | None:
        return None if self._matrix.spread is None else _read_only(self._matrix.spread)

    @property
    def n(self) -> int | None:
        return self._matrix.n

    @property
    def classes(self) -> tuple[str, ...]:
        return self._matrix.classes

    @property
    def undefined(self) -> tuple[tuple[str, str], ...]:
        """Labels of the cells whose value cannot be defined for this model."""
        return self._matrix.undefined

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.columns)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """`numpy.asarray(array)` gives the values."""
        if copy or (dtype is not None and dtype != self.values.dtype):
            return np.array(self.values, dtype=dtype)
        return self.values

    def __getitem__(self, labels: tuple[str | int, str | int]) -> float:
        """One value by its labels. Raises `AtlasError` for a label that there is not."""
        places = []
        for axis, known, label in zip(self.axes, (self.rows, self.columns), labels, strict=True):
            if str(label) not in known:
                raise AtlasError(f"there is no {axis} {label!r}", remedy=suggest(label, known))
            places.append(known.index(str(label)))
        return float(self.values[places[0], places[1]])

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame, its index and columns named as the axes; what is counted, such as layers,
        has whole numbers as labels. Needs pandas."""
        pandas = imported("pandas", "to_pandas()")
        rows, columns = (
            pandas.Index(counted(labels), name=axis)
            for labels, axis in zip((self.rows, self.columns), self.axes, strict=True)
        )
        return pandas.DataFrame(self.values.copy(), index=rows, columns=columns)

    def to_xarray(self) -> xarray.DataArray:
        """A `DataArray` with labels as coordinates, the spread as one more where it is known, and
        everything that is known of it as attributes. Needs xarray."""
        dims = dimensions(self.axes)
        coordinates: dict[str, Any] = {
            dims[0]: counted(self.rows),
            dims[1]: counted(self.columns),
        }
        if self.spread is not None:
            coordinates["spread"] = (dims, self.spread.copy())
        about = ("model", "analysis", "version", "title", "unit", "direction", "digest", "n")
        stated = {key: value for key in about if (value := getattr(self, key)) is not None}
        return imported("xarray", "to_xarray()").DataArray(
            self.values.copy(),
            dims=dims,
            coords=coordinates,
            name=self.name,
            attrs={**stated, "protocol": dict(self.protocol), "conditions": dict(self.conditions)},
        )

    def __repr__(self) -> str:
        size = " by ".join(
            f"{count} {axis}s" for count, axis in zip(self.shape, self.axes, strict=True)
        )
        return f"<{self.model} {self.analysis} {self.name}: {self.title} ({self.unit}), {size}>"

    def _repr_html_(self) -> str:
        from atlas.library import drawing  # Pillow and BokehJS' palettes, for notebooks alone

        return drawing.figure(f"{self.model}: {self.title}", self._matrix)


def counted(labels: Sequence[str]) -> list[Any]:
    """Labels as whole numbers where all of them are, as those of layers and heads."""
    whole = all(label.isascii() and label.isdigit() for label in labels)
    return [int(label) for label in labels] if whole else list(labels)


def dimensions(axes: tuple[str, str]) -> tuple[str, str]:
    """The names of two dimensions, which must differ: layers by layers are `layer` and
    `other_layer`."""
    return axes if axes[0] != axes[1] else (axes[0], f"other_{axes[1]}")


def _read_only(values: Values) -> Values:
    view = values.view()
    view.flags.writeable = False
    return view
