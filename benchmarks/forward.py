"""How much measuring adds to the forward pass that `activations`, `attention` and `residual` share.

    python benchmarks/forward.py [--threads 2] [--rounds 5] [--passages 48]

Things take turns, round after round, on one random model of GPT-2 small's shape that lies on disk
as safetensors and reads the same random passages of 80 to 128 tokens in the same micro-batches,
with eager attention; the best wall time of each counts, since other work on the machine only adds:

bare        the trunk alone
activations, attention, residual    with the statistics of one that see every value
full        with those of all three

Beside them, what sees a sample, whose cost does not grow with the corpus: `sampled` is the pass
that also keeps the sampled values and states, `lens and CKA` is what `residual` makes of the
states, `repeats` the repeated sequences of `attention`.

Then the peak of resident memory during full is held against that during bare.

Exit status 1 where full takes more than 1.6 times bare, or more than 1.25 times its memory.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from activations import drawn, parse, save

if TYPE_CHECKING:
    from atlas.loaded.live import LiveModel
    from atlas.loaded.passages import Passage
    from atlas.passes.observing import AnyTap

TIME_BAR, MEMORY_BAR = 1.6, 1.25
PASSES = ("bare", "activations", "attention", "residual", "full", "sampled")
Times = dict[str, tuple[float, float]]
"""Best (wall, processor) seconds by name."""


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
        passages = drawn(arguments.passages)
        memory = {name: peak(model, passages, name) for name in ("bare", "full", "sampled")}
        best = race(model, passages, arguments.rounds)
    return report(best, memory, arguments)


def watched(model: LiveModel, passages: list[Passage], which: str) -> list[AnyTap]:
    """What a pass of that name watches."""
    from atlas.analyses.activations import run as activations
    from atlas.analyses.attention import run as attention
    from atlas.analyses.residual import run as residual

    one = activations.observe(model, passages)
    two, three = attention.observe(model, passages), residual.observe(model, passages)
    taps: dict[str, list[AnyTap]] = {
        "activations": [*one.full_taps()],
        "attention": [*two.taps],
        "residual": three.full_taps(),
    }
    if which in taps:
        return taps[which]
    if which == "sampled":
        return [*one.taps, *two.taps, *three.taps]
    return [tap for some in taps.values() for tap in some] if which == "full" else []


def once(model: LiveModel, passages: list[Passage], which: str) -> None:
    """One pass with some of the statistics."""
    from atlas.passes import observing

    observing.run(model, passages, watched(model, passages, which), unheard)


def apart(model: LiveModel, passages: list[Passage]) -> Iterator[tuple[str, Callable[[], object]]]:
    """What comes after the pass, by name."""
    from atlas.analyses.attention import PROTOCOL
    from atlas.analyses.attention import run as attention
    from atlas.analyses.residual import run as residual
    from atlas.loaded.passages import Passage
    from atlas.passes import observing

    three = residual.observe(model, passages)
    observing.run(model, passages, three.taps, unheard)
    yield "lens and CKA", lambda: three.measured(unheard)
    n = int(PROTOCOL["segment"])
    ids = [passage.ids[:n] for passage in passages[: int(PROTOCOL["sequences"])]]
    rows = tuple(Passage((0, *row, *row), 1, 1 + 2 * n) for row in ids)
    two = attention.observe(model, passages)
    yield "repeats", lambda: two.repeats(rows, unheard)


def race(model: LiveModel, passages: list[Passage], rounds: int) -> Times:
    """Best (wall, processor) seconds of each contender."""
    best: Times = {}
    for number in range(rounds):
        contenders: list[tuple[str, Callable[[], object]]] = [
            (name, lambda name=name: once(model, passages, name))  # type: ignore[misc]
            for name in PASSES
        ]
        for name, contender in contenders:
            timed(best, name, contender)
        if number == 0:
            for name, contender in apart(model, passages):
                timed(best, name, contender)
    return best


def timed(best: Times, name: str, contender: Callable[[], object]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    contender()
    taken = (time.perf_counter() - wall, time.process_time() - processor)
    held = best.get(name, (float("inf"), float("inf")))
    best[name] = (min(held[0], taken[0]), min(held[1], taken[1]))


def peak(model: LiveModel, passages: list[Passage], which: str) -> int:
    """Peak resident bytes during a pass; another has filled the allocator's own pools before."""
    once(model, passages, which)
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins again
    once(model, passages, which)
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def unheard(done: int, total: int) -> None:
    """Progress that nobody watches."""


def report(best: Times, memory: dict[str, int], arguments: argparse.Namespace) -> int:
    bare = best["bare"][0]
    ratio, growth = best["full"][0] / bare, memory["full"] / memory["bare"]
    lines = [f"{'':14}{'wall s':>8}{'processor s':>13}{'of bare':>9}"]
    lines += [
        f"{name:14}{wall:8.2f}{cpu:13.2f}" + (f"{wall / bare:9.3f}" if name in PASSES else "")
        for name, (wall, cpu) in best.items()
    ]
    lines += [
        f"full / bare  {ratio:.3f}  (at most {TIME_BAR})",
        f"peak memory  bare {memory['bare'] / 1e6:.0f} MB, full {memory['full'] / 1e6:.0f} MB, "
        f"with samples {memory['sampled'] / 1e6:.0f} MB: {growth:.3f} times  "
        f"(at most {MEMORY_BAR})",
        f"threads {arguments.threads}, best of {arguments.rounds} rounds, "
        f"{arguments.attention} attention, {arguments.passages} passages",
    ]
    print("\n".join(lines))  # noqa: T201 - the table is what this script is for
    return 0 if ratio <= TIME_BAR and growth <= MEMORY_BAR else 1


if __name__ == "__main__":
    sys.exit(main())
