"""Choices measured again: which cells of a mask may come out otherwise.

A mask chooses the blocks of smallest loss in every row, those of all its matrices together. Two
losses that lie within twice the floor of each other may change places when both are measured again,
for each may move by the floor; then either block may be chosen. So a cell may differ where, in the
same row, another one differs the other way, and the losses of the two were that close.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.floors import Sizes
from atlas.profiles.matrix import Matrix, Values


def open_cells(
    sizes: Sizes,
    old: Mapping[str, Matrix],
    new: Mapping[str, Matrix],
    name: str,
    allowed: float,
) -> NDArray[np.bool_]:
    """(row, column): where a matrix differs and may. `allowed`: the relative difference of values.

    Nowhere but in a matrix of choices, beside the others that are chosen together with it.
    """
    found: NDArray[np.bool_] = np.zeros(old[name].values.shape, dtype=np.bool_)
    quantity = sizes.quantity(name)
    if quantity is None or not quantity.chosen_by:
        return found
    together = _together(sizes, old, quantity.chosen_by)
    for one in (*together, *quantity.chosen_by):
        if any(one not in held or held[one].values.shape != found.shape for held in (old, new)):
            return found
    by = [new[one] for one in quantity.chosen_by]
    values = np.concatenate([one.values for one in by], axis=1)
    flips = np.concatenate([new[one].values - old[one].values for one in together], axis=1)
    reach = 2 * allowed * np.maximum(np.abs(values), max(map(sizes.of_values, by)))
    for row in range(len(found)):
        found[row] = _excused(values[row], flips[row], reach[row])[: found.shape[1]]
    return found


def _excused(values: Values, flips: Values, reach: Values) -> NDArray[np.bool_]:
    """(column,): what was chosen otherwise, and another instead of it whose value was as good.
    `flips`: 1, 0 or -1."""
    near = np.abs(values[:, None] - values) <= np.maximum(reach[:, None], reach)
    against = flips[:, None] * flips < 0
    return np.asarray((near & against).any(1))


def _together(sizes: Sizes, held: Mapping[str, Matrix], by: tuple[str, ...]) -> list[str]:
    """The matrices of choices that are made together, in the order of what they are chosen by."""
    first = {}
    for name in held:
        quantity = sizes.quantity(name)
        if quantity is not None and set(quantity.chosen_by) == set(by):
            first[quantity.chosen_by[0]] = name
    return [first.get(one, "") for one in by]
