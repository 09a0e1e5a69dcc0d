"""Killed at random moments and started again, an analysis ends with the bytes of a run that nobody
disturbed."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import atlases
import pytest
import samples

from atlas.paths import Project

KILLS = 4
COMMAND = [sys.executable, "-m", "atlas", "profile", "a", "--analysis"]


def written(project: Project, analysis: str) -> dict[str, str]:
    """What is there of an analysis, but for when and how fast it was made."""
    folder = project.profile("a", analysis).parent
    found = {path.name: path.read_text() for path in sorted(folder.glob(f"{analysis}*.json"))}
    return {name: re.sub('"made_by": .*', "", text) for name, text in found.items()}


@pytest.mark.nightly
@pytest.mark.parametrize("analysis", ["weights", "functions", "importance", "masks"])
def test_what_is_killed_ends_as_what_is_not(tmp_path: Path, analysis: str) -> None:
    project = atlases.project(tmp_path / "atlas")
    samples.write_entry(project, "a", source="zoo:llama", revision=...)
    started = time.monotonic()
    subprocess.run([*COMMAND, analysis], cwd=project.root, check=True, capture_output=True)
    seconds, whole = time.monotonic() - started, written(project, analysis)
    assert whole
    for path in project.profile("a", analysis).parent.glob(f"{analysis}*.json"):
        path.unlink()
    draw = random.Random(analysis)
    for _ in range(KILLS):
        with subprocess.Popen([*COMMAND, analysis], cwd=project.root) as running:
            try:
                running.wait(seconds * draw.uniform(0.3, 0.9))
            except subprocess.TimeoutExpired:
                running.kill()
        if written(project, analysis):
            break  # what was kept made it faster than its killer
    subprocess.run([*COMMAND, analysis], cwd=project.root, check=True, capture_output=True)
    assert written(project, analysis) == whole
