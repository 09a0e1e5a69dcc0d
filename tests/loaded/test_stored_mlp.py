"""How a mixture chooses and weights its experts, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from atlas.architectures.architecture import Routing
from atlas.loaded import stored_mlp

SCORES = torch.tensor([0.1, 0.7, 0.3, 0.6, 0.9, 0.2])
"""Of six experts, for one token."""

CORRECTION = torch.tensor([0.9, 0.0, 0.0, 0.0, -0.8, 0.0])


def shares(*, corrected: bool = False, **stated: Any) -> list[float]:
    """What `routed` gives for these scores, which the router's weights give for the token 1."""
    softmax = stated.get("scores") == "softmax"
    logits = SCORES.log() if softmax else SCORES.logit()
    router = {"router.weight": logits[:, None]}
    if corrected:
        router["router.correction.weight"] = CORRECTION
    routing = Routing(**{"experts": 6, "active": 2, "renormalised": False, **stated})
    (found,) = stored_mlp.routed(torch.ones(1, 1), router, routing)
    return [round(float(share), 4) for share in found]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"scores": "softmax"}, [0, 0.25, 0, 0, 0.3214, 0]),
        ({"scores": "sigmoid"}, [0, 0.7, 0, 0, 0.9, 0]),
        ({"scores": "sigmoid", "renormalised": True}, [0, 0.4375, 0, 0, 0.5625, 0]),
        ({"scores": "sigmoid", "scale": 2.5}, [0, 1.75, 0, 0, 2.25, 0]),
        # Chosen by 1.0, 0.7, 0.3, 0.6, 0.1 and 0.2; weighted with what the router gave.
        ({"scores": "sigmoid", "corrected": True}, [0.1, 0.7, 0, 0, 0, 0]),
        # Pairs add up to 0.8, 0.9 and 1.1.
        ({"scores": "sigmoid", "groups": 3}, [0, 0, 0, 0, 0.9, 0.2]),
        ({"scores": "sigmoid", "groups": 3, "active_groups": 2}, [0, 0, 0, 0.6, 0.9, 0]),
        # Two best of three: 0.7 + 0.3, and 0.9 + 0.6.
        ({"scores": "sigmoid", "groups": 2}, [0, 0, 0, 0.6, 0.9, 0]),
    ],
)
def test_experts_are_chosen_and_weighted(stated: dict[str, Any], expected: list[float]) -> None:
    assert shares(**stated) == expected
