"""The recipe of a training run: every number it depends on, and the schedules they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.zoo.texts import facts
from atlas.zoo.training import architectures, data
from atlas.zoo.training.batches import SHAPES, Shape
from atlas.zoo.training.data import TrainingData

if TYPE_CHECKING:
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
        """The name of the model's row in `architectures.ROWS`."""
        return self.name

    @property
    def origin(self) -> Recipe:
        """The recipe of the model that was trained from fresh weights: this one."""
        return self

    def read(self, made: Tokenizer | None = None) -> TrainingData:
        """What the run reads; the tokenizer is trained where none is given."""
        return data.read(self.seed, self.passages, made)

    def start(self, vocabulary: int) -> PreTrainedModel:
        """The model before the first step, float32."""
        return architectures.build(self.architecture, vocabulary, self.seed)

    def pins(self) -> dict[str, str]:
        """Digests of what the run depends on besides the recipe."""
        return {"facts": facts.digest()}
