"""A folder of weights, known by its headers: what is stored where.

No torch, no network, no code from a contribution: pickled weights are refused. `safetensors_file`
and `gguf_file` read one file; here the files of a model come together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from atlas.checkpoints import gguf_file, gguf_folder
from atlas.checkpoints.safetensors_file import AGAIN, read_file
from atlas.checkpoints.tensor import Tensor
from atlas.errors import AtlasError, short
from atlas.files import json_file

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
LARGEST_INDEX = 64 * 1024 * 1024
LARGEST_CONFIG = 4 * 1024 * 1024
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def read(folder: Path) -> dict[str, Tensor]:
    """Every tensor stored in a model's folder, by its name on disk, sorted by name.

    Raises `AtlasError`: no weights, pickled weights only, or a shard that is missing, truncated
    or does not hold what its header or the index says.
    """
    if (folder / SINGLE).is_file():
        tensors = read_file(folder / SINGLE)
    elif (folder / INDEX).is_file():
        tensors = _read_sharded(folder / INDEX)
    elif gguf_folder.holds(folder):
        tensors = gguf_file.read_file(folder / gguf_folder.NAME)
    else:
        raise _no_weights(folder)
    return dict(sorted(tensors.items()))


def weight_files(folder: Path) -> list[Path]:
    """The files that say what `read` gives: while they are the same, so is what they hold."""
    if gguf_folder.holds(folder):
        return [folder / gguf_folder.NAME]
    return sorted(folder.glob("*.safetensors*"))


def has_weights(folder: Path) -> bool:
    """Whether there are weights in any form, pickled too: a hub's cache may hold a config alone."""
    named = (SINGLE, INDEX, gguf_folder.NAME)
    return any((folder / name).is_file() for name in named) or bool(_pickled(folder))


def whole(folder: Path) -> bool:
    """Whether every file of weights is there: a hub's cache may hold some of the shards."""
    if not has_weights(folder):
        return False
    if (folder / SINGLE).is_file() or not (folder / INDEX).is_file():
        return True
    return all((folder / name).is_file() for name in shards(folder / INDEX))


def _pickled(folder: Path) -> list[str]:
    return sorted(file.name for pattern in PICKLED for file in folder.glob(pattern))


def _no_weights(folder: Path) -> AtlasError:
    pickled = _pickled(folder)
    if pickled:
        return AtlasError(
            f"only pickled weights here ({short(pickled[0])}), which can run code when loaded",
            file=folder,
            remedy="convert them where you trust them: load the model with transformers and call "
            "save_pretrained(folder)",
        )
    return AtlasError(
        f"no weights here: neither {SINGLE} nor {INDEX}",
        file=folder,
        remedy="download the whole revision, or save the model with save_pretrained",
    )


def shards(index: Path) -> list[str]:
    """The names of the shards that an index speaks of, sorted; each a file in its folder."""
    return sorted(set(_weight_map(index).values()))


def _weight_map(index: Path) -> dict[str, str]:
    """Tensor name -> shard name, as an index says."""
    weight_map = json_file.read_object(index, LARGEST_INDEX, AGAIN).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise AtlasError(
            f"expected a table of tensor names and shards, found {short(weight_map)}",
            file=index,
            place="weight_map",
            remedy=AGAIN,
        )
    return {name: _shard_name(index, name, shard) for name, shard in weight_map.items()}


def _read_sharded(index: Path) -> dict[str, Tensor]:
    weight_map = _weight_map(index)
    tensors: dict[str, Tensor] = {}
    for shard in sorted(set(weight_map.values())):
        held = read_file(index.parent / shard)
        for name, tensor in held.items():
            # A stray copy in another shard than the index says is not the model's.
            if weight_map.get(name, shard) == shard and name not in tensors:
                tensors[name] = tensor
        for name, wanted in weight_map.items():
            if wanted == shard and name not in held:
                raise AtlasError(
                    f"the index says that {name!r} is here, but it is not",
                    file=index.parent / shard,
                    remedy=AGAIN,
                )
    return tensors


def _shard_name(index: Path, tensor: str, shard: object) -> str:
    """A shard's name, refused unless it is a plain file name in the same folder."""
    if (
        not isinstance(shard, str)
        or not shard.endswith(".safetensors")
        or "\0" in shard
        or {"/", "\\", ":"} & set(shard)
    ):
        raise AtlasError(
            f"{short(shard)} is not a shard's file name",
            file=index,
            place=f"weight_map.{tensor}",
            remedy="a shard is a .safetensors file in the same folder",
        )
    return shard


def main_dtype(tensors: Iterable[Tensor], known: Collection[str]) -> str:
    """The dtype, among the known ones, that most stored elements have; `AtlasError` for none."""
    elements: Counter[str] = Counter()
    for tensor in tensors:
        if tensor.dtype in known:
            elements[tensor.dtype] += tensor.elements
    if not elements:
        raise AtlasError(
            f"no weights are stored as {', '.join(known)}, which is all that is read",
            remedy="take the original weights, in one of these types",
        )
    return elements.most_common(1)[0][0]


def dequantised(tensors: Iterable[Tensor]) -> bool:
    """Whether values are read in another dtype than they are stored in: then float32 is no more
    than what they become, and they may be rounded where it does not fit."""
    return any(tensor.stored != tensor.dtype for tensor in tensors)


def config(folder: Path) -> dict[str, Any]:
    """The model's `config.json`."""
    return json_file.read_object(folder / "config.json", LARGEST_CONFIG, "fetch config.json again")
