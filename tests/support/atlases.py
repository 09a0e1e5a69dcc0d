"""Small atlases made on the spot: entries and profiles of random values, in a folder of their own.

The values are drawn, so nothing of them is ever published; tests put them under a temporary path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import samples

from atlas.paths import PACKAGE, Project
from atlas.profiles import profile_file, statement
from atlas.profiles.matrix import Matrix

MODULES = ("attn.q", "attn.k", "attn.v", "attn.o", "mlp.up", "mlp.gate", "mlp.down", "norm.attn")
NATIVE = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.up_proj",
    "mlp.gate_proj",
    "mlp.down_proj",
    "input_layernorm",
)
CATEGORIES = ("unclassified", "algorithmic", "knowledge", "linguistic")


def project(root: Path) -> Project:
    """An empty project that builds: the repository's own mkdocs.yml and no models."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGE.parent / "mkdocs.yml", root / "mkdocs.yml")
    made = Project(root)
    made.models.mkdir(parents=True)
    return made


def build(made: Project, url: str = "") -> Path:
    """Build the rendered project's site, strictly; the folder of the site."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "ATLAS_SITE_URL": url}
    done = subprocess.run(
        command, cwd=made.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made.site


def entry(made: Project, slug: str, **changes: Any) -> None:
    """Write the entry of a reference model."""
    samples.write_entry(
        made,
        slug,
        **{
            "name": f"Model {slug}",
            "source": "zoo:drawn-at-random",
            "revision": ...,
            "geometry": {**samples.GEOMETRY, "parameters": 12_345_678},
            **changes,
        },
    )


def matrices(seed: int = 0, layers: int = 12, heads: int = 32) -> tuple[Matrix, ...]:
    """One matrix of every kind and scale; the gains of norms are in the first one alone."""
    drawn = np.random.default_rng(seed)
    rows = tuple(str(layer) for layer in range(layers))
    gains = drawn.gamma(3.0, 0.02, (layers, len(MODULES)))
    tails = np.exp(gains * 90)
    tails[:, -1] = np.nan
    by_module: dict[str, Any] = {"axes": ("layer", "module"), "rows": rows, "columns": MODULES}
    by_module["native"] = NATIVE
    by_head: dict[str, Any] = {
        "axes": ("layer", "head"),
        "rows": rows,
        "columns": tuple(str(head) for head in range(heads)),
    }
    by_cluster: dict[str, Any] = {
        "axes": ("cluster", "layer"),
        "rows": ("recipes, cooking", "law", "poems"),
        "columns": rows,
    }
    rest = (
        ("rms", "Root mean square", "sequential", gains, by_module),
        ("outlier", "Largest weight", "sequential", tails, {**by_module, "scale": "log"}),
        (
            "ov_copying",
            "Copying",
            "diverging",
            np.tanh(drawn.normal(size=(layers, heads))),
            {**by_head, "range": (-1, 1)},
        ),
        (
            "categories",
            "Category",
            "categorical",
            drawn.integers(0, 4, (layers, heads)),
            {**by_head, "categories": CATEGORIES},
        ),
        ("score:all@10", "Relations", "counts", drawn.integers(0, 9, (layers, heads)), by_head),
        ("mask", "Kept blocks", "binary", drawn.integers(0, 2, (3, layers)), by_cluster),
    )
    return tuple(
        samples.matrix(name=name, title=title, kind=kind, values=values, **labels)
        for name, title, kind, values, labels in rest
    )


def profile(made: Project, slug: str, **changes: Any) -> profile_file.Profile:
    """Write a profile of `weights` that is fresh for a reference model's entry."""
    stated = statement.of("weights")
    found = samples.profile(
        **{
            "version": stated.version,
            "model": profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
            "protocol": stated.protocol,
            "matrices": matrices(),
            **changes,
        }
    )
    profile_file.save(made.profile(slug, found.analysis), found)
    return found
