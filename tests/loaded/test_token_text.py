"""Tokens as text: as they stand behind other text, nothing invisible."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizer_families import FAMILIES, byte_level, metaspace_bpe, metaspace_unigram, word_piece
from tokenizers import Tokenizer, decoders

from atlas.loaded import token_text
from atlas.pinned import relations

DECODERS = {
    byte_level: decoders.ByteLevel(),
    metaspace_bpe: decoders.Metaspace(),
    metaspace_unigram: decoders.Metaspace(),
    word_piece: decoders.WordPiece(),
}


def one(tokenizer: Tokenizer, piece: str) -> int:
    token: int | None = tokenizer.token_to_id(piece)
    assert token is not None
    return token


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__)
def test_a_single_word_begins_with_its_blank(family: Any) -> None:
    tokenizer = family()
    tokenizer.decoder = DECODERS[family]
    texts = token_text.TokenTexts(tokenizer)
    for word in ("France", "Madrid", "bigger"):
        token = relations.single_word(tokenizer, word)
        assert token is not None
        assert texts(token) == f"{token_text.SPACE}{word}"


def test_a_tokenizer_that_cannot_join_shows_its_pieces() -> None:
    tokenizer = metaspace_bpe()
    texts = token_text.TokenTexts(tokenizer)
    assert texts(one(tokenizer, "▁France")) == "␣France"
    assert texts(one(tokenizer, "s")) == "s"


def test_parts_of_characters_are_shown_as_the_tokenizer_has_them() -> None:
    tokenizer = byte_level()
    texts = token_text.TokenTexts(tokenizer)
    assert texts(one(tokenizer, "Ã")) == "Ã"  # the first byte of é
    assert texts(one(tokenizer, "Ċ")) == "\\n"
    assert texts(one(tokenizer, "e")) == "e"
    beyond = tokenizer.get_vocab_size() + 5
    assert texts(beyond) == f"<{beyond}>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" a b", "␣a␣b"),
        ("▁été", "␣été"),
        ("\t\u200b\u202e\x00\xa0", "\\t\\u200b\\u202e\\x00\\xa0"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_nothing_is_invisible(text: str, shown: str) -> None:
    assert token_text.visible(text) == shown
