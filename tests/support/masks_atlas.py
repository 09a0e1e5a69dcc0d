"""Profiles of `masks` made on the spot: deltas drawn for topics of two groups, masks to match."""

from __future__ import annotations

import math
from typing import Any

import atlases
import numpy as np
import samples
from numpy.typing import NDArray

from atlas.paths import Project
from atlas.profiles import matrix, profile_file, side_files, statement
from atlas.profiles.matrix import Matrix

TOPICS = (
    "court, judge, law", "soil, plant, seed", "goal, match, team", "bread, oven, dough",
    "star, orbit, planet", "king, war, army", "cell, protein, gene", "river, lake, fish",
    "loan, bank, interest", "song, choir, melody", "train, rail, station", "code, function, loop",
    "storm, wind, cloud", "market, price, trade", "paint, canvas, brush", "school, pupil, lesson",
)  # fmt: skip
SPARSITY = 0.25
UNIT = "bits per byte"
VERDICT = "7.5% worse in perplexity than masks from single blocks' losses"
KINDS = ("attn", "mlp")
COLUMNS = ("unpruned", "own", "common", "random")


def deltas(seed: int, layers: int) -> NDArray[np.float64]:
    """What each block is worth to each topic, (topic, block), attention before MLP in a layer.

    Topics of one group need the same blocks; many deltas are equal, so that ties are common.
    """
    drawn = np.random.default_rng([seed, layers])
    groups = drawn.gamma(0.6, 0.05, (2, 2 * layers))
    values = groups[np.arange(len(TOPICS)) % 2] + drawn.normal(0, 0.004, (len(TOPICS), 2 * layers))
    values[:, :2] += drawn.uniform(0.5, 2.0, (len(TOPICS), 2))
    values[:, 4:8] = np.round(values[:, 4:8], 2)
    return np.array([[matrix.rounded(float(value)) for value in line] for line in values])


def kept(values: NDArray[np.float64], sparsity: float) -> NDArray[np.float64]:
    """1 for a block that is kept, 0 for one that is pruned, written down topic by topic."""
    out = np.ones_like(values)
    count = math.floor(sparsity * values.shape[1] + 0.5)
    for row, line in enumerate(values.tolist()):
        pruned = sorted(range(len(line)), key=lambda block: (line[block], block))[:count]
        out[row, pruned] = 0
    return out


def matrices(
    seed: int, layers: int, learned: bool, topics: tuple[str, ...] = TOPICS
) -> tuple[Matrix, ...]:
    """What a profile of `masks` holds, the deltas first."""
    values = deltas(seed, layers)
    labels: dict[str, Any] = {
        "axes": ("cluster", "layer"),
        "rows": topics,
        "columns": tuple(map(str, range(layers))),
        "native": None,
    }
    masks = {"mask": kept(values, SPARSITY)}
    if learned:
        masks["learned"] = np.roll(masks["mask"], 1, axis=0)
    found = [
        samples.matrix(
            **{"name": f"delta:{kind}", "title": f"Delta, {kind} blocks", "kind": "diverging"},
            **{"unit": UNIT, "values": values[:, at::2], **labels},
        )
        for at, kind in enumerate(KINDS)
    ]
    found += [
        samples.matrix(
            **{"name": f"{name}:{kind}", "title": f"{name} of {kind} blocks", "kind": "binary"},
            **{"unit": "1 kept, 0 pruned", "values": each[:, at::2], **labels},
            direction="kept",
        )
        for name, each in masks.items()
        for at, kind in enumerate(KINDS)
    ]
    columns = (*COLUMNS, "learned") if learned else COLUMNS
    costs = np.random.default_rng([seed, layers, 1]).uniform(20, 90, (len(TOPICS), len(columns)))
    costs[:, 1:] *= 1.5
    under: dict[str, Any] = {
        **{"axes": ("cluster", "mask"), "rows": topics, "columns": columns, "native": None},
        "direction": "the text is predicted worse",
    }
    return (
        *found,
        samples.matrix(
            **{"name": "loss", "title": "Loss", "unit": UNIT, "values": np.log(costs) / 3},
            **under,
        ),
        samples.matrix(
            **{"name": "perplexity", "title": "Perplexity", "unit": "per token", "scale": "log"},
            **{"values": costs, **under},
        ),
    )


def facts(learned: bool) -> dict[str, Any]:
    """What the profile says of all passages together."""
    columns = (*COLUMNS, "learned") if learned else COLUMNS
    found: dict[str, Any] = {"learned_against_own": VERDICT} if learned else {}
    for at, name in enumerate(columns):
        key = "bits_per_byte" if name == "unpruned" else f"bits_per_byte_{name}"
        found |= {key: 1.25 + at, f"perplexity_{name}": 41.5 + at}
    return found


def sentence(topic: str) -> str:
    """A central sentence; markup in it must stay text."""
    return f"A passage about {topic} <b>&amp; so on</b>, as long as sentences of the corpus are."


def profile(
    made: Project,
    slug: str,
    layers: int,
    seed: int = 0,
    learned: bool = False,
    topics: tuple[str, ...] = TOPICS,
) -> profile_file.Profile:
    """Write a profile of `masks` and its topics for a drawn model."""
    stated = statement.of("masks")
    found = samples.profile(
        analysis="masks",
        version=stated.version,
        model=profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
        protocol={**stated.protocol, "sparsity": SPARSITY},
        facts=facts(learned),
        matrices=matrices(seed, layers, learned, topics),
    )
    profile_file.save(made.profile(slug, "masks"), found)
    clusters = [
        {
            "cluster": at,
            "label": label,
            "words": label.split(", "),
            "sentence": sentence(label),
            "passages": 12 + at,
        }
        for at, label in enumerate(topics)
    ]
    side_files.save(made.profile(slug, "masks"), found, "clusters", clusters)
    return found


def site(
    made: Project, slug: str, layers: int, seed: int = 0, **changes: Any
) -> profile_file.Profile:
    """An entry of that depth with its profile of `masks`."""
    shape = {**samples.GEOMETRY, "layers": layers, "parameters": 12_345_678}
    atlases.entry(made, slug, geometry=shape)
    return profile(made, slug, layers, seed, **changes)
