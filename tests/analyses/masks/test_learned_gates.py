"""Gates that learn: the distribution in its closed form, and what they find in a built model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import planted_blocks
import pytest
import torch

from atlas.analyses.masks import choosing, learned_gates
from atlas.analyses.masks.learned_gates import Gates
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch
from atlas.passes import losses, without_blocks


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


def test_gates_are_distributed_as_published() -> None:
    """P(0), P(1) and the median in closed form (Louizos et al. 2018, equations 9 to 12)."""
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand(200_000, generator=generator, dtype=torch.float64)
    for log_alpha in (-2.0, 0.0, 0.7, 3.0):
        held = torch.tensor(log_alpha, dtype=torch.float64)
        gates = learned_gates.sampled(held, uniform)
        closed = 1 / (1 + math.exp(log_alpha - 2 / 3 * math.log(0.1 / 1.1)))
        open_ = 1 / (1 + math.exp(2 / 3 * math.log(1.1 / 0.1) - log_alpha))
        assert float(learned_gates.closed_share(held)) == pytest.approx(closed, rel=1e-12)
        assert float((gates == 0).double().mean()) == pytest.approx(closed, abs=0.005)
        assert float((gates == 1).double().mean()) == pytest.approx(open_, abs=0.005)
        median = 1.2 / (1 + math.exp(-log_alpha * 1.5)) - 0.1
        assert float(gates.median()) == pytest.approx(min(1, max(0, median)), abs=0.01)


def test_gates_start_from_costs() -> None:
    """As many are closed as should be; the price lies between what is pruned and what is kept."""
    costs = torch.tensor([[0.1, 0.5, -0.2, 0.9], [4.0, 1.0, 2.0, 3.0]], dtype=torch.float64)
    log_alpha, price, unit = learned_gates.start(costs, 2)
    torch.testing.assert_close(price, torch.tensor([0.3, 2.5], dtype=torch.float64))
    assert (unit > 0).all()
    torch.testing.assert_close(
        learned_gates.closed_share(log_alpha).sum(1),
        torch.tensor([2.0, 2.0]).double(),
        atol=0.1,
        rtol=0,
    )
    assert (log_alpha.argsort(1) == costs.argsort(1)).all()


def learned(
    model: LiveModel, steps: int = 60, tokens: int | None = None, pruned: int = 4
) -> tuple[Gates, list[tuple[int, int]]]:
    passages, languages = planted_blocks.passages()
    found = without_blocks.losses_without(model, passages, quiet).numpy()
    clusters, told = np.array(languages), list[tuple[int, int]]()
    gates = learned_gates.learn(
        model,
        passages,
        clusters,
        choosing.halves(clusters),
        (found[1:] - found[0]).T,
        pruned,
        lambda done, total: told.append((done, total)),
        steps=steps,
        tokens=tokens,
    )
    return gates, told


def test_what_serves_a_cluster_is_kept_and_the_rest_pruned(tmp_path: Path) -> None:
    model = planted_blocks.make(tmp_path, planted_blocks.SERVES)
    wanting = [parameter.requires_grad for parameter in model.live.parameters()]
    gates, told = learned(model)
    serves = np.array(
        [[planted_blocks.SERVES[block] == who for block in planted_blocks.BLOCKS] for who in "AB"]
    )
    for half in gates.log_alpha:
        assert (choosing.cheapest(half, 4) == serves).all()
    assert abs(gates.sparsity * 8 - 4) < 1, "the expected number of closed gates, within a block"
    assert told[-1][0] == told[-1][1] and [one for one, _ in told] == sorted(one for one, _ in told)
    assert [parameter.requires_grad for parameter in model.live.parameters()] == wanting
    assert all(parameter.grad is None for parameter in model.live.parameters())


def test_the_same_seed_learns_the_same_whatever_the_micro_batches(tmp_path: Path) -> None:
    model = planted_blocks.make(tmp_path, planted_blocks.SERVES)
    first, _ = learned(model, steps=4)
    again, _ = learned(model, steps=4)
    assert (first.log_alpha == again.log_alpha).all()
    alone, _ = learned(model, steps=4, tokens=1)
    np.testing.assert_allclose(alone.log_alpha, first.log_alpha, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("pruned", "share"), [(0, 0.0), (8, 1.0)])
def test_where_nothing_or_everything_is_pruned_nothing_is_learned(
    tmp_path: Path, pruned: int, share: float
) -> None:
    gates, told = learned(planted_blocks.make(tmp_path, planted_blocks.SERVES), pruned=pruned)
    assert gates.sparsity == share and gates.log_alpha.shape == (2, 2, 8) and told == []


def test_memory_that_runs_out_halves_the_micro_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = planted_blocks.make(tmp_path, planted_blocks.SERVES)
    expected, _ = learned(model, steps=2)
    whole = losses.per_passage

    def scarce(model: LiveModel, tokens: Batch) -> torch.Tensor:
        if len(tokens.ids) > 1 and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("out of memory")
        return whole(model, tokens)

    monkeypatch.setattr(losses, "per_passage", scarce)
    found, _ = learned(model, steps=2)
    np.testing.assert_allclose(found.log_alpha, expected.log_alpha, rtol=1e-9, atol=1e-9)

    def gone(model: LiveModel, tokens: Batch) -> torch.Tensor:
        if torch.is_grad_enabled():
            raise torch.OutOfMemoryError("out of memory")
        return whole(model, tokens)

    monkeypatch.setattr(losses, "per_passage", gone)
    with pytest.raises(
        AtlasError, match=r"learning from a single passage of .* leave learned masks"
    ):
        learned(model, steps=2)
