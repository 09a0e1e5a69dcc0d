"""What heads read of a token, against the live model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kinds
import live_cases
import planted
import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from atlas.analyses.functions import token_inputs
from atlas.loaded import stored_mlp
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.proofs.case import Case, assert_close, normed, watch


@pytest.mark.parametrize("model_type", kinds.each(planted.DECODERS))
def test_later_heads_read_what_the_live_first_mlp_gives(model_type: str, tmp_path: Path) -> None:
    """The live model on single tokens, its first attention and its positions silenced."""
    case = live_cases.make(tmp_path, model_type)
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    row = case.row
    first = token_inputs.first_mlp(case.checkpoint)
    before = [slot for layer in range(first + 1) for slot in row.slots(layer)]
    slots = [slot for slot in before if slot.module in ("attn.o", "mixer.out")]
    for slot in (*slots, *row.outside("positions")):
        tensors[case.checkpoint.names[slot.names[0]]].zero_()
    save_file(tensors, file, metadata={"format": "pt"})
    case = Case(Checkpoint.open(tmp_path), tiny.live(tmp_path, torch.float32))
    ids = torch.tensor([5, 9, 33, 60])
    seen, _ = watch(case, ids[:, None])
    x = token_inputs.entering(case.checkpoint, ids, torch.float64)
    assert_close(x, seen[f"{row.live_layers}.0"][0][:, 0])
    assert_close(token_inputs.entering(case.checkpoint, None, torch.float64)[ids], x)
    read = token_inputs.after_first_mlp(case.checkpoint, x)
    if row.has("norm.mlp_after"):
        read = normed(row, read, case.layer(first), "norm.mlp_after")
    assert_close(read, case.given(seen, first)["mlp"][:, 0], 2e-5)


def test_an_mlp_without_a_norm_reads_the_embedding_itself(tmp_path: Path) -> None:
    post_norm: dict[str, Any] = {"do_layer_norm_before": False}
    for name, overrides in (("olmo2", {}), ("opt", post_norm)):
        checkpoint = Checkpoint.open(tiny.make(tmp_path / name, name, **overrides))
        x = token_inputs.entering(checkpoint, None, torch.float64)
        expected = stored_mlp.output(checkpoint, 0, x.clone())
        assert torch.equal(token_inputs.after_first_mlp(checkpoint, x), expected)
