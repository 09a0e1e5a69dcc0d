"""A row of `architectures` and a model's config, read together into an `Architecture`."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atlas.architectures import switches
from atlas.architectures.architecture import Architecture, Routing
from atlas.architectures.layer_rules import UnreadableKeyError
from atlas.architectures.row import (
    CANONICAL,
    GEOMETRY_KEYS,
    Key,
    LayerKind,
    Mixture,
    Row,
    Scale,
    ScaleName,
)
from atlas.entries.geometry import OF_HEADS, Geometry
from atlas.errors import AtlasError, short

MOST_LAYERS = 10_000
"""More than any model has: every layer is gone through, and a billion of them would take days."""


def resolve(row: Row, config: Mapping[str, Any], where: Path | str) -> Architecture:
    """A row with one model's config filled in; `where` is the config's file, for errors."""
    config = part(row, config, where)
    settings = {**row.defaults, **config}
    for older, key in row.older_keys.items():
        if (value := _looked_up(settings, older)) is not None:
            settings[key] = value
    for variant in row.variants:
        if all(settings.get(key) == value for key, value in variant.when.items()):
            row = replace(row, **variant.columns)
    for key, meanings in row.meant.items():
        if isinstance(settings.get(key), str):
            settings[key] = meanings.get(settings[key], settings[key])
    Reader(row, settings, where).check_requirements()
    switches.require_known(row, config, where)
    whole = _resolved(row, settings, where)
    if row.layer_kinds:
        kinds = _kinds(row, settings, whole.geometry.layers, where)
        whole = _of_kinds(whole, kinds, settings, where)
    reader = Reader(row, settings, where)
    return _with_limits(_with_heads(whole, reader), reader)


def _looked_up(settings: Mapping[str, Any], key: str) -> Any:
    """The value of a key, `a.b` that of b in the mapping at a; None where there is none."""
    outer, dot, inner = key.partition(".")
    held = settings.get(outer)
    return (held.get(inner) if isinstance(held, Mapping) else None) if dot else held


def _with_limits(whole: Architecture, reader: Reader) -> Architecture:
    """The same with the limits of MLPs in every layer that lists of the config say."""
    lists = [reader.settings.get(key) for key in whole.row.limits_by_layer or ()]
    if not any(lists):
        return whole
    layers = range(whole.geometry.layers)
    found = [reader.limits(key, len(layers)) for key in whole.row.limits_by_layer or ()]
    views = (replace(whole.layer(at), limits=(found[0][at], found[1][at])) for at in layers)
    return replace(whole, views=tuple(views))


def _with_heads(whole: Architecture, reader: Reader) -> Architecture:
    """The same with as many heads in every layer as a list of the config says."""
    key, shape = whole.row.heads_by_layer, whole.geometry
    counts = reader.settings.get(key) if key else None
    if key is None or counts in (None, [shape.heads] * shape.layers):
        return whole
    if not isinstance(counts, list) or len(counts) != shape.layers:
        raise reader.wrong(key, f"expected a count for each of {shape.layers} layers")
    views = []
    for at, count in enumerate(counts):
        if type(count) is not int or count <= 0 or count % shape.kv_heads:
            told = f"{short(count)} heads cannot share {shape.kv_heads} key/value heads evenly"
            raise reader.wrong(key, told)
        view = whole.layer(at)
        own = replace(view.geometry, heads=count)
        views.append(replace(view, geometry=own, kinds=(*view.kinds, f"{count} heads")))
    return replace(whole, geometry=replace(shape, heads=max(counts)), views=tuple(views))


def _kinds(
    row: Row, settings: Mapping[str, Any], count: int, where: Path | str
) -> list[tuple[LayerKind, ...]]:
    """The kinds that each layer is of, in the order of the row."""
    found: list[tuple[LayerKind, ...]] = [()] * count
    for kind in row.layer_kinds:
        try:
            layers = kind.where.layers(settings, count)
        except UnreadableKeyError as error:
            raise Reader(row, settings, where).wrong(error.key, str(error)) from None
        if layers is None:
            key = kind.where.keys[0]
            told = f"nothing says which layers have a {kind.name}: {key} is missing"
            raise Reader(row, settings, where).wrong(key, told)
        found = [(*held, kind) if at in layers else held for at, held in enumerate(found)]
    return found


def _of_kinds(
    whole: Architecture,
    kinds: Sequence[tuple[LayerKind, ...]],
    settings: Mapping[str, Any],
    where: Path | str,
) -> Architecture:
    """The whole of a model whose layers differ: the modules of all of them together."""
    made: dict[tuple[str, ...], Architecture] = {}
    for several in kinds:
        names = tuple(kind.name for kind in several)
        if names not in made:
            row = functools.reduce(lambda row, kind: kind.applied(row), several, whole.row)
            made[names] = replace(_resolved(row, settings, where), kinds=names)
    views = tuple(made[tuple(kind.name for kind in several)] for several in kinds)
    modules = {name for view in made.values() for name in view.modules}
    sources = {name: view.row.modules[name] for view in reversed(views) for name in view.modules}
    return replace(
        whole,
        row=replace(whole.row, modules={**whole.row.modules, **sources}),
        modules=tuple(name for name in CANONICAL if name in modules),
        geometry=_shape_of(whole.geometry, views, modules),
        routing=next((view.routing for view in views if view.routing is not None), None),
        views=views,
    )


def _shape_of(shape: Geometry, views: Sequence[Architecture], modules: Collection[str]) -> Geometry:
    """The shape of a model with these layers and, in some of them, these modules."""
    lacking = dict.fromkeys(OF_HEADS, 0) if "attn.q" not in modules else {}
    lacking |= {"d_mlp": 0} if "mlp.up" not in modules else {}
    most = max(view.geometry.heads for view in views)
    return replace(shape, **{"heads": most, **lacking})


def _resolved(row: Row, settings: Mapping[str, Any], where: Path | str) -> Architecture:
    """A row as if all layers were as it says."""
    reader = Reader(row, settings, where)
    sources = [*row.modules.values(), *row.outside.values()]
    flags = {flag for source in sources for flag in (source.bias, source.present)}
    flags |= {row.norm.bias, row.mixture.renormalised if row.mixture else False}
    resolved = {flag: reader.truth(flag) for flag in flags if isinstance(flag, str)}

    def present(name: str) -> bool:
        flag = row.modules[name].present
        return resolved[flag] if isinstance(flag, str) else flag

    geometry = reader.geometry()
    gives = {module: reader.factor(one) for module, one in row.gives.items()}
    activation = reader.text(row.activation)
    switches.require_activation(activation, row.activation, where)
    return Architecture(
        row=row,
        geometry=geometry,
        modules=tuple(name for name in CANONICAL if name in row.modules and present(name)),
        activation=activation,
        norm_eps=row.norm.eps if isinstance(row.norm.eps, float) else reader.number(row.norm.eps),
        routing=None if row.mixture is None else reader.routing(row.mixture),
        clamp=None
        if row.clamp is None
        else (reader.number(row.clamp.alpha), reader.number(row.clamp.limit)),
        embedding_scale=reader.scale("embedding"),
        attention_scale=reader.scale("attention", max(geometry.d_head, 1) ** -0.5)
        * gives.get("attn.k", 1),
        residual_scale=reader.scale("residual"),
        logits_scale=reader.scale("logits"),
        reads={module: reader.factor(one) for module, one in row.reads.items()},
        gives=gives,
        tied=settings.get("tie_word_embeddings") is not None
        and reader.truth("tie_word_embeddings"),
        flags=resolved,
    )


def part(row: Row, config: Mapping[str, Any], where: Path | str) -> Mapping[str, Any]:
    """What the config says of the part that the row describes: all of it where it has no parts.

    Whether the embeddings are tied, it says at the top.
    """
    if row.part is None:
        return config
    held = config.get(row.part.key)
    if not isinstance(held, Mapping):
        raise Reader(row, config, where).wrong(
            row.part.key, f"expected a part of the config, found {short(held)}"
        )
    found = held.get("model_type", row.part.model_types[0])
    if found not in row.part.model_types:
        known = " or ".join(row.part.model_types)
        raise Reader(row, config, where).wrong(
            f"{row.part.key}.model_type", f"expected {known}, found {short(found)}"
        )
    tied = config.get("tie_word_embeddings")
    return held if tied is None else {**held, "tie_word_embeddings": tied}


@dataclass(frozen=True)
class Reader:
    """Typed reading of a config; every error names the file and the key."""

    row: Row
    settings: Mapping[str, Any]
    where: Path | str

    def wrong(self, key: str, problem: str) -> AtlasError:
        return AtlasError(
            problem,
            file=self.where,
            place=key,
            remedy=f"this model differs from what the row {self.row.model_type!r} in "
            "atlas/architectures describes: correct the config, or the row",
        )

    def truth(self, key: str) -> bool:
        value = self.settings.get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, f"expected true or false, found {short(value)}")
        return value

    def text(self, key: str) -> str:
        value = self.settings.get(key)
        if not isinstance(value, str):
            raise self.wrong(key, f"expected a word, found {short(value)}")
        return value

    def number(self, key: str, at: int | None = None) -> float:
        """A number that the config states, or number `at` of those that it lists."""
        value = self.settings.get(key)
        if at is not None and isinstance(value, list) and len(value) > at:
            value = value[at]
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self.wrong(key, f"expected a number above 0, found {short(value)}")
        return float(value)

    def check_requirements(self) -> None:
        """Refuse a config with values that the row does not describe."""
        for key, wanted in self.row.requires.items():
            if isinstance(wanted, Key):
                wanted = self.settings.get(wanted.name)
            value = self.settings.get(key)
            if value is not None and value != wanted:
                raise self.wrong(key, f"{key} is {short(value)}, the row reads {wanted!r}")

    def scale(self, name: ScaleName, unsaid: float = 1.0) -> float:
        """One of the row's factors; `unsaid` where the row has none of that name."""
        scale = self.row.scales.get(name)
        said = scale is not None and self.settings.get(scale.key) is not None
        return self.factor(scale) if scale is not None and (said or unsaid == 1) else unsaid

    def factor(self, scale: Scale) -> float:
        return float(self.number(scale.key, scale.at) ** scale.power)

    def routing(self, mixture: Mixture) -> Routing:
        experts, active = self.natural(mixture.experts), self.natural(mixture.active)
        if active > experts:
            raise self.wrong(mixture.active, f"{active} active experts of {experts}")
        groups, kept = (self.natural(key) for key in mixture.groups) if mixture.groups else (1, 1)
        if experts % groups or kept > groups or active * groups > experts * kept:
            told = f"{active} of {experts} experts in {kept} of {groups} groups"
            raise self.wrong(mixture.groups[0] if mixture.groups else mixture.active, told)
        flag = mixture.renormalised
        return Routing(
            experts,
            active,
            self.truth(flag) if isinstance(flag, str) else flag,
            mixture.scores,
            groups,
            kept,
            1.0 if mixture.scale is None else self.number(mixture.scale),
            math.prod(self.natural(key) for key in mixture.shared) if mixture.shared else 0,
        )

    def limits(self, key: str, layers: int) -> list[float]:
        """A limit for each layer, infinite where the list has 0 or nothing, or is not there; what
        it says of layers beyond the last is left out."""
        listed = self.settings.get(key)
        listed = [None] * layers if listed is None else listed
        numbers = (int, float, type(None))
        if (
            not isinstance(listed, list)
            or len(listed) < layers
            or {*map(type, listed)} - {*numbers}
        ):
            raise self.wrong(key, f"expected a limit for each of {layers} layers")
        return [float(limit or math.inf) for limit in listed[:layers]]

    def count(self, field_name: str, fallback: int | None = None) -> int:
        key = self.row.keys.get(field_name, GEOMETRY_KEYS[field_name])
        if isinstance(key, int):
            return key
        if (key is None or self.settings.get(key) is None) and fallback is not None:
            return fallback
        listed = self.settings.get(str(key))
        if field_name == "layers" and isinstance(listed, list | str) and listed:
            return len(listed)  # a word or a letter each
        return self.natural(str(key), MOST_LAYERS if field_name == "layers" else 2**31)

    def natural(self, key: str, most: int = 2**31) -> int:
        value = self.settings.get(key)
        if type(value) is not int or not 0 < value <= most:
            raise self.wrong(key, f"expected a count, found {short(value)}")
        return value

    def mlp_width(self, unsaid: int | None) -> int:
        """The width of the MLP, `unsaid` where no key says it."""
        stated, rounded = self.count("d_mlp", unsaid), self.row.mlp_rounded
        if rounded is None or not self.truth(rounded.where):
            return stated
        wide, multiple = int(2 * stated / 3), self.natural(rounded.multiple)
        if self.settings.get(rounded.factor) is None:
            return wide
        return multiple * math.ceil(int(self.number(rounded.factor) * wide) / multiple)

    def geometry(self) -> Geometry:
        """Counts and widths: as many key/value heads as heads, and d_model / heads, if unsaid; 0 of
        what the row says that there is none of."""
        heads, d_model = self.count("heads"), self.count("d_model")
        kv_heads = self.count("kv_heads", heads)
        if heads and heads % kv_heads:
            key = self.row.keys.get("kv_heads", GEOMETRY_KEYS["kv_heads"])
            raise self.wrong(
                str(key), f"{heads} heads cannot share {kv_heads} key/value heads evenly"
            )
        return Geometry(
            layers=self.count("layers"),
            heads=heads,
            kv_heads=kv_heads,
            d_model=d_model,
            d_head=self.count("d_head", (d_model // heads or None) if heads else 0),
            d_mlp=self.mlp_width(4 * d_model if self.row.mlp_unsaid else None),
            vocabulary=self.count("vocabulary"),
        )
