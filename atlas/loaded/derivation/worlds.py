"""Tiny worlds: configs whose models transformers makes, and which run."""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.modules.module import register_module_module_registration_hook

from atlas import architectures
from atlas.architectures.switches import HARMLESS
from atlas.errors import AtlasError, cut, short
from atlas.loaded import tiny
from atlas.loaded.derivation.found import UnreachedError
from atlas.loaded.loading import first_line

MOST = 2_000_000
"""Parameters of a model that is still tiny."""

MOST_MODULES = 10_000
"""Modules of a model that is still tiny."""

LONGEST = 200
"""Characters of what transformers says that are told."""

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


def whole(model_type: str, stated: Mapping[str, Any]) -> Config:
    import transformers

    if model_type not in transformers.CONFIG_MAPPING:
        here = f"transformers {transformers.__version__}"
        told = f"{here} has no models of type {short(model_type)}"
        raise UnreachedError(told, remedy=architectures.advice(model_type))
    settings = {key: value for key, value in stated.items() if key != "model_type"}
    try:
        made = transformers.AutoConfig.for_model(model_type, **settings)
    except Exception as error:
        told = cut(first_line(error), LONGEST)
        raise AtlasError(f"transformers does not understand the config: {told}") from error
    held: Config = json.loads(made.to_json_string(use_diff=False))
    return {**held, "model_type": model_type}


def require_decoder(model_type: str, whole: Config) -> None:
    """Raise `UnreachedError` for what is no decoder by itself."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    if isinstance(whole.get("text_config"), dict):
        raise UnreachedError("text inside a wrapper, whose language part has a config of its own")
    if type(plain(model_type)) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise UnreachedError(f"transformers has no causal language model of type {model_type}")


def running(name: str, model_type: str, stated: Config) -> World:
    """A world whose model was made and runs."""
    world = World(name, stated, whole(model_type, stated))
    with torch.device("meta"), _few_modules():
        size = sum(parameter.numel() for parameter in _live(world).parameters())
    if size > MOST:
        raise UnreachedError(
            f"its tiny model has {size:,} parameters: which of its keys are sizes?"
        )
    model = made(world)
    with torch.no_grad():
        model(input_ids=torch.full((1, 3), 3), use_cache=False)
    return world


@contextlib.contextmanager
def _few_modules() -> Iterator[None]:
    """Raise `UnreachedError` once a model gets more modules than a tiny one has: a key that we do
    not know may be a count of layers, and a billion of them would fill the memory first."""
    left = iter(range(MOST_MODULES))

    def count(*_: object) -> None:
        if next(left, None) is None:
            told = f"its tiny model has over {MOST_MODULES:,} modules: which key counts its layers?"
            raise UnreachedError(told)

    handle = register_module_module_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def flipped(first: World) -> Iterator[World | str]:
    """A world for every switch of the config, turned; the key alone where no model of it runs."""
    for key, value in first.whole.items():
        if isinstance(value, bool) and key not in HARMLESS and key != "tie_word_embeddings":
            try:
                yield running(key, first.model_type, {**first.stated, key: not value})
            except Exception:  # what it does cannot be seen
                yield key


def read_by(world: World, read: Set[str]) -> World:
    """The world without keys that neither its class has nor the row reads: they were tried."""
    usual = usual_of(world.model_type)
    stated = {k: value for k, value in world.stated.items() if k in usual or k in read}
    return world if stated == world.stated else running(world.name, world.model_type, stated)


def as_stored(world: World, config: Mapping[str, Any]) -> World:
    """The world with the config's own numbers, and without what its class has anyway."""
    usual = usual_of(world.model_type)
    stated = {
        key: config.get(key, usual.get(key)) if type(value) is float else value
        for key, value in world.stated.items()
    }
    stated = {key: value for key, value in stated.items() if value != usual.get(key)}
    return running("as given", world.model_type, stated)


def usual_of(model_type: str, stated: Config | None = None) -> Config:
    """What a config of that type says where no more is stated."""
    return whole(model_type, stated or {})


def named(model_type: str, attribute: str) -> str:
    """The key of a config for an attribute of it, which may have another name."""
    return str(plain(model_type).attribute_map.get(attribute, attribute))


def plain(model_type: str) -> Any:
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
