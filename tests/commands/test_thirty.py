"""An operator's day: a run over thirty models of which half have something wrong, on a terminal."""

from __future__ import annotations

import json
import math
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
import tokenizers
from letters import letters
from safetensors.torch import load_file, save_file
from samples import GEOMETRY, write_entry
from terminals import Terminal

from atlas.checkpoints import headers
from atlas.paths import Project, demo

ANALYSES = ["weights", "activations"]
GOOD = ["llama", "gpt2", "qwen3", "gpt_neox", "bert", "gemma2", "bloom", "mixtral"]
HASH = "1" * 40


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def truncated(folder: Path) -> None:
    weights = folder / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-1])


def pickled(folder: Path) -> None:
    (folder / headers.SINGLE).rename(folder / "pytorch_model.bin")


def lost_shard(folder: Path) -> None:
    (folder / headers.SINGLE).unlink()
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00001.safetensors"}}
    (folder / headers.INDEX).write_text(json.dumps(index))


def half_a_config(folder: Path) -> None:
    (folder / "config.json").write_text((folder / "config.json").read_text()[:50])


def edited(name: str, **changes: object) -> Callable[[Path], None]:
    """What changes keys of a JSON file; a change to `...` leaves the key out."""

    def edit(folder: Path) -> None:
        stated = {**json.loads((folder / name).read_text()), **changes}
        kept = {key: value for key, value in stated.items() if value is not ...}
        (folder / name).write_text(json.dumps(kept))

    return edit


