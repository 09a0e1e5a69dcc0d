"""A tokenizer of letters, which any tiny model can have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

LETTERS = " abcdefghijklmnopqrstuvwxyz"


def letters(folder: Path | None = None, **special: str) -> Any:
    """A tokenizer of letters, with some special tokens; saved beside a tiny model's weights."""
    words = ["[PAD]", "[ONE]", "[TWO]", "[UNK]", *LETTERS]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", **special
    )
    if folder is not None:
        wrapped.save_pretrained(folder)
    return wrapped
