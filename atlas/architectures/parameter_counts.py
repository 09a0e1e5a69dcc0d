"""How many parameters a model of some shape can have, by its architecture's row alone.

A config decides about biases, optional norms and tied embeddings; without it there is a least and a
most. A count outside of these belongs to another shape.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from atlas.architectures.row import EXPERT_MODULES, SHAPES, Flag, Row, Source
from atlas.entries.geometry import Geometry

MOST_POSITIONS = 32768
"""Rows of a table of learned positions or token types: no geometry says how many there are."""


@dataclass(frozen=True)
class Bounds:
    """The least and the most parameters; no most for a mixture: no geometry counts its experts."""

    least: int
    most: int | None

    def hold(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


def bounds(row: Row, shape: Geometry) -> Bounds:
    """The bounds over the row and its variants."""
    found = [_bounds(form, shape) for form in _forms(row)]
    most = [bound.most for bound in found if bound.most is not None]
    every = len(most) == len(found)
    return Bounds(min(bound.least for bound in found), max(most) if every else None)


def _forms(row: Row) -> Iterator[Row]:
    """The row itself, and what it is with each set of its variants that it can come to."""
    forms = [row]
    for variant in row.variants:
        forms += [replace(form, **variant.columns) for form in forms]
    yield from forms


def _bounds(row: Row, shape: Geometry) -> Bounds:
    inside = [_layer(form, _narrow(row, form, shape)) for form in _layer_forms(row)]
    outside = [_module(row, name, source, shape) for name, source in row.outside.items()]
    least = shape.layers * min(few for few, _ in inside) + sum(few for few, _ in outside)
    most = shape.layers * max(many for _, many in inside) + sum(many for _, many in outside)
    if row.kind == "encoder":  # a pooler, and what lies before the prediction of words
        most += 2 * shape.d_model * (shape.d_model + 4) + shape.vocabulary
    return Bounds(least, None if row.mixture else most)


def _layer_forms(row: Row) -> Iterator[Row]:
    """What a row is of each kind of layer that it can come to."""
    forms = [row]
    for kind in row.layer_kinds:
        forms += [kind.applied(form) for form in forms]
    yield from forms


def _narrow(row: Row, form: Row, shape: Geometry) -> Geometry:
    """The shape of a layer: no geometry says the width of an MLP that has a key of its own, nor
    how many heads a layer has where that differs."""
    if form.keys.get("d_mlp") != row.keys.get("d_mlp"):
        shape = replace(shape, d_mlp=1)
    if row.heads_by_layer or form.keys.get("heads") != row.keys.get("heads"):
        shape = replace(shape, heads=shape.kv_heads)
    return shape


def _layer(row: Row, shape: Geometry) -> tuple[int, int]:
    """Least and most elements of a layer."""
    each = [_module(row, name, source, shape) for name, source in row.modules.items()]
    return sum(few for few, _ in each), sum(many for _, many in each)


def _module(row: Row, name: str, source: Source, shape: Geometry) -> tuple[int, int]:
    """Least and most elements of one module's weight and bias."""
    if "norm" in name and not row.norm.gain:
        return 0, 0
    words = row.shapes.get(name) or SHAPES.get(name, ("d_model",))
    if row.mixture and name in EXPERT_MODULES:
        words = ("experts", *words)
    bias = row.norm.bias if "norm" in name and source.bias is None else source.bias or False
    of_bias = words if "norm" in name else words[:-1]
    few = _size(words, shape, 1) + (_size(of_bias, shape, 1) if bias is True else 0)
    many = _size(words, shape, MOST_POSITIONS)
    many += _size(of_bias, shape, MOST_POSITIONS) if bias is not False else 0
    tied = name == "unembedding"
    return (few if _surely(source.present) and not tied else 0), (many if source.present else 0)


def _surely(flag: Flag) -> bool:
    """Whether a flag is true whatever a config says."""
    return flag is True


def _size(words: tuple[str, ...], shape: Geometry, unsaid: int) -> int:
    """Elements of a shape in words; `unsaid` for a length that no geometry says."""
    lengths = {
        "q": shape.heads * shape.d_head,
        "kv": shape.kv_heads * shape.d_head,
        "heads": shape.heads,
        "kv_heads": shape.kv_heads,
        "d_model": shape.d_model,
        "d_head": shape.d_head,
        "d_mlp": shape.d_mlp,
        "vocabulary": shape.vocabulary,
        "experts": 1,
        "d_shared": 1,
        "one": 1,
        "any": unsaid,
    }
    return math.prod(lengths[word] for word in words)
