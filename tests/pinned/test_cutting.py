"""What of a text is read and what is scored: the same bytes for every tokenizer."""

from __future__ import annotations

import numpy as np
import pytest

from atlas.pinned import corpus, cutting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three", "one two three"),
        ("one two three four", "one two three"),
        ("one two threefour", "one two"),
        ("one two thre     four", "one two thre"),
        ("one two thirtee", "one two"),
        ("onetwothreefour", "onetwothreefo"),  # no white space is in reach
        ("  nowhitespaceatall", "  nowhitespac"),
        ("trailing  \n", "trailing"),
        ("東京都東京都", "東京都東"),  # 3 bytes each
        ("ab 東京都東京", "ab"),
        ("", ""),
    ],
)
def test_a_text_is_cut_at_a_words_end(text: str, expected: str) -> None:
    assert cutting.cut(text, 13) == expected


def test_white_space_far_back_is_out_of_reach() -> None:
    """Text in a script without spaces after a heading is not cut down to the heading."""
    text = "第3章 " + "東京" * 300
    assert len(cutting.cut(text).encode()) > cutting.BYTES - 3
    assert cutting.cut("a " + "é" * 400) == "a " + "é" * 175
    near = "a" * 300 + " " + "b" * 100
    assert cutting.cut(near) == "a" * 300
    assert cutting.cut("a" * 280 + " " + "b" * 100) == "a" * 280 + " " + "b" * 71


def test_a_cut_is_the_longest_that_fits() -> None:
    """Against the plain definition, on texts of random characters of 1 to 4 bytes."""
    drawn = np.random.default_rng(0)
    for _ in range(500):
        text = "".join(drawn.choice(list("ab \né東𝄞"), drawn.integers(0, 40)))
        found = cutting.cut(text, 20)
        ends = [
            at
            for at in range(len(text) + 1)
            if len(text[:at].encode()) <= 20
            and text[:at].strip()
            and not text[at - 1].isspace()
            and (at == len(text) or text[at].isspace())
        ]
        within = max(at for at in range(len(text) + 1) if len(text[:at].encode()) <= 20)
        assert found == (text[: max(ends)] if ends else text[:within].rstrip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("one two", 3), ("  one two", 5), ("one", 3), ("", 0), ("a" * 100, 64), ("東" * 50, 21)],
)
def test_the_first_word_is_context(text: str, expected: int) -> None:
    assert cutting.context(text) == expected


def test_every_passage_of_the_corpus_has_something_to_score() -> None:
    for one in corpus.load():
        cut = cutting.cut(one.text)
        assert 250 < len(cut.encode()) <= cutting.BYTES
        assert cutting.context(cut) < 30
