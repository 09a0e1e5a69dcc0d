"""Model types that stand for all others of their kind.

A test that holds for every type runs for these in every submission, and for the others in
`make nightly`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from atlas import architectures


def features(model_type: str) -> set[tuple[str, object]]:
    """What code may treat otherwise in one model type than in another."""
    row = architectures.row(model_type)
    found: dict[str, object] = {"kind": row.kind, "residual": row.residual, "norm": row.norm.kind}
    found |= {"attn_input": row.attn_input is None, "offset": row.norm.offset}
    found |= {"part": row.part is None, "mixture": row.mixture is None, "gate": row.gate}
    named = {("mixer", one.name) for one in row.layer_kinds} | {
        ("scale", one) for one in row.scales
    }
    own = {"mlp.gate", "attn.sinks", "norm.q", "norm.attn_after", "shared.up"} & set(row.modules)
    stored: set[tuple[str, object]] = {("split", one.split) for one in row.modules.values()}
    stored |= {("transposed", one.transposed) for one in row.modules.values()}
    return {*found.items(), *named, *stored, *(("module", name) for name in own)}


def _sample() -> frozenset[str]:
    """Few types that have every feature among them: always the one that adds most."""
    of = {name: features(name) for name in sorted(architectures.known())}
    chosen, left = {"llama", "gpt2"}, set().union(*of.values()) - of["llama"] - of["gpt2"]
    while left:
        most = max(of, key=lambda name: len(of[name] & left))
        chosen.add(most)
        left -= of[most]
    return frozenset(chosen)


SAMPLE = _sample()


def each(names: Iterable[str]) -> list[Any]:
    """The names of types and variants as parameters: those of types that others stand for are left
    to `make nightly`; a variant, which is no type, is run wherever it is named."""
    left = set(architectures.known()) - SAMPLE
    return [pytest.param(one, marks=pytest.mark.nightly) if one in left else one for one in names]
