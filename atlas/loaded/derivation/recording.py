"""One forward pass of a tiny model, and everything that was read and given in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from atlas.errors import cut
from atlas.loaded.derivation.found import UnreachedError

BATCH, LENGTH = 2, 7
PRODUCTS = {"matmul": 0, "__matmul__": 0, "bmm": 0, "baddbmm": 1}
"""Functions that multiply two matrices -> the place of the first one."""

LONGEST = 120
"""Characters of what a model says that does not run."""

TOLERANCE = 2e-4
"""Of what may have been computed in single precision."""

EXACT = 1e-9
"""Of what was not."""


@dataclass(frozen=True)
class Call:
    """A module's first tensor read and given, (batch, position, ...) where both were in one axis.
    `plain`: it was called once, and gave a tensor and nothing beside it."""

    module: torch.nn.Module
    read: torch.Tensor | None
    gave: torch.Tensor
    plain: bool

    @property
    def own(self) -> dict[str, torch.Tensor]:
        """The parameters that are the module's and not those of one within it."""
        return {name: p.detach() for name, p in self.module.named_parameters(recurse=False)}


@dataclass(frozen=True)
class Attention:
    """Queries, keys and values where they meet: (batch, head, position, d_head), (batch, position,
    head x d_head) of what comes out, and the factor of queries times keys."""

    queries: torch.Tensor
    keys: torch.Tensor
    values: torch.Tensor
    mixed: torch.Tensor
    factor: float
    sinks: torch.Tensor | None


@dataclass
class Recording:
    """What happened, by the path of modules; `attentions` by the path of the innermost module."""

    model: Any
    ids: torch.Tensor
    calls: dict[str, Call] = field(default_factory=dict)
    attentions: list[tuple[str, Attention]] = field(default_factory=list)
    logits: torch.Tensor = field(default_factory=lambda: torch.zeros(()))

    def within(self, place: str) -> dict[str, Call]:
        """The calls of what lies in a module, by their path in it."""
        return {
            path.removeprefix(f"{place}."): call
            for path, call in self.calls.items()
            if path.startswith(f"{place}.")
        }


def record(model: Any) -> Recording:
    """Run a model once on random tokens."""
    words = model.get_input_embeddings().weight.shape[0]
    ids = torch.randint(3, words, (BATCH, LENGTH), generator=torch.Generator().manual_seed(3))
    recording = Recording(model, ids)
    running: list[str] = []
    watching = _Watching(running)
    handles = []
    for path, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(lambda *_, path=path: running.append(path)))
        handles.append(
            module.register_forward_hook(_keeping(recording, running, path), with_kwargs=True)
        )
    try:
        with torch.no_grad(), watching:
            recording.logits = model(input_ids=ids, use_cache=False).logits
    except Exception as error:  # a class can break in any way
        raise UnreachedError(f"a model that does not run: {cut(str(error), LONGEST)}") from error
    finally:
        for handle in handles:
            handle.remove()
    caps = [value for value in model.config.to_dict().values() if type(value) is float]
    recording.attentions = list(watching.attentions(caps))
    return recording


def _keeping(recording: Recording, running: list[str], path: str) -> Callable[..., None]:
    def keep(module: Any, args: Any, named: Any, output: Any) -> None:
        running.pop()
        read, gave = _first([*args, *named.values()]), _first(output)
        if gave is not None:
            plain = isinstance(output, torch.Tensor) and path not in recording.calls
            recording.calls[path] = Call(module, _kept(read), _told_apart(gave), plain)

    return keep


