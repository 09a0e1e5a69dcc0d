"""What a draft says of a model's layers and heads."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from atlas.drafting import draft
from atlas.loaded.checkpoint import Checkpoint


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["conv"] * 3, "3 layers without attention, 32 wide"),
        (
            ["conv", "full_attention", "conv"],
            "3 layers, 1 of them with attention, with 4 heads, 2 key/value heads, 32 wide",
        ),
        (["full_attention"] * 3, "3 layers with 4 heads each, 2 key/value heads, 32 wide"),
    ],
)
def test_heads_are_told_of_the_layers_that_have_them(
    tmp_path: Path, kinds: list[str], told: str
) -> None:
    made = Checkpoint.open(tiny.make(tmp_path, "lfm2", layer_types=kinds))
    summary = draft._summary(made.architecture, made.geometry)
    assert summary.startswith(f"Decoder of {told}; ")
