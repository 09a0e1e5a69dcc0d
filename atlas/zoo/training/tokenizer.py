"""The byte-level BPE that all reference models share.

It is trained on filler text and on a list of words of the relations, each repeated so often that
it becomes one token. `<|endoftext|>` is its only special token: it begins every sequence, ends
every passage and pads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from atlas.zoo.texts import facts, text
from atlas.zoo.texts.templates import TELLINGS

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 8192
END = "<|endoftext|>"
WANTED = 80
"""Facts of a relation whose words are pressed into the vocabulary."""
REPEATS = 1000
"""How often a wanted word is counted: more than all but the commonest words of the filler."""
FILLER = 8000
"""Filler passages that the tokenizer is trained on."""


def train(seed: int) -> Tokenizer:
    """The tokenizer of a seed; the same seed gives the same tokenizer.

    Encoding puts `<|endoftext|>` first unless special tokens are turned off.
    """
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, processors, trainers

    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator(_training_text(seed), trainer)
    made.post_processor = processors.TemplateProcessing(
        single=f"{END} $A", pair=f"{END} $A {END} $B", special_tokens=[(END, 0)]
    )
    return made


def _training_text(seed: int) -> Iterable[str]:
    wanted = facts.wanted(facts.load(), WANTED)
    chosen = sorted({word for fact in wanted for word in (fact.source, fact.target)})
    for word in chosen:
        yield f" {word}" * REPEATS
    for telling in TELLINGS.values():
        for template in telling.templates:
            yield f" {template.format(s='it', t='it')}" * (REPEATS // 4)
    for index in range(FILLER):
        yield text.filler(seed, index)


def wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """The tokenizer as transformers saves it beside the weights."""
    from transformers import PreTrainedTokenizerFast

    settings: dict[str, Any] = {"bos_token": END, "eos_token": END, "pad_token": END}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=256, **settings)
