"""How many parameters a shape can have: held against every architecture's own model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import tiny

from atlas import architectures
from atlas.architectures import parameter_counts
from atlas.entries.geometry import Geometry
from atlas.loaded.proofs.case import measured


def shape(model_type: str, **overrides: Any) -> Geometry:
    config = tiny.config(model_type, **overrides).to_dict()
    return architectures.lookup(config, model_type).geometry


def count(model_type: str, **overrides: Any) -> int:
    live = tiny.build(model_type, **overrides)
    return sum(held.numel() for held in measured(architectures.row(model_type), live))


@pytest.mark.parametrize("model_type", sorted(tiny.CONFIGS))
def test_every_architectures_own_model_is_within(model_type: str) -> None:
    bounds = parameter_counts.bounds(architectures.row(model_type), shape(model_type))
    assert bounds.hold(count(model_type))
    assert (bounds.most is None) is (architectures.row(model_type).mixture is not None)


@pytest.mark.parametrize("tied", [True, False])
def test_tied_embeddings_are_the_least_and_all_biases_the_most(tied: bool) -> None:
    """Of Qwen2 a config decides about nothing but the embeddings."""
    true = count("qwen2", tie_word_embeddings=tied)
    bounds = parameter_counts.bounds(architectures.row("qwen2"), shape("qwen2"))
    assert true == (bounds.least if tied else bounds.most)


def test_biases_that_a_config_decides_about() -> None:
    bounds = parameter_counts.bounds(architectures.row("llama"), shape("llama"))
    assert bounds.least == count("llama", tie_word_embeddings=True)
    everything = count("llama", tie_word_embeddings=False, attention_bias=True, mlp_bias=True)
    assert bounds.most == everything


@pytest.mark.parametrize("field", ["layers", "d_mlp", "d_model", "d_head"])
def test_another_shape_is_seen(field: str) -> None:
    """A count that fits Llama 3 8B fits no model twice as deep or wide."""
    true = Geometry(32, 32, 8, 4096, 128, 14336, 128256)
    row = architectures.row("llama")
    assert parameter_counts.bounds(row, true).hold(8_030_261_248)
    doubled = replace(true, **{field: 2 * getattr(true, field)})
    assert not parameter_counts.bounds(row, doubled).hold(8_030_261_248)
