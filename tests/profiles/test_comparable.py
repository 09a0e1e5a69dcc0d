"""What binds a comparison beside the protocol, and what an entry may choose for itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from samples import profile

from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.pinned.choices import DEFAULT
from atlas.profiles import comparable
from atlas.profiles.profile_file import Scalar


def test_other_scored_bytes_are_another_group() -> None:
    """As a model has them whose context is too short for the passages."""
    whole = replace(profile(), conditions={"scored_bytes": 1000, "device": "cpu"})
    short = replace(whole, conditions={"scored_bytes": 900, "shortened": "7 passages end"})
    elsewhere = replace(whole, conditions={"scored_bytes": 1000, "device": "cuda"})
    assert comparable.group_key(whole) != comparable.group_key(short)
    assert comparable.group_key(whole) == comparable.group_key(elsewhere)
    assert len(comparable.grouped([whole, short, elsewhere])) == 2
    assert comparable.terms(whole) == {**whole.protocol, "scored_bytes": 1000}
    told = comparable.apart(short, (short.version, comparable.terms(whole)))
    assert told == "scored bytes: 900 against 1,000, 7 passages end"


def test_another_estimator_is_another_group() -> None:
    mean = profile()
    trimmed = replace(mean, conditions={**mean.conditions, "estimator": "trimmed mean"})
    assert comparable.group_key(mean) != comparable.group_key(trimmed)


ENTRY = """\
name: Some Model
family: some
architecture: llama
source: zoo:some
license: mit
summary: A model.
"""


def written(folder: Path, protocol: str) -> Path:
    path = folder / "some-model" / "model.yml"
    path.parent.mkdir()
    path.write_text(ENTRY + protocol, encoding="utf-8")
    return path


def test_an_entry_chooses_its_protocol(tmp_path: Path) -> None:
    chosen = entry.load(written(tmp_path, "protocol: {fold: true, later: embedding}\n"))
    under = DEFAULT.under(chosen.protocol)
    assert (under.fold, under.later, under.sparsity) == (True, "embedding", DEFAULT.sparsity)
    assert DEFAULT.under(None) is DEFAULT


@pytest.mark.parametrize(
    ("protocol", "problem"),
    [
        ("protocol: {later: mlps}\n", "later"),
        ("protocol: {fold: 1}\n", "fold"),
        ("protocol: {sparsity: 0.5}\n", "sparsity"),
        ("protocol: {}\n", "protocol"),
    ],
)
def test_what_an_entry_may_not_choose(tmp_path: Path, protocol: str, problem: str) -> None:
    with pytest.raises(AtlasError, match=problem):
        entry.load(written(tmp_path, protocol))


def test_what_keeps_profiles_apart_is_told() -> None:
    """In words; a corpus by its name where the profile says it."""
    terms: dict[str, Scalar] = {"k": 10, "corpus": "sha256:1", "scored_bytes": 134201}
    usual = (2, terms)
    alike = replace(profile(), version=2, protocol=terms, conditions={"device": "cuda"})
    assert comparable.apart(alike, usual) == ""
    short = replace(alike, protocol={**terms, "scored_bytes": 98334})
    assert comparable.apart(short, usual) == "scored bytes: 98,334 against 134,201"
    other = replace(
        alike,
        version=1,
        protocol={**terms, "k": 25, "corpus": "sha256:2"},
        conditions={"estimator": "10% trimmed mean"},
    )
    assert comparable.apart(other, usual) == (
        "version 1 instead of 2, another corpus, another estimator, k: 25 against 10"
    )
    named = replace(alike, protocol={**terms, "corpus": "sha256:2"}, conditions={"corpus": "mine"})
    assert comparable.apart(named, usual) == "another corpus, mine"
