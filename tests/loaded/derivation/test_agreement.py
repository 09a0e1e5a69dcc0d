"""Rows by hand and rows derived: what is derived today has to be what stands there.

A few of each kind run always, all of them nightly.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from atlas import architectures
from atlas.architectures import row_file
from atlas.architectures.architecture import Architecture
from atlas.architectures.row import OUTSIDE, Row, Source
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.derivation import deriving, worlds
from atlas.loaded.derivation.worlds import World
from atlas.paths import PACKAGE

ALWAYS = {"gpt2", "llama", "qwen3_moe", "arcee", "biogpt", "hyperclovax"}

NO_CAUSAL = "no causal language model of type"
NO_SUM = "a residual stream that is no sum of attention and MLP"
OTHER_EXPERTS = "experts that are chosen, weighted or computed in another way"
MIXERS = "no attention by a softmax over positions"
POSITIONS = "something is added to the embedding that is no learned position"
WRAPPER = "text inside a wrapper, whose language part has a config of its own"

UNREACHED: dict[str, str] = {
    **dict.fromkeys(("bert", "electra", "roberta", "xlm-roberta"), POSITIONS),
    **dict.fromkeys(("distilbert", "modernbert"), NO_CAUSAL),
    "apertus": "an MLP that is no activation between two projections",
    "bloom": MIXERS,  # scores and distances come out of one function
    **dict.fromkeys(("afmoe", "laguna"), "a gate between the heads and o"),
    **dict.fromkeys(("gemma", "lfm2"), "no key of the config says the activation of the MLP"),
    **dict.fromkeys(("glm4_moe", "gpt_oss", "minimax_m2"), OTHER_EXPERTS),
    **dict.fromkeys(("falcon_h1", "qwen2_moe"), NO_SUM),
    **dict.fromkeys(("gemma3", "minimax_m3_vl", "mistral3", "step3p7"), WRAPPER),
    **dict.fromkeys(("qwen3_5", "qwen3_5_moe", "qwen3_vl"), WRAPPER),
    **dict.fromkeys(("qwen3_5_moe_text", "qwen3_5_text", "qwen3_next"), MIXERS),
    **dict.fromkeys(("granitemoehybrid", "jamba", "nemotron_h"), MIXERS),
    **dict.fromkeys(("falcon_mamba", "mamba"), MIXERS),
    "mamba2": "transformers makes no tiny model of type mamba2",  # of what its class states
    "lfm2_moe": "transformers makes no tiny model of type lfm2_moe",  # of what its class states
}
"""Rows by hand that the derivation does not reach -> what keeps it from that."""


def mostly_nightly(names: Iterable[str]) -> list[Any]:
    """As parameters: a few for every submission, the others for the night."""
    return [
        name if name in ALWAYS else pytest.param(name, marks=pytest.mark.nightly) for name in names
    ]


def script() -> ModuleType:
    path = PACKAGE.parent / "scripts" / "derive_rows.py"
    spec = importlib.util.spec_from_file_location("derive_rows", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("model_type", mostly_nightly(script().names()))
def test_derived_rows_come_out_again(model_type: str) -> None:
    """After transformers was raised, or the derivation changed: python scripts/derive_rows.py."""
    path = script().FOLDER / f"{model_type}.json"
    assert path.read_text(encoding="utf-8") == script().text(model_type)
    assert row_file.read(path) == row_file.read_trusted(path)


@pytest.mark.parametrize("model_type", mostly_nightly(architectures.by_hand()))
def test_a_row_by_hand_agrees_with_its_derivation(model_type: str, tmp_path: Path) -> None:
    if model_type in UNREACHED:
        with pytest.raises(AtlasError) as caught:
            deriving.derive({"model_type": model_type})
        assert UNREACHED[model_type] in str(caught.value)
        return
    found = deriving.derive({"model_type": model_type})
    usual = worlds.usual_of(model_type)
    assert found.worlds
    for world in found.worlds:
        row = found.derived.row
        config = {k: v for k, v in world.whole.items() if k in usual or k in row.config_reads}
        by_hand, derived = (
            said(one, world, config) for one in (architectures.row(model_type), row)
        )
        assert derived == by_hand, world.name


def test_what_is_not_reached_is_written_by_hand() -> None:
    assert UNREACHED.keys() <= set(architectures.by_hand())


def said(row: Row, world: World, config: dict[str, Any]) -> dict[str, Any]:
    """Everything that a row says of a model, however it says it."""
    with architectures.on_trial(row), tempfile.TemporaryDirectory() as folder:
        worlds.made(world).float().save_pretrained(folder)
        checkpoint = Checkpoint.open(Path(folder))
        architecture = architectures.lookup(config, "config.json")
        return _of(architecture, row) | {"stored": _stored(checkpoint)}


def _of(found: Architecture, row: Row) -> dict[str, Any]:
    modules = [*found.modules, *(name for name in OUTSIDE if found.has(name))]
    return {
        "geometry": found.geometry,
        "modules": found.modules,
        "activation": found.activation,
        "epsilon": found.norm_eps,
        "routing": found.routing,
        "tied": found.tied,
        "scales": (found.embedding_scale, found.attention_scale),
        "factors": (found.residual_scale, found.logits_scale),
        "norm": (row.norm.kind, row.norm.offset, row.norm.gain),
        "joins": [f"{found.live_layers}.{join}" for join in row.joins],
        "stream": (row.residual, row.attn_input, row.mlp_input),
        "live": {name: _live(found, name) for name in modules},
    }


def _live(found: Architecture, module: str) -> tuple[Any, ...]:
    source = found.live_source(module)
    inside = module in found.modules
    place = f"{found.live_layers}.0." if inside else ""
    paths = [f"{place}{name}" for name in found.live_parameters(module)]
    return found.own_module(module), paths, *_layout(source, found)


def _layout(source: Source, found: Architecture) -> tuple[Any, ...]:
    """How a tensor lies; with one key/value head the layouts of fused projections are one."""
    alone = found.geometry.kv_heads == 1 and source.part in ("q", "k", "v")
    return source.part, "one" if alone else source.split, source.transposed, source.skip


def _stored(checkpoint: Checkpoint) -> dict[str, tuple[Any, ...]]:
    """Where every tensor of the first layer and outside the layers is stored."""
    architecture = checkpoint.architecture
    slots = architecture.slots(0) + [s for name in OUTSIDE for s in architecture.outside(name)]
    return {
        slot.canonical: (
            [checkpoint.names.get(name) for name in slot.names],
            slot.shape,
            *_layout(slot.source, architecture),
        )
        for slot in slots
    }
