"""Profiles of `importance` made on the spot, with errors and what each passage adds to them.

Passages differ far more from one another than models do on one passage, as real ones do: what is
sure of a difference shows only where passages are paired.
"""

from __future__ import annotations

import json
from typing import Any

import atlases
import numpy as np
import samples
from numpy.typing import NDArray

from atlas.passes import estimates
from atlas.paths import Project
from atlas.profiles import profile_file, statement
from atlas.profiles.matrix import Matrix, rounded

Floats = NDArray[np.float64]

PASSAGES = 40
BYPASSED = 4
"""Every so many passages are read without layers."""

BYTES = np.random.default_rng(9).integers(200, 352, PASSAGES)
WEIGHTS = np.random.default_rng(8).gamma(1.0, 1.0, PASSAGES) + 0.05
WEIGHTS[4] = 15.0
"""How much there is to lose in a passage, for every model: a quarter of all in one of them."""


def sums(seed: int, layers: int, apart: float = 0.08) -> tuple[Floats, Floats]:
    """What each passage adds: (layer, module, passage) of `taylor` and (layer, passage) of bits
    lost. Models differ by a factor of about `apart` a cell."""
    same, own = np.random.default_rng(1), np.random.default_rng([seed, layers])
    cells = same.gamma(2.0, 1.0, (80, len(atlases.MODULES), 1))[:layers]
    cells.flat[cells.argmax()] *= 1.5  # the same cell is the largest of every model
    cells = cells * np.exp(apart * own.normal(size=cells.shape))
    shape = (layers, len(atlases.MODULES), PASSAGES)
    passage = np.random.default_rng(2).normal(size=(80, *shape[1:]))[:layers]  # for every model
    noise = np.exp(0.4 * passage + 0.05 * own.normal(size=shape))
    lost = same.gamma(2.0, 20.0, (80, 1))[:layers] * np.exp(apart * own.normal(size=(layers, 1)))
    return cells * WEIGHTS * noise, lost * WEIGHTS * np.exp(0.05 * own.normal(size=(layers, 40)))


def matrices(seed: int, layers: int, heads: int = 4, apart: float = 0.08) -> tuple[Matrix, ...]:
    """What a profile holds: `taylor`, `block_increase` and `head_gate`."""
    modules, lost = sums(seed, layers, apart)
    rows = tuple(map(str, range(layers)))
    top = modules[np.unravel_index(np.argmax(modules.sum(-1)), modules.shape[:2])]
    bypassed = slice(None, None, BYPASSED)
    drawn = np.random.default_rng([seed, heads])
    gates = np.random.default_rng(heads).gamma(1.0, 0.1, (layers, heads, 1))
    gates = gates * WEIGHTS * np.exp(0.3 * drawn.normal(size=(layers, heads, PASSAGES)))
    labels: dict[str, Any] = {"axes": ("layer", "module"), "rows": rows}
    return (
        _matrix("taylor", modules, top, columns=atlases.MODULES, range=(0, 1), **labels),
        _matrix(
            "block_increase",
            lost[:, None, bypassed],
            BYTES[bypassed].astype(float),
            columns=("block",),
            unit="bits per byte above the whole model",
            **labels,
        ),
        _matrix(
            "head_gate",
            gates,
            np.ones(PASSAGES),
            axes=("layer", "head"),
            rows=rows,
            columns=tuple(map(str, range(heads))),
            scale="log",
        ),
    )


def _matrix(name: str, totals: Floats, sizes: Floats, **changes: Any) -> Matrix:
    stated = statement.of("importance").matrices[name]
    return samples.matrix(
        name=name,
        title=stated.title,
        direction=stated.direction,
        values=estimates.ratio(totals, sizes),
        spread=estimates.ratio_error(totals, sizes),
        largest_share=estimates.largest_share(totals),
        **{"unit": stated.unit, **changes},
    )


def passages(seed: int, layers: int, apart: float = 0.08) -> list[dict[str, Any]]:
    """The part `passages` of such a profile."""
    modules, lost = sums(seed, layers, apart)
    return [
        {
            "passage": at,
            "tokens": 60,
            "bytes": int(BYTES[at]),
            "bits": 300.0,
            "taylor": [[rounded(value) for value in line] for line in modules[..., at].tolist()],
            "increase": None
            if at % BYPASSED
            else [rounded(value) for value in lost[:, at].tolist()],
        }
        for at in range(PASSAGES)
    ]


def profile(
    made: Project,
    slug: str,
    seed: int,
    layers: int = 4,
    heads: int = 4,
    apart: float = 0.08,
    part: bool = True,
    **changes: Any,
) -> profile_file.Profile:
    """Write an entry, a profile of `importance` and, where asked, its passages."""
    geometry = {**samples.GEOMETRY, "layers": layers, "heads": heads, "parameters": 12_345_678}
    atlases.entry(made, slug, family=changes.pop("family", "estimated"), geometry=geometry)
    stated = statement.of("importance")
    found = samples.profile(
        **{
            "analysis": "importance",
            "version": stated.version,
            "model": profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
            "protocol": stated.protocol,
            "conditions": {"device": "cpu", "scored_bytes": int(BYTES.sum())},
            "facts": {},
            "matrices": matrices(seed, layers, heads, apart),
            **changes,
        }
    )
    path = made.profile(slug, "importance")
    profile_file.save(path, found)
    if part:
        text = json.dumps({"format": 1, "passages": passages(seed, layers, apart)})
        path.with_name("importance.passages.json").write_text(text, encoding="utf-8")
    return found
