"""Measures a project in a process of its own, on a few passages of the corpus.

`python measured_anew.py profile ROOT`, so that variables of the environment can choose other
instructions of the processor, which torch reads once. One thread alone: how a sum is split does not
hang on the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KERNELS: Mapping[str, Mapping[str, str]] = {
    "as they are": {},
    "without vector instructions": {"ATEN_CPU_CAPABILITY": "default"},
    "of an old processor": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}
"""What makes torch and its libraries compute with other instructions, and so in another order."""


def profile(root: Path, kernels: str) -> None:
    """Measure every analysis of every model of a project."""
    done = _run("profile", root, kernels)
    assert done.returncode == 0, done.stdout + done.stderr


def verify(root: Path, kernels: str) -> list[dict[str, Any]]:
    """Measure a project again, and tell what `atlas verify` says of each matrix."""
    done = _run("verify", root, kernels)
    assert done.stdout.startswith("["), done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _run(command: str, root: Path, kernels: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **KERNELS[kernels], "OMP_NUM_THREADS": "1"}
    words = [sys.executable, __file__, command, str(root)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def _main(command: str, root: str) -> None:
    import thin_corpus

    from atlas.commands import main
    from atlas.pinned import corpus

    corpus.chosen = thin_corpus.passages
    more = ["--no-record", "--json"] if command == "verify" else []
    main([command, "--project", root, *more])


if __name__ == "__main__":
    _main(*sys.argv[1:])
