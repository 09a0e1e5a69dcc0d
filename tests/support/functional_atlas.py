"""Profiles of `functions` made on the spot: a category drawn for every head, scores to match."""

from __future__ import annotations

from typing import Any

import atlases
import numpy as np
import samples
from numpy.typing import NDArray

from atlas.analyses.functions import CODES
from atlas.paths import Project
from atlas.pinned.relations import CATEGORIES
from atlas.profiles import profile_file, side_files, statement
from atlas.profiles.matrix import Matrix
from atlas.profiles.shares import wilson

PAIRS = 80
CHANCE = 0.2
RELATIONS = {"capital": ("Country to capital", 10), "copying": ("Copying", 1)}


def counts(seed: int, layers: int, heads: int) -> dict[str, NDArray[np.float64]]:
    """Relations of each category that every head has, (layer, head): mostly none."""
    drawn = np.random.default_rng(seed)
    shape = (len(CATEGORIES), layers, heads)
    each = drawn.integers(1, 6, shape) * (drawn.random(shape) < 0.2)
    return dict(zip(CATEGORIES, each.astype(np.float64), strict=True))


def classed(found: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The class of every head, an index into `CODES`, written down head by head."""
    layers, heads = found["knowledge"].shape
    out = np.zeros((layers, heads))
    for layer in range(layers):
        for head in range(heads):
            has = [at for at, name in enumerate(CATEGORIES) if found[name][layer, head]]
            out[layer, head] = has[0] + 1 if len(has) == 1 else (len(has) + 3 if has else 0)
    return out


def scores(seed: int, layers: int, heads: int) -> dict[str, NDArray[np.float64]]:
    """Scores by matrix, (layer, head); head 0.0 has a capital score that chance may explain."""
    found = {}
    for at, (name, (_, k)) in enumerate(RELATIONS.items()):
        drawn = np.random.default_rng([seed, at]).integers(0, 40, (layers, heads)) / PAIRS
        drawn[0, 0] = (0.225, 0.9)[at]
        found[f"score:{name}@{k}"] = drawn
        found[f"score:{name}@{k * 3}"] = np.minimum(1, drawn * 1.5)
    return found


def matrices(seed: int, layers: int, heads: int) -> tuple[Matrix, ...]:
    """What the page needs of a profile of `functions`, the classes first."""
    by_category = counts(seed, layers, heads)
    labels: dict[str, Any] = {
        "axes": ("layer", "head"),
        "rows": tuple(map(str, range(layers))),
        "columns": tuple(map(str, range(heads))),
    }
    number = {"kind": "counts", "unit": "relations", **labels}
    copying = np.tanh(np.random.default_rng(seed).normal(size=(layers, heads)))
    return (
        samples.matrix(
            **{"name": "categories", "title": "Categories of relations", "kind": "categorical"},
            **{"values": classed(by_category), "categories": CODES, **labels},
        ),
        samples.matrix(
            name="relations", title="Relations", values=sum(by_category.values()), **number
        ),
        *(
            samples.matrix(
                name=f"relations:{name}", title=f"{name} relations", values=each, **number
            )
            for name, each in by_category.items()
        ),
        samples.matrix(
            **{"name": "ov_copying", "title": "Copying by eigenvalues", "kind": "diverging"},
            **{"values": copying, "range": (-1, 1), **labels},
        ),
        *(
            samples.matrix(
                **{"name": name, "kind": "sequential", "values": values, "n": PAIRS, **labels},
                title=f"{RELATIONS[name.partition(':')[2].partition('@')[0]][0]}: score",
            )
            for name, values in scores(seed, layers, heads).items()
        ),
    )


def profile(
    made: Project, slug: str, layers: int, heads: int, seed: int = 0
) -> profile_file.Profile:
    """Write a profile of `functions` and what every single head does, for a drawn model."""
    stated = statement.of("functions")
    facts: dict[str, profile_file.Scalar] = {"pairs:capital": PAIRS, "pairs:copying": PAIRS}
    found = samples.profile(
        analysis="functions",
        version=stated.version,
        model=profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
        protocol={"threshold": 0.15},
        conditions={"k": 10, "k_copying": 1},
        facts={
            **facts,
            **{"pairs:homophone": 7, "pairs:french": 1},
            **{"chance:capital@10": CHANCE, "chance:copying@1": 0.01},
        },
        matrices=matrices(seed, layers, heads),
    )
    profile_file.save(made.profile(slug, "functions"), found)
    side_files.save(made.profile(slug, "functions"), found, "heads", _heads(seed, layers, heads))
    return found


def _heads(seed: int, layers: int, heads: int) -> list[dict[str, Any]]:
    drawn = scores(seed, layers, heads)
    found = []
    for layer in range(layers):
        for head in range(heads):
            near = {}
            for name, by_chance in (("score:capital@10", CHANCE), ("score:copying@1", 0.01)):
                share = float(drawn[name][layer, head])
                if share > 0.15:
                    near[name] = [share, *wilson(share, PAIRS), by_chance]
            found.append(
                {
                    "layer": layer,
                    "head": head,
                    "relations": near,
                    "salient": [
                        [f"<b>t{head}</b>", 2.5, ["<img src=x onerror=alert(1)>", "&amp;"]]
                    ],
                }
            )
    return found


def site(made: Project, slug: str, layers: int, heads: int, seed: int = 0) -> None:
    """An entry of that shape with its profile of `functions`."""
    shape = {**samples.GEOMETRY, "layers": layers, "heads": heads, "parameters": 12_345_678}
    atlases.entry(made, slug, geometry={**shape, "kv_heads": heads})
    profile(made, slug, layers, heads, seed)
