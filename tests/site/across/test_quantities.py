"""Quantities that several profiles have: which, in which order, under which labels."""

from __future__ import annotations

import samples

from atlas.profiles.matrix import Matrix
from atlas.site.across import quantities


def test_labels_are_merged_in_the_order_of_the_block() -> None:
    several = (["q", "k", "up", "down"], ["norm", "q", "up", "gate", "down", "after"])
    assert quantities.merged(several) == ("norm", "q", "k", "up", "gate", "down", "after")


def test_quantities_keep_the_order_of_profiles() -> None:
    one = samples.profile(matrices=_named("a", "b"))
    two = samples.profile(matrices=_named("b", "c"))
    assert list(quantities.named([one, two])) == ["a", "b", "c"]
    assert quantities.named([one, two])["c"][0] is None


def _named(*names: str) -> tuple[Matrix, ...]:
    return tuple(samples.matrix(name=name) for name in names)
