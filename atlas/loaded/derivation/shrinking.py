"""Tiny worlds of a config: its kinds of layers and its switches kept, its sizes small.

Two worlds differ in every number that can be changed, so that what is seen in both tells which key
it follows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from atlas.architectures.from_config import MOST_LAYERS
from atlas.errors import AtlasError, cut, short
from atlas.loaded.derivation import worlds
from atlas.loaded.derivation.worlds import IDS, LONGEST, Config, World
from atlas.loaded.loading import first_line

LAYERS = (3, 5)

SIZES: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("vocab_size", "n_vocab"), (61, 67)),
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "word_embed_proj_dim"), (32, 96)),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), LAYERS),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "attention_heads"), (4, 6)),
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads"), (2, 3)),
    **dict.fromkeys(("head_dim", "attention_head_dim"), (16, 24)),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "ffn_hidden_size", "n_inner"), (40, 56)),
    "moe_intermediate_size": (20, 28),
    "rotary_dim": (4, 2),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), (7, 9)),
    **dict.fromkeys(("num_experts_per_tok", "num_experts_per_token", "moe_topk"), (3, 4)),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx"), (128, 160)),
}
"""Key of a config -> what it is in two worlds: no two counts have the same pair."""

EVEN = (8, 16)
"""The width of a head where all heads together are as wide as the model."""

WORDS = ("gelu", "silu", "relu", "gelu_new", "tanh")
"""Activations to exchange the config's by."""

TINY = 64
"""Counts of keys that we do not know are halved until they are no larger."""


def of(config: Mapping[str, Any]) -> tuple[World, World]:
    """Two worlds of a config. Raises `AtlasError` where transformers makes no tiny model of it."""
    model_type = config["model_type"]
    _require_few_layers(config)
    whole = worlds.whole(model_type, config)
    worlds.require_decoder(model_type, whole)
    kept = {key: value for key, value in config.items() if _is_kept(key, value, whole)}
    first: World | None = None
    problem: Exception | None = None
    for changes in _smaller(kept, whole):
        try:
            first = worlds.running("as given", model_type, {**kept, **changes})
            break
        except Exception as error:  # a config can break a class in any way
            problem = problem or error
    if first is None:
        told = cut(f"{type(problem).__name__}: {first_line(problem)}" if problem else "", LONGEST)
        raise AtlasError(f"transformers makes no tiny model of type {model_type}: {told}")
    return first, _other(first)


def _require_few_layers(config: Mapping[str, Any]) -> None:
    """Refuse counts of layers that no model has: classes of configs make lists of that length."""
    for key in (key for key, size in SIZES.items() if size == LAYERS):
        if type(count := config.get(key)) is int and count > MOST_LAYERS:
            told = f"{key} is {short(count)}, more than any model has"
            raise AtlasError(told, remedy="correct the config")


def _is_kept(key: str, value: Any, whole: Config) -> bool:
    """Whether a key of the user's config says something of the tiny one."""
    if key in (*IDS, "model_type", "architectures", "transformers_version", "dtype", "torch_dtype"):
        return False
    return value is not None and key in whole and key not in ("auto_map", "quantization_config")


def _smaller(stated: Config, whole: Config) -> Iterator[Config]:
    """Changes that make a config tiny, the likeliest first."""
    changes: Config = {
        key: size for key, (size, _) in SIZES.items() if isinstance(whole.get(key), int)
    }
    for key, value in whole.items():
        if type(value) is int and key not in SIZES and key not in IDS and value > TINY:
            while value > TINY and value % 2 == 0 and "window" not in key:
                value //= 2
            changes[key] = value
        elif type(value) is float and 0 < value < 1e-2:
            changes[key] = round(0.02 + 0.005 * len(changes) / len(whole), 6)
        elif isinstance(value, dict) and "rope_type" in value:
            changes[key] = {**value, "rope_type": "default"}
    changes |= _of_layers(stated, whole, 0)
    # Many a class reads a width of heads that its config does not have.
    unsaid = {key: size for key, (size, _) in SIZES.items() if whole.get(key, 0) is None}
    if "head_dim" not in dir(worlds.plain(whole["model_type"])):
        unsaid["head_dim"] = SIZES["head_dim"][0]
    for more in (unsaid, {}):
        tried = {**changes, **more}
        yield tried
        yield {**tried, **{key: EVEN[0] for key in tried if SIZES.get(key) == (16, 24)}}


def _of_layers(stated: Config, whole: Config, world: int) -> Config:
    """Lists with something for each layer, for as many layers as a world has."""
    count = LAYERS[world]
    before = next((whole[key] for key, size in SIZES.items() if size == LAYERS and key in whole), 0)
    found: Config = {}
    for key, value in whole.items():
        if not isinstance(value, list) or not value:
            continue
        if len(value) == before and key in stated:
            found[key] = _sample(value, count)
        elif all(isinstance(one, list) and len(one) == 2 for one in value):  # kinds, how often
            each = [kind for kinds, often in value for _ in range(often) for kind in kinds]
            found[key] = [[[kind], 1] for kind in _sample(each, count)]
    return found


def _sample(kinds: list[Any], count: int) -> list[Any]:
    """As many layers, every kind among them that there is room for."""
    seen = list({str(kind): kind for kind in kinds}.values())
    return (seen + kinds[:1] * count)[:count]


def _other(first: World) -> World:
    """A world in which every number is another: all at once, else those that can be, one by one."""
    choices = dict(_choices(first))
    taken: set[str] = set()

    def pair(key: str, value: Any) -> str:
        return f"{first.whole[key]} {value}"

    changes: Config = {}
    for key, values in choices.items():
        changes[key] = next((one for one in values if pair(key, one) not in taken), values[0])
        taken.add(pair(key, changes[key]))
    even = {key: EVEN[1] for key in changes if SIZES.get(key) == (16, 24)}
    for tried in (changes, {**changes, **even}):
        if made := _tried(first, tried):
            return made
    other, taken = replace(first, name="other sizes"), set()
    for key, values in choices.items():
        for value in (one for one in values if pair(key, one) not in taken):
            if made := _tried(first, {**other.stated, key: value}):
                other = made
                taken.add(pair(key, value))
                break
    return other


def _tried(first: World, changes: Config) -> World | None:
    """A world with some changes; None where its class refuses them, in whatever way."""
    with contextlib.suppress(Exception):
        return worlds.running("other sizes", first.model_type, {**first.stated, **changes})
    return None


def _choices(first: World) -> Iterator[tuple[str, list[Any]]]:
    """Other values for every number, every activation and every list of layers, the best first."""
    words = iter(WORDS * 3)
    layers = _of_layers(first.stated, first.whole, 1)
    for at, (key, value) in enumerate(first.whole.items()):
        if key in IDS:
            continue
        if key in layers:
            yield key, [layers[key]]
        elif key in SIZES and type(value) is int:
            yield key, [SIZES[key][1] if value == SIZES[key][0] else value]
        elif type(value) is int and value > 1:
            others = (2 * value, value + 1, 3 * value, value + 2, 4 * value)
            yield key, [one for one in others if (value, one) not in SIZES.values()]
        elif type(value) is float and value >= 0:
            yield key, [round(value * (1.25 + 0.011 * at), 6) or 0.1]
        elif isinstance(value, str) and value in _activations():
            yield key, [next(word for word in words if word != value)]


def _activations() -> frozenset[str]:
    from transformers.activations import ACT2FN

    return frozenset(ACT2FN)
