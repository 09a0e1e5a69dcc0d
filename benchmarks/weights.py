"""How fast `weights` is, and whether it agrees with WeightWatcher: one table.

    python benchmarks/weights.py [--threads 2] [--rounds 5] [--layers 12]

Three things take turns, round after round, on one random model of GPT-2 small's shape that lies on
disk as safetensors; the best time of each counts, since other work on the machine only adds: wall
time, or with one thread processor time, which waiting for other work does not enter.

ours     `weights` from opening the checkpoint to its matrices: 10 quantities of 72 matrices
floor    what it cannot avoid: for the same 72 matrices, already in memory, W^T W in float64 and
         its eigenvalues, as plain torch calls
peer     WeightWatcher(model).analyze() of the model already in memory: 48 matrices of the layers,
         its query, key and value fused, and the position embedding

Exit status 1 where ours takes more than 1.3 times the floor, or the peer less than 1.6 times ours,
or stable rank or alpha of a matrix that is not fused differs by more than 1%.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FLOOR_BAR, PEER_BAR, AGREEMENT = 1.3, 1.6, 0.01

UNFUSED = {"attn.c_proj": "attn.o", "mlp.c_fc": "mlp.up", "mlp.c_proj": "mlp.down"}


def main() -> int:
    """Print the table; exit status 1 where a bar is missed."""
    arguments = parse()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)  # before torch and scipy read them
    import torch

    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        model = save(Path(folder), arguments.layers)
        best, ours, peers = race(Path(folder), model, arguments.rounds)
    worst = disagreement(ours, peers)
    return report(best, worst, arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=12)
    return parser.parse_args()


def save(folder: Path, layers: int) -> Any:
    """A random model of GPT-2 small's shape, saved to `folder` and returned.

    Each input of a matrix has a scale drawn from a power law, so that the spectra have tails to
    fit: the exponent of a matrix that is Gaussian throughout is that of noise.
    """
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    generator = torch.Generator().manual_seed(0)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=layers))
    for name, parameter in model.named_parameters():
        if ".h." in name and parameter.ndim == 2:
            uniform = torch.rand(parameter.shape[0], 1, generator=generator)
            drawn = torch.randn(parameter.shape, generator=generator)
            parameter.data.copy_(0.02 * drawn * (1 - uniform) ** -0.25)
    model.save_pretrained(folder)
    return model.eval()


def race(
    folder: Path, model: Any, rounds: int
) -> tuple[dict[str, tuple[float, float]], Mapping[tuple[str, str, str], float], Any]:
    """Best (wall, processor) seconds of each contender, our values and the peer's table."""
    import weightwatcher  # type: ignore[import-not-found]

    from atlas.loaded.checkpoint import Checkpoint

    logging.getLogger("weightwatcher").setLevel(logging.ERROR)
    checkpoint = Checkpoint.open(folder)
    held = [
        tensor
        for layer in range(checkpoint.geometry.layers)
        for tensor in checkpoint.layer(layer).values()
        if tensor.ndim == 2
    ]
    results: dict[str, Any] = {}
    contenders: dict[str, Callable[[], Any]] = {
        "ours": lambda: ours_once(folder),
        "floor": lambda: floor_once(held),
        "peer": lambda: weightwatcher.WeightWatcher(model=model).analyze(),
    }
    best = {name: (float("inf"), float("inf")) for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            wall, processor = time.perf_counter(), time.process_time()
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results[name] = contender()
            taken = (time.perf_counter() - wall, time.process_time() - processor)
            best[name] = (min(best[name][0], taken[0]), min(best[name][1], taken[1]))
    return best, results["ours"], results["peer"]


def ours_once(folder: Path) -> dict[tuple[str, str, str], float]:
    """(quantity, layer, module) -> value, from the checkpoint on disk."""
    from atlas.analyses.weights import run as weights
    from atlas.loaded.checkpoint import Checkpoint

    measured = weights.run(Checkpoint.open(folder), lambda done, total: None)
    return {
        (matrix.name, row, column): float(value)
        for matrix in measured.matrices
        for row, values in zip(matrix.rows, matrix.values, strict=True)
        for column, value in zip(matrix.columns, values, strict=True)
    }


def floor_once(held: list[Any]) -> None:
    """The plain products and eigenvalues of the smaller sides, in float64."""
    import torch

    for tensor in held:
        W = tensor.double()
        torch.linalg.eigvalsh(W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T)


def disagreement(ours: Mapping[tuple[str, str, str], float], peers: Any) -> dict[str, float]:
    """Largest relative difference over the matrices that are not fused, by quantity."""
    worst = {"stable_rank": 0.0, "alpha": 0.0}
    compared = 0
    for _, row in peers.iterrows():
        _, _, name = row["longname"].partition("transformer.h.")
        layer, _, native = name.partition(".")
        if native not in UNFUSED:
            continue
        compared += 1
        for quantity in worst:
            value = ours[quantity, layer, UNFUSED[native]]
            worst[quantity] = max(worst[quantity], abs(value / row[quantity] - 1))
    if not compared:
        raise SystemExit("the peer's table names no matrix that is not fused")
    return {**worst, "matrices compared": compared}


def report(
    best: Mapping[str, tuple[float, float]],
    worst: Mapping[str, float],
    arguments: argparse.Namespace,
) -> int:
    clock = 1 if arguments.threads == 1 else 0
    to_floor = best["ours"][clock] / best["floor"][clock]
    to_peer = best["peer"][clock] / best["ours"][clock]
    lines = [f"{'':8}{'wall s':>8}{'processor s':>13}"]
    lines += [f"{name:8}{wall:8.2f}{cpu:13.2f}" for name, (wall, cpu) in best.items()]
    lines += [
        f"ours / floor  {to_floor:.2f}  (at most {FLOOR_BAR})",
        f"peer / ours   {to_peer:.2f}  (at least {PEER_BAR})",
        f"threads {arguments.threads}, best of {arguments.rounds} rounds, "
        f"{worst['matrices compared']} matrices compared",
        f"stable rank differs by at most {worst['stable_rank']:.1e}",
        f"alpha differs by at most       {worst['alpha']:.1e}",
    ]
    print("\n".join(lines))  # noqa: T201 - the table is what this script is for
    agrees = max(worst["stable_rank"], worst["alpha"]) <= AGREEMENT
    return 0 if to_floor <= FLOOR_BAR and to_peer >= PEER_BAR and agrees else 1


if __name__ == "__main__":
    sys.exit(main())
