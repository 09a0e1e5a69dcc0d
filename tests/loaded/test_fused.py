"""Parts of fused projections, however their output features are laid out."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from atlas.architectures.row import Source
from atlas.entries.geometry import Geometry
from atlas.loaded import fused

GEOMETRY = Geometry(
    layers=1, heads=4, kv_heads=2, d_model=3, d_head=2, d_mlp=5, vocabulary=7, parameters=None
)


@pytest.mark.parametrize(
    ("split", "part", "rows"),
    [
        ("stacked", "q", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("stacked", "k", [8, 9, 10, 11]),
        ("stacked", "v", [12, 13, 14, 15]),
        ("grouped", "q", [0, 1, 2, 3, 8, 9, 10, 11]),
        ("grouped", "k", [4, 5, 12, 13]),
        ("grouped", "v", [6, 7, 14, 15]),
        ("interleaved", "gate", [0, 2, 4, 6, 8, 10, 12, 14]),
        ("interleaved", "up", [1, 3, 5, 7, 9, 11, 13, 15]),
        ("paired", "q", [0, 1, 4, 5, 8, 9, 12, 13]),
        ("paired", "gate", [2, 3, 6, 7, 10, 11, 14, 15]),
        ("stacked", "gate", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("stacked", "up", [8, 9, 10, 11, 12, 13, 14, 15]),
    ],
)
def test_parts_of_fused_projections(split: Any, part: Any, rows: list[int]) -> None:
    """Four heads of width 2 on two key/value heads: sixteen output features."""
    source = Source("fused", part=part, split=split)
    features = torch.arange(16)
    assert fused.part(features, source, GEOMETRY).tolist() == rows
    weight = torch.stack([features, 100 + features], dim=1)
    assert fused.part(weight, source, GEOMETRY)[:, 1].tolist() == [100 + row for row in rows]
    output = features.expand(2, 5, 16)
    assert fused.part(output, source, GEOMETRY, dim=-1)[1, 4].tolist() == rows
    experts = torch.stack([weight, 1000 + weight])
    assert fused.part(experts, source, GEOMETRY, dim=-2)[1, :, 0].tolist() == [
        1000 + r for r in rows
    ]
    assert fused.part(features, Source("plain"), GEOMETRY) is features
