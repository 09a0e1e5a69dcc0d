"""Masks measured again: either of two blocks may be chosen whose losses cannot be told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import matrix, profile

from atlas.profiles import agreement
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile

REACH = 2 * 1.1e-3 * 5.0
"""Twice the floor of a loss of 5 bits."""

ATTENTION = np.array([[0.1, 0.2, 0.9], [0.1, 0.5, 0.9]])
MLPS = np.array([[0.2 + 0.9 * REACH, 0.7, 0.8], [0.5 + 1.1 * REACH, 0.7, 0.8]])


def of_layers(name: str, values: Any, kind: str) -> Matrix:
    labels = {"axes": ("cluster", "layer"), "rows": ("law", "poems"), "columns": ("0", "1", "2")}
    plain = {"native": None, "scale": "linear", "range": None}
    return matrix(name=name, values=np.array(values), kind=kind, **labels, **plain)


def masks(attention: Any, mlps: Any) -> Profile:
    deltas = {"attn": ATTENTION, "mlp": MLPS}
    kept = {"attn": attention, "mlp": mlps}
    found = [of_layers(f"delta:{one}", values, "diverging") for one, values in deltas.items()]
    found += [of_layers(f"mask:{one}", values, "binary") for one, values in kept.items()]
    return profile(analysis="masks", matrices=tuple(found), facts={"bits_per_byte": 5.0})


COMMITTED = masks([[0, 0, 1], [0, 0, 1]], [[1, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize(
    ("attention", "mlps", "wrong"),
    [
        ([[0, 0, 1], [0, 0, 1]], [[1, 1, 1], [1, 1, 1]], []),
        ([[0, 1, 1], [0, 0, 1]], [[0, 1, 1], [1, 1, 1]], []),
        ([[0, 0, 1], [0, 1, 1]], [[1, 1, 1], [0, 1, 1]], ["mask:attn", "mask:mlp"]),
        ([[0, 1, 1], [0, 0, 1]], [[1, 1, 1], [1, 1, 1]], ["mask:attn"]),
        ([[0, 0, 1], [0, 0, 1]], [[0, 1, 1], [1, 1, 1]], ["mask:mlp"]),
        ([[0, 1, 1], [0, 0, 1]], [[1, 0, 1], [1, 1, 1]], ["mask:attn", "mask:mlp"]),
        ([[0, 1, 0], [0, 0, 1]], [[1, 1, 1], [1, 1, 1]], ["mask:attn"]),
    ],
    ids=("the same", "near", "not so near", "one more", "one less", "another", "far"),
)
def test_a_block_may_take_the_place_of_one_that_is_as_cheap(
    attention: Any, mlps: Any, wrong: list[str]
) -> None:
    verdicts = agreement.compare(COMMITTED, masks(attention, mlps))
    assert sorted(verdict.matrix for verdict in verdicts if not verdict.agrees) == wrong


def test_a_mask_without_what_chose_it_may_not_differ() -> None:
    def alone(values: Any) -> Profile:
        return profile(analysis="masks", matrices=(of_layers("mask:attn", values, "binary"),))

    verdicts = agreement.compare(alone([[0, 0, 1], [0, 0, 1]]), alone([[0, 1, 1], [0, 0, 1]]))
    assert [verdict.agrees for verdict in verdicts] == [False]
