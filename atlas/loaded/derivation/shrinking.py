"""Tiny worlds of a config: its kinds of layers and its switches kept, its sizes small.

Two worlds differ in every number that can be changed, so that what is seen in both tells which key
it follows.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from atlas.architectures.switches import HARMLESS
from atlas.errors import AtlasError
from atlas.loaded import tiny
from atlas.loaded.derivation.found import UnreachedError
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

MOST = 2_000_000
"""Parameters of a model that is still tiny."""

IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "sep_token_id")

Config = dict[str, Any]


@dataclass(frozen=True)
class World:
    """A tiny config: what it states, all that its class makes of it, and what it is called."""

    name: str
    stated: Config = field(repr=False)
    whole: Config = field(repr=False)

    @property
    def model_type(self) -> str:
        return str(self.whole["model_type"])


def of(config: Mapping[str, Any]) -> tuple[World, World]:
    """Two worlds of a config. Raises `AtlasError` where transformers makes no tiny model of it."""
    model_type = config["model_type"]
    whole = _whole(model_type, config)
    _require_decoder(model_type, whole)
    kept = {key: value for key, value in config.items() if _is_kept(key, value, whole)}
    first: World | None = None
    problem: Exception | None = None
    for changes in _smaller(kept, whole):
        try:
            first = _world("as given", model_type, {**kept, **changes})
            break
        except Exception as error:  # a config can break a class in any way
            problem = problem or error
    if first is None:
        told = f"{type(problem).__name__}: {first_line(problem)}" if problem else "nothing"
        raise AtlasError(f"transformers makes no tiny model of type {model_type}: {told}")
    return first, _other(first)


def _require_decoder(model_type: str, whole: Config) -> None:
    """Raise `UnreachedError` for what is no decoder by itself."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    if isinstance(whole.get("text_config"), dict):
        raise UnreachedError("text inside a wrapper, whose language part has a config of its own")
    if type(_plain(model_type)) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise UnreachedError(f"transformers has no causal language model of type {model_type}")


def _is_kept(key: str, value: Any, whole: Config) -> bool:
    """Whether a key of the user's config says something of the tiny one."""
    if key in (*IDS, "model_type", "architectures", "transformers_version", "dtype", "torch_dtype"):
        return False
    return value is not None and key in whole and key not in ("auto_map", "quantization_config")


def _whole(model_type: str, stated: Mapping[str, Any]) -> Config:
    import transformers

    settings = {key: value for key, value in stated.items() if key != "model_type"}
    try:
        made = transformers.AutoConfig.for_model(model_type, **settings)
    except Exception as error:
        raise AtlasError(
            f"transformers has no config of type {model_type}: {first_line(error)}"
        ) from error
    held: Config = json.loads(made.to_json_string(use_diff=False))
    return {**held, "model_type": model_type}


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
    if not hasattr(_plain(whole["model_type"]), "head_dim"):
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


def _world(name: str, model_type: str, stated: Config) -> World:
    """A world whose model was made and runs."""
    world = World(name, stated, _whole(model_type, stated))
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in _live(world).parameters())
    if size > MOST:
        raise UnreachedError(
            f"its tiny model has {size:,} parameters: which of its keys are sizes?"
        )
    model = made(world)
    with torch.no_grad():
        model(input_ids=torch.full((1, 3), 3), use_cache=False)
    return world


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
        return _world("other sizes", first.model_type, {**first.stated, **changes})
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


def flipped(first: World) -> Iterator[World | str]:
    """A world for every switch of the config, turned; the key alone where no model of it runs."""
    for key, value in first.whole.items():
        if isinstance(value, bool) and key not in HARMLESS and key != "tie_word_embeddings":
            try:
                yield _world(key, first.model_type, {**first.stated, key: not value})
            except Exception:  # what it does cannot be seen
                yield key


def read_by(world: World, read: Set[str]) -> World:
    """The world without keys that neither its class has nor the row reads: they were tried."""
    usual = usual_of(world.model_type)
    stated = {k: value for k, value in world.stated.items() if k in usual or k in read}
    return world if stated == world.stated else _world(world.name, world.model_type, stated)


def as_stored(world: World, config: Mapping[str, Any]) -> World:
    """The world with the config's own numbers, and without what its class has anyway."""
    usual = usual_of(world.model_type)
    stated = {
        key: config.get(key, usual.get(key)) if type(value) is float else value
        for key, value in world.stated.items()
    }
    stated = {key: value for key, value in stated.items() if value != usual.get(key)}
    return _world("as given", world.model_type, stated)


def usual_of(model_type: str, stated: Config | None = None) -> Config:
    """What a config of that type says where no more is stated."""
    return _whole(model_type, stated or {})


def named(model_type: str, attribute: str) -> str:
    """The key of a config for an attribute of it, which may have another name."""
    return str(_plain(model_type).attribute_map.get(attribute, attribute))


def _plain(model_type: str) -> Any:
    """The config of a class that states nothing."""
    import transformers

    return transformers.AutoConfig.for_model(model_type)


def alike(one: World, other: World) -> bool:
    """Whether models of two worlds with the same weights give the same logits."""
    first, second = made(one), made(other)
    second.load_state_dict(first.state_dict())
    ids = torch.arange(3, 10)[None]
    with torch.no_grad():
        logits = [model(input_ids=ids, use_cache=False).logits for model in (first, second)]
    return bool(torch.equal(*logits))


def made(world: World) -> Any:
    """The live model of a world with drawn weights, in double precision, eager throughout."""
    model = tiny.drawn(_live(world), seed=0)
    return model.double().eval()


def _live(world: World) -> Any:
    import transformers

    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    settings = transformers.AutoConfig.for_model(world.model_type, **{**special, **world.stated})
    settings._attn_implementation = "eager"
    settings._experts_implementation = "eager"
    return transformers.AutoModelForCausalLM.from_config(settings)


def code_of(model: Any) -> str:
    """The file of the code that a model runs."""
    return str(inspect.getsourcefile(type(model)))
