"""Killed at random moments and started again, an analysis ends with the bytes of a run that nobody
disturbed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import as_written
import atlases
import pytest
import samples

KILLS = 4
COMMAND = [sys.executable, "-m", "atlas", "profile", "a", "--analysis"]


@pytest.mark.nightly
@pytest.mark.parametrize("analysis", ["weights", "functions", "importance", "masks"])
def test_what_is_killed_ends_as_what_is_not(tmp_path: Path, analysis: str) -> None:
    project = atlases.project(tmp_path / "atlas")
    samples.write_entry(project, "a", source="zoo:llama", revision=...)
    started = time.monotonic()
    subprocess.run([*COMMAND, analysis], cwd=project.root, check=True, capture_output=True)
    seconds, whole = time.monotonic() - started, as_written.files(project, analysis)
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
        if as_written.files(project, analysis):
            break  # what was kept made it faster than its killer
    subprocess.run([*COMMAND, analysis], cwd=project.root, check=True, capture_output=True)
    assert as_written.files(project, analysis) == whole
