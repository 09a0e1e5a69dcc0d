"""Drawn profiles of `functions` with all that counts of relations rest on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import samples
import torch

from atlas.analyses.functions import matrices, relation_scores
from atlas.analyses.functions.matrices import HeadScores, Rule
from atlas.analyses.functions.relation_scores import Pairs
from atlas.entries.geometry import Geometry
from atlas.pinned import relations
from atlas.profiles import matrix
from atlas.profiles.profile_file import Profile

COUNTS = (
    *("relations", "relations:knowledge", "relations:algorithmic"),
    *("categories", "categories:maps"),
)
SHAPE = Geometry(5, 6, 6, 60, 10, 120, 300, 10_000)


def drawn(
    seed: int, level: int, lacking: Sequence[str] = ()
) -> tuple[Profile, list[dict[str, Any]]]:
    """A profile of drawn scores, some of them at chance, judged at one level of k, and its part
    `pairs` as a reader finds it. `lacking`: relations that its tokenizer cannot express."""
    generator = np.random.default_rng(seed)
    known = relations.load_all()
    kept = tuple(one for one in known if one.name not in lacking)
    sizes = {one.name: int(generator.integers(30, 300)) for one in kept}
    ids = {one.name: tuple(range(sizes.get(one.name, 12))) for one in known}
    counts = {name: len(each) for name, each in ids.items()}
    owner = [place for place, one in enumerate(kept) for _ in range(sizes[one.name])]
    nothing = torch.zeros(len(owner), dtype=torch.int64)
    ks = torch.tensor([relation_scores.ks(kept[place].name) for place in owner])
    pairs = Pairs(kept, counts, ids, nothing[:1], torch.tensor(owner), nothing, nothing, ks)
    found = HeadScores.empty(len(kept), SHAPE)
    for reading in found.readings:
        wide = np.array([sizes[one.name] for one in kept])[:, None, None, None, None]
        small = generator.beta(0.3, 2.5, reading.score[:, :, :1].shape)
        both = np.concatenate([small, np.minimum(1, 1.6 * small)], 2)
        reading.score[:] = np.round(both * wide) / wide
        high = reading.score > relation_scores.THRESHOLD
        reading.chance[high] = generator.uniform(0, 0.6, int(high.sum()))
    found.null = 0.2
    rule = Rule(fold=False, level=level)
    profile = samples.profile(
        analysis="functions",
        protocol={"threshold": relation_scores.THRESHOLD},
        conditions={
            "k": relation_scores.OTHER_KS[level],
            "k_copying": relation_scores.KS["copying"][level],
        },
        facts=matrices.facts(found, pairs, rule),
        matrices=tuple(
            matrix.from_json(json.loads(one.json_text()))
            for one in matrices.build(found, pairs, rule)
        ),
    )
    part = matrices.pairs_part(found.readings[0], pairs, known)
    for item in part:
        item["chance"] = {
            name: [[layer, head, matrix.rounded(chance)] for layer, head, chance in cells]
            for name, cells in item["chance"].items()
        }
    return profile, part
