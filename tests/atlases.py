"""Small atlases made on the spot: entries and profiles of random values, in a folder of their own.

The values are drawn, so nothing of them is ever published; tests put them under a temporary path.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from atlas import analysis, store
from atlas.matrix import Matrix
from atlas.paths import PACKAGE, Project

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


def entry(made: Project, slug: str, **values: object) -> None:
    """Write an entry; `values` replace what it says."""
    document = {
        "name": f"Model {slug}",
        "family": "random",
        "architecture": "llama",
        "source": "zoo:llama",
        "license": "mit",
        "summary": "Values drawn at random, to see how a page looks.",
        "tags": ["random", "tiny"],
        "geometry": {
            "layers": 12,
            "heads": 8,
            "kv_heads": 4,
            "d_model": 256,
            "d_head": 32,
            "d_mlp": 1024,
            "vocabulary": 4096,
            "parameters": 12345678,
        },
    } | values
    made.folder(slug).mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in document.items() if value is not None}
    made.entry(slug).write_text(json.dumps(kept, indent=1), encoding="utf-8")  # JSON is YAML


def matrices(seed: int = 0, layers: int = 12, heads: int = 32) -> tuple[Matrix, ...]:
    """One matrix of every kind and scale; norms have only the first of them."""
    drawn = np.random.default_rng(seed)
    rows = tuple(str(layer) for layer in range(layers))
    columns = tuple(str(head) for head in range(heads))
    modules = drawn.gamma(3.0, 0.02, (layers, len(MODULES)))
    weights = modules.copy()
    weights[:, -1] = np.nan
    by_module = {"axes": ("layer", "module"), "rows": rows, "columns": MODULES, "native": NATIVE}
    by_head = {"axes": ("layer", "head"), "rows": rows, "columns": columns}
    return (
        Matrix("rms", "Root mean square", "1", "sequential", values=modules,
               direction="larger weights", **by_module),
        Matrix("outlier", "Largest weight", "rms", "sequential", values=np.exp(weights * 90),
               direction="a weight that stands out further", scale="log", **by_module),
        Matrix("ov_copying", "Copying", "share", "diverging", range=(-1, 1),
               values=np.tanh(drawn.normal(size=(layers, heads))),
               direction="heads that copy", **by_head),
        Matrix("categories", "Category", "category", "categorical", categories=CATEGORIES,
               values=drawn.integers(0, 4, (layers, heads)), direction="no order", **by_head),
        Matrix("score:relations@10", "Relations", "relations", "counts",
               values=drawn.integers(0, 9, (layers, heads)), direction="more", **by_head),
        Matrix("mask", "Kept blocks", "1 kept, 0 pruned", "binary", axes=("cluster", "layer"),
               rows=("recipes, cooking", "law", "poems"), columns=rows,
               values=drawn.integers(0, 2, (3, layers)), direction="kept"),
    )  # fmt: skip


def profile(
    made: Project,
    slug: str,
    name: str = "weights",
    shown: tuple[Matrix, ...] | None = None,
    **values: object,
) -> store.Profile:
    """Write a profile that is fresh for an entry of source `zoo:llama`; `values` replace parts."""
    stated = analysis.statement(name)
    parts: dict[str, object] = {
        "analysis": name,
        "version": stated.version,
        "model": store.Pin(slug, "zoo:llama", None, f"sha256:{'0' * 64}", None),
        "protocol": stated.protocol,
        "conditions": {"dtype": "float32"},
        "facts": {"largest_layer": 3, "note": "drawn"},
        "matrices": shown or matrices(),
        "made_by": {"atlas": "0.1.0", "seconds": 1.5, "device": "cpu"},
    } | values
    found = store.Profile(**parts)  # type: ignore[arg-type]
    store.save(made.profile(slug, name), found)
    return found
