"""The loss of a language model on a passage: how badly it predicts the tokens that are scored."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage

IGNORED = -100
"""Stands for the target of a position that is not scored."""


def logits(model: LiveModel, batch: Batch) -> torch.Tensor:
    """Logits of the language-model head at every position, (batch, length, vocabulary).

    Raises `AtlasError` for a model that was stored without its head.
    """
    if not model.has_head:
        raise AtlasError(
            "the weights hold no language-model head",
            file=model.folder,
            remedy="save the model with its head, or leave out the analyses that need a loss",
        )
    output = model.live(
        input_ids=batch.ids.to(model.device),
        attention_mask=batch.mask.to(model.device, torch.int64),
        use_cache=False,
    )
    found: torch.Tensor = output.logits
    return found


def per_passage(model: LiveModel, batch: Batch) -> torch.Tensor:
    """Each row's mean negative log probability of its scored tokens, given those before: (batch,).

    In nats, in float32 or better; it carries gradients. Padding and what is not scored take no
    part. Rows without a scored position are NaN.
    """
    found = logits(model, batch)
    wide = found if found.dtype == torch.float64 else found.float()
    # All positions at once, for every slice would cost the backward pass a tensor of its own.
    targets = torch.full(batch.ids.shape, IGNORED)
    for row, (first, last) in enumerate(batch.spans):
        targets[row, first - 1 : last - 1] = batch.ids[row, first:last]
    surprises = torch.nn.functional.cross_entropy(
        wide.flatten(0, 1),
        targets.flatten().to(wide.device),
        ignore_index=IGNORED,
        reduction="none",
    )
    scored = torch.tensor([last - first for first, last in batch.spans], device=wide.device)
    return surprises.reshape(batch.ids.shape).sum(1) / scored


def in_bits(nats: NDArray[np.float64], passages: Sequence[Passage]) -> NDArray[np.float64]:
    """(..., passage) losses in nats per token -> bits over each passage's scored text, a sum."""
    tokens = np.array([passage.scored for passage in passages], dtype=np.float64)
    found: NDArray[np.float64] = nats * tokens / math.log(2)
    return found
