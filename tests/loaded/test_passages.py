"""Passages as token ids: special tokens, cutting, padding, and what is scored."""

from __future__ import annotations

import pytest
import torch
from letters import letters

from atlas.errors import AtlasError
from atlas.loaded.passages import Passage, Sample, batch, encode

PASSAGES = (Passage((1, 5, 6, 7), 1, 4), Passage((1, 8), 1, 2), Passage((1, 3, 4, 5, 9, 2), 1, 5))


def test_a_decoder_begins_with_bos_where_the_tokenizer_has_one() -> None:
    (plain,) = encode(letters(), ["abc"], "decoder")
    (begun,) = encode(letters(bos_token="[ONE]", eos_token="[TWO]"), ["abc"], "decoder")
    assert plain == Passage((5, 6, 7), first=1, last=3)
    assert begun == Passage((1, 5, 6, 7), first=1, last=4)


def test_an_encoder_stands_between_its_special_tokens() -> None:
    tokenizer = letters(cls_token="[ONE]", sep_token="[TWO]")
    whole, cut = encode(tokenizer, ["ab", "abcdefgh"], "encoder", length=5)
    assert whole == Passage((1, 5, 6, 2), first=1, last=3)
    assert cut == Passage((1, 5, 6, 7, 2), first=1, last=4)


def test_passages_are_cut_special_tokens_included() -> None:
    (cut,) = encode(letters(bos_token="[ONE]"), ["abcdefgh"], "decoder", length=4)
    assert cut == Passage((1, 5, 6, 7), first=1, last=4)


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(AtlasError, match="no token of 1 passages is left to score"):
        encode(letters(), ["a"], "decoder")


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
