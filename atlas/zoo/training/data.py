"""What a training run reads: a tokenizer, and passages of facts and filler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.zoo.texts import facts, text
from atlas.zoo.texts.facts import Fact, Told
from atlas.zoo.training import tokenizer
from atlas.zoo.training.batches import TARGET, Tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class TrainingData:
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


def read(seed: int, passages: int, made: Tokenizer | None = None) -> TrainingData:
    """The data of a seed; the tokenizer is trained where none is given."""
    made = made or tokenizer.train(seed)
    known = facts.taught(made)
    taught, held = facts.lessons(known, seed)
    training, held_passages = text.passages(taught, seed, passages)
    return TrainingData(made, known, taught, held, training, held_passages)
