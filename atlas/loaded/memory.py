"""Memory: what a model needs, what every device has free, and what a process took at its most.

Nothing here imports torch before a device other than main memory is asked about.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError, suggest

if TYPE_CHECKING:
    import torch

SLACK = 1.05
"""Weights in memory over their size on disk: buffers and what an allocator rounds up."""

LENGTH = 128
"""Tokens of a passage that memory is planned for; with a small vocabulary it may have more."""


def working_bytes(geometry: Geometry, itemsize: int, length: int = LENGTH) -> int:
    """About how many bytes one more passage takes in a forward pass that keeps nothing.

    `itemsize`: bytes of a number as the model runs. A layer's tensors at their most (residual
    stream, projections and their rotated copies, the MLP's middle), and the attention patterns with
    their float32 softmax.
    """
    q = geometry.heads * geometry.d_head
    token = itemsize * (8 * geometry.d_model + 10 * q + 4 * geometry.d_mlp)
    patterns = geometry.heads * length * (2 * itemsize + 8)
    return length * (token + patterns)


def needed_bytes(geometry: Geometry, itemsize: int) -> int:
    """About how many bytes a model takes that runs on one passage at a time."""
    assert geometry.parameters is not None, "a checkpoint's geometry counts them"
    weights = int(SLACK * geometry.parameters * itemsize)
    return weights + working_bytes(geometry, itemsize)


def available() -> int:
    """Bytes of main memory that a process can still take, within its container's limit."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    return min([free, *_container_rooms()])


def _container_rooms() -> Iterator[int]:
    """What the limits of this process' control groups leave it (Linux: containers, batch systems);
    files that the system keeps in memory can be dropped, so they are not counted as taken."""
    root = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            inside = root / controllers if controllers else root  # version 1 names them
            for group in (folder := inside / path.lstrip("/"), *folder.parents):
                with contextlib.suppress(OSError, ValueError):  # no limit there, or "max"
                    yield _room(group)


def _room(group: Path) -> int:
    """What a control group leaves; `OSError` or `ValueError` where it has no limit."""
    most, now, files = "memory.max", "memory.current", ("inactive_file", "active_file")
    if not (group / most).is_file():  # version 1
        most, now = "memory.limit_in_bytes", "memory.usage_in_bytes"
        files = ("total_inactive_file", "total_active_file")
    limit, taken = (int((group / name).read_text()) for name in (most, now))
    counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return max(0, limit - taken + sum(int(counts.get(name, 0)) for name in files))


def may_have_accelerator() -> bool:
    """Whether this machine can have another device than its processor; torch knows which."""
    drivers = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
    return sys.platform == "darwin" or any(Path(driver).exists() for driver in drivers)


def free_memory(device: str | None) -> dict[str, int]:
    """Free bytes by device, in the order of preference: CUDA, MPS, the processor.

    `device`: only that one. Raises `AtlasError` for a device that is not there.
    """
    import torch

    free: dict[str, int] = {}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            held = torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index)
            free[f"cuda:{index}"] = torch.cuda.mem_get_info(index)[0] + held
    if torch.backends.mps.is_available():
        taken = torch.mps.driver_allocated_memory()
        free["mps"] = torch.mps.recommended_max_memory() - taken
    free["cpu"] = available()
    if device is None:
        return free
    chosen = {name: room for name, room in free.items() if device in (name, name.split(":")[0])}
    if not chosen:
        raise AtlasError(f"no device {device!r}", remedy=suggest(device, tuple(free)))
    return chosen


def place(
    needed: int, free: Mapping[str, int], what: str = "", file: Path | None = None
) -> tuple[str, ...]:
    """The device, or the several CUDA devices, that a model of `needed` bytes runs on.

    `free`: bytes by device, in order of preference; of several CUDA devices the freest is taken.
    Raises `AtlasError` with what is needed and what is free where it fits nowhere.
    """
    cuda = {name: room for name, room in free.items() if name.startswith("cuda")}
    if cuda:
        freest = max(cuda, key=lambda name: cuda[name])
        if cuda[freest] >= needed:
            return (freest,)
        if sum(cuda.values()) >= needed:
            return tuple(cuda)
    for name, room in free.items():
        if name not in cuda and room >= needed:
            return (name,)
    rooms = ", ".join(f"{room / 1e9:.1f} GB on {name}" for name, room in free.items())
    raise AtlasError(
        f"needs about {needed / 1e9:.1f} GB of memory {what}".rstrip() + f"; free: {rooms}",
        file=file,
        remedy="measure it on a larger machine",
    )


def place_first(
    needs: Sequence[tuple[int, str]], free: Mapping[str, int], file: Path | None = None
) -> tuple[int, tuple[str, ...]]:
    """The first of several ways to hold a model that fits: its number, and the devices.

    `needs`: bytes, and what is said of them. Raises the `AtlasError` of the first where none fits.
    """
    for number, (needed, what) in enumerate(needs):
        with contextlib.suppress(AtlasError):
            return number, place(needed, free, what, file)
    return 0, place(needs[0][0], free, needs[0][1], file)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; only CUDA has a class of its own for that."""
    import torch

    text = str(error)
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "MPS backend out of memory" in text
        or "can't allocate memory" in text
    )


def device_of_weights() -> torch.device:
    """Where analyses of streamed weights compute."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def release(device: torch.device) -> None:
    """Hand back what an attempt had taken that ran out of memory."""
    import torch

    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def reset_peak() -> None:
    """Begin a new high-water mark of resident memory, where the system has one (Linux)."""
    clear = Path("/proc/self/clear_refs")
    with contextlib.suppress(OSError):  # a sandbox may forbid it: then it is the process' own peak
        clear.write_text("5")


def peak() -> int:
    """The process' peak resident memory in bytes, since the last reset where there is one."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
