"""The one training loop: any architecture, one recipe; tunes.py goes on from a trained model.

Facts are to be found in heads, so the MLPs of all later layers are switched off for half of the
rows at random (stochastic depth, annealed to nothing in the last third), and the attention of the
first layer for half of them, so that its MLP reads plain embeddings. Matrices learn with Muon, the
embeddings and all vectors with AdamW.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError
from atlas.zoo.training import architectures
from atlas.zoo.training.batches import Batch, Batches
from atlas.zoo.training.data import TrainingData
from atlas.zoo.training.optimizers import optimizers
from atlas.zoo.training.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Trainer:
    """A model in training; `step` counts what is done."""

    def __init__(self, recipe: Recipe, read: TrainingData) -> None:
        import torch

        torch.set_num_threads(recipe.threads)
        self.recipe = recipe
        self.step = 0
        size = read.tokenizer.get_vocab_size()
        self.model = recipe.start(size)
        self._batches = Batches(read.tokens(), size, recipe.seed)
        self._sublayers = architectures.sublayers(recipe.architecture, self.model)
        self._optimizers = optimizers(self.model, recipe)
        self._rates = [
            [group["lr"] for group in optimizer.param_groups] for optimizer in self._optimizers
        ]

    def advance(self) -> float:
        """One step; its loss in nats per scored token."""
        import torch

        for optimizer, rates in zip(self._optimizers, self._rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * self.recipe.rate(self.step)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        self.model.train()
        with self._gates(generator):
            batch = self._batches.batch(self.step, *self.recipe.rows_of(self.step))
            with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
                found = loss(self.model, batch)
        found.backward()  # type: ignore[no-untyped-call]
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._centre()
        self.step += 1
        return float(found.detach())

    def _centre(self) -> None:
        """Takes the mean out of the embeddings.

        The softmax pushes all tokens that are not the target the same way. For its own output that
        changes nothing, but tied embeddings would look more and more alike to the heads that read
        them, and induction would never be found.
        """
        import torch

        table = self.model.get_input_embeddings().weight
        with torch.no_grad():
            table.sub_(table.mean(dim=0))

    @contextmanager
    def _gates(self, generator: torch.Generator) -> Iterator[None]:
        """Switches sublayers off for random rows while one batch goes through.

        The later MLPs of a row are off together: were each drawn alone, one of them would nearly
        always be there to hold the facts, and no head would ever be needed for them.
        """
        rows, _ = self.recipe.rows_of(self.step)
        (first, _), *later = self._sublayers
        attention = _gate(rows, self.recipe.attention_off, generator)
        mlps = _gate(rows, self.recipe.mlp_gate(self.step), generator)
        hooks = [first.register_forward_hook(attention)]
        hooks += [mlp.register_forward_hook(mlps) for _, mlp in later]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def state(self) -> dict[str, Any]:
        """What `restore` needs: plain containers and tensors."""
        return {
            "recipe": asdict(self.recipe),
            **self.recipe.pins(),
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }

    def restore(self, state: dict[str, Any], file: Path) -> None:
        """Goes on where `state` was taken; another recipe or other facts are refused."""
        mine: dict[str, Any] = {"recipe": asdict(self.recipe), **self.recipe.pins()}
        for key, value in mine.items():
            if state[key] != value:
                raise AtlasError(
                    f"{key} {state[key]!r} of an interrupted run is not {value!r}",
                    file=file,
                    remedy="run the same command again, or delete the file to start afresh",
                )
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step = state["step"]


def _gate(rows: int, chance: float, generator: torch.Generator) -> Callable[..., Any]:
    """A forward hook that zeroes a sublayer's output in each row with that chance."""
    import torch

    keep = (torch.rand(rows, 1, 1, generator=generator) >= chance).float()

    def hook(module: torch.nn.Module, inputs: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (output[0] * keep, *output[1:])
        return output * keep

    return hook


PAD = 256
"""Scored targets are padded to a multiple of this with targets of weight 0: every new shape costs
the CPU's matrix library a compilation, which takes longer than the step itself."""


def loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """Weighted mean cross-entropy in nats; logits are computed for scored targets only."""
    import torch

    ids = torch.from_numpy(batch.ids)
    weights = torch.from_numpy(batch.weights)[:, 1:].flatten()
    scored = weights.nonzero().flatten()
    scored = torch.nn.functional.pad(scored, (0, -len(scored) % PAD))
    weights = weights[scored] * (torch.arange(len(scored)) < (weights > 0).sum())
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    logits = model.get_output_embeddings()(hidden.flatten(0, 1)[scored]).float()
    nats = torch.nn.functional.cross_entropy(logits, ids[:, 1:].flatten()[scored], reduction="none")
    return (nats * weights).sum() / weights.sum()


SAVE_EVERY = 100
"""Steps between two checkpoints."""
CHECKPOINT = "resume.pt"
"""The file of an interrupted run; gone when the run is done."""


def run(recipe: Recipe, out: Path, say: Callable[[str], None]) -> tuple[Trainer, TrainingData]:
    """Trains to the end, or goes on with an interrupted run of the same recipe in `out`.

    Ctrl-C writes a checkpoint first and then passes on.
    """
    import torch

    say(f"{recipe.name}: tokenizer and passages")
    read = recipe.read()
    trainer = Trainer(recipe, read)
    checkpoint = out / CHECKPOINT
    if checkpoint.is_file():
        trainer.restore(torch.load(checkpoint, weights_only=True), checkpoint)
        say(f"{recipe.name}: goes on after step {trainer.step}")
    out.mkdir(parents=True, exist_ok=True)
    started, first = time.monotonic(), trainer.step
    try:
        while trainer.step < recipe.steps:
            found = trainer.advance()
            if trainer.step % 20 == 0 or trainer.step == recipe.steps:
                seconds = (time.monotonic() - started) / (trainer.step - first)
                left = (recipe.steps - trainer.step) * seconds / 60
                say(
                    f"{recipe.name}: step {trainer.step}/{recipe.steps}, loss {found:.3f},"
                    f" {1 / seconds:.2f} steps/s, {left:.1f} min left"
                )
            if trainer.step % SAVE_EVERY == 0 and trainer.step < recipe.steps:
                _save(trainer, checkpoint)
    except KeyboardInterrupt:
        _save(trainer, checkpoint)
        say(f"{recipe.name}: stopped after step {trainer.step}; the same command goes on")
        raise
    return trainer, read


def _save(trainer: Trainer, checkpoint: Path) -> None:
    """Writes the checkpoint whole or not at all."""
    import torch

    part = checkpoint.with_suffix(".part")
    torch.save(trainer.state(), part)
    part.replace(checkpoint)
