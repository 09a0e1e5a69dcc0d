"""What pins a model on this machine, and the cache that spares its digest."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import tiny
from samples import ENTRY, REVISION

from atlas.checkpoints import digests, headers
from atlas.entries.entry import Entry
from atlas.errors import AtlasError
from atlas.paths import Project


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose digest was taken, each time."""
    taken: list[Path] = []
    digest = digests.of_weights

    def count(folder: Path, *rest: Any) -> str:
        taken.append(folder)
        return digest(folder, *rest)

    monkeypatch.setattr(digests, "of_weights", count)
    return taken


def local(source: str = "./weights") -> Entry:
    return Entry(slug="some-model", **{**ENTRY, "source": source, "revision": None})


def test_a_model_at_hand_is_pinned_by_its_content(project: Project) -> None:
    folder = tiny.make(project.root / "weights", "llama")
    found = digests.find(project, local())
    assert found == digests.Found(folder, digests.of_weights(folder), None)
    (folder / "tokenizer.json").write_text("{}")
    again = digests.find(project, local())
    assert again is not None and again.tokenizer == digests.of_tokenizer(folder)
    assert again.digest == found.digest


def test_a_digest_is_taken_once(project: Project, counted: list[Path]) -> None:
    tiny.make(project.root / "weights", "llama")
    first = digests.find(project, local())
    assert digests.find(project, local()) == first and len(counted) == 1
    assert json.loads(project.digests.read_text())


def test_a_digest_is_taken_again_where_a_file_changed(
    project: Project, counted: list[Path]
) -> None:
    folder = tiny.make(project.root / "weights", "llama")
    first = digests.find(project, local())
    weights = folder / headers.SINGLE
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    os.utime(weights, ns=(1, 1))
    second = digests.find(project, local())
    assert first is not None and second is not None
    assert first.digest != second.digest and len(counted) == 2


@pytest.mark.parametrize(
    "cache", ["", "[]", "{", '{"x": 1}', "\x00", '{"a": NaN}', "{FOLDER: 3}", "{FOLDER: {}}"]
)
def test_a_spoilt_cache_costs_one_digest(project: Project, counted: list[Path], cache: str) -> None:
    folder = tiny.make(project.root / "weights", "llama")
    project.cache.mkdir()
    project.digests.write_text(cache.replace("FOLDER", json.dumps(str(folder))))
    found = digests.find(project, local())
    assert found is not None and found.digest == digests.of_weights(folder)
    digests.find(project, local())
    assert len(counted) == 2  # one of them is this test's own


def test_a_model_that_is_not_here(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    assert digests.find(project, local()) is None
    assert digests.find(project, Entry(slug="some-model", **ENTRY)) is None
    assert not project.digests.exists()


def test_a_hub_model_is_found_at_its_revision_only(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    model = project.root / "hub" / f"models--{ENTRY['source'].replace('/', '--')}"
    folder = tiny.make(model / "snapshots" / REVISION, "llama")
    found = digests.find(project, Entry(slug="some-model", **ENTRY))
    assert found is not None and found.folder == folder
    other = {**ENTRY, "revision": "f" * 40}
    assert digests.find(project, Entry(slug="some-model", **other)) is None


def test_corrupt_weights_are_told(project: Project) -> None:
    folder = tiny.make(project.root / "weights", "llama")
    weights = folder / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(AtlasError, match=r"model.safetensors: truncated: .*; "):
        digests.find(project, local())
