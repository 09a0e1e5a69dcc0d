"""How much `activations` adds to the forward pass, and whether its memory stays flat: one table.

    python benchmarks/activations.py [--threads 2] [--rounds 5] [--passages 48]

Things take turns, round after round, on one random model of GPT-2 small's shape that lies on disk
as safetensors and reads the same random passages of 80 to 128 tokens in the same micro-batches; the
best wall time of each counts, since other work on the machine only adds:

bare      the trunk alone
full      with the statistics that see every value: rms, kurtosis, largest value, sparsity
sampled   with those that see a sample: the values whose median is taken; they cost the same seconds
          however many passages there are, since the sample does not grow
both      what `activations` runs

Then both run over `passages` and over four times as many, and the peak of resident memory of the
second is held against that of the first. A micro-batch takes 16 passages: 48 are several, so that
the allocator has met what it will meet again.

Exit status 1 where full takes more than 1.2 times bare, or memory grows by more than 3%.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atlas.loaded.live import LiveModel
    from atlas.loaded.passages import Passage

FULL_BAR, GROWTH_BAR = 1.2, 1.03


def main() -> int:
    """Print the table; exit status 1 where a bar is missed."""
    arguments = parse()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)  # before torch reads them
    import torch

    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder), arguments.layers)
        from atlas.loaded.live import LiveModel

        model = LiveModel.open(Path(folder), "cpu", attention=arguments.attention)
        few, many = peaks(model, arguments.passages)
        best = race(model, drawn(arguments.passages), arguments.rounds)
    return report(best, few, many, arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, default=48)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--attention", choices=("eager", "sdpa"), default="eager")
    return parser.parse_args()


def save(folder: Path, layers: int) -> None:
    """A random model of GPT-2 small's shape."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=layers)).save_pretrained(folder)


def drawn(count: int) -> list[Passage]:
    """Passages of random tokens, 80 to 128 of them, most of them cut at 128 as real ones are."""
    import torch

    from atlas.loaded.passages import Passage

    generator = torch.Generator().manual_seed(0)
    rows = []
    for _ in range(count):
        length = min(128, int(torch.randint(80, 200, (), generator=generator)))
        ids = torch.randint(50257, (length,), generator=generator)
        rows.append(Passage(tuple(ids.tolist()), 1, length))
    return rows


def once(model: LiveModel, passages: list[Passage], which: str) -> None:
    """One pass with some of the statistics."""
    from atlas.analyses.activations import run as activations
    from atlas.passes import observing

    observer = activations.observe(model, passages)
    taps = {
        "bare": [],
        "full": observer.full_taps(),
        "sampled": observer.sampled_taps(),
        "both": observer.taps,
    }
    observing.run(model, passages, taps[which], lambda done, total: None)
    if which == "both":
        observer.measured(lambda done, total: None)


def race(model: LiveModel, passages: list[Passage], rounds: int) -> dict[str, tuple[float, float]]:
    """Best (wall, processor) seconds of each contender."""
    contenders: dict[str, Callable[[], None]] = {
        name: lambda name=name: once(model, passages, name)  # type: ignore[misc]
        for name in ("bare", "full", "sampled", "both")
    }
    best = {name: (float("inf"), float("inf")) for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            wall, processor = time.perf_counter(), time.process_time()
            contender()
            taken = (time.perf_counter() - wall, time.process_time() - processor)
            best[name] = (min(best[name][0], taken[0]), min(best[name][1], taken[1]))
    return best


def peaks(model: LiveModel, count: int) -> tuple[int, int]:
    """Peak resident bytes of a pass over `count` passages, and over four times as many."""
    once(model, drawn(count), "both")  # the allocator's own pools are filled by a first pass
    found = []
    for passages in (drawn(count), drawn(4 * count)):
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins again
        once(model, passages, "both")
        status = Path("/proc/self/status").read_text()
        found.append(int(status.partition("VmHWM:")[2].split()[0]) * 1024)
    return found[0], found[1]


def report(
    best: dict[str, tuple[float, float]], few: int, many: int, arguments: argparse.Namespace
) -> int:
    ratios = {name: best[name][0] / best["bare"][0] for name in best}
    growth = many / few
    lines = [f"{'':8}{'wall s':>8}{'processor s':>13}{'of bare':>9}"]
    lines += [
        f"{name:8}{wall:8.2f}{cpu:13.2f}{ratios[name]:9.3f}" for name, (wall, cpu) in best.items()
    ]
    sampling = best["sampled"][1] - best["bare"][1]
    lines += [
        f"sampled adds {sampling:.2f} processor s in all, whatever the number of passages",
        f"full / bare  {ratios['full']:.3f}  (at most {FULL_BAR})",
        f"peak memory  {few / 1e6:.0f} MB for {arguments.passages} passages, {many / 1e6:.0f} MB "
        f"for {4 * arguments.passages}: {growth:.3f} times  (at most {GROWTH_BAR})",
        f"threads {arguments.threads}, best of {arguments.rounds} rounds, "
        f"{arguments.attention} attention",
    ]
    print("\n".join(lines))  # noqa: T201 - the table is what this script is for
    return 0 if ratios["full"] <= FULL_BAR and growth <= GROWTH_BAR else 1


if __name__ == "__main__":
    sys.exit(main())
