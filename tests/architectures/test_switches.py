"""Config keys that change a computation: told by name, and real configs are never refused."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import transformers
from real_configs import REAL

from atlas import architectures
from atlas.architectures import switches
from atlas.architectures.architecture import Architecture
from atlas.architectures.row import Key
from atlas.errors import AtlasError
from atlas.paths import PACKAGE


def taken_now() -> str:
    """What the script would write with the transformers that is installed."""
    path = PACKAGE.parent / "scripts" / "take_switches.py"
    spec = importlib.util.spec_from_file_location("take_switches", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text: str = module.text()
    return text


def stated(model_type: str, **changes: Any) -> dict[str, Any]:
    """A tiny config as it is saved, some of its values replaced."""
    held: dict[str, Any] = json.loads(tiny.config(model_type).to_json_string(use_diff=False))
    tiny.part(model_type, held).update(changes)
    return held


def test_what_was_taken_from_transformers_is_up_to_date() -> None:
    """After a row, the list or transformers itself changed: python scripts/take_switches.py."""
    assert switches.TAKEN.read_text(encoding="utf-8") == taken_now()


def test_every_harmless_key_is_read_by_some_class(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = set(switches.HARMLESS)
    monkeypatch.setattr(switches, "HARMLESS", {})
    read: set[str] = set()
    for held in json.loads(taken_now())["switches"].values():
        read |= held.keys()
    assert sorted(listed - read) == []


@pytest.mark.parametrize(
    "model_type",
    [name for name in architectures.by_hand() if architectures.kind(name) == "decoder"],
)
def test_a_decoder_that_sees_later_tokens_is_refused(model_type: str) -> None:
    """Distance, induction and importance of it would be those of no causal model."""
    assert architectures.lookup(stated(model_type, is_causal=True), "config.json")
    with pytest.raises(AtlasError) as caught:
        architectures.lookup(stated(model_type, is_causal=False), "m/config.json")
    message = str(caught.value)
    assert message.startswith("m/config.json: is_causal: is_causal is False, which changes")
    assert f"the row {model_type!r}" in message and "such a model is not profiled" in message


@pytest.mark.parametrize(
    ("model_type", "key", "value"),
    [
        ("gemma", "use_bidirectional_attention", True),
        ("gemma3_text", "use_bidirectional_attention", True),
        ("bert", "position_embedding_type", "relative_key"),
        ("bert", "position_embedding_type", "relative_key_query"),
        ("bert", "is_encoder_decoder", True),
        ("bloom", "slow_but_exact", True),
        ("llama", "is_causal", None),
        ("llama", "hidden_act", "xyz"),
        ("llama", "rope_scaling", {"type": "foo", "factor": 2.0}),
        ("gemma3_text", "rope_parameters", {"full_attention": {"rope_type": "foo"}}),
    ],
)
def test_switches_are_refused_by_name(model_type: str, key: str, value: Any) -> None:
    with pytest.raises(AtlasError) as caught:
        architectures.lookup(stated(model_type, **{key: value}), "m/config.json")
    assert str(caught.value).startswith(f"m/config.json: {key}: ")


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_configs_are_not_refused(name: str) -> None:
    model_type, published = REAL[name]
    settings = {**json.loads(tiny.config(model_type).to_json_string()), **published}
    assert architectures.lookup(settings, name).model_type == model_type


def test_every_row_has_a_real_config() -> None:
    assert {model_type for model_type, _ in REAL.values()} == set(architectures.by_hand())


def test_a_key_that_nothing_reads_means_nothing() -> None:
    for key, value in (("is_llama_config", True), ("use_bidirectional_attention", True)):
        architectures.lookup(stated("llama", **{key: value}), "config.json")


# Keys that are left out


@pytest.mark.parametrize("model_type", architectures.known())
def test_what_is_left_out_is_what_transformers_has(model_type: str) -> None:
    """Of every key that a row reads: unsaid it means the class' default, or is asked for."""
    row = architectures.row(model_type)
    heads = row.config_keys.get("heads", "")
    own = row.part.model_types[0] if row.part is not None else model_type
    # Twice as many heads: a class' number of key/value heads is none of them by accident.
    usually = transformers.AutoConfig.for_model(own)
    twice = {heads: 2 * getattr(usually, heads)} if heads else {}
    held = as_saved(model_type)
    if row.part is not None:
        held[row.part.key] = as_saved(own, **twice)
        usual = architectures.lookup({**held, row.part.key: as_saved(own)}, "config.json")
    else:
        usual, held = architectures.lookup(held, "config.json"), as_saved(own, **twice)
    whole = architectures.lookup(held, "config.json")
    part = tiny.part(model_type, held)
    for key in sorted(row.config_reads & part.keys()):
        value = part.pop(key)
        try:
            found = architectures.lookup(held, "config.json")
        except AtlasError as error:  # refused, so nothing is assumed
            assert str(error).startswith("config.json: ")
        else:
            assert plain(found) == plain(usual if key == heads else whole), key
        part[key] = value


def as_saved(model_type: str, **changes: Any) -> dict[str, Any]:
    """A class' own config with every key, some of its values replaced, and such as a row requires
    to be those of others."""
    needed = {"layer_types": ["conv"] * 32} if model_type == "lfm2_moe" else {}  # has no default
    config = transformers.AutoConfig.for_model(model_type, **needed, **changes)
    held: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    if model_type in architectures.known():
        for key, wanted in architectures.row(model_type).requires.items():
            if isinstance(wanted, Key):
                held[key] = held[wanted.name]
    return held


def plain(found: Architecture) -> Architecture:
    """Without what stands for the config itself."""
    return replace(found, flags=dict(found.flags))


def test_a_body_without_a_head_has_no_unembedding(tmp_path: Path) -> None:
    """Llama's class ties nothing unless the config says so: there is no U to measure with."""
    from atlas.loaded.checkpoint import Checkpoint

    tiny.build("llama").model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config.pop("tie_word_embeddings", None)
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(AtlasError, match=r"no unembedding is stored.*lm_head\.weight"):
        Checkpoint.open(tmp_path).unembedding()
