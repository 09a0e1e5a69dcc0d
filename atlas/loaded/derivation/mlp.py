"""The MLP of one layer, dense or a mixture of experts, by what its projections read and give."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from atlas.architectures.row import Source
from atlas.loaded.derivation.attention import projections, transposed
from atlas.loaded.derivation.found import UnreachedError
from atlas.loaded.derivation.recording import EXACT, Call, close

Split = Literal["stacked", "interleaved"]


@dataclass(frozen=True)
class MlpFound:
    """The modules of an MLP, what it reads and gives, and every activation that it can have."""

    modules: Mapping[str, Source]
    activations: frozenset[str]
    reads: torch.Tensor
    gives: torch.Tensor
    numbers: Mapping[str, int]
    renormalised: bool | None = None


def of(calls: Mapping[str, Call], taken: Sequence[str]) -> MlpFound:
    """The MLP of a layer, among what attention has not taken. Raises `UnreachedError`."""
    for name, call in calls.items():
        if name not in taken and any(tensor.ndim == 3 for tensor in call.own.values()):
            return _mixture(name, calls, taken)
    free = [(name, call) for name, call in projections(calls) if name not in taken]
    for (first, up), (last, down) in itertools.permutations(free, 2):
        if down.read is None or up.read is None:
            continue
        for modules, activations in _between(first, up, last, down.read, free):
            if activations:
                modules["mlp.down"] = _source(last, down)
                width = {"d_mlp": down.read.shape[-1]}
                return MlpFound(modules, activations, up.read, down.gave, width)
    raise UnreachedError("an MLP that is no activation between two projections")


def _between(
    first: str, up: Call, last: str, inner: torch.Tensor, free: Sequence[tuple[str, Call]]
) -> Iterator[tuple[dict[str, Source], frozenset[str]]]:
    """What can lie between the first projection and what the last one reads."""
    if up.gave.shape == inner.shape:
        yield {"mlp.up": _source(first, up)}, _giving(up.gave, inner)
        for second, other in free:
            if second not in (first, last) and other.gave.shape == inner.shape:
                modules = {"mlp.up": _source(second, other), "mlp.gate": _source(first, up)}
                yield modules, _giving(up.gave, inner, other.gave)
    elif up.gave.shape[-1] == 2 * inner.shape[-1]:
        for split, (gate, value) in _halves(up.gave):
            whole = _source(first, up)
            modules = {
                f"mlp.{part}": Source(
                    first, bias=whole.bias, part=part, split=split, transposed=whole.transposed
                )
                for part in ("up", "gate")
            }
            yield modules, _giving(gate, inner, value)


def _halves(whole: torch.Tensor) -> Iterator[tuple[Split, tuple[torch.Tensor, torch.Tensor]]]:
    """Gate and up of a fused output, gate first, in every layout that a row can say."""
    first, second = whole.chunk(2, dim=-1)
    yield "stacked", (first, second)
    yield "interleaved", (whole[..., ::2], whole[..., 1::2])


def _source(name: str, call: Call) -> Source:
    return Source(name, bias="bias" in call.own, transposed=transposed(call))


@functools.cache
def _activations() -> Mapping[str, Callable[[torch.Tensor], torch.Tensor]]:
    """Every activation without parameters that a config can name."""
    from transformers.activations import ACT2FN

    made = {name: ACT2FN[name] for name in ACT2FN}
    return {name: act for name, act in made.items() if not list(act.parameters())}


def _giving(
    read: torch.Tensor, wanted: torch.Tensor, times: torch.Tensor | None = None
) -> frozenset[str]:
    """The activations that give that, times another tensor where there is one."""
    factor = torch.ones(()) if times is None else times
    with torch.no_grad():
        return frozenset(
            name for name, act in _activations().items() if close(act(read) * factor, wanted, EXACT)
        )


def _mixture(name: str, calls: Mapping[str, Call], taken: Sequence[str]) -> MlpFound:
    """Experts whose matrices stand stacked in one module, and the router that chooses them."""
    call = calls[name]
    if call.read is None:
        raise UnreachedError("experts that read nothing")
    stacks = {own: tensor for own, tensor in call.own.items() if tensor.ndim == 3}
    if len(stacks) != 2:
        raise UnreachedError(f"experts of {len(stacks)} stacked matrices")
    (inner, into), (outer, out) = stacks.items()
    x = call.read.flatten(0, -2).double()
    wanted = call.gave.reshape(x.shape).double()
    count = into.shape[0]
    router = _router(calls, count, x.shape[-1], [*taken, name])
    logits = x @ _matrix(calls[router]).double().T + calls[router].own.get("bias", torch.zeros(()))
    turned = into.shape[1] == x.shape[-1] and out.shape[2] == x.shape[-1]
    gave = torch.einsum("td,edh->teh" if turned else "td,ehd->teh", x, into.double())
    if f"{inner}_bias" in call.own:
        gave = gave + call.own[f"{inner}_bias"]
    shares = list(_shares(logits))
    for split, (gate, value) in _halves(gave):
        for act, function in _activations().items():
            with torch.no_grad():
                each = function(gate) * value
            each = torch.einsum("teh,ehd->ted" if turned else "teh,edh->ted", each, out.double())
            if f"{outer}_bias" in call.own:
                each = each + call.own[f"{outer}_bias"]
            for active, renormalised, share in shares:
                if close(torch.einsum("te,ted->td", share, each), wanted, 1e-6):
                    modules = _experts(name, inner, outer, split, turned, call)
                    modules["router"] = Source(router, bias="bias" in calls[router].own)
                    numbers = {"d_mlp": gate.shape[-1], "experts": count, "active": active}
                    return MlpFound(
                        modules, frozenset({act}), call.read, call.gave, numbers, renormalised
                    )
    raise UnreachedError("experts that are chosen, weighted or computed in another way")


def _shares(logits: torch.Tensor) -> Iterator[tuple[int, bool, torch.Tensor]]:
    """The weight of each expert (token, expert), for every number of active ones."""
    scores = logits.softmax(-1)
    for active in range(1, logits.shape[-1] + 1):
        largest, chosen = scores.topk(active, dim=-1)
        for renormalised in (True, False):
            weight = largest / largest.sum(-1, keepdim=True) if renormalised else largest
            yield active, renormalised, torch.zeros_like(scores).scatter(-1, chosen, weight)


def _router(calls: Mapping[str, Call], count: int, width: int, taken: Sequence[str]) -> str:
    for name, call in calls.items():
        matrices = [tensor for tensor in call.own.values() if tensor.ndim == 2]
        if name not in taken and [tuple(tensor.shape) for tensor in matrices] == [(count, width)]:
            return name
    raise UnreachedError("a router that is no single projection")


def _matrix(call: Call) -> torch.Tensor:
    return next(tensor for tensor in call.own.values() if tensor.ndim == 2)


def _experts(
    name: str, inner: str, outer: str, split: Split, turned: bool, call: Call
) -> dict[str, Source]:
    """The parameters that hold the experts' matrices, which no module of their own computes."""
    biased = {own: f"{own}_bias" in call.own for own in (inner, outer)}
    modules = {
        f"mlp.{part}": Source(
            f"{name}.{inner}",
            bias=biased[inner],
            part=part,
            split=split,
            transposed=turned,
            bare=True,
        )
        for part in ("up", "gate")
    }
    modules["mlp.down"] = Source(
        f"{name}.{outer}", bias=biased[outer], transposed=turned, bare=True
    )
    return modules
