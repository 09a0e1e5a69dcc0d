"""Loading a model: where it fits, what it needs, and transformers told to load nothing else.

Weights come from safetensors alone, in the dtype that is stored, without any code of the model's
own, onto CUDA, MPS or the processor, whichever comes first and has room; several CUDA devices share
a model that fits on none of them (through accelerate).
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch

from atlas import plan
from atlas.batches import LENGTH
from atlas.checkpoint import DTYPES, Checkpoint
from atlas.entry import Geometry
from atlas.errors import AtlasError, suggest

SLACK = 1.05
"""Weights in memory over their size on disk: buffers and what an allocator rounds up."""


def working_bytes(geometry: Geometry, dtype: torch.dtype, length: int = LENGTH) -> int:
    """About how many bytes one more passage takes in a forward pass that keeps nothing.

    A block's tensors at their most (residual stream, projections and their rotated copies, the
    MLP's middle), and the attention patterns with their float32 softmax.
    """
    size, q = dtype.itemsize, geometry.heads * geometry.d_head
    token = size * (8 * geometry.d_model + 10 * q + 4 * geometry.d_mlp)
    patterns = geometry.heads * length * (2 * size + 8)
    return length * (token + patterns)


def free_memory(device: str | None) -> dict[str, int]:
    """Free bytes by device, in the order of preference: CUDA, MPS, the processor.

    `device`: only that one. Raises `AtlasError` for a device that is not there.
    """
    free: dict[str, int] = {}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            held = torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index)
            free[f"cuda:{index}"] = torch.cuda.mem_get_info(index)[0] + held
    if torch.backends.mps.is_available():
        taken = torch.mps.driver_allocated_memory()
        free["mps"] = torch.mps.recommended_max_memory() - taken
    free["cpu"] = plan.available_memory()
    if device is None:
        return free
    chosen = {name: room for name, room in free.items() if device in (name, name.split(":")[0])}
    if not chosen:
        raise AtlasError(f"no device {device!r}", remedy=suggest(device, tuple(free)))
    return chosen


def place(
    needed: int, free: Mapping[str, int], what: str = "", folder: Path | None = None
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
        file=folder,
        remedy="measure it on a larger machine",
    )


def stored_dtype(checkpoint: Checkpoint) -> torch.dtype:
    """The dtype that most stored weights have."""
    elements: Counter[str] = Counter()
    for tensor in checkpoint.tensors.values():
        if tensor.dtype in DTYPES:
            elements[tensor.dtype] += tensor.elements
    return DTYPES[elements.most_common(1)[0][0]]


def widened(
    stored: torch.dtype, devices: Sequence[str], free: Mapping[str, int], geometry: Geometry
) -> torch.dtype:
    """The dtype to run in: the stored one, but float32 for float16 on a processor with room for it.

    Every float16 weight is a float32 number, and processors multiply float16 slowly: 17 times more
    slowly than float32 where it was measured.
    """
    if stored != torch.float16 or tuple(devices) != ("cpu",):
        return stored
    wide = torch.float32
    return wide if free["cpu"] >= needed_bytes(geometry, wide) else stored


def release(device: torch.device) -> None:
    """Hand back what an attempt had taken that ran out of memory."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def needed_bytes(geometry: Geometry, dtype: torch.dtype) -> int:
    assert geometry.parameters is not None, "a checkpoint's geometry counts them"
    weights = int(SLACK * geometry.parameters * dtype.itemsize)
    return weights + working_bytes(geometry, dtype)


def load(
    checkpoint: Checkpoint, devices: Sequence[str], dtype: torch.dtype, attention: str
) -> tuple[torch.nn.Module, bool]:
    """The live model, and whether its language-model head was stored."""
    import transformers

    kind = checkpoint.architecture.kind
    loader = transformers.AutoModelForCausalLM
    if kind == "encoder":
        loader = transformers.AutoModelForMaskedLM
    try:
        with quiet():
            live, report = loader.from_pretrained(
                checkpoint.folder,
                dtype=dtype,
                attn_implementation=attention,
                # The fused kernels take neither every dtype nor every width.
                experts_implementation="eager",
                device_map=_device_map(devices, checkpoint.folder),
                max_memory=_max_memory(devices),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise AtlasError(
            f"transformers cannot load it: {first_line(error)}",
            file=checkpoint.folder,
            remedy="config.json and weights must be those of one model",
        ) from error
    if len(devices) == 1:
        live.to(devices[0])
    prefix = checkpoint.architecture.row.live_prefix
    missing = sorted(report["missing_keys"])
    for name in (name for name in missing if name.startswith(prefix)):
        raise AtlasError(
            f"weights of {name!r} are missing, transformers would draw them at random",
            file=checkpoint.folder,
            remedy="complete the weights",
        )
    live.eval()
    return live, not missing


def _device_map(devices: Sequence[str], folder: Path) -> str | dict[str, str] | None:
    """What tells transformers to load straight onto accelerators; None on the processor."""
    if devices[0] == "cpu":
        return None
    if importlib.util.find_spec("accelerate") is not None:
        return "auto" if len(devices) > 1 else {"": devices[0]}
    if len(devices) > 1:
        raise AtlasError(
            f"fits on no single device, and sharing it between {', '.join(devices)} needs "
            "accelerate, which is not installed",
            file=folder,
            remedy="pip install accelerate",
        )
    return None  # loaded into main memory first, then moved


def _max_memory(devices: Sequence[str]) -> dict[int, int] | None:
    """For several devices, what each may hold: its free bytes without room for a pass."""
    if len(devices) == 1:
        return None
    free = free_memory("cuda")
    return {int(name.partition(":")[2]): int(0.85 * free[name]) for name in devices}


def require_plain(checkpoint: Checkpoint) -> None:
    """Raise `AtlasError` for what transformers would load otherwise than the folder's weights."""
    adapter = checkpoint.folder / "adapter_config.json"
    if adapter.exists():
        raise AtlasError(
            "an adapter lies beside the weights", file=adapter, remedy="merge it, or remove it"
        )
    if checkpoint.config.get("quantization_config") is not None:
        raise AtlasError(
            "the model is to be quantised as it is loaded",
            file=checkpoint.folder / "config.json",
            place="quantization_config",
            remedy="take the original weights",
        )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own progress bars and remarks off the terminal."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
