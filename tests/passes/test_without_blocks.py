"""What a model loses without a block, against full passes with the block's gate closed."""

from __future__ import annotations

from pathlib import Path

import kinds
import pytest
import torch
from gated import VARIANTS, by_gates, drawn, opened, quiet

from atlas import architectures
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch
from atlas.passes import losses, without_blocks, without_layers

DECODERS = [name for name in architectures.by_hand() if architectures.kind(name) == "decoder"]


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_a_skip_is_a_closed_gate_whatever_the_batches(tmp_path: Path, variant: str) -> None:
    model, passages = opened(tmp_path, variant), drawn()
    expected = by_gates(model, passages)
    does = (expected[1:] - expected[0]).abs().amax(1) > 1e-5
    assert does.tolist() == without_blocks.existing(model), "every block does something"
    alone = without_blocks.losses_without(model, passages, quiet, 1)
    torch.testing.assert_close(alone, expected, rtol=1e-12, atol=1e-12, equal_nan=True)
    together = without_blocks.losses_without(model, passages, quiet, 1000)
    # Not closer: GPT-J turns its queries and keys in float32 whatever its type.
    torch.testing.assert_close(together, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_nothing_of_a_skip_stays(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn()
    first = without_blocks.losses_without(model, passages, quiet)
    torch.testing.assert_close(
        without_blocks.losses_without(model, passages, quiet), first, rtol=0, atol=0
    )
    for module in model.live.modules():
        assert "forward" not in vars(module) and not module._forward_hooks


def test_what_comes_before_a_skip_and_what_is_skipped_does_not_run(tmp_path: Path) -> None:
    """Of every layer's attention and MLP, how often it runs on one batch of passages."""
    model = opened(tmp_path)
    layers = model.geometry.layers
    runs: dict[str, list[int]] = {point: [0] * layers for point in without_blocks.POINTS}
    for layer in range(layers):
        for point, name in (("attn", "self_attn.q_proj"), ("mlp", "mlp.up_proj")):
            count = runs[point]
            model.layer(layer).get_submodule(name).register_forward_hook(
                lambda *_, count=count, layer=layer: count.__setitem__(layer, count[layer] + 1)
            )
    without_blocks.losses_without(model, drawn(), quiet, 1000)
    # The whole pass, two skips in each layer before, and the MLP once more without its attention.
    assert runs["attn"] == [1 + 2 * layer for layer in range(layers)]
    assert runs["mlp"] == [2 + 2 * layer for layer in range(layers)]


def test_gates_of_every_passage_are_its_own(tmp_path: Path) -> None:
    model, passages = opened(tmp_path, "gpt_neox"), drawn()
    expected = by_gates(model, passages)
    blocks = 2 * model.geometry.layers
    for shift in range(blocks):
        closed = [(shift + row) % blocks for row in range(len(passages))]
        gates = torch.ones(len(passages), blocks)
        gates[range(len(passages)), closed] = 0
        found = without_blocks.gated_losses(model, passages, gates, quiet)
        wanted = expected[[1 + block for block in closed], range(len(passages))]
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


def test_memory_that_runs_out_halves_the_micro_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, passages = opened(tmp_path), drawn()
    expected = without_blocks.losses_without(model, passages, quiet, 1)
    whole, sizes = losses.per_passage, []

    def scarce(model: LiveModel, tokens: Batch) -> torch.Tensor:
        sizes.append(len(tokens.ids))
        if len(tokens.ids) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return whole(model, tokens)

    monkeypatch.setattr(losses, "per_passage", scarce)
    done: list[int] = []
    found = without_blocks.losses_without(model, passages, lambda one, _: done.append(one), 1000)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    assert sizes[:2] == [5, 2] and done[0] == 2 and done[-1] == 5

    def gone(model: LiveModel, tokens: Batch) -> torch.Tensor:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(losses, "per_passage", gone)
    with pytest.raises(AtlasError, match="out of memory on cpu with a single passage of 12 tokens"):
        without_blocks.losses_without(model, passages, quiet)


def test_what_is_no_lack_of_memory_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(model: LiveModel, tokens: Batch) -> torch.Tensor:
        raise RuntimeError("broken")

    monkeypatch.setattr(losses, "per_passage", broken)
    with pytest.raises(RuntimeError, match="broken"):
        without_blocks.losses_without(opened(tmp_path), drawn(), quiet)


def test_both_blocks_of_a_layer_skipped_are_the_layer_bypassed(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn()
    bypassed = without_layers.losses_without(model, passages, quiet)
    for layer in range(model.geometry.layers):
        gates = torch.ones(len(passages), 2 * model.geometry.layers)
        gates[:, 2 * layer : 2 * layer + 2] = 0
        found = without_blocks.gated_losses(model, passages, gates, quiet)
        torch.testing.assert_close(found, bypassed[1 + layer], rtol=1e-10, atol=1e-10)
