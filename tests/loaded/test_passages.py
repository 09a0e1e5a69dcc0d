"""Passages as token ids: special tokens, cutting, padding, and what is scored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from letters import letters
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from atlas.errors import AtlasError
from atlas.loaded.passages import Passage, Sample, batch, encode, whole
from atlas.pinned import cutting

PASSAGES = (Passage((1, 5, 6, 7), 1, 4), Passage((1, 8), 1, 2), Passage((1, 3, 4, 5, 9, 2), 1, 5))


def of(model: Any, **special: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model), **special)


def tokenizers_of_many_kinds(texts: list[str]) -> Iterator[PreTrainedTokenizerFast]:
    """Trained on the texts: byte-level ones of two sizes, one with BOS, SentencePiece's marks, and
    the white space of WordPiece."""
    for size, bos in ((257, None), (300, "<s>"), (400, None)):
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        special = [bos] if bos else []
        made.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=size,
                initial_alphabet=alphabet,
                special_tokens=special,
                show_progress=False,
            ),
        )
        yield PreTrainedTokenizerFast(tokenizer_object=made, **({"bos_token": bos} if bos else {}))
    for before in (
        pre_tokenizers.Metaspace(),
        pre_tokenizers.Metaspace(prepend_scheme="never"),
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.BertPreTokenizer(),
    ):
        made = Tokenizer(models.Unigram())
        made.pre_tokenizer = before
        made.train_from_iterator(
            texts,
            trainers.UnigramTrainer(
                vocab_size=200, unk_token="?", special_tokens=["?"], show_progress=False
            ),
        )
        yield PreTrainedTokenizerFast(tokenizer_object=made, unk_token="?")


def test_a_decoder_begins_with_bos_where_the_tokenizer_has_one() -> None:
    (plain,) = encode(letters(), ["a bc"], "decoder")
    (begun,) = encode(letters(bos_token="[ONE]", eos_token="[TWO]"), ["a bc"], "decoder")
    assert plain == Passage((5, 4, 6, 7), first=1, last=4, bytes=3)
    assert begun == Passage((1, 5, 4, 6, 7), first=2, last=5, bytes=3)


def test_an_encoder_stands_between_its_special_tokens() -> None:
    tokenizer = letters(cls_token="[ONE]", sep_token="[TWO]")
    all_of_it, cut = encode(tokenizer, ["a b", "a bcdefgh"], "encoder", positions=5)
    assert all_of_it == Passage((1, 5, 4, 6, 2), first=2, last=4, bytes=2)
    assert cut == Passage((1, 5, 4, 6, 2), first=2, last=4, bytes=2, shortened=True)


def test_a_context_that_is_too_short_ends_a_passage_and_is_told() -> None:
    (cut,) = encode(letters(bos_token="[ONE]"), ["a bcdefgh"], "decoder", positions=4)
    assert cut == Passage((1, 5, 4, 6), first=2, last=4, bytes=2, shortened=True)
    (none,) = whole(letters(bos_token="[ONE]"), ["abcdefgh"], "decoder", 4)
    assert none == Passage((1, 5, 6, 7), first=1, last=4)


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(AtlasError, match="no token of 1 passages is left to score"):
        encode(letters(), ["a"], "decoder")


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog, and then it jumps again.",
        "  Two  spaces\n\nand a line; ünïcödé naïveté — 東京 is a city.",
        "Снова и снова: всё то же самое.",
    ],
)
def test_every_tokenizer_scores_the_same_bytes(text: str) -> None:
    """Byte-level with and without BOS, pieces with a mark before words, words, characters."""
    texts = [text * 12, text]
    expected = [
        len(cut.encode()) - len(cut[: cutting.context(cut)].encode())
        for cut in map(cutting.cut, texts)
    ]
    for tokenizer in tokenizers_of_many_kinds([text * 12]):
        passages = encode(tokenizer, texts, "decoder")
        assert [passage.bytes for passage in passages] == expected
        assert all(0 < passage.first <= passage.last == len(passage.ids) for passage in passages)


def test_white_space_that_is_joined_to_the_first_word_counts_for_everyone() -> None:
    """As Llama 3 joins a line's end to the punctuation before it."""
    vocabulary = {"{": 0, "\n": 1, "a": 2, " ": 3, "{\n": 4}
    joined = of(models.BPE(vocab=vocabulary, merges=[("{", "\n")]))
    apart = of(models.BPE(vocab=vocabulary, merges=[]))
    (one,), (other,) = (encode(each, ["{\n aa"], "decoder") for each in (joined, apart))
    assert one == Passage((4, 3, 2, 2), first=1, last=4, bytes=4)
    assert other == Passage((0, 1, 3, 2, 2), first=1, last=5, bytes=4)


