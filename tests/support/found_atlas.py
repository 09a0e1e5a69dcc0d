"""A small atlas with findings: claims that hold and do not, figures that are there and are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import atlases
import numpy as np

from atlas.paths import Project
from atlas.profiles.matrix import Matrix

HEADS = "models/small/?figure=weights&matrix=ov_copying&row=3&column=17"
MODULES = "models/small/?figure=weights&matrix=outlier&row=5&column=mlp.up"
AWAITED = "models/waiting/?figure=weights&matrix=rms"
NOWHERE = "models/nowhere/?figure=weights&matrix=rms"


def project(root: Path) -> Project:
    """A measured model and one that waits; `claim` and `finding` write the rest."""
    made = atlases.project(root)
    made.claims.mkdir()
    made.findings.mkdir()
    atlases.entry(made, "small")
    atlases.profile(made, "small")
    atlases.entry(made, "waiting")
    return made


def matrix(name: str) -> Matrix:
    """A matrix of the measured model."""
    return next(one for one in atlases.matrices() if one.name == name)


def claim(made: Project, name: str, true: bool = True, model: str = "small", **more: Any) -> None:
    """A claim about the largest copying score of a model."""
    largest = float(np.nanmax(matrix("ov_copying").values))
    quantity = {"model": model, "analysis": "weights", "matrix": "ov_copying", "take": "max"}
    statement = {"left": quantity, "is": "above" if true else "below", "right": largest - 0.01}
    stated = {"sentence": f"It is so: {name}.", "view": HEADS, "holds": [statement], **more}
    (made.claims / f"{name}.yml").write_text(json.dumps(stated), encoding="utf-8")


def step(claim: str, figure: str = HEADS, **more: Any) -> dict[str, Any]:
    """A step of a finding."""
    return {"title": f"On {claim}", "claim": claim, "figure": figure, "text": ["So."], **more}


def finding(made: Project, name: str, *steps: dict[str, Any], **more: Any) -> None:
    """A finding of these steps."""
    stated = {"title": f"Found: {name}", "lead": f"Lead of {name}.", "steps": steps, **more}
    (made.findings / f"{name}.yml").write_text(json.dumps(stated), encoding="utf-8")
