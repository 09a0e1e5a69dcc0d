"""What tests of drafting share: a hub of their own, and an empty cache of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stand_in_hub
from stand_in_hub import StandIn


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandIn]:
    """A hub that holds nothing yet."""
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    with stand_in_hub.chosen(monkeypatch) as running:
        yield running
