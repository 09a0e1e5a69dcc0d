"""Claims that can fail: each breaks where the values that it reads are not where they were.

A claim that still holds when values are shuffled within their matrices says nothing about a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import numpy as np
import pytest
import samples
import yaml

from atlas.paths import PACKAGE, Project
from atlas.profiles import collection
from atlas.profiles.collection import Model, Section
from atlas.profiles.matrix import Matrix, Values
from atlas.review import claims, verdicts
from atlas.review.claims import Claim, Combination, Comparison, Quantity

REPOSITORY = Project(PACKAGE.parent)
CLAIMS = claims.load_all(REPOSITORY)
Mutate = Callable[[Values], Values]


def fresh(model: Model, mutate: Mutate, read: set[tuple[str, str]]) -> Model:
    """A model as if its profiles were fresh, with the matrices that were read changed."""

    def changed(section: Section) -> Section:
        job = replace(section.job, state="fresh", reasons=())
        if section.profile is None:
            return replace(section, job=job)
        matrices = tuple(
            mutated(one, mutate) if (section.stated.name, one.name) in read else one
            for one in section.profile.matrices
        )
        return replace(section, job=job, profile=replace(section.profile, matrices=matrices))

    return replace(model, sections=tuple(map(changed, model.sections)))


def mutated(matrix: Matrix, mutate: Mutate) -> Matrix:
    return replace(matrix, values=mutate(matrix.values), spread=None, largest_share=None)


def every_value_elsewhere(drawn: np.random.Generator) -> Mutate:
    """Values handed on around one ring through all cells, in a random order (Sattolo 1986); what
    does not exist stays where it is."""

    def mutate(values: Values) -> Values:
        moved = values.copy()
        ring = drawn.permutation(np.flatnonzero(~np.isnan(values)))
        moved.flat[np.roll(ring, 1)] = values.flat[ring]
        return moved

    return mutate


def all_the_same(values: Values) -> Values:
    """The median everywhere: a value of the matrix itself, for counts have to be whole."""
    known = np.sort(values[~np.isnan(values)])
    return np.where(np.isnan(values), np.nan, known[len(known) // 2])


MUTATIONS: dict[str, Mutate] = {
    "a layer later": lambda values: np.roll(values, 1, axis=0),
    "all the same": all_the_same,
}
SEEDS, LUCKY = 20, 1
"""Shuffles of every matrix that a claim reads, and how many of these may leave it true by chance:
where two heads are as good as each other, one may take the other's place."""


def state(claim: Claim, models: Sequence[Model], mutate: Mutate = lambda values: values) -> str:
    """What becomes of a claim on the committed profiles, changed."""
    read: dict[str, set[tuple[str, str]]] = {}
    for quantity in claim.quantities:
        read.setdefault(quantity.model, set()).add((quantity.analysis, quantity.matrix))
    known = [fresh(model, mutate, read.get(model.entry.slug, set())) for model in models]
    [verdict] = verdicts.judge([claim], known)
    return verdict.state


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return collection.load(REPOSITORY)


def measured(claim: Claim) -> bool:
    """Whether every profile that a claim reads is committed."""
    return all(REPOSITORY.profile(one.model, one.analysis).is_file() for one in claim.quantities)


TESTED = [claim for claim in CLAIMS if measured(claim)]


def test_claims_about_models_that_were_measured_are_tested() -> None:
    assert len(TESTED) >= 10
    assert {claim.name for claim in CLAIMS if claim.name.startswith("ref-")} <= {
        claim.name for claim in TESTED
    }


def test_every_real_model_that_was_measured_has_a_claim_that_is_tested(models: list[Model]) -> None:
    about = {slug for claim in TESTED for slug in claim.models}
    assert {model.entry.slug for model in models if model.rank == 0} <= about


