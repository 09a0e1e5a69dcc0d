"""What a statement of quantities may say."""

from __future__ import annotations

import pytest

from atlas.profiles import contract

MASK = {
    "title": "Mask",
    "unit": "1 kept, 0 pruned",
    "direction": "the block is kept",
    "axes": ("cluster", "layer"),
    "kind": "binary",
}


def test_a_binary_quantity_says_what_its_values_mean() -> None:
    assert contract.read({"mask": MASK})["mask"].unit == "1 kept, 0 pruned"
    with pytest.raises(ValueError, match="'mask' states a unit that does not say what 1 and 0"):
        contract.read({"mask": {**MASK, "unit": "kept"}})
