"""What `importance` adds to bare backward passes, in time and in memory: two tables.

    python benchmarks/importance.py [--threads 2] [--rounds 3] [--passages 8] [--layers 12]

On one random model of GPT-2 small's shape, float32, and random passages of 80 to 128 tokens. Time:
contenders take turns, round after round; the best wall time of each counts.

bare       forward and backward of the passages one by one, gradients of all layers, thrown away
reduced    the same, gradients reduced to importance and freed parameter by parameter, heads gated
whole      with the mean gradient summed up beside it: what `importance` runs
four       bare, but four passages in one batch: gradients of single passages are lost, and no way
           to have them per passage from one batch could be faster

Memory: each of these in a process of its own, over one passage of 128 tokens: the peak of resident
memory above what the loaded model takes.

activations    a forward pass that keeps what a backward pass would read
plain          all gradients of a passage, then their reduction
reduced, whole, and recomputed: reduced, but layers run again instead of keeping their activations

Exit status 1 where whole takes more than 1.25 times bare, or reduced more memory than activations
and the gradients of one layer (and 2% of that, or 8 MB, for what allocators round up).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atlas.loaded.live import LiveModel
    from atlas.loaded.passages import Passage

TIME_BAR, SLACK, ROUNDING = 1.25, 1.02, 8e6
WAYS = ("activations", "plain", "reduced", "whole", "recomputed")


def main() -> int:
    """Print both tables; exit status 1 where a bar is missed."""
    arguments = parse()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)  # before torch reads them
    import torch

    torch.set_num_threads(arguments.threads)
    if arguments.peak:
        print(peak(Path(arguments.folder), arguments.peak))  # noqa: T201 - read by the parent
        return 0
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder), arguments.layers)
        from atlas.loaded.live import LiveModel

        peaks = {way: child(folder, way, arguments) for way in WAYS}
        model = LiveModel.open(Path(folder), "cpu")
        layer_bytes = 4 * sum(parameter.numel() for parameter in model.layer(0).parameters())
        best = race(model, drawn(arguments.passages), arguments.rounds)
    return report(best, peaks, layer_bytes, arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passages", type=int, default=8)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def save(folder: Path, layers: int) -> None:
    """A random model of GPT-2 small's shape."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=layers)).save_pretrained(folder)


def drawn(count: int, shortest: int = 80) -> list[Passage]:
    """Passages of random tokens, `shortest` to 128 of them."""
    import torch

    from atlas.loaded.passages import Passage

    generator = torch.Generator().manual_seed(0)
    rows = []
    for _ in range(count):
        length = min(128, int(torch.randint(shortest, 200, (), generator=generator)))
        ids = torch.randint(50257, (length,), generator=generator)
        rows.append(Passage(tuple(ids.tolist()), 1, length))
    return rows


def bare(model: LiveModel, passages: Sequence[Passage], together: int = 1) -> None:
    """Forward and backward, gradients of layers alone, thrown away."""
    from atlas.loaded.passages import batch
    from atlas.passes import losses

    with_gradients(model, layers=True)
    for start in range(0, len(passages), together):
        rows = range(start, min(start + together, len(passages)))
        losses.per_passage(model, batch(passages, rows)).mean().backward()  # type: ignore[no-untyped-call]
        model.live.zero_grad(set_to_none=True)


def with_gradients(model: LiveModel, layers: bool) -> None:
    """Want gradients of the layers' parameters, or of nothing."""
    inside = {
        id(parameter)
        for layer in range(model.geometry.layers)
        for parameter in model.layer(layer).parameters()
    }
    for parameter in model.live.parameters():
        parameter.requires_grad_(layers and id(parameter) in inside)


def gathered(
    model: LiveModel, passages: Sequence[Passage], keep: bool, recompute: bool = False
) -> None:
    """What `importance` does, with or without the mean gradient."""
    from atlas.analyses.importance.backward import Backward

    layers = range(model.geometry.layers)
    with Backward(model, layers, layers if keep else (), recompute) as backward:
        for row in range(len(passages)):
            backward.add(passages, row)
        backward.finish()