@pytest.mark.parametrize("claim", TESTED, ids=lambda claim: claim.name)
def test_a_claim_holds_and_breaks_where_values_are_moved(claim: Claim, models: list[Model]) -> None:
    assert state(claim, models) == "holds"
    still = [name for name, mutate in MUTATIONS.items() if state(claim, models, mutate) == "holds"]
    assert still == [], f"{claim.name} holds whatever the values"
    drawn = np.random.default_rng(0)
    after = [state(claim, models, every_value_elsewhere(drawn)) for _ in range(SEEDS)]
    assert after.count("no longer holds") >= SEEDS - LUCKY, "it holds wherever the values are"


def test_a_claim_that_cannot_fail_is_found(models: list[Model]) -> None:
    """Of a mean, a shuffle says nothing; it was one of the claims once, and arithmetic at that."""
    eight = Quantity("ref-llama", "weights", "int8_error", "mean", times=15)
    four = replace(eight, matrix="int4_error", times=None)
    holds = Combination("all", (Comparison(four, "above", eight),))
    claim = Claim("always", "It is so.", "models/ref-llama/", holds)
    drawn = np.random.default_rng(0)
    assert {state(claim, models, every_value_elsewhere(drawn)) for _ in range(SEEDS)} == {"holds"}


@pytest.fixture
def tied(tmp_path: Path) -> Project:
    """A model whose first layer has the largest value twice."""
    made = atlases.project(tmp_path / "atlas")
    made.claims.mkdir()
    atlases.entry(made, "a", geometry=samples.GEOMETRY)
    values = np.array([[3.0, 3.0, 1.0], [0.5, 2.0, 2.0]])
    atlases.profile(made, "a", matrices=(samples.matrix(values=values, n=1),))
    return made


@pytest.mark.parametrize(
    ("take", "relation", "right", "holds"),
    [
        ({"take": "rank", "rows": [0], "columns": ["attn.q"]}, "at most", 1, False),
        ({"take": "rank", "rows": [0], "columns": ["attn.q"]}, "at most", 2, True),
        ({"take": "rank", "rows": [1], "columns": ["attn.k"]}, "at most", 4, True),
        ({"take": "rank", "rows": [1], "columns": ["attn.k"]}, "at most", 3, False),
        ({"take": "rank", "rows": [1], "columns": ["attn.q"]}, "at least", 6, True),
        ({"take": "argmax"}, "same as", "layer 0, attn.q", False),
        ({"take": "argmax"}, "same as", "layer 0, attn.k", False),
        ({"take": "argmin"}, "same as", "layer 1, attn.q", True),
        ({"take": "argmax", "columns": ["attn.q"]}, "same as", "layer 0, attn.q", True),
        ({"take": "argmax", "rows": [1]}, "same as", "layer 1, attn.k", False),
    ],
)
def test_what_shares_the_largest_value_is_not_the_largest(
    tied: Project, take: dict[str, Any], relation: str, right: Any, holds: bool
) -> None:
    left = {"model": "a", "analysis": "weights", "matrix": "rms", **take}
    statement = {"left": left, "is": relation, "right": right}
    written = {"sentence": "It is so.", "view": "models/a/", "holds": [statement]}
    (tied.claims / "one.yml").write_text(yaml.safe_dump(written))
    [verdict] = verdicts.judge(claims.load_all(tied), collection.load(tied))
    assert verdict.state == ("holds" if holds else "no longer holds"), verdict


def test_a_shared_place_is_told_and_is_the_same_as_no_other(tied: Project) -> None:
    largest = {"model": "a", "analysis": "weights", "matrix": "rms", "take": "argmax"}
    statement = {"left": largest, "is": "same as", "right": dict(largest)}
    written = {"sentence": "It is so.", "view": "models/a/", "holds": [statement]}
    (tied.claims / "one.yml").write_text(yaml.safe_dump(written))
    [verdict] = verdicts.judge(claims.load_all(tied), collection.load(tied))
    assert verdict.state == "no longer holds"
    assert "layer 0, attn.q (shared with 1 more)" in verdict.found[0]
