"""From what several worlds show to a row: which key of the config says what.

A number follows the key that has it in every world; a switch is the key that was turned where a
bias or a module came or went. What no key says is a constant where it is the same in every world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from atlas.architectures.row import (
    CANONICAL,
    GEOMETRY_KEYS,
    Flag,
    Mixture,
    Norm,
    Row,
    Scale,
    ScaleName,
    Source,
)
from atlas.loaded.derivation.found import Found, UnreachedError
from atlas.loaded.derivation.worlds import Config, World

Seen = tuple[World, Found]

POWERS = (1.0, -1.0, 0.5, -0.5)
USUAL: Mapping[str, Callable[[Mapping[str, int]], bool]] = {
    "kv_heads": lambda found: found["kv_heads"] == found["heads"],
    "d_head": lambda found: found["heads"] * found["d_head"] == found["d_model"],
    "d_mlp": lambda found: found["d_mlp"] == 4 * found["d_model"],
}
"""What a count is that no key states."""

SCALES: tuple[ScaleName, ...] = ("embedding", "attention", "residual", "logits")
COUNTS = ("layers", "heads", "kv_heads", "d_model", "d_head", "d_mlp", "vocabulary")


@dataclass(frozen=True)
class Turned:
    """A switch that was turned, and what the model is then; None where that cannot be said."""

    key: str
    world: World | None
    found: Found | None


def row(first: Seen, other: Seen, turned: Sequence[Turned], prefix: str) -> Row:
    """The row that describes all of these worlds. `prefix`: of live names, `model.`.

    Raises `UnreachedError` for what no column can say.
    """
    require_alike(first[1], other[1])
    worlds = (first, other)
    found = first[1]
    keys = _counts(worlds)
    shapes = dict(found.layer.shapes)
    modules = {name: found.layer.modules.get(name) for name in CANONICAL}
    outside = {name: _outside(source, prefix) for name, source in found.outside.items()}
    norm_bias: Flag = found.layer.norm.bias
    renormalised: Flag | None = found.layer.renormalised
    requires: dict[str, object] = {}
    for one in turned:
        value = first[0].whole[one.key]
        if one.found is None or not _only_flags(found, one.found):
            requires[one.key] = value
            continue
        on = one.found if value is False else found
        for name in modules:
            modules[name] = _flagged(name, one, modules[name], found, on)
        shapes |= on.layer.shapes
        if one.found.layer.norm.bias != found.layer.norm.bias:
            norm_bias = one.key
        if one.found.layer.renormalised != found.layer.renormalised:
            renormalised = one.key
    return Row(
        model_type=first[0].model_type,
        prefixes=(prefix,) if prefix else (),
        live_prefix=prefix,
        layers=found.layers.removeprefix(prefix),
        modules={
            name: _plain(name, source, norm_bias) for name, source in modules.items() if source
        },
        outside={name: _plain(name, source, norm_bias) for name, source in outside.items()},
        norm=Norm(
            found.layer.norm.kind,
            eps=_eps(worlds),
            bias=norm_bias,
            offset=found.layer.norm.offset,
            gain=found.layer.norm.gain,
        ),
        joins=found.layer.joins,
        keys={name: key for name, key in keys.items() if key != GEOMETRY_KEYS[name]},
        activation=_activation(worlds),
        mixture=None if renormalised is None else _mixture(worlds, renormalised),
        scales=dict(_scales(worlds)),
        residual=found.layer.residual,
        attn_input=found.layer.attn_input,
        mlp_input=found.layer.mlp_input,
        shapes=shapes,
        requires=requires,
    )


def require_alike(one: Found, other: Found) -> None:
    """Raise `UnreachedError` where two worlds differ in more than numbers."""
    if one.layer.modules != other.layer.modules or not _only_flags(one, other):
        raise UnreachedError("a model of other sizes that is made in another way")


def _only_flags(one: Found, other: Found) -> bool:
    """Whether two worlds are the same but for biases, modules that come or go, and numbers."""
    modules, others = one.layer.modules, other.layer.modules
    same = all(
        replace(modules[name], bias=None) == replace(others[name], bias=None)
        for name in modules.keys() & others.keys()
    )
    return same and _frame(one) == _frame(other)


def _frame(found: Found) -> tuple[object, ...]:
    """What neither a switch of biases nor a number changes."""
    layer, norm = found.layer, found.layer.norm
    inputs = (layer.joins, layer.residual, layer.attn_input, layer.mlp_input)
    dense = layer.renormalised is None
    return found.layers, found.outside, inputs, norm.kind, norm.offset, norm.gain, dense


def _flagged(name: str, one: Turned, held: Source | None, found: Found, on: Found) -> Source | None:
    """A module's source, with the switch where that brings its bias or the module itself."""
    assert one.found is not None
    before, after = found.layer.modules.get(name), one.found.layer.modules.get(name)
    if before is None and after is None:
        return held
    if before is None or after is None:
        if name not in on.layer.modules:
            raise UnreachedError(f"{name} is there where {one.key} is false")
        return replace(on.layer.modules[name], present=one.key)
    if before.bias == after.bias:
        return held
    if not on.layer.modules[name].bias or held is None or isinstance(held.bias, str):
        raise UnreachedError(f"the bias of {name} follows more than {one.key}")
    return replace(held, bias=one.key)


