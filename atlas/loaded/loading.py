"""Loading a model: transformers given the weights of a `Checkpoint`, and nothing else.

They are the tensors that are streamed, in the dtype that is stored, so that every tier reads one
thing and no format of files is known here. No code of the model's own runs. The model goes onto
CUDA, MPS or the processor, whichever comes first and has room; several CUDA devices share a model
that fits on none of them (through accelerate).
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import EllipsisType
from typing import Any

import torch

from atlas.architectures.row import Row
from atlas.checkpoints import headers
from atlas.checkpoints.tensor import Tensor
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded import memory
from atlas.loaded.checkpoint import DTYPES, Checkpoint
from atlas.loaded.checkpoint import load as load_tensor


def stored_dtype(checkpoint: Checkpoint) -> torch.dtype:
    """The dtype that most stored weights have."""
    return DTYPES[headers.main_dtype(checkpoint.tensors.values(), DTYPES)]


def dtypes(checkpoint: Checkpoint) -> tuple[torch.dtype, ...]:
    """What a model may run in, best first: as it is stored, and where it was dequantised to float32
    also rounded to bfloat16, which has its range."""
    stored = stored_dtype(checkpoint)
    if stored == torch.float32 and headers.dequantised(checkpoint.tensors.values()):
        return stored, torch.bfloat16
    return (stored,)


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
    return wide if free["cpu"] >= memory.needed_bytes(geometry, wide.itemsize) else stored


def load(
    checkpoint: Checkpoint, devices: Sequence[str], dtype: torch.dtype, attention: str
) -> tuple[torch.nn.Module, bool]:
    """The live model, and whether its language-model head was stored."""
    try:
        with quiet():
            live, report, taken = _from_pretrained(checkpoint, devices, dtype, attention)
    except (OSError, ValueError, RuntimeError) as error:
        if memory.is_out_of_memory(error):
            raise AtlasError(
                "memory ran out as it was loaded",
                file=checkpoint.folder,
                remedy="measure it on a larger machine, or with less running beside it",
            ) from error
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
    _require_streamed(live, checkpoint, taken)
    return live, not missing


def _from_pretrained(
    checkpoint: Checkpoint, devices: Sequence[str], dtype: torch.dtype, attention: str
) -> tuple[torch.nn.Module, Mapping[str, Any], set[str]]:
    """The model, transformers' report of what it loaded, and the names of what it took."""
    kind, config = _class(checkpoint)
    stored = checkpoint.tensors.items()
    taken: set[str] = set()
    live, report = kind.from_pretrained(
        None,
        config=config,
        state_dict={
            name: _Lazy(tensor, taken) for name, tensor in stored if tensor.dtype in DTYPES
        },
        dtype=dtype,
        attn_implementation=attention,
        # The fused kernels take neither every dtype nor every width.
        experts_implementation="eager",
        device_map=_device_map(devices, checkpoint.folder),
        max_memory=_max_memory(devices),
        output_loading_info=True,
    )
    return live, report, taken


def auto_class(row: Row) -> Any:
    """The class of transformers that makes and loads a row's models with their head."""
    import transformers

    if row.part is not None:
        return transformers.AutoModelForImageTextToText
    if row.kind == "encoder":
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForCausalLM


def _class(checkpoint: Checkpoint) -> tuple[Any, Any]:
    """The model's class in transformers, and its config."""
    import transformers

    loader = auto_class(checkpoint.architecture.row)
    try:
        config = transformers.AutoConfig.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
        with torch.device("meta"):  # the auto classes tell a model's class only by making one
            return type(loader.from_config(config, trust_remote_code=False)), config
    except Exception as error:  # a config can hold anything
        if memory.is_out_of_memory(error):
            raise
        raise AtlasError(
            f"transformers makes no model of it: {type(error).__name__}: {first_line(error)}",
            file=checkpoint.folder / "config.json",
            remedy="correct the config, or fetch it again",
        ) from error


@dataclass(frozen=True)
class _Lazy:
    """A stored tensor that is read when transformers puts it into its place: `lazy[...]`.

    Its name is then among those of what was `taken`.
    """

    tensor: Tensor
    taken: set[str]

    def __getitem__(self, index: EllipsisType) -> torch.Tensor:
        self.taken.add(self.tensor.name)
        return load_tensor(self.tensor)[index]


def _require_streamed(live: torch.nn.Module, checkpoint: Checkpoint, taken: set[str]) -> None:
    """Raise `AtlasError` unless the live model has the tensors that are streamed.

    Every stored tensor that the row reads was taken, and of those that lie in the live model as
    they are stored the first rows agree, which costs a look at each.
    """
    for slot, live_name in checkpoint.slots():
        for name in slot.names:
            if name in checkpoint.names and checkpoint.names[name] not in taken:
                raise _not_streamed(checkpoint, name, "is not among what it loads")
        if live_name is None or slot.names[0] not in checkpoint.names:
            continue
        stored = load_tensor(checkpoint.tensors[checkpoint.names[slot.names[0]]].part(0))
        held = tensor_of(live, live_name)[0].to("cpu")
        same = held.shape == stored.shape and torch.allclose(
            held, stored.to(held.dtype), rtol=0, atol=0, equal_nan=True
        )
        if not same:
            raise _not_streamed(checkpoint, slot.names[0], "has other values in it")


def tensor_of(live: torch.nn.Module, name: str) -> torch.Tensor:
    """A parameter of a live model, or a buffer."""
    module, _, own = name.rpartition(".")
    found: torch.Tensor = getattr(live.get_submodule(module), own)
    return found


def _not_streamed(checkpoint: Checkpoint, name: str, told: str) -> AtlasError:
    return AtlasError(
        f"transformers would run other weights than are stored: tensor {name!r} {told}",
        file=checkpoint.folder,
        remedy="save the model anew with transformers; where it was, the row "
        f"{checkpoint.architecture.model_type!r} in atlas/architectures is wrong for it",
    )


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
    free = memory.free_memory("cuda")
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
    """The first line of an error's message, or its name where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def dtype_name(dtype: torch.dtype) -> str:
    """`float16`."""
    return str(dtype).removeprefix("torch.")
