"""Quantities that several profiles have: which, in which order, under which labels."""

from __future__ import annotations

import samples

from atlas.profiles import alignment, comparable
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Pin, Profile
from atlas.site.across import quantities


def test_labels_are_merged_in_the_order_of_the_block() -> None:
    several = (["q", "k", "up", "down"], ["norm", "q", "up", "gate", "down", "after"])
    assert alignment.joined(several) == ("norm", "q", "k", "up", "gate", "down", "after")


def test_quantities_keep_the_order_of_profiles() -> None:
    one = samples.profile(matrices=_named("a", "b"))
    two = samples.profile(matrices=_named("b", "c"))
    assert list(quantities.named([one, two])) == ["a", "b", "c"]
    assert quantities.named([one, two])["c"][0] is None


def _named(*names: str) -> tuple[Matrix, ...]:
    return tuple(samples.matrix(name=name) for name in names)


def test_real_models_lead_however_many_reference_models_were_measured_otherwise() -> None:
    def of(slug: str, source: str, corpus: str) -> Profile:
        pin = Pin(slug, source, None, samples.DIGEST, None)
        return samples.profile(model=pin, protocol={"corpus": corpus})

    reference = [of(f"r{at}", "zoo:r", "own") for at in range(5)]
    real = [of("a", "org/a", "pinned"), of("b", "./b.gguf", "pinned")]
    terms = [group["corpus"] for _, group in comparable.grouped([*reference, *real])]
    assert terms == ["pinned", "own"]
    one = [*reference, real[0]]
    assert [group["corpus"] for _, group in comparable.grouped(one)] == ["own", "pinned"]