def _kept(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else _told_apart(tensor)


def _told_apart(tensor: torch.Tensor) -> torch.Tensor:
    """A copy, for some models add in place; batch and position as two axes."""
    kept = tensor.detach().clone()
    if kept.ndim == 2 and len(kept) == BATCH * LENGTH:
        kept = kept.reshape(BATCH, LENGTH, -1)
    return kept


def _first(held: Any) -> torch.Tensor | None:
    """The first tensor of what a module read or gave."""
    if isinstance(held, torch.Tensor):
        return held
    found = (_first(one) for one in held) if isinstance(held, tuple | list) else iter(())
    return next((one for one in found if one is not None), None)


class _Watching(TorchFunctionMode):
    """Products of matrices and softmaxes in their order, and in which module they happened."""

    def __init__(self, running: list[str]) -> None:
        super().__init__()
        self.running = running
        self.events: list[tuple[str, str, tuple[torch.Tensor, ...]]] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        path = self.running[-1] if self.running else ""
        if name in PRODUCTS and len(args) >= PRODUCTS[name] + 2:
            first, second = args[PRODUCTS[name] : PRODUCTS[name] + 2]
            # What a model then does in place is no part of the product.
            self.events.append(("product", path, (first, second, output.clone())))
        elif name == "softmax":
            self.events.append(("softmax", path, (args[0], output)))
        return output

    def attentions(self, caps: list[float]) -> Iterator[tuple[str, Attention]]:
        """Every softmax over positions between two products: queries times keys before it, and what
        it gives times values after it."""
        for at, (kind, path, tensors) in enumerate(self.events):
            if kind != "softmax" or tensors[1].shape[-2:-1] != (LENGTH,):
                continue
            before = self._product(self.events[at - 1 :: -1] if at else [], 2)
            after = self._product(self.events[at + 1 :], 0)
            if before is not None and after is not None:
                product, scores = (
                    t.reshape(BATCH, -1, LENGTH, t.shape[-1]) for t in (before[2], tensors[0])
                )
                factor = _factor(product, scores[..., :LENGTH], caps)
                sinks = _sinks(product, scores, factor) if scores.shape[-1] > LENGTH else None
                yield path, _attention(before[0], before[1], after[1], after[2], factor, sinks)

    def _product(
        self, events: list[tuple[str, str, tuple[torch.Tensor, ...]]], place: int
    ) -> tuple[torch.Tensor, ...] | None:
        """The nearest product that has a tensor of positions by positions in one place."""
        for kind, _, tensors in events:
            if kind == "softmax" and tensors[1].shape[-2:-1] == (LENGTH,):
                return None
            if kind == "product" and tensors[place].shape[-2:] == (LENGTH, LENGTH):
                return tensors
        return None


def _attention(
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mixed: torch.Tensor,
    factor: float,
    sinks: torch.Tensor | None,
) -> Attention:
    def of_heads(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.detach().clone().reshape(BATCH, -1, LENGTH, tensor.shape[-1])

    return Attention(
        queries=of_heads(queries),
        keys=of_heads(keys.transpose(-2, -1)),
        values=of_heads(values),
        mixed=of_heads(mixed).transpose(1, 2).flatten(2),
        factor=factor,
        sinks=sinks,
    )


def _factor(product: torch.Tensor, scores: torch.Tensor, caps: list[float]) -> float:
    """By what queries times keys are multiplied before the softmax. It does not see what is added
    to all scores of a query; a soft cap, one of the config's numbers, may lie between."""
    seen = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril()

    def apart(tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.double()
        return (tensor - tensor[..., :1])[..., seen]

    factor = ratio(apart(product), apart(scores))
    for cap in caps if factor is None else []:
        inside = scores.double().masked_fill(~seen, 0.0) / cap
        if inside.abs().max() < 1 and factor is None:
            factor = ratio(apart(product), apart(cap * inside.atanh()))
    if factor is None:
        raise UnreachedError("scores of attention that are more than queries times keys")
    return factor


def _sinks(product: torch.Tensor, scores: torch.Tensor, factor: float) -> torch.Tensor:
    """What stands beside the scores of every query, (head, 1)."""
    added = scores[0, :, 0, :1] - factor * product[0, :, 0, :1]
    return scores[0, :, 0, LENGTH:] - added


def close(found: torch.Tensor, wanted: torch.Tensor, tolerance: float = TOLERANCE) -> bool:
    """Whether two tensors are the same."""
    if found.shape != wanted.shape:
        return False
    size = wanted.abs().max().double()
    return bool((found.double() - wanted.double()).abs().max() <= tolerance * size)


def ratio(found: torch.Tensor, wanted: torch.Tensor) -> float | None:
    """The number that the first has to be multiplied by to be the second; None: there is none."""
    if found.shape != wanted.shape:
        return None
    found, wanted = found.double(), wanted.double()
    factor = float((found * wanted).sum() / found.pow(2).sum().clamp_min(1e-30))
    return factor if abs(factor) > 1e-6 and close(found * factor, wanted) else None
