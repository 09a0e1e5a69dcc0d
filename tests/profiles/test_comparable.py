"""What keeps profiles from being compared, in words."""

from __future__ import annotations

from atlas.profiles import comparable


def test_what_keeps_profiles_apart_is_told() -> None:
    usual = (2, {"k": 10, "corpus": "sha256:1", "scored_bytes": 134201})
    assert comparable.apart(*usual, usual) == ""
    assert comparable.apart(2, {**usual[1], "scored_bytes": 98334}, usual) == (
        "scored bytes: 98,334 against 134,201"
    )
    other = {"k": 25, "corpus": "sha256:2", "estimator": "10% trimmed mean", "scored_bytes": 134201}
    assert comparable.apart(1, other, usual) == (
        "version 1 instead of 2, another corpus, another estimator, k: 25 against 10"
    )
