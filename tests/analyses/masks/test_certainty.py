"""How sure deltas and masks are: against the bootstrap, loops, and what is known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from atlas.analyses.masks import certainty, choosing, matrices
from atlas.analyses.masks.scored_passages import ScoredPassages
from atlas.loaded.passages import Passage

COUNTS = (40, 25, 9)


def scored_passages(
    counts: tuple[int, ...] = COUNTS, seed: int = 0, tokens_a_byte: float = 0.3
) -> ScoredPassages:
    """Clusters of so many passages of 100 to 350 bytes."""
    generator = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(len(counts)), counts)
    sizes = np.round(generator.uniform(100, 350, len(clusters)))
    tokens = np.round(tokens_a_byte * sizes)
    return ScoredPassages(
        rows=tuple(range(len(clusters))),
        passages=tuple(Passage((), 0, int(count)) for count in tokens),
        clusters=clusters,
        labels=tuple("abcdefgh"[: len(counts)]),
        halves=choosing.halves(clusters),
        tokens=tokens,
        sizes=sizes,
    )


def lost(scored: ScoredPassages, blocks: int = 8, seed: int = 1) -> np.ndarray:
    """(block, passage): bits lost without blocks, of which some cost more, with much noise."""
    generator = np.random.default_rng(seed)
    rates = np.linspace(0, 0.2, blocks)[:, None] + generator.normal(
        0, 0.15, (blocks, len(scored.sizes))
    )
    found: np.ndarray = rates * scored.sizes
    return found


def drawn_anew(scored: ScoredPassages, draws: int, seed: int) -> list[np.ndarray]:
    """Rows of passages, drawn with replacement within every cluster."""
    generator = np.random.default_rng(seed)
    members = [np.flatnonzero(scored.clusters == c) for c in range(len(scored.labels))]
    return [np.concatenate([generator.choice(m, len(m)) for m in members]) for _ in range(draws)]


def rates_of(scored: ScoredPassages, bits: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(cluster, block), a loop over clusters."""
    found = []
    for c in range(len(scored.labels)):
        mine = rows[scored.clusters[rows] == c]
        found.append(bits[:, mine].sum(1) / scored.sizes[mine].sum())
    return np.stack(found)


def test_errors_of_deltas_are_those_of_the_bootstrap() -> None:
    scored = scored_passages((60, 45))
    bits = lost(scored)
    again = [rates_of(scored, bits, rows) for rows in drawn_anew(scored, 3000, 2)]
    np.testing.assert_allclose(scored.errors(bits), np.std(again, axis=0), rtol=0.08)


def test_errors_of_losses_and_perplexities_under_masks_are_those_of_the_bootstrap() -> None:
    scored = scored_passages((60, 45))
    generator = np.random.default_rng(3)
    nats = generator.normal(2.0, 0.3, (2, len(scored.sizes)))
    tried = dict(zip(("unpruned", "own"), nats, strict=True))
    loss, perplexity = matrices.under_masks(tried, scored)
    bits, tokens = nats * scored.tokens / math.log(2), scored.tokens
    again, worse = [], []
    for rows in drawn_anew(scored, 3000, 4):
        again.append(rates_of(scored, bits, rows))
        own = [rows[scored.clusters[rows] == c] for c in (0, 1)]
        worse.append([np.exp((nats * tokens)[:, mine].sum(1) / tokens[mine].sum()) for mine in own])
    np.testing.assert_allclose(loss.values, rates_of(scored, bits, np.arange(105)), rtol=1e-12)
    assert loss.spread is not None and perplexity.spread is not None
    np.testing.assert_allclose(loss.spread, np.std(again, axis=0), rtol=0.08)
    np.testing.assert_allclose(perplexity.spread, np.std(worse, axis=0), rtol=0.08)


def test_the_largest_share_is_that_of_one_passage() -> None:
    scored = scored_passages()
    bits = lost(scored)
    bits[3, 7] = -1e6
    shares = scored.largest_shares(bits)
    own = np.abs(bits[3, scored.clusters == 0])
    assert shares[0, 3] == pytest.approx(own.max() / own.sum()) and shares[0, 3] > 0.9
    assert shares[1, 3] < 0.3


def test_certainty_is_that_of_a_loop_over_draws() -> None:
    """Against draws of indices of another seed, masks by sorting; 400 draws are within .1."""
    scored = scored_passages()
    bits = lost(scored)
    mask = choosing.cheapest(scored.rates(bits), 2)
    found = certainty.of_masks(bits, scored, mask, 2)
    same = np.zeros(mask.shape)
    draws = drawn_anew(scored, 2000, 5)
    for rows in draws:
        for cluster, rates in enumerate(rates_of(scored, bits, rows)):
            kept = np.ones(len(rates), bool)
            kept[sorted(range(len(rates)), key=lambda block: rates[block])[:2]] = False
            same[cluster] += kept == mask[cluster]
    np.testing.assert_allclose(found[:2], same[:2] / len(draws), atol=0.1)
    assert 0.05 < found[:2].min() < 0.95
    np.testing.assert_array_equal(found, certainty.of_masks(bits, scored, mask, 2))


