"""Small entries, matrices and profiles that are right, for tests to spoil."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from atlas.paths import Project
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Pin, Profile

REVISION = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "5" * 64
GEOMETRY = {
    "layers": 3,
    "heads": 4,
    "kv_heads": 2,
    "d_model": 32,
    "d_head": 8,
    "d_mlp": 48,
    "vocabulary": 61,
}
ENTRY: dict[str, Any] = {
    "name": "Some Model 1B",
    "family": "some-model",
    "architecture": "llama",
    "source": "some-org/Some-Model-1B",
    "revision": REVISION,
    "license": "apache-2.0",
    "summary": "A model that stands for any other.",
}


def entry_text(**changes: Any) -> str:
    """The text of a model.yml; a change to `...` leaves the key out."""
    keys = {key: value for key, value in {**ENTRY, **changes}.items() if value is not ...}
    lines = yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=1000)
    return re.sub("^revision: '?([0-9a-f]{40})'?$", r'revision: "\1"', lines, flags=re.MULTILINE)


def write_entry(project: Project, slug: str = "some-model", text: str = "", **changes: Any) -> Path:
    """Write an entry into a project: the given text, or the sample with changes."""
    path = project.entry(slug)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or entry_text(**changes), encoding="utf-8")
    return path


def matrix(**changes: Any) -> Matrix:
    """Two layers, three modules; one value does not exist."""
    fields: dict[str, Any] = {
        "name": "rms",
        "title": "Root mean square",
        "unit": "weight units",
        "kind": "sequential",
        "axes": ("layer", "module"),
        "rows": ("0", "1"),
        "columns": ("attn.q", "attn.k", "mlp.gate"),
        "values": np.array([[0.5, 12.34, np.nan], [1e-7, 0.0, 3.0]]),
        "direction": "larger weights",
    }
    return Matrix(**{**fields, **changes})


def profile(**changes: Any) -> Profile:
    """A profile of the analysis `weights` of the sample entry."""
    fields: dict[str, Any] = {
        "analysis": "weights",
        "version": 1,
        "model": Pin("some-model", ENTRY["source"], REVISION, DIGEST, None),
        "protocol": {"tau": 0.1, "rule": "k = 10 \u2026"},
        "conditions": {"device": "cpu", "tokens": 32768},
        "facts": {"most_diffuse_layer": 3, "share": 0.25, "note": None},
        "matrices": (matrix(), matrix(name="score:capital@10")),
        "made_by": {"atlas": "0.1.0", "seconds": 3.14159},
    }
    return Profile(**{**fields, **changes})
