"""The loop over micro-batches: the longest first, halved where memory runs out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gated import drawn, opened

from atlas.errors import AtlasError
from atlas.loaded.passages import Batch
from atlas.passes import micro_batches


def test_what_memory_holds_is_kept_for_the_next_call(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn((7, 12, 3, 9))
    tried: list[list[int]] = []
    told: list[tuple[int, int]] = []

    def attempt(rows: list[int], tokens: Batch) -> bool:
        assert tokens.passages == tuple(rows)
        tried.append(rows)
        return len(rows) < 3

    held = micro_batches.through(
        model, passages, range(4), attempt, 1000, lambda *at: told.append(at)
    )
    assert tried == [[1, 3, 0, 2], [1, 3], [0, 2]], "the longest first"
    assert told == [(2, 4), (4, 4)] and held == 2 * 12
    assert micro_batches.through(model, passages, range(4), attempt, held) == held
    assert tried[3:] == [[1, 3], [0, 2]]


def test_where_no_passage_fits_the_work_and_a_remedy_are_named(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn((7, 12))
    with pytest.raises(AtlasError, match=r"cpu reading a single passage of 12 tokens; read less"):
        micro_batches.through(
            model, passages, [0, 1], lambda *_: False, 1, doing="reading", remedy="read less"
        )


def test_only_memory_that_ran_out_is_caught() -> None:
    def scarce() -> int:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    def broken() -> int:
        raise RuntimeError("shapes differ")

    assert micro_batches.unless_out_of_memory(lambda: 1) == 1
    assert micro_batches.unless_out_of_memory(scarce) is None
    with pytest.raises(RuntimeError, match="shapes differ"):
        micro_batches.unless_out_of_memory(broken)