def test_a_token_that_begins_in_the_first_word_is_context() -> None:
    """Scored bytes then say that less was scored, so that nobody subtracts."""
    tokenizer = of(
        models.BPE(
            vocab={"a": 0, " ": 1, "b": 2, "a ": 3, "a b": 4, "c": 5},
            merges=[("a", " "), ("a ", "b")],
        )
    )
    (passage,) = encode(tokenizer, ["a bcc"], "decoder")
    assert passage == Passage((4, 5, 5), first=1, last=3, bytes=2)


def test_padding_is_on_the_right_and_masked() -> None:
    held = batch(PASSAGES, [2, 1])
    assert held.ids.tolist() == [[1, 3, 4, 5, 9, 2], [1, 8, 0, 0, 0, 0]]
    assert held.mask.tolist() == [[True] * 6, [True] * 2 + [False] * 4]
    assert (held.passages, held.spans) == ((2, 1), ((1, 5), (1, 2)))


@pytest.mark.parametrize("device", ["cpu", "as an accelerator"])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_scored_positions_come_in_order(
    device: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways of walking a tensor, in pieces of any size, see the same vectors."""
    monkeypatch.setattr("atlas.loaded.passages.PIECE", {"cpu": limit})
    monkeypatch.setattr("atlas.loaded.passages.LARGE_PIECE", limit)
    held = batch(PASSAGES, [0, 2, 1])
    for shape in ((3, 6, 4), (3, 6, 2, 4)):
        x = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
        expected = [x[0, 1:4], x[1, 1:5], x[2, 1:2]]
        seen = list(held.scored(x if device == "cpu" else _Elsewhere(x)))  # type: ignore[arg-type]
        assert torch.equal(torch.cat(seen), torch.cat(expected).reshape(-1, 4))
        assert max(len(piece) for piece in seen) <= max(1, limit // 4)


class _Elsewhere:
    """A tensor that says that it is not on the processor."""

    def __init__(self, x: torch.Tensor) -> None:
        self.x = x
        self.shape = x.shape

    @property
    def device(self) -> torch.device:
        return _Device()  # type: ignore[return-value]

    def flatten(self, first: int, last: int) -> torch.Tensor:
        return self.x.flatten(first, last)


class _Device(str):
    type = "other"

    def __new__(cls) -> _Device:
        return super().__new__(cls, "cpu")


def test_a_sample_does_not_depend_on_batches() -> None:
    sample = Sample(PASSAGES, width=10, most=25, seed=0)
    total = 10 * (3 + 1 + 4)
    flat = torch.unique(torch.randint(total, (25,), generator=torch.Generator().manual_seed(0)))
    assert 15 <= sample.size == len(flat) <= 25
    # Every value of every passage, by position and channel: what is drawn are `flat` of them.
    values = torch.arange(float(3 * 6 * 10)).reshape(3, 6, 10)
    every = torch.cat([values[0, 1:4], values[1, 1:2], values[2, 1:5]]).flatten()
    for groups in ([[0, 1, 2]], [[2], [0], [1]], [[2, 0], [1]]):
        drawn = torch.full((sample.size,), -1.0)
        for group in groups:
            held = batch(PASSAGES, group)
            x = values[group][:, : held.ids.shape[1]]
            places, rows, positions, channels = sample.of(held, torch.device("cpu"))
            drawn[places] = x[rows, positions, channels]
        assert torch.equal(drawn, every[flat])


def test_a_sample_of_few_values_is_all_of_them() -> None:
    sample = Sample(PASSAGES, width=3, most=100, seed=0)
    places, rows, positions, channels = sample.of(batch(PASSAGES, [0, 1, 2]), torch.device("cpu"))
    assert places.tolist() == list(range(24)) and sample.size == 24
    assert len({*zip(rows.tolist(), positions.tolist(), channels.tolist(), strict=True)}) == 24


def test_a_sample_is_even() -> None:
    """20,000 draws over 4 passages x 100 positions x 200 channels: no part is neglected."""
    passages = [Passage(tuple(range(101)), 1, 101)] * 4
    sample = Sample(passages, width=200, most=20_000, seed=0)
    _, rows, positions, channels = sample.of(batch(passages, range(4)), torch.device("cpu"))
    expected = 80_000 * (1 - (1 - 1 / 80_000) ** 20_000)
    for index, size in ((rows, 4), ((positions - 1) // 25, 4), (channels // 40, 5)):
        counts = torch.bincount(index, minlength=size) * size / expected
        assert (counts - 1).abs().max() < 0.04
