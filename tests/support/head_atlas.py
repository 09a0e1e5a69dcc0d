"""Models with heads made on the spot: profiles of `attention` and `functions` whose values are
drawn, and heads copied from one model into another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import atlases
import numpy as np
import samples
from numpy.typing import NDArray

from atlas.paths import Project
from atlas.pinned import relations
from atlas.pinned.relations import CATEGORIES, Relation
from atlas.profiles import profile_file, side_files, statement
from atlas.profiles.matrix import Matrix

ATTENTION = ("entropy", "sink", "distance", "previous", "duplicate", "induction")
COPYING = ("copying", "name")
PAIRS = 100
CHANCE = 0.02
NULLS = {"copying_null_high": 0.12, "copying_null_low": -0.15}
"""Facts of `functions`: what centred copying is by chance."""

Values = NDArray[np.float64]
Copies = Mapping[tuple[int, int], tuple[int, int]]
"""Heads that are overwritten, and the heads of another model that they become."""


def model(
    made: Project,
    slug: str,
    layers: int = 4,
    heads: int = 3,
    seed: int = 0,
    measured: Sequence[str] = ("attention", "functions"),
    **changes: Any,
) -> None:
    """An entry of that shape with profiles of some analyses."""
    shape = {**samples.GEOMETRY, "layers": layers, "heads": heads, "kv_heads": heads}
    atlases.entry(made, slug, **{"geometry": {**shape, "parameters": 12_345_678}, **changes})
    drawn = {"attention": attention, "functions": functions}
    for name in measured:
        write(made, slug, name, drawn[name](seed, layers, heads))


def write(
    made: Project, slug: str, name: str, matrices: Sequence[Matrix], **changes: Any
) -> profile_file.Profile:
    """A profile of an analysis that is fresh for a drawn model, and the part that lists heads."""
    stated = statement.of(name)
    fields: dict[str, Any] = {
        "analysis": name,
        "version": stated.version,
        "model": profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
        "protocol": stated.protocol,
        "conditions": {"k": 10, "k_copying": 1} if name == "functions" else {},
        "facts": NULLS if name == "functions" else {},
        "matrices": tuple(matrices),
    }
    found = samples.profile(**{**fields, **changes})
    profile_file.save(made.profile(slug, name), found)
    if name == "functions":
        side_files.save(made.profile(slug, name), found, "heads", _items(found))
    return found


def attention(seed: int, layers: int, heads: int) -> tuple[Matrix, ...]:
    """Six scores in [0, 1], drawn evenly."""
    drawn = np.random.default_rng([seed, 1])
    return tuple(
        _matrix(name, name.capitalize(), drawn.random((layers, heads))) for name in ATTENTION
    )


def functions(seed: int, layers: int, heads: int) -> tuple[Matrix, ...]:
    """What a profile of `functions` has: one head in ten has a relation, most of the rest none."""
    drawn = np.random.default_rng([seed, 2])
    shape = (layers, heads)
    scores: list[Matrix] = []
    counts = {name: np.zeros(shape) for name in CATEGORIES}
    for one in relations.load_all():
        for sign in ("score", "suppressive"):
            strong = (drawn.random(shape) < 0.1) * drawn.random(shape)
            value = np.where(strong > 0.2, strong, drawn.random(shape) * 0.01)
            counts[one.category] += (sign == "score") * (value > 0.2)
            scores += [_scored(one, sign, at, value * (1 + at / 4) / 1.25) for at in (0, 1)]
    has = sum((each > 0).astype(float) for each in counts.values())
    return (
        _matrix("relations", "Relations", sum(counts.values()), kind="counts", range=(0, None)),
        *(
            _matrix(f"relations:{name}", f"{name} relations", each, kind="counts", range=(0, None))
            for name, each in counts.items()
        ),
        _matrix("many", "Categories", has, kind="counts", range=(0, None)),
        _matrix(
            "ov_copying",
            "Copying by eigenvalues",
            np.tanh(drawn.normal(size=shape)),
            kind="diverging",
            range=(-1, 1),
        ),
        *scores,
        *folded(seed, layers, heads),
    )


def folded(seed: int, layers: int, heads: int) -> tuple[Matrix, ...]:
    """Scores with norm gains folded, at the smaller k alone, and centred copying."""
    drawn = np.random.default_rng([seed, 3])
    shape = (layers, heads)
    scores = []
    for one in relations.load_all():
        for sign in ("score", "suppressive"):
            strong = (drawn.random(shape) < 0.05) * drawn.random(shape)
            found = _scored(one, sign, 0, np.where(strong > 0.3, strong, drawn.random(shape) / 9))
            title = f"{found.title}, norm gains folded"
            scores.append(replace(found, name=f"folded_{found.name}", title=title))
    centred = _matrix(
        "ov_copying_centred",
        "Copying by eigenvalues, centred",
        np.tanh(drawn.normal(size=shape) / 3),
        kind="diverging",
        range=(-1, 1),
    )
    return (centred, *scores)


def copied(
    matrices: Sequence[Matrix], source: Sequence[Matrix], copies: Copies
) -> tuple[Matrix, ...]:
    """Matrices with some heads overwritten by heads of another model, in every score."""
    theirs = {matrix.name: matrix for matrix in source}
    found = []
    for matrix in matrices:
        values = matrix.values.copy()
        for ours, other in copies.items():
            values[ours] = theirs[matrix.name].values[other]
        found.append(replace(matrix, values=values))
    return tuple(found)


def _scored(one: Relation, sign: str, at: int, values: Values) -> Matrix:
    k = ((1, 3) if one.name in COPYING else (10, 25))[at]
    word = "score" if sign == "score" else "suppression"
    return _matrix(f"{sign}:{one.name}@{k}", f"{one.title}: {word} at k = {k}", values, n=PAIRS)


def _matrix(name: str, title: str, values: Any, **changes: Any) -> Matrix:
    values = np.asarray(values, dtype=np.float64)
    layers, heads = values.shape
    labels: dict[str, Any] = {
        "axes": ("layer", "head"),
        "rows": tuple(map(str, range(layers))),
        "columns": tuple(map(str, range(heads))),
    }
    fields = {"kind": "sequential", "range": (0, 1), "unit": "share", **labels, **changes}
    return samples.matrix(name=name, title=title, values=np.round(values, 4), **fields)


def _items(profile: profile_file.Profile) -> list[dict[str, Any]]:
    """Every head with its relations at the k that the model is judged at, above chance or not."""
    plain = [one for one in profile.matrices if not one.name.startswith("folded_")]
    judged = [matrix for matrix in plain if matrix.name.partition("@")[2] in ("10", "1")]
    layers, heads = profile.matrices[0].values.shape
    return [
        {
            "layer": layer,
            "head": head,
            "relations": {
                matrix.name: [value, value * 0.8, min(1, value * 1.1), CHANCE]
                for matrix in judged
                if (value := float(matrix.values[layer, head])) > 0.15
            },
            "salient": [],
        }
        for layer in range(layers)
        for head in range(heads)
    ]
