"""The one training loop: any architecture, one recipe; tunes.py goes on from a trained model.

Facts are to be found in heads, so the MLPs of all later layers are switched off for half of the
rows at random (stochastic depth, annealed to nothing in the last third), and the attention of the
first layer for half of them, so that its MLP reads plain embeddings. Matrices learn with Muon, the
embeddings and all vectors with AdamW.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError
from atlas.zoo.texts import facts, text
from atlas.zoo.texts.facts import Fact, Told
from atlas.zoo.training import architectures, tokenizer
from atlas.zoo.training.batches import SHAPES, TARGET, Batch, Batches, Shape, Tokens
from atlas.zoo.training.optimizers import optimizers

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Recipe:
    """Everything that a training run depends on, besides the files of the relations."""

    name: str
    steps: int = 1800
    seed: int = 1
    rows: int = 32
    longer: tuple[float, ...] = (0.4, 0.6)
    passages: int = 50_000
    muon_rate: float = 0.02
    adam_rate: float = 0.004
    gain_rate: float = 0.01
    warm_up: int = 50
    decay: float = 0.6
    mlp_off: float = 0.5
    attention_off: float = 0.5
    anneal: float = 2 / 3
    threads: int = 2
    bfloat16: bool = True

    def rate(self, step: int) -> float:
        """The factor of the learning rates: up in `warm_up` steps, down over the last `decay`."""
        left = (self.steps - step) / max(1, round(self.decay * self.steps))
        return min(1.0, (step + 1) / self.warm_up, left)

    def rows_of(self, step: int) -> tuple[int, Shape]:
        """(rows, their shape): longer ones from each share of the steps on, as many tokens."""
        shape = SHAPES[sum(step >= share * self.steps for share in self.longer)]
        return self.rows * SHAPES[-1].length // shape.length, shape

    def mlp_gate(self, step: int) -> float:
        """The chance that a later MLP is off: constant, then down to 0 from `anneal` on."""
        start = self.anneal * self.steps
        done = max(0.0, (step - start) / (self.steps - start))
        return self.mlp_off * max(0.0, 1 - 1.5 * done)

    @property
    def architecture(self) -> str:
        """The name of the model's row in architectures.py."""
        return self.name

    @property
    def origin(self) -> Recipe:
        """The recipe of the model that was trained from fresh weights: this one."""
        return self

    def read(self, made: Tokenizer | None = None) -> Data:
        """What the run reads; the tokenizer is trained where none is given."""
        return data(self.seed, self.passages, made)

    def start(self, vocabulary: int) -> PreTrainedModel:
        """The model before the first step, float32."""
        return architectures.build(self.architecture, vocabulary, self.seed)

    def pins(self) -> dict[str, str]:
        """Digests of what the run depends on besides the recipe."""
        return {"facts": facts.digest()}


@dataclass(frozen=True)
class Data:
    """What is read: the tokenizer, what is taught and held out, and the passages as text."""

    tokenizer: Tokenizer
    known: Sequence[Fact]
    taught: Sequence[Told]
    held_lessons: Sequence[Told]
    training: list[text.MarkedPassage]
    held_passages: list[text.MarkedPassage]
    target: float = TARGET

    def tokens(self) -> list[Tokens]:
        """The training passages as token ids, with the places of their facts' targets."""
        plain = [passage.text for passage in self.training]
        encoded = self.tokenizer.encode_batch(plain, add_special_tokens=False)
        found = []
        for one, passage in zip(encoded, self.training, strict=True):
            ends = {end: place for place, (_, end) in enumerate(one.offsets)}
            found.append(Tokens(one.ids, [ends[end] for end in passage.targets], self.target))
        return found


def data(seed: int, passages: int, made: Tokenizer | None = None) -> Data:
    """Tokenizer and passages of a seed; the tokenizer is trained where none is given."""
    made = made or tokenizer.train(seed)
    known = facts.taught(made)
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


def run(recipe: Recipe, out: Path, say: Callable[[str], None]) -> tuple[Trainer, Data]:
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
