"""The one training loop: any architecture, one recipe.

Facts are to be found in heads, so MLPs of the later layers are switched off for half of the rows
at random (stochastic depth, annealed to nothing in the last third), and the attention of the first
layer for half of them, so that its MLP reads plain embeddings. Matrices learn with Muon, the
embeddings and all vectors with AdamW.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError
from atlas.zoo import architectures, facts, text, tokenizer
from atlas.zoo.batches import Batch, Batches

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Recipe:
    """Everything that a training run depends on, besides the files of the relations."""

    name: str
    steps: int = 1500
    seed: int = 1
    rows: int = 32
    passages: int = 50_000
    muon_rate: float = 0.02
    adam_rate: float = 0.004
    gain_rate: float = 0.001
    warm_up: int = 50
    decay: float = 0.4
    mlp_off: float = 0.5
    attention_off: float = 0.5
    anneal: float = 2 / 3
    threads: int = 2

    def rate(self, step: int) -> float:
        """The factor of the learning rates: up in `warm_up` steps, down over the last `decay`."""
        left = (self.steps - step) / max(1, round(self.decay * self.steps))
        return min(1.0, (step + 1) / self.warm_up, left)

    def mlp_gate(self, step: int) -> float:
        """The chance that a later MLP is off: constant, then down to 0 from `anneal` on."""
        start = self.anneal * self.steps
        done = max(0.0, (step - start) / (self.steps - start))
        return self.mlp_off * max(0.0, 1 - 1.5 * done)


@dataclass(frozen=True)
class Data:
    """What is read: the tokenizer, what is taught and held out, and the passages as text."""

    tokenizer: Tokenizer
    facts: list[facts.Fact]
    taught: list[facts.Lesson]
    held_lessons: list[facts.Lesson]
    training: list[str]
    held_passages: list[str]

    def ids(self, passages: list[str]) -> list[list[int]]:
        """The passages' token ids, without special tokens."""
        encoded = self.tokenizer.encode_batch(passages, add_special_tokens=False)
        return [one.ids for one in encoded]


def data(seed: int, passages: int) -> Data:
    """Tokenizer and passages of a seed."""
    made = tokenizer.train(seed)
    known = facts.taught(facts.load(), tokenizer.Singles(made))
    taught, held = facts.lessons(known, seed)
    training, held_passages = text.passages(taught, seed, passages)
    return Data(made, known, taught, held, training, held_passages)


class Trainer:
    """A model in training; `step` counts what is done."""

    def __init__(self, recipe: Recipe, read: Data) -> None:
        import torch

        torch.set_num_threads(recipe.threads)
        self.recipe = recipe
        self.step = 0
        size = read.tokenizer.get_vocab_size()
        self.model: PreTrainedModel = architectures.build(recipe.name, size, recipe.seed)
        self._batches = Batches(read.ids(read.training), size, recipe.seed)
        self._sublayers = architectures.sublayers(recipe.name, self.model)
        self._optimizers = list(self._make_optimizers())

    def _make_optimizers(self) -> Iterator[torch.optim.Optimizer]:
        import torch

        tables = {
            id(part.weight)
            for part in (self.model.get_input_embeddings(), self.model.get_output_embeddings())
        }
        named = list(self.model.parameters())
        matrices = [one for one in named if one.ndim == 2 and id(one) not in tables]
        embeddings = [one for one in named if id(one) in tables]
        vectors = [one for one in named if one.ndim != 2]
        yield torch.optim.Muon(matrices, lr=self.recipe.muon_rate, weight_decay=0.0)
        yield torch.optim.AdamW(
            [
                {"params": embeddings, "lr": self.recipe.adam_rate},
                {"params": vectors, "lr": self.recipe.gain_rate},
            ],
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )
        for optimizer in self._rates:
            optimizer

    def advance(self) -> float:
        """One step; its loss in nats per scored token."""
        import torch

        self._set_rates()
        batch = self._batches.batch(self.step, self.recipe.rows)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        self.model.train()
        with self._gates(generator):
            found = loss(self.model, batch)
        found.backward()  # type: ignore[no-untyped-call]
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return float(found)