def race(model: LiveModel, passages: list[Passage], rounds: int) -> dict[str, tuple[float, float]]:
    """Best (wall, processor) seconds of each contender."""
    contenders: dict[str, Callable[[], None]] = {
        "bare": lambda: bare(model, passages),
        "reduced": lambda: gathered(model, passages, keep=False),
        "whole": lambda: gathered(model, passages, keep=True),
        "four": lambda: bare(model, passages, together=4),
    }
    best = dict.fromkeys(contenders, (float("inf"), float("inf")))
    for _ in range(rounds):
        for name, contender in contenders.items():
            wall, processor = time.perf_counter(), time.process_time()
            contender()
            taken = (time.perf_counter() - wall, time.process_time() - processor)
            best[name] = (min(best[name][0], taken[0]), min(best[name][1], taken[1]))
    return best


def child(folder: str, way: str, arguments: argparse.Namespace) -> int:
    """The peak of one way, measured in a process of its own."""
    command = [sys.executable, __file__, "--folder", folder, "--peak", way]
    command += ["--threads", str(arguments.threads)]
    # What is freed goes back to the system at once, so that resident memory is what is in use.
    settings = {"MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "0"}
    done = subprocess.run(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True
    )
    return int(done.stdout.split()[-1])


def peak(folder: Path, way: str) -> int:
    """Peak of resident bytes over one passage, above the loaded model."""
    from atlas.loaded.live import LiveModel

    model = LiveModel.open(folder, "cpu")
    passage = drawn(1, shortest=128)
    short = [replace(passage[0], ids=passage[0].ids[:4], last=4)]
    ways: dict[str, Callable[[list[Passage]], None]] = {
        "activations": lambda rows: forward(model, rows),
        "plain": lambda rows: plain(model, rows),
        "reduced": lambda rows: gathered(model, rows, keep=False),
        "whole": lambda rows: gathered(model, rows, keep=True),
        "recomputed": lambda rows: gathered(model, rows, keep=False, recompute=True),
    }
    ways[way](short)  # threads, kernels and their workspaces are there after a first pass
    before = status("VmRSS:")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins again
    ways[way](passage)
    return status("VmHWM:") - before


def status(key: str) -> int:
    """A line of the process' own status, in bytes."""
    return int(Path("/proc/self/status").read_text().partition(key)[2].split()[0]) * 1024


def forward(model: LiveModel, passages: Sequence[Passage]) -> None:
    """A forward pass that keeps what a backward pass would read."""
    from atlas.loaded.passages import batch
    from atlas.passes import losses

    with_gradients(model, layers=True)
    losses.per_passage(model, batch(passages, [0])).sum()


def plain(model: LiveModel, passages: Sequence[Passage]) -> None:
    """All gradients of a passage first, importance from them after."""
    from atlas.loaded.passages import batch
    from atlas.passes import losses

    with_gradients(model, layers=True)
    losses.per_passage(model, batch(passages, [0])).sum().backward()  # type: ignore[no-untyped-call]
    for parameter in model.live.parameters():
        if parameter.grad is not None:
            (parameter.grad * parameter.detach()).abs().sum()
    model.live.zero_grad(set_to_none=True)


def report(
    best: dict[str, tuple[float, float]],
    peaks: dict[str, int],
    layer_bytes: int,
    arguments: argparse.Namespace,
) -> int:
    lines = [f"{'time':12}{'wall s':>8}{'processor s':>13}{'of bare':>9}"]
    lines += [
        f"{name:12}{wall:8.2f}{cpu:13.2f}{wall / best['bare'][0]:9.3f}"
        for name, (wall, cpu) in best.items()
    ]
    allowed = max(
        SLACK * (peaks["activations"] + layer_bytes), peaks["activations"] + layer_bytes + ROUNDING
    )
    lines += ["", f"{'memory':12}{'MB above the model':>20}"]
    lines += [f"{way:12}{taken / 1e6:20.0f}" for way, taken in peaks.items()]
    ratio = best["whole"][0] / best["bare"][0]
    lines += [
        "",
        f"whole / bare  {ratio:.3f}  (at most {TIME_BAR})",
        f"reduced  {peaks['reduced'] / 1e6:.0f} MB; activations and one layer's gradients "
        f"({layer_bytes / 1e6:.0f} MB), with rounding  {allowed / 1e6:.0f} MB",
        f"{arguments.layers} layers, {arguments.passages} passages, threads {arguments.threads}, "
        f"best of {arguments.rounds} rounds",
    ]
    print("\n".join(lines))  # noqa: T201 - the tables are what this script is for
    return 0 if ratio <= TIME_BAR and peaks["reduced"] <= allowed else 1


if __name__ == "__main__":
    sys.exit(main())
