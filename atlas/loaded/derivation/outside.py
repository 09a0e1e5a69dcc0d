"""What lies outside the layers: from token ids to the stream, and from the stream to logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from atlas.architectures.row import Source
from atlas.loaded.derivation import norms
from atlas.loaded.derivation.found import NormFound, UnreachedError
from atlas.loaded.derivation.recording import BATCH, LENGTH, Call, Recording, close, ratio


@dataclass(frozen=True)
class OutsideFound:
    """Modules by their absolute live paths, their norms, and two factors."""

    modules: Mapping[str, Source]
    norms: Mapping[str, NormFound]
    embedding_scale: float
    logits_scale: float
    vocabulary: int


def of(recording: Recording, layers: str, count: int) -> OutsideFound:
    """What is before the first layer and after the last one. Raises `UnreachedError`."""
    calls = {
        name: call for name, call in recording.calls.items() if not name.startswith(f"{layers}.")
    }
    first, last = recording.calls[f"{layers}.0"], recording.calls[f"{layers}.{count - 1}"]
    assert first.read is not None
    modules: dict[str, Source] = {}
    found_norms: dict[str, NormFound] = {}
    name, call = _embedding(recording, calls)
    modules["embedding"] = Source(name)
    scale = _entering(recording, call, first.read, calls, modules, found_norms)
    logits = _leaving(recording, last.gave, calls, modules, found_norms)
    return OutsideFound(modules, found_norms, scale, logits, recording.logits.shape[-1])


def _embedding(recording: Recording, calls: Mapping[str, Call]) -> tuple[str, Call]:
    """The module whose output is the rows of its own matrix at the token ids."""
    for name, call in calls.items():
        for tensor in call.own.values():
            fits = tensor.ndim == 2 and call.gave.shape == (BATCH, LENGTH, tensor.shape[-1])
            fits = fits and len(tensor) > int(recording.ids.max())
            if fits and ratio(tensor[recording.ids], call.gave) is not None:
                return name, call
    raise UnreachedError("no embedding whose rows the tokens choose")


def _entering(
    recording: Recording,
    embedding: Call,
    entered: torch.Tensor,
    calls: Mapping[str, Call],
    modules: dict[str, Source],
    found_norms: dict[str, NormFound],
) -> float:
    """How the embedding becomes what the first layer reads: its factor, and what else there is."""
    (matrix,) = (tensor for tensor in embedding.own.values() if tensor.ndim == 2)
    rows = matrix[recording.ids]
    target = entered
    for name, call in calls.items():
        found = norms.of(call)
        if found is not None and call.read is not None and close(call.gave, entered):
            modules["embedding_norm"], found_norms["embedding_norm"] = (
                Source(name, bias=found.bias),
                found,
            )
            target = call.read
    scale = ratio(rows, target)
    if scale is None:
        scale = _with_positions(recording, rows, target, modules)
    return 1.0 if abs(scale - 1) < 1e-5 else scale


def _with_positions(
    recording: Recording, rows: torch.Tensor, target: torch.Tensor, modules: dict[str, Source]
) -> float:
    """The factor of the embedding beside learned positions, which no sample changes."""
    # What two samples have in common at a position falls out of their difference.
    scale = ratio(rows[0] - rows[1], target[0] - target[1])
    if scale is not None:
        rest = (target - scale * rows)[0]
        for name, tensor in recording.model.named_parameters():
            if tensor.ndim == 2 and tensor.shape[-1] == rest.shape[-1]:
                for skip in range(min(4, max(0, len(tensor) - LENGTH))):
                    if close(tensor.detach()[skip : skip + LENGTH], rest):
                        modules["positions"] = Source(name.removesuffix(".weight"), skip=skip)
                        return scale
    raise UnreachedError("something is added to the embedding that is no learned position")


def _leaving(
    recording: Recording,
    left: torch.Tensor,
    calls: Mapping[str, Call],
    modules: dict[str, Source],
    found_norms: dict[str, NormFound],
) -> float:
    """What reads logits of the stream, through which norm; the factor of the logits."""
    for name, call in calls.items():
        matrices = [tensor for tensor in call.own.values() if tensor.ndim == 2]
        if call.read is None or len(matrices) != 1 or call.gave.shape != recording.logits.shape:
            continue
        scale = _logits_scale(recording, call.gave)
        if scale is None or not close(
            call.read.double() @ matrices[0].T.double() + call.own.get("bias", torch.zeros(())),
            call.gave,
        ):
            continue
        modules["unembedding"] = Source(f"/{name}", bias="bias" in call.own)
        if not close(call.read, left):
            norm = _norm(left, call.read, calls)
            if norm is None:
                raise UnreachedError("more than a norm between the last layer and the unembedding")
            modules["final_norm"], found_norms["final_norm"] = (
                Source(norm[0], bias=norm[1].bias),
                norm[1],
            )
        return scale
    raise UnreachedError("no unembedding that gives the logits")


def _norm(
    left: torch.Tensor, read: torch.Tensor, calls: Mapping[str, Call]
) -> tuple[str, NormFound] | None:
    for name, call in calls.items():
        if call.read is not None and call.read.shape == left.shape and close(call.read, left):
            found = norms.of(call)
            if found is not None and close(call.gave, read):
                return name, found
    return None


def _logits_scale(recording: Recording, gave: torch.Tensor) -> float | None:
    """The factor of the logits; a soft cap, one of the config's numbers, may lie between."""
    logits = recording.logits.double()
    scale = ratio(gave, logits)
    for cap in recording.model.config.to_dict().values() if scale is None else ():
        if type(cap) is float and logits.abs().max() < cap and scale is None:
            scale = ratio(gave, cap * (logits / cap).atanh())
    return None if scale is None else 1.0 if abs(scale - 1) < 1e-5 else scale
