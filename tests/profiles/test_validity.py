"""Whether a text says anything about a model, and how that is told."""

from __future__ import annotations

from typing import Any

import pytest
import samples

from atlas.profiles import account, validity
from atlas.profiles.account import Outcome
from atlas.profiles.plan import Job

FAILS = {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.66, "beats_frequencies": False}


def test_a_model_that_does_worse_than_counting_is_told_with_both_numbers() -> None:
    said = "predicts the text worse than token frequencies alone do (5.5 against 3.7 bits per byte)"
    assert validity.beaten({**FAILS, "bits_per_byte": 5.54}) == said
    assert validity.doubt(samples.profile(facts={**FAILS, "bits_per_byte": 5.54})) == (
        f"This model {said}, so values that rest on its predictions say nothing about it."
    )


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {**FAILS, "beats_frequencies": True},
        {**FAILS, "beats_frequencies": None},
        {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.66},
    ],
)
def test_nothing_is_said_of_one_that_does_better_or_is_not_known_to_fail(facts: Any) -> None:
    assert validity.beaten(facts) == validity.doubt(samples.profile(facts=facts)) == ""


def test_a_context_that_is_too_short_is_told() -> None:
    told = "448 passages end at the 64 tokens it can read"
    short = samples.profile(conditions={"shortened": told})
    said = f"cannot read the whole text ({told})"
    assert validity.doubt(short) == (
        f"This model {said}, so its values are not compared with those of other models."
    )
    job = Job("one", "residual", "forward", "stale", ("x",), None, None)
    lines = account.lines([Outcome(job, "measured", 1.0, profile=short)])
    assert f"one: residual: it {said}, so this is not compared with other models" in lines


def test_numbers_have_as_many_decimals_as_tell_them_apart() -> None:
    near = {**FAILS, "bits_per_byte": 4.4431, "bits_per_byte_by_frequency": 4.4389}
    assert validity.beaten(near).endswith("(4.443 against 4.439 bits per byte)")
    assert validity.beaten({"beats_frequencies": False}).endswith("token frequencies alone do")


def _outcome(slug: str, analysis: str, facts: dict[str, Any]) -> Outcome:
    job = Job(slug, analysis, "forward", "stale", ("x",), None, None)
    return Outcome(job, "measured", 1.0, profile=samples.profile(facts=facts))


def test_the_account_of_a_run_has_a_line_a_model() -> None:
    outcomes = [
        _outcome("one", "importance", FAILS),
        _outcome("one", "masks", FAILS),
        _outcome("two", "masks", {**FAILS, "beats_frequencies": True}),
    ]
    told = [line for line in account.lines(outcomes) if "frequencies" in line]
    assert told == [
        "one: importance, masks: it predicts the text worse than token frequencies alone do "
        "(5.6 against 3.7 bits per byte), so this says nothing about it"
    ]


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        (FAILS, False),
        ({**FAILS, "beats_frequencies": True}, True),
        ({**FAILS, "bits_per_byte": 1.5}, True),
        ({**FAILS, "bits_per_byte": 3.66, "beats_frequencies": True}, False),  # as published
        ({"bits_per_byte": 1.5}, False),
    ],
)
def test_whether_it_beats_frequencies_follows(facts: Any, wrong: bool) -> None:
    assert bool(list(validity.problems(facts))) is wrong