def _plain(name: str, source: Source, norm_bias: Flag) -> Source:
    """Without what is usual: no bias, or the one that all norms have."""
    usual = norm_bias if "norm" in name else False
    alike = source.bias == usual or (isinstance(norm_bias, str) and "norm" in name)
    return replace(source, bias=None) if alike or source.bias is None else source


def _outside(source: Source, prefix: str) -> Source:
    """A name outside the layers: below the prefix, or with a slash before it."""
    name = source.disk.removeprefix("/")
    inside = bool(prefix) and name.startswith(prefix)
    return replace(
        source, disk=name.removeprefix(prefix) if inside else f"/{name}" if prefix else name
    )


def key_of(
    worlds: Sequence[Seen], values: Sequence[float], powers: Sequence[float] = (1.0,)
) -> tuple[str, float] | None:
    """The key whose number is that value in every world, to some power; None where none is."""
    for power in powers:
        for key in worlds[0][0].whole:
            held = [world.whole.get(key) for world, _ in worlds]
            numbers = [float(v) for v in held if type(v) in (int, float) and v and v > 0]
            if len(numbers) < len(worlds) or len({*numbers}) == 1:
                continue
            pairs = zip(numbers, values, strict=True)
            if all(math.isclose(value**power, wanted, rel_tol=1e-3) for value, wanted in pairs):
                return key, power
    return None


def _counts(worlds: Sequence[Seen]) -> dict[str, str | int | None]:
    """The key of every count; None: it is as usual."""
    keys: dict[str, str | int | None] = {}
    for name in COUNTS:
        values = [found.numbers[name] for _, found in worlds]
        said = key_of(worlds, values)
        as_usual = name in USUAL and all(USUAL[name](found.numbers) for _, found in worlds)
        if said is not None and not (as_usual and name == "kv_heads"):
            keys[name] = said[0]
        elif as_usual:
            keys[name] = None
        elif len(set(values)) == 1 and not _unvaried(worlds, values[0]):
            keys[name] = values[0]
        else:
            raise UnreachedError(f"no key of the config says {name}, {values[0]} and {values[1]}")
    return keys


def _unvaried(worlds: Sequence[Seen], value: int) -> bool:
    """Whether a key has that number in every world, so that it may well follow it. Keys of 1 say
    how many there are of much else."""
    held = [set(map(str, world.whole.values())) for world, _ in worlds]
    return value != 1 and all(str(value) in one for one in held)


def _eps(worlds: Sequence[Seen]) -> str | float:
    norms = [found.layer.norm for _, found in worlds]
    said = key_of(worlds, [norm.eps for norm in norms])
    if said is not None:
        return said[0]
    own = {value for norm in norms for value in norm.own if abs(value - norm.eps) < 1e-6}
    if len(own) == 1:
        return own.pop()
    written = {float(f"{norm.eps:.0e}") for norm in norms}  # as a number in the code
    if len(written) == 1 and all(math.isclose(norm.eps, *written, rel_tol=0.05) for norm in norms):
        return written.pop()
    raise UnreachedError(f"no key of the config says the epsilon of norms, {norms[0].eps:.2g}")


def _activation(worlds: Sequence[Seen]) -> str:
    """The key that names the activation of the MLP."""
    for key, word in worlds[0][0].whole.items():
        held = [world.whole.get(key) for world, _ in worlds]
        named = isinstance(word, str) and len({*map(str, held)}) == len(held)
        if named and all(
            value in found.layer.activations for value, (_, found) in zip(held, worlds, strict=True)
        ):
            return key
    raise UnreachedError("no key of the config says the activation of the MLP")


def _scales(worlds: Sequence[Seen]) -> Iterator[tuple[ScaleName, Scale]]:
    """The key of every factor that is not as usual."""
    for name in SCALES:
        values = [found.scales[name] for _, found in worlds]
        usual = [
            found.numbers["d_head"] ** -0.5 if name == "attention" else 1.0 for _, found in worlds
        ]
        if all(math.isclose(*pair, rel_tol=1e-4) for pair in zip(values, usual, strict=True)):
            continue
        said = key_of(worlds, values, POWERS)
        if said is None and all(value == 1.0 for value in values):
            said = str(_counts(worlds)["d_model"]), 0.0
        if said is None:
            told = " and ".join(f"{value:.4g}" for value in values)
            raise UnreachedError(f"no key of the config says the factor of {name}, {told}")
        yield name, Scale(*said)


def _mixture(worlds: Sequence[Seen], renormalised: Flag) -> Mixture:
    said = [key_of(worlds, [f.numbers[name] for _, f in worlds]) for name in ("experts", "active")]
    if said[0] is None or said[1] is None:
        raise UnreachedError("no key of the config says how many experts there are, or are active")
    return Mixture(said[0][0], said[1][0], renormalised=renormalised)


def usual(row: Row, usual: Config, of_twice: Config) -> dict[str, object]:
    """What a config may leave out: what its class then has, for the keys that the row reads.

    Sizes are always stated. What follows from other keys is no default: as many key/value heads as
    heads, heads as wide as the model together. `of_twice`, of twice as many heads, tells.
    """
    counted = ("kv_heads", "d_head")
    sized = {key for name, key in row.config_keys.items() if name not in counted}
    found = {key: usual.get(key) for key in sorted(row.config_reads - sized)}
    return {k: v for k, v in found.items() if v is not None and v == of_twice.get(k)}
