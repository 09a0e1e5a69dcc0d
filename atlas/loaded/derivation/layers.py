"""The layers of a model: where they are, and what each is made of."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import torch

from atlas.loaded.derivation import attention, mlp, residual
from atlas.loaded.derivation.found import LayerFound, NormFound, UnreachedError
from atlas.loaded.derivation.recording import Attention, Recording, close


def path(recording: Recording) -> tuple[str, int]:
    """The list of modules in which each reads what the one before it gives, and how many they are.

    The longest of these with the most parameters.
    """
    found: list[tuple[int, str, int]] = []
    for name, module in recording.model.named_modules():
        if isinstance(module, torch.nn.ModuleList) and len(module):
            calls = [recording.calls.get(f"{name}.{at}") for at in range(len(module))]
            chained = all(
                one is not None
                and next_one is not None
                and next_one.read is not None
                and close(one.gave, next_one.read)
                for one, next_one in itertools.pairwise(calls)
            )
            if chained and all(call is not None and call.gave.ndim == 3 for call in calls):
                found.append((sum(p.numel() for p in module.parameters()), name, len(module)))
    if not found:
        raise UnreachedError("no layers that pass a stream on from one to the next")
    _, name, count = max(found)
    return name, count


def of(recording: Recording) -> tuple[str, int, LayerFound]:
    """Path and number of the layers, and what every one of them is."""
    name, count = path(recording)
    found = [_layer(recording, f"{name}.{at}", f"layer {at}") for at in range(count)]
    for at, other in enumerate(found[1:], 1):
        if other.modules != found[0].modules or other.joins != found[0].joins:
            raise UnreachedError(f"layer {at} is not made as layer 0 is")
    return name, count, found[0]


def _layer(recording: Recording, place: str, called: str) -> LayerFound:
    seen = [one for at, one in recording.attentions if f"{at}.".startswith(f"{place}.")]
    if len(seen) != 1:
        raise UnreachedError(f"{called}: {len(seen) or 'no'} attention by a softmax over positions")
    try:
        return _parts(recording, place, seen[0])
    except UnreachedError as error:
        raise UnreachedError(f"{called}: {error}") from None


def _parts(recording: Recording, place: str, seen: Attention) -> LayerFound:
    calls, whole = recording.within(place), recording.calls[place]
    heads = attention.of(calls, seen)
    taken = [source.disk for source in heads.modules.values()]
    block = mlp.of(calls, taken)
    assert whole.read is not None
    stream = residual.Stream(calls, whole.read, whole.gave)
    read = calls[heads.modules["attn.q"].disk].read
    assert read is not None
    gave = calls[heads.modules["attn.o"].disk].gave
    joined = residual.of(stream, (read, gave), (block.reads, block.gives))
    modules = {**heads.modules, **block.modules, **joined.modules}
    found_norms = {**heads.norms, **joined.norms}
    _require_whole(recording, place, [source.disk for source in modules.values()])
    return LayerFound(
        modules={name: modules[name] for name in sorted(modules)},
        joins=joined.joins,
        residual=joined.residual,
        attn_input=joined.attn_input,
        mlp_input=joined.mlp_input,
        norm=_one(found_norms.values()),
        shapes=heads.shapes,
        renormalised=block.renormalised,
        activations=block.activations,
        numbers={
            "heads": heads.heads,
            "kv_heads": heads.kv_heads,
            "d_head": heads.d_head,
            "d_model": whole.gave.shape[-1],
            **block.numbers,
        },
        scales={"attention": heads.factor, "residual": joined.scale},
    )


def _one(found: Iterable[NormFound]) -> NormFound:
    """What all norms of a layer are."""
    first, *others = found
    if not all(first.alike(other) for other in others):
        raise UnreachedError("norms that are not all of one kind")
    return first


def _require_whole(recording: Recording, place: str, names: list[str]) -> None:
    """Raise `UnreachedError` for a parameter of the layer that has no place in it."""
    for name, _ in recording.model.get_submodule(place).named_parameters():
        if not any(
            name == known or name.startswith((f"{known}.", f"{known}_bias")) for known in names
        ):
            raise UnreachedError(f"a parameter with no place: {name}")