def no_bos(folder: Path) -> None:
    """A BOS token that its tokenizer gives an id beyond the embedding."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens([f"WORD{number}" for number in range(70)])
    tokenizer.save(str(folder / "tokenizer.json"))
    edited("tokenizer_config.json", bos_token="<|begin|>")(folder)


def damaged(value: float) -> Callable[[Path], None]:
    """What puts a number that is no weight into the middle of a model."""

    def edit(folder: Path) -> None:
        weights = load_file(folder / headers.SINGLE)
        weights["model.layers.0.mlp.up_proj.weight"][0, 0] = value
        save_file(weights, folder / headers.SINGLE, metadata={"format": "pt"})

    return edit


def huge(folder: Path) -> None:
    """Weights of 300 GB, of which the disk holds the header."""
    shapes = {f"small-{number}": [1] for number in range(5)}
    shapes["model.embed_tokens.weight"] = [1_000_000, 75_000]
    stated, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * math.prod(shape)
        stated[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(stated).encode()
    with (folder / headers.SINGLE).open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + end)
    sizes = {"hidden_size": 75_000, "vocab_size": 1_000_000, "intermediate_size": 300_000}
    edited("config.json", **sizes)(folder)


FOLDERS: dict[str, Callable[[Path], None]] = {
    "truncated": truncated,
    "pickled": pickled,
    "lost-shard": lost_shard,
    "half-a-config": half_a_config,
    "unlike": edited("config.json", model_type="gpt2"),
    "new-tokenizer": edited("tokenizer.json", model={"type": "NewBPE"}),
    "no-bos": no_bos,
    "huge": huge,
    "odd-rope": edited("config.json", rope_parameters=..., rope_scaling={"type": "foo"}),
    "no-theta": edited("config.json", rope_parameters=..., rope_scaling=None, rope_theta=None),
    "odd-act": edited("config.json", hidden_act="xyz"),
    "not-a-number": damaged(math.nan),
    "infinite": damaged(math.inf),
}
"""Local folders with something wrong."""

FAILING = ("not-a-number", "infinite")
"""Those that look well before they run."""

AWAY: dict[str, dict[str, Any]] = {
    **{f"unpinned-{number}": {"revision": None} for number in range(4)},
    **{f"missing-{number}": {"revision": HASH} for number in range(1)},
    **{f"gated-{number}": {"revision": HASH, "tags": ["gated"]} for number in range(2)},
    "half-a-cache": {"revision": HASH},
    "unpinned-half-a-cache": {"revision": None},
}


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("thirty") / "atlas")
    project.models.mkdir(parents=True)
    text = (demo() / "mkdocs.yml").read_text()
    project.mkdocs_yml.write_text(text.replace("atlas: {}", "atlas: {corpus: texts.jsonl}"))
    texts = [{"text": f"In the year {year} a cat sat on a mat."} for year in range(64)]
    (project.root / "texts.jsonl").write_text("\n".join(map(json.dumps, texts)))
    whole = project.root / "weights" / "whole"
    letters(tiny.make(whole, "llama"), bos_token="[ONE]")
    for slug in GOOD:
        folder = whole.parent / slug
        special = {"cls_token": "[ONE]", "sep_token": "[TWO]"} if slug == "bert" else {}
        letters(tiny.make(folder, slug), **special)
        local(project, slug.replace("_", "-"), folder, architecture=slug)
    for slug, spoil in FOLDERS.items():
        folder = whole.parent / slug
        shutil.copytree(whole, folder)
        spoil(folder)
        local(project, slug, folder)
    for slug, changes in AWAY.items():
        write_entry(
            project,
            slug,
            name=slug,
            source=f"org/{slug}",
            analyses=ANALYSES,
            geometry=GEOMETRY,
            **changes,
        )
        if slug.endswith("half-a-cache"):
            cached = project.root / "hub" / f"models--org--{slug}"
            (cached / "refs").mkdir(parents=True)
            (cached / "refs" / "main").write_text(HASH)
            (cached / "snapshots" / HASH).mkdir(parents=True)
            shutil.copy(whole / "config.json", cached / "snapshots" / HASH)
    return project


def local(project: Project, slug: str, folder: Path, **changes: Any) -> None:
    source = f"./weights/{folder.name}"
    write_entry(project, slug, name=slug, source=source, revision=..., analyses=ANALYSES, **changes)


def test_thirty_models(terminal: Terminal, atlas: Project) -> None:
    variables = {"HF_HUB_CACHE": str(atlas.root / "hub"), "HF_HUB_OFFLINE": "1"}
    assert len(GOOD) + len(FOLDERS) + len(AWAY) == 30

    found = terminal.run(["check"], atlas.root, 120, variables)
    assert found.status == 1 and found.has("write architecture: gpt2"), found.text
    assert found.text.count("atlas: ") == 1, "of one machine, but for the one that contradicts"
    assert found.has("note: 5 models are still to be pinned", "half-a-cache: not measurable here")
    for slug in ("truncated", "pickled", "lost-shard", "half-a-config", "half-a-cache"):
        assert found.has(f"note: {slug}: not measurable here: "), slug

    found = terminal.run(["plan"], atlas.root, 120, variables)
    assert found.status == 0, found.text
    assert found.has(
        "huge: weights not measurable here", "GB of memory", "measure it on a larger machine"
    )
    assert found.has("gated-0: not measurable here", "still to be pinned", "26 to measure here")

    found = terminal.run(["build"], atlas.root, 120, variables)
    assert found.status == 1, "four failed as they ran"
    assert "Traceback" not in found.text and "mistake of atlas" not in found.text, found.text
    pages = {path.parent.name for path in (atlas.site / "models").glob("*/index.html")}
    assert len(pages) == 30
    for slug in GOOD:
        slug = slug.replace("_", "-")
        assert found.has(f"{slug}: 2 measured in "), slug
        assert all(atlas.profile(slug, name).is_file() for name in ANALYSES)
    for slug in FAILING:
        assert found.has(f"{slug}: weights failed: ", "activations failed: ", "not finite"), slug
    for slug in ("new-tokenizer", "no-bos"):
        assert found.has(f"{slug}: 1 measured in ", f"{slug}: activations not measurable here"), (
            slug
        )
    assert found.has("odd-rope: not measurable here", "no rotary embedding 'foo'")
    assert found.has("odd-act: not measurable here", "no activation 'xyz'")
    assert found.has("no-theta: activations not measurable here", "transformers makes no model of")
    assert found.has("BOS token '<|begin|>' has id ", "the embedding 61 rows")
    assert found.has("5 models are still to be pinned")
    assert found.has("19 measured, 0 fresh, 4 failed, 37 not measurable here; ")

    found = terminal.run(["plan", "infinite"], atlas.root, 120, variables)
    assert found.has("failed on 2", "layer 0, mlp.up")

    found = terminal.run(["profile", "--json"], atlas.root, 120, variables)
    assert found.status == 1, "what failed was tried again"
    assert found.has("0 measured, 19 fresh, 4 failed, 37 not measurable here")
    assert found.text.count('"result": "unavailable"') == 37

    found = terminal.run(["profile", "gated-0"], atlas.root, 120, variables)
    assert found.status == 1 and found.has("accept its conditions on the hub, then atlas fetch")
    found = terminal.run(["build", "--require-profiles"], atlas.root, 120, variables)
    assert found.status == 1
