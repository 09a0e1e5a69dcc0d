"""Models that also see: the language part of their config and weights is read, and no other."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import atlases
import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from atlas import architectures
from atlas.checkpoints import headers
from atlas.errors import AtlasError
from atlas.loaded import memory
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.loaded.proofs.case import measured
from atlas.profiles import remarks
from atlas.site import pages

WRAPPERS = ("gemma3", "mistral3", "qwen3_vl")


def spelt(folder: Path, *changes: tuple[str, str]) -> Path:
    """The same model, beginnings of its names written otherwise."""
    held = load_file(folder / "model.safetensors")
    renamed = {}
    for name, tensor in held.items():
        for old, new in changes:
            name = re.sub(f"^{old}", new, name)
        renamed[name] = tensor
    save_file(renamed, folder / "model.safetensors", {"format": "pt"})
    return folder


NEW = (
    ("language_model.lm_head", "lm_head"),
    ("language_model.model", "model.language_model"),
    ("(vision_tower|multi_modal_projector)", r"model.\1"),
)
OLD = (
    ("lm_head", "language_model.lm_head"),
    ("model.language_model", "language_model.model"),
    ("model.(vision_tower|multi_modal_projector)", r"\1"),
)


@pytest.mark.parametrize("model_type", ["gemma3", "mistral3"])
@pytest.mark.parametrize(("changes", "prefix"), [(NEW, "model."), (OLD, "language_model.model.")])
def test_names_of_today_and_of_before(
    tmp_path: Path, model_type: str, changes: tuple[tuple[str, str], ...], prefix: str
) -> None:
    folder = spelt(tiny.make(tmp_path, model_type, tie_word_embeddings=False), *changes)
    names = load_file(folder / "model.safetensors")
    assert any(name.startswith(prefix) for name in names)
    held = Checkpoint.open(folder)
    live = LiveModel.open(folder, "cpu")
    assert live.has_head and not held.unknown
    own = measured(held.architecture.row, live.live)
    assert held.geometry.parameters == sum(parameter.numel() for parameter in own)
    head = live.live.get_parameter("lm_head.weight")
    assert torch.equal(head, held.unembedding()) and not torch.equal(head, held.embedding())


@pytest.mark.parametrize("model_type", WRAPPERS)
def test_what_the_model_sees_with_is_in_memory_and_counts_for_no_parameter(
    tmp_path: Path, model_type: str
) -> None:
    folder = tiny.make(tmp_path, model_type)
    held = Checkpoint.open(folder)
    true = sum(parameter.numel() for parameter in tiny.live(folder).parameters())
    assert held.geometry.parameters is not None and held.loaded.parameters == true
    assert held.geometry.parameters < true
    assert memory.needed_bytes(held.loaded, 4) > memory.needed_bytes(held.geometry, 4)
    part = held.architecture.row.part
    assert part is not None
    assert remarks.of_folder(folder) == {
        "part": "the language part alone; the others are neither run nor counted "
        f"({part.key} of its config)"
    }


def test_a_tensor_of_the_language_part_that_nothing_reads_is_told(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "gemma3")
    file = folder / "model.safetensors"
    more = {"language_model.model.layers.9.x": torch.zeros(1), "audio.x": torch.zeros(1)}
    save_file({**load_file(file), **more}, file, {"format": "pt"})
    assert Checkpoint.open(folder).unknown == ("language_model.model.layers.9.x",)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (None, "text_config: expected a part of the config, found None"),
        ({"model_type": "mamba"}, "text_config.model_type: expected gemma3_text, found 'mamba'"),
        ({"model_type": "gemma3_text"}, "hidden_size: expected a count, found None"),
    ],
)
def test_a_config_without_a_language_part_that_is_known(part: object, message: str) -> None:
    with pytest.raises(AtlasError) as caught:
        architectures.lookup({"model_type": "gemma3", "text_config": part}, "m/config.json")
    assert str(caught.value).startswith(f"m/config.json: {message}")


def test_the_whole_config_says_whether_the_embeddings_are_tied(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "mistral3")
    config = headers.config(folder)
    for whole, part, tied in ((True, False, True), (False, True, False), (None, False, False)):
        text = {**json.loads(json.dumps(config["text_config"])), "tie_word_embeddings": part}
        changed = {**config, "text_config": text, "tie_word_embeddings": whole}
        assert architectures.lookup(changed, "config.json").tied is tied


def test_the_page_says_that_the_language_part_was_measured(tmp_path: Path) -> None:
    made = atlases.project(tmp_path)
    shape = asdict(Checkpoint.open(tiny.make(tmp_path / "w", "gemma3")).geometry)
    atlases.entry(made, "seeing", architecture="gemma3", geometry=shape)
    atlases.entry(made, "plain")
    pages.render(made)
    seeing, plain = ((made.folder(slug) / "index.md").read_text() for slug in ("seeing", "plain"))
    assert "parameters of the language part, 3 layers" in seeing
    assert "<dd>The language part is what was measured and counted" in seeing
    assert "language part" not in plain
