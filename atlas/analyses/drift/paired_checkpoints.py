"""Two checkpoints of one shape, a model and its base, streamed side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from atlas.analyses.drift.tensor_change import Difference, difference
from atlas.architectures.row import EXPERT_MODULES
from atlas.entries.geometry import SAME
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint


@dataclass(frozen=True)
class PairedModule:
    """One module of a layer, or of one expert, in the model and in its base.

    `weights` and `biases`: the model's, the base's, of one shape and as stored; `biases` is None
    where one of the two has none. `last`: no other expert's module of that name follows in the
    layer.
    """

    module: str
    weights: tuple[torch.Tensor, torch.Tensor]
    biases: tuple[torch.Tensor, torch.Tensor] | None
    last: bool

    def bias_difference(self) -> Difference:
        """What changed in the bias; nothing at all where there is none."""
        return Difference() if self.biases is None else difference(*self.biases)


def require_alike(checkpoint: Checkpoint, base: Checkpoint) -> None:
    """Raise `AtlasError` for two models whose weights cannot be compared one by one."""
    ours, theirs = checkpoint.architecture, base.architecture
    differing = [
        f"{key} {getattr(ours.geometry, key)} instead of {getattr(theirs.geometry, key)}"
        for key in SAME
        if getattr(ours.geometry, key) != getattr(theirs.geometry, key)
    ]
    both = [one.told_kinds or "all layers alike" for one in (ours, theirs)]
    if both[0] != both[1]:
        differing.append(f"{both[0]} instead of {both[1]}")
    experts = [0 if one.routing is None else one.routing.experts for one in (ours, theirs)]
    if experts[0] != experts[1]:
        differing.append(f"experts {experts[0]} instead of {experts[1]}")
    if ours.model_type != theirs.model_type:
        differing = [f"architecture {ours.model_type!r} instead of {theirs.model_type!r}"]
    if differing:
        raise AtlasError(
            f"cannot be compared with its base: {', '.join(differing)}",
            file=checkpoint.folder / "config.json",
            remedy=f"drift needs two models of one shape, and the base is {base.folder}: correct "
            "`base` in the entry, or list there the `analyses` that it is to have",
        )


def shared_modules(checkpoint: Checkpoint, base: Checkpoint) -> tuple[str, ...]:
    """The modules that both models have, in canonical order."""
    theirs = base.architecture.modules
    return tuple(name for name in checkpoint.architecture.modules if name in theirs)


def only(checkpoint: Checkpoint, base: Checkpoint) -> dict[str, str]:
    """`only_in_tuned` and `only_in_base`: weights and biases of layers that the other one lacks,
    by canonical name, where there are any."""
    ours, theirs = (
        {
            slot.canonical: slot
            for layer in range(m.geometry.layers)
            for slot in m.architecture.slots(layer)
        }
        for m in (checkpoint, base)
    )
    facts = {}
    for key, some, others in (("only_in_tuned", ours, theirs), ("only_in_base", theirs, ours)):
        names = [name.removesuffix(".weight") for name in some if name not in others]
        if names:
            facts[key] = ", ".join(names)
    return facts


def modules_of(
    checkpoint: Checkpoint, base: Checkpoint, layer: int, modules: tuple[str, ...]
) -> Iterator[PairedModule]:
    """The modules of one layer of both, experts one by one.

    Of either model one layer is in memory, and of mixtures one expert; a module leaves it once the
    next one is asked for.
    """
    view = checkpoint.architecture.layer(layer)
    modules = tuple(name for name in modules if name in view.modules)
    dense = [name for name in modules if name not in EXPERT_MODULES]
    yield from _paired(checkpoint.layer(layer, dense), base.layer(layer, dense), dense, last=True)
    routed = [name for name in modules if name in EXPERT_MODULES]
    count = view.routing.experts if view.routing is not None else 1
    both = zip(checkpoint.experts(layer, routed), base.experts(layer, routed), strict=True)
    for number, (new, old) in enumerate(both, 1):
        yield from _paired(new, old, routed, last=number == count)


def _paired(
    new: dict[str, torch.Tensor], old: dict[str, torch.Tensor], modules: list[str], last: bool
) -> Iterator[PairedModule]:
    for module in (name for name in modules if f"{name}.weight" in new):
        weights = new.pop(f"{module}.weight"), old.pop(f"{module}.weight")
        bias, before = new.pop(f"{module}.bias", None), old.pop(f"{module}.bias", None)
        biases = None if bias is None or before is None else (bias, before)
        yield PairedModule(module, weights, biases, last)
