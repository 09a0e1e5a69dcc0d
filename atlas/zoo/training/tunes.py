"""Fine-tunes of a reference model: the same loop, from trained weights, on something new.

Two of them, so that the atlas has lineages to show: the base's own facts in dialogues, and a topic
that the base never read. Some of the base's own passages are mixed in, so that it does not forget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from atlas import paths
from atlas.checkpoints import digests
from atlas.errors import AtlasError, suggest
from atlas.zoo.texts import dialogue, topic
from atlas.zoo.texts.text import Course
from atlas.zoo.training import architectures
from atlas.zoo.training.data import TrainingData
from atlas.zoo.training.recipe import Recipe

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

SUBJECTS: dict[str, Callable[[Tokenizer, int, int], Course]] = {
    "dialogue": dialogue.course,
    "topic": topic.course,
}


@dataclass(frozen=True)
class Tune(Recipe):
    """A recipe that starts from the weights of `base`.

    `passages` counts what is read in all, of which the share `old` is the base's own; `target` is
    the loss weight of a fact's target. Rows have their full length from the first step on, and no
    sublayer is ever off.
    """

    base: str = "llama"
    subject: str = "dialogue"
    old: float = 0.35
    target: float = 12.0
    steps: int = 500
    longer: tuple[float, ...] = (0.0, 0.0)
    passages: int = 12_000
    muon_rate: float = 0.02
    adam_rate: float = 0.004
    gain_rate: float = 0.01
    warm_up: int = 20
    decay: float = 0.7
    mlp_off: float = 0.0
    attention_off: float = 0.0
    threads: int = 1

    @property
    def architecture(self) -> str:
        return self.base

    @property
    def origin(self) -> Recipe:
        return Recipe(self.base)

    @property
    def folder(self) -> Path:
        """Where the base lies."""
        return paths.zoo_folder(self.base)

    def course(self, made: Tokenizer) -> Course:
        """What is new to the base."""
        return SUBJECTS[self.subject](made, self.seed, round((1 - self.old) * self.passages))

    def read(self, made: Tokenizer | None = None) -> TrainingData:
        """The course among passages of the base; what the base never read stays held out."""
        from tokenizers import Tokenizer

        made = made or Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        before, new = self.origin.read(made), self.course(made)
        rng = Random(f"tune {self.seed}")
        old = rng.sample(before.training, self.passages - len(new.passages))
        held = [lesson for group in new.held.values() for lesson in group]
        mixed = [*new.passages, *old]
        return TrainingData(
            made, before.known, new.taught, held, mixed, before.held_passages, self.target
        )

    def start(self, vocabulary: int) -> PreTrainedModel:
        """The base as it was saved, float32."""
        import torch
        import transformers

        transformers.logging.disable_progress_bar()
        model: PreTrainedModel = transformers.AutoModelForCausalLM.from_pretrained(
            self.folder, dtype=torch.float32
        )
        return model

    def pins(self) -> dict[str, str]:
        return {**super().pins(), "base": digests.of_weights(self.folder)}


TUNES: dict[str, Tune] = {
    "llama-instruct": Tune("llama-instruct"),
    "llama-topic": Tune(
        "llama-topic",
        subject="topic",
        old=0.5,
        muon_rate=0.012,
        adam_rate=0.003,
        gain_rate=0.006,
    ),
}


def names() -> list[str]:
    """Every reference model: the architectures' and their fine-tunes."""
    return [*architectures.ROWS, *TUNES]


def recipe(name: str) -> Recipe:
    """The recipe of a reference model's name."""
    if name in TUNES:
        return TUNES[name]
    if name in architectures.ROWS:
        return Recipe(name)
    raise AtlasError(f"unknown reference model {name!r}", remedy=suggest(name, sorted(names())))


def stated(card: Mapping[str, Any]) -> Recipe:
    """The recipe that a card states."""
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in card["recipe"].items()
    }
    return replace(recipe(card["name"]), **values)