def test_clusters_under_ten_passages_have_no_certainty() -> None:
    scored = scored_passages((10, 9, 2))
    bits = lost(scored)
    mask = choosing.cheapest(scored.rates(bits), 2)
    found = certainty.of_masks(bits, scored, mask, 2)
    assert np.isfinite(found[0]).all() and np.isnan(found[1:]).all()
    both = matrices.of_blocks("certainty", found, scored)
    assert [one.name for one in both] == ["certainty:attn", "certainty:mlp"]
    for one in both:
        assert {row for row, _ in one.undefined} == {"b", "c"}
    assert matrices.certain(found, mask) == pytest.approx(found[0][~mask[0]].mean())
    assert matrices.certain(np.full(mask.shape, np.nan), mask) is None
    assert matrices.certain(found, np.ones_like(mask)) is None


def test_what_never_changes_is_certain_and_what_is_equal_is_not() -> None:
    scored = scored_passages((30,))
    even = np.outer([0.0, 0.0, 0.3, 0.9], scored.sizes)
    mask = choosing.cheapest(scored.rates(even), 1)
    assert (certainty.of_masks(even, scored, mask, 1) == 1).all(), "of equal ones the first goes"
    signs = np.where(np.arange(30) % 2, 1.0, -1.0)
    close = np.stack([signs, -signs, np.full(30, 9.0), np.full(30, 9.0)]) * scored.sizes
    mask = choosing.cheapest(scored.rates(close), 1)
    first = certainty.of_masks(close, scored, mask, 1)[0]
    assert abs(first[0] - 0.5) < 0.15 and first[0] == first[1] and (first[2:] == 1).all()


def test_every_draw_prunes_as_many() -> None:
    scored = scored_passages((20, 30))
    bits = lost(scored)
    for pruned in (0, 1, 3, 8):
        mask = choosing.cheapest(scored.rates(bits), pruned)
        found = certainty.of_masks(bits, scored, mask, pruned)
        np.testing.assert_allclose(np.where(mask, 1 - found, found).sum(1), pruned)


def test_the_most_divided_blocks_are_those_within_two_paired_errors() -> None:
    """The error of a difference of standard deviations against the bootstrap, and who is named."""
    scored = scored_passages((40, 40, 40, 40))
    bits = lost(scored, blocks=5)
    pull = np.array([-0.5, -0.2, 0.3, 0.4])[scored.clusters] * scored.sizes
    bits[1] += pull
    bits[3] += 0.97 * pull + 0.2 * scored.sizes  # nearly as divided
    bits[4] += 0.1 * pull
    assert set(certainty.most_divided(bits, scored)) == {1, 3}
    again = [rates_of(scored, bits, rows).std(0) for rows in drawn_anew(scored, 2000, 6)]
    spread = scored.rates(bits).std(0)
    lead = int(spread.argmax())
    apart = np.array(again)[:, [lead]] - np.array(again)
    surely = spread[lead] - spread > 2 * apart.std(0)
    assert {place for place in range(5) if not surely[place]} == {1, 3}
    bits[3] = bits[1]
    assert certainty.most_divided(bits, scored)[:2] == [1, 3], "equal ones are both named"
    assert matrices.divided(bits, scored).startswith("layer 0, MLP; layer 1, MLP")
    nothing = np.zeros_like(bits)
    assert certainty.most_divided(nothing, scored) == [0, 1, 2, 3, 4]


def test_the_same_bits_are_the_same_loss_whatever_the_tokenizer() -> None:
    """Tokens half as long: bits per byte stay, perplexity per token does not."""
    coarse, fine = scored_passages(), scored_passages(tokens_a_byte=0.6)
    generator = np.random.default_rng(7)
    bits = generator.uniform(1, 2, len(coarse.sizes)) * coarse.sizes
    nats = [bits * math.log(2) / one.tokens for one in (coarse, fine)]
    first, second = (
        one.bits_per_byte(loss) for one, loss in zip((coarse, fine), nats, strict=True)
    )
    assert first == pytest.approx(second, rel=1e-12)
    assert first == pytest.approx(bits.sum() / coarse.sizes.sum(), rel=1e-12)
    assert coarse.perplexity(nats[0]) > 1.5 * fine.perplexity(nats[1])
    np.testing.assert_allclose(
        coarse.rates(coarse.bits(nats[0])), fine.rates(fine.bits(nats[1])), rtol=1e-12
    )


def test_a_passage_counts_by_its_bytes() -> None:
    """A short passage that loses much moves a ratio of sums little, and a mean of rates a lot."""
    scored = scored_passages((2,))
    sizes = scored.sizes
    bits = np.array([[10.0 * sizes[0], 0.0]])
    assert scored.rates(bits)[0, 0] == pytest.approx(10 * sizes[0] / sizes.sum())
