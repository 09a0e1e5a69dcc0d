"""An atlas of invented models of the sizes that readers publish: what a figure looks like on maps
of 80 x 64 and 48 x 25 shows there, and not on reference models of 4 x 4.

Four models of one depth and number of heads each, with what their heads do; a family of three
sizes with importance of eleven modules, and block masks of two of them. To look at one:
`python tests/support/large_atlas.py FOLDER`. Nothing of it is ever committed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import atlases
import functional_atlas
import head_atlas
import masks_atlas
import numpy as np
import samples

from atlas.analyses import importance
from atlas.paths import Project
from atlas.profiles import contract, profile_file, statement
from atlas.profiles.matrix import Matrix
from atlas.site import pages

SHAPES = {
    "invented-xl": (48, 25),
    "invented-phi": (32, 32),
    "invented-pythia": (36, 40),
    "invented-llama-70b": (80, 64),
}
"""Layers and heads."""

SIZES = {
    "tower-2b": (28, 2_000_000_000),
    "tower-4b": (36, 4_000_000_000),
    "tower-8b": (36, 8_000_000_000),
}
"""Layers and parameters of a family."""

MODULES = {
    **dict(zip(atlases.MODULES[:7], atlases.NATIVE[:7], strict=True)),
    "norm.attn": "input_layernorm",
    "norm.mlp": "post_attention_layernorm",
    "norm.q": "self_attn.q_norm",
    "norm.k": "self_attn.k_norm",
}
TOPICS = (
    "recipes, cooking, butter",
    "law, court, appeal",
    "poems, verse",
    "code, function, return",
    "numbers, tables",
    "medicine, patients",
    "dialogue, she, said",
    "physics, energy",
    "news, government",
    "french, les, des",
    "spanish, los",
    "finance, market",
    "fiction, door",
    "mathematics, proof",
    "encyclopedia, river",
    "instructions, steps",
)


def write(made: Project) -> None:
    """Entries and profiles of all of them."""
    for seed, (slug, (layers, heads)) in enumerate(SHAPES.items()):
        head_atlas.model(made, slug, layers, heads, seed=seed)
        functional_atlas.profile(made, slug, layers, heads, seed)
        _weights(made, slug, layers, heads, seed)
    tower(made)


def tower(made: Project) -> None:
    """The family of three sizes."""
    for seed, (slug, (layers, parameters)) in enumerate(SIZES.items()):
        shape = {
            **samples.GEOMETRY,
            "layers": layers,
            "heads": 32,
            "kv_heads": 8,
            "parameters": parameters,
        }
        atlases.entry(
            made, slug, geometry=shape, family="tower", name=slug.replace("-", " ").title()
        )
        _importance(made, slug, layers, seed)
        _weights(made, slug, layers, 32, seed)
        if seed:
            masks_atlas.profile(made, slug, layers, seed, learned=seed > 1, topics=TOPICS)


def _weights(made: Project, slug: str, layers: int, heads: int, seed: int) -> None:
    atlases.profile(made, slug, matrices=atlases.matrices(seed, layers, heads))


def _importance(made: Project, slug: str, layers: int, seed: int) -> None:
    """A few modules of the first and last layers matter, as in real models; long tails."""
    stated = statement.of("importance")
    drawn = np.random.default_rng(seed)
    depth = np.linspace(0, 1, layers)[:, None]
    near = np.exp(-12 * depth) + 0.3 * np.exp(-12 * (1 - depth))
    values = near * drawn.gamma(0.7, 0.3, (1, len(MODULES))) + drawn.gamma(
        0.5, 0.01, (layers, len(MODULES))
    )
    block = near[:, :1] + drawn.gamma(0.5, 0.02, (layers, 1))
    found = samples.profile(
        analysis="importance",
        version=stated.version,
        model=profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
        protocol=stated.protocol,
        conditions={"corpus": "invented", "passages": 448},
        facts={"bits_per_byte": 1.2},
        matrices=(
            _of_modules("taylor", values / values.max()),
            _of_modules("grad_norm", values * drawn.lognormal(0, 1.5, values.shape)),
            _of_block("block", (block - block.min()) / (block.max() - block.min())),
            _of_block("block_increase", block),
        ),
    )
    profile_file.save(made.profile(slug, "importance"), found)


def _of_modules(name: str, values: Any) -> Matrix:
    one = contract.read(importance.MATRICES)[name]
    return one.matrix(
        values, columns=tuple(MODULES), native=tuple(MODULES.values()), n=448, spread=values * 0.05
    )


def _of_block(name: str, values: Any) -> Matrix:
    one = contract.read(importance.MATRICES)[name]
    return one.matrix(values, native=("model.layers.*",), n=112, spread=values * 0.05)


if __name__ == "__main__":
    atlas = atlases.project(Path(sys.argv[1]))
    write(atlas)
    pages.render(atlas)
    atlases.build(atlas)
