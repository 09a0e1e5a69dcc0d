"""What was written of an analysis, to be held against what another run wrote."""

from __future__ import annotations

import re

from atlas.paths import Project


def files(project: Project, analysis: str) -> dict[str, str]:
    """The texts of all files of an analysis of the model `a`, but for when and how fast they were
    made."""
    folder = project.profile("a", analysis).parent
    found = {path.name: path.read_text() for path in sorted(folder.glob(f"{analysis}*.json"))}
    return {name: re.sub('"made_by": .*', "", text) for name, text in found.items()}
