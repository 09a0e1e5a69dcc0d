"""Profiles that were measured with earlier words say those of today, and stay what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import samples

from atlas.paths import PACKAGE, Project
from atlas.profiles import (
    collection,
    contract,
    profile_file,
    rewording,
    soundness,
    statement,
    verified,
)
from atlas.profiles.profile_file import Pin, Profile
from atlas.site import pages

COMMITTED = Project(PACKAGE.parent)

STATED = """REWORDED = {"of old": "of today"}
MATRICES = {"""
"""An analysis whose texts were once others."""


def profile(version: int = 1, **words: Any) -> Profile:
    matrix = replace(samples.matrix(), **words)
    pin = Pin("a", "hub", None, "sha256:0", None)
    return Profile("drift", version, pin, {}, {}, {}, (matrix,), {})


@pytest.mark.parametrize("key", rewording.WORDS)
def test_words_of_today_are_told(state: Callable[..., Path], key: str) -> None:
    state("drift", was="MATRICES = {", now=STATED)
    old: Any = {key: "of old"}
    [matrix] = rewording.today(profile(**old)).matrices
    assert getattr(matrix, key) == "of today"
    assert replace(matrix, **old).json_text() == (replace(samples.matrix(), **old).json_text())


def test_words_of_another_version_stay(state: Callable[..., Path]) -> None:
    state("drift", version=2, was="MATRICES = {", now=STATED)
    assert rewording.today(profile(1, unit="of old")).matrices[0].unit == "of old"
    assert rewording.today(profile(2, unit="of old")).matrices[0].unit == "of today"
    assert rewording.today(profile(2, unit="of others")).matrices[0].unit == "of others"


def test_earlier_words_are_sound_and_no_others() -> None:
    """Of one quantity, those of another are as wrong as any."""
    stated = statement.of("weights").matrices
    now, other = stated["rms"], stated["int8_error"]
    [old] = [text for text, said in statement.of("weights").reworded.items() if said == now.unit]
    [wrong] = [
        text for text, said in statement.of("weights").reworded.items() if said == other.unit
    ]
    path = COMMITTED.profile("ref-llama", "weights")
    whole = profile_file.load(path)

    def problems(unit: str) -> list[str]:
        matrices = [replace(one, unit=unit) if one.name == "rms" else one for one in whole.matrices]
        found = soundness.problems(replace(whole, matrices=tuple(matrices)), path)
        return [str(one) for one in found]

    assert problems(now.unit) == problems(old) == []
    for unit in (wrong, other.unit, "volts"):
        assert any(f"unit is {unit!r}, and weights promises" in line for line in problems(unit))


@pytest.mark.parametrize("name", statement.names())
def test_what_is_said_today_is_stated_and_what_was_said_is_not(name: str) -> None:
    stated = statement.of(name)
    known = {
        getattr(quantity, key)
        for one in stated.matrices.values()
        for quantity in _filled(one)
        for key in rewording.WORDS
    }
    assert set(stated.reworded.values()) <= known
    assert not set(stated.reworded) & known


def _filled(one: contract.Quantity) -> list[contract.Quantity]:
    words = {"relation": "capital", "Relation": "Capital", "category": "c", "Category": "C"}
    return [one.filled(**words, k=k) for k in (1, 3, 10, 25)] if one.is_pattern else [one]


def test_pages_say_the_words_of_today_and_digests_stay() -> None:
    """Of every committed profile: no quantity has two names on the site."""
    reproduced = 0
    for model in collection.load(COMMITTED):
        record = verified.load(COMMITTED.verified(model.entry.slug))
        for section in model.sections:
            if section.profile is None or section.job.state == "stale":
                continue
            for matrix in section.profile.matrices:
                quantity = contract.find(section.stated.matrices, matrix.name)
                assert quantity is not None
                for key in rewording.WORDS:
                    assert getattr(matrix, key) == getattr(quantity, key)
            reproduced += section.reproduced is not None
            assert (section.reproduced is not None) == (section.stated.name in record)
    assert reproduced


def test_scripts_are_given_the_same_words() -> None:
    found: dict[str, Any] = json.loads(rewording.published(map(statement.of, statement.names())))
    for name, one in found.items():
        stated = statement.of(name)
        assert one == {"version": stated.version, "words": stated.reworded}
    assert "assets/atlas/words.json" in dict(pages.planned(COMMITTED))
