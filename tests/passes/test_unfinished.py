"""What a long measurement has computed is not computed again after an interruption."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from gated import drawn, opened, quiet

from atlas.loaded import unfinished
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch
from atlas.loaded.unfinished import Unfinished
from atlas.passes import losses, micro_batches, without_blocks, without_layers

ONE_PASSAGE = 1
"""Tokens of a micro-batch that holds one passage, whatever its length."""

LOSS = losses.per_passage


@pytest.fixture
def model(tmp_path: Path) -> LiveModel:
    kept = Unfinished(tmp_path / "kept", ("digest", "version"))
    return replace(opened(tmp_path / "model"), unfinished=kept)


class Counted:
    """Stands in for the loss of a batch; Ctrl-C comes once it has been asked `until` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, until: int) -> None:
        self.read: list[tuple[int, ...]] = []
        self.until = until
        monkeypatch.setattr(losses, "per_passage", self)

    def __call__(self, model: LiveModel, held: Batch) -> torch.Tensor:
        if len(self.read) == self.until:
            raise KeyboardInterrupt
        self.read.append(held.passages)
        return LOSS(model, held)


WORKS: dict[str, Callable[[LiveModel], torch.Tensor]] = {
    "blocks": lambda model: without_blocks.losses_without(model, drawn(), quiet, ONE_PASSAGE),
    "layers": lambda model: without_layers.losses_without(model, drawn(), quiet, ONE_PASSAGE),
    "gates": lambda model: without_blocks.gated_losses(
        model, drawn(), gates(model, 0), quiet, ONE_PASSAGE
    ),
}


def gates(model: LiveModel, closed: int) -> torch.Tensor:
    found = torch.ones(len(drawn()), 2 * model.geometry.layers)
    found[:, closed] = 0
    return found


@pytest.mark.parametrize("work", WORKS)
def test_the_next_run_goes_on(model: LiveModel, monkeypatch: pytest.MonkeyPatch, work: str) -> None:
    whole = WORKS[work](replace(model, unfinished=None))
    counted = Counted(monkeypatch, 10**9)
    WORKS[work](replace(model, unfinished=None))
    passes = len(counted.read) // len(drawn())
    stopped = Counted(monkeypatch, 2 * passes + passes // 2)
    with pytest.raises(KeyboardInterrupt):
        WORKS[work](model)
    assert len({rows for rows in stopped.read[: 2 * passes]}) == 2, "two passages were read whole"
    again = Counted(monkeypatch, 10**9)
    torch.testing.assert_close(WORKS[work](model), whole, rtol=0, atol=0)
    assert len(again.read) == (len(drawn()) - 2) * passes
    assert not set(again.read) & set(stopped.read[: 2 * passes])
    torch.testing.assert_close(WORKS[work](model), whole, rtol=0, atol=0)
    assert len(again.read) == (len(drawn()) - 2) * passes, "nothing is computed again"


def test_progress_begins_where_it_was(model: LiveModel, monkeypatch: pytest.MonkeyPatch) -> None:
    Counted(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        WORKS["gates"](model)
    Counted(monkeypatch, 10**9)
    told: list[tuple[int, int]] = []
    without_blocks.gated_losses(
        model, drawn(), gates(model, 0), lambda *at: told.append(at), ONE_PASSAGE
    )
    assert told == [(2, 5), (3, 5), (4, 5), (5, 5)]


def changed(model: LiveModel, what: str) -> torch.Tensor:
    """A table that is not the one of `WORKS["gates"]`."""
    passages = drawn((7, 12, 3, 9, 6)) if what == "passages" else drawn()
    if what == "weights":
        kept = Unfinished(model.unfinished.folder, ("another", "version"))  # type: ignore[union-attr]
        model = replace(model, unfinished=kept)
    chosen = gates(model, 1 if what == "gates" else 0)
    return without_blocks.gated_losses(model, passages, chosen, quiet, ONE_PASSAGE)


@pytest.mark.parametrize("what", ["passages", "weights", "gates"])
def test_another_table_is_computed(
    model: LiveModel, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    WORKS["gates"](model)
    counted = Counted(monkeypatch, 10**9)
    changed(model, what)
    assert len(counted.read) == 5


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", None])
def test_a_damaged_table_is_computed_again(
    model: LiveModel, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    whole = WORKS["gates"](model)
    assert model.unfinished is not None
    [file] = model.unfinished.folder.iterdir()
    raw = file.read_bytes()
    file.write_bytes(raw[:-40] if content is None else content)
    counted = Counted(monkeypatch, 10**9)
    torch.testing.assert_close(WORKS["gates"](model), whole, rtol=0, atol=0)
    assert len(counted.read) == 5


def test_a_table_with_any_byte_changed_is_computed_again(tmp_path: Path) -> None:
    """A disk that fails may hand out anything: a reader of archives raises whatever it likes."""
    kept = Unfinished(tmp_path, ())
    table = kept.table("x", drawn(), 2)
    table.put([0, 3], np.ones((2, 2)))
    table.write()
    assert table.path is not None
    raw = table.path.read_bytes()
    assert kept.table("x", drawn(), 2).left == [1, 2, 4]
    for at in range(len(raw)):
        for other in (raw[at] ^ 1, raw[at] ^ 0xFF, 9):
            if other != raw[at]:
                table.path.write_bytes(bytes([*raw[:at], other, *raw[at + 1 :]]))
                again = kept.table("x", drawn(), 2)
                assert np.isnan(again.values).all()
                assert len(again.left) == 5


def test_what_is_no_file_is_computed_again(tmp_path: Path) -> None:
    kept = Unfinished(tmp_path, ())
    path = kept.table("x", drawn(), 2).path
    assert path is not None
    os.mkfifo(path)  # nobody writes to it: reading it would never end
    assert len(kept.table("x", drawn(), 2).left) == 5


def test_it_is_written_from_time_to_time(model: LiveModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed has no time to."""
    monkeypatch.setattr(unfinished, "SECONDS", 0.0)
    assert model.unfinished is not None
    folder = model.unfinished.folder
    seen: list[int] = []

    def compute(held: Batch) -> torch.Tensor:
        seen.append(len(list(folder.glob("*"))))
        return torch.zeros(1, len(held.passages))

    micro_batches.table(model, drawn(), 1, compute, quiet, ONE_PASSAGE, name="x")
    assert seen == [0, 1, 1, 1, 1]


def test_what_cannot_be_written_is_computed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    model = replace(opened(tmp_path / "model"), unfinished=Unfinished(tmp_path / "kept", ()))
    whole = WORKS["gates"](replace(model, unfinished=None))
    torch.testing.assert_close(WORKS["gates"](model), whole, rtol=0, atol=0)
