"""Measures a project in a process of its own, on a few passages of the corpus.

`python measured_anew.py ROOT`, so that variables of its environment can choose other kernels of the
CPU, which torch reads once. A thread alone: how a sum is split does not hang on the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KERNELS = {
    "as it is": {},
    "without vector instructions": {"ATEN_CPU_CAPABILITY": "default"},
    "of an old processor": {"ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}
"""What makes torch and its libraries compute with other instructions, and so in another order."""


def run(root: Path, kernels: str) -> None:
    """Measure every analysis of every model of a project with these kernels."""
    environment = {**os.environ, **KERNELS[kernels], "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, str(root)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _measure(root: Path) -> None:
    import thin_corpus

    from atlas.entries import entry
    from atlas.measure import run as measuring
    from atlas.paths import Project
    from atlas.pinned import corpus
    from atlas.profiles import plan
    from atlas.profiles.settings import Settings

    corpus.chosen = thin_corpus.passages
    project = Project(root)
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, Settings())
    for outcome in measuring.outcomes(project, entries, jobs, lambda job: lambda done, total: None):
        assert outcome.profile is not None, f"{outcome.job}: {outcome.reason}"


if __name__ == "__main__":
    _measure(Path(sys.argv[1]))
