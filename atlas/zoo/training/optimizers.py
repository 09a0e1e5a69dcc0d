"""Which parameters each optimizer trains: Muon the layers' matrices, AdamW the rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from atlas.zoo.training.recipe import Recipe


def optimizers(model: PreTrainedModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon and AdamW over all parameters of a model, with the recipe's rates."""
    import torch
    from transformers.pytorch_utils import Conv1D

    embeddings = [part for part in model.modules() if isinstance(part, torch.nn.Embedding)]
    tables = {
        id(parameter)
        for part in (*embeddings, model.get_output_embeddings())
        for parameter in part.parameters()
    }
    transposed = {id(part.weight) for part in model.modules() if isinstance(part, Conv1D)}
    rest = [one for one in model.parameters() if id(one) not in tables]
    groups = [
        {"params": [one for one in model.parameters() if id(one) in tables]}
        | {"lr": recipe.adam_rate},
        {"params": [one for one in rest if one.ndim != 2]} | {"lr": recipe.gain_rate},
    ]
    matrices: list[dict[str, Any]] = [
        {"params": [one for one in rest if one.ndim == 2 and id(one) not in transposed]}
    ]
    # Muon's step grows with outputs per input, which it reads off the shape: (out, in). GPT-2's
    # matrices are stored the other way round and get as rate what the shape would take away.
    matrices += [
        {"params": [one], "lr": recipe.muon_rate * _aspect(*one.shape)}
        for one in rest
        if id(one) in transposed
    ]
    return [
        torch.optim.Muon(
            [group for group in matrices if group["params"]],
            lr=recipe.muon_rate,
            weight_decay=0.0,
        ),
        torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _aspect(inputs: int, outputs: int) -> float:
    """What turns Muon's factor for a matrix stored (in, out) into that of (out, in)."""
    return math.sqrt(max(1.0, outputs / inputs) / max(1.0, inputs / outputs))
