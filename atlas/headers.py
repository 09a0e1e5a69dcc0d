"""A folder of weights, known by its headers: what is stored where, and digests of its content.

No torch, no network, no code from a contribution: pickled weights are refused. `shard.py` reads
one file; here the files of a model come together.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from atlas.entry import HUB_ID, source_kind
from atlas.errors import AtlasError, short
from atlas.paths import zoo_folder
from atlas.shard import AGAIN, Tensor, chunks, load_json, read_file

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
LARGEST_INDEX = 64 * 1024 * 1024
LARGEST_CONFIG = 4 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

TOKENIZER_FILES = (
    "added_tokens.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def locate(source: str, revision: str | None, root: Path) -> Path | None:
    """The folder with a model's config.json, or None where this machine does not have it.

    `source` as an entry states it: `zoo:<name>`, a local folder (relative to `root`, the project's
    folder) or a hub id, looked up in the hub's cache on disk at that revision (a commit hash or a
    branch; None: `main`). Never touches the network.
    """
    kind = source_kind(source)
    if kind == "zoo":
        name = source.removeprefix("zoo:")
        if not NAME.fullmatch(name):
            raise AtlasError(f"{short(source)} names no reference model", remedy="zoo:<name>")
        folder: Path | None = zoo_folder(name)
    elif kind == "folder":
        folder = (root / source).resolve()
    else:
        folder = _snapshot(source, revision or "main")
    return folder if folder is not None and (folder / "config.json").is_file() else None


def hub_cache() -> Path:
    """Where the hub's client keeps what it has fetched, by the same variables that it reads."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser()
    if os.environ.get("HF_HOME"):
        return Path(os.environ["HF_HOME"]).expanduser() / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


def _snapshot(source: str, revision: str) -> Path | None:
    if not HUB_ID.fullmatch(source) or not NAME.fullmatch(revision):
        raise AtlasError(
            f"{short(source)} at {short(revision)} is no hub id with a revision",
            remedy="write org/name, and a full commit hash as the revision",
        )
    model = hub_cache() / f"models--{source.replace('/', '--')}"
    reference = model / "refs" / revision
    if reference.is_file():
        revision = reference.read_text(encoding="utf-8").strip()
        if not NAME.fullmatch(revision):
            raise AtlasError(f"{short(revision)} is no commit hash", file=reference)
    return model / "snapshots" / revision


def read(folder: Path) -> dict[str, Tensor]:
    """Every tensor stored in a model's folder, by its name on disk, sorted by name.

    Raises `AtlasError`: no weights, pickled weights only, or a shard that is missing, truncated
    or does not hold what its header or the index says.
    """
    if (folder / SINGLE).is_file():
        tensors = read_file(folder / SINGLE)
    elif (folder / INDEX).is_file():
        tensors = _read_sharded(folder / INDEX)
    else:
        raise _no_weights(folder)
    return dict(sorted(tensors.items()))


def has_weights(folder: Path) -> bool:
    """Whether there are weights in any form, pickled too: a hub's cache may hold a config alone."""
    return (folder / SINGLE).is_file() or (folder / INDEX).is_file() or bool(_pickled(folder))


def _pickled(folder: Path) -> list[str]:
    return sorted(file.name for pattern in PICKLED for file in folder.glob(pattern))


def _no_weights(folder: Path) -> AtlasError:
    pickled = _pickled(folder)
    if pickled:
        return AtlasError(
            f"only pickled weights here ({short(pickled[0])}), which can run code when loaded",
            file=folder,
            remedy="convert them where you trust them: load the model with transformers and call "
            "save_pretrained(folder, safe_serialization=True)",
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
    weight_map = load_json(index, LARGEST_INDEX).get("weight_map")
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
            f"{short(shard)} is no file name of a shard",
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
            remedy="quantised weights are not profiled: take the original ones",
        )
    return elements.most_common(1)[0][0]


def config(folder: Path) -> dict[str, Any]:
    """The model's `config.json`."""
    return load_json(folder / "config.json", LARGEST_CONFIG)


def digest(folder: Path, progress: Callable[[int, int], None] | None = None) -> str:
    """`sha256:...` of the weights' content: names, dtypes, shapes and bytes, sorted by name.

    File times, file names, metadata and how the weights are cut into shards do not matter.
    `progress(done, total)` is called with bytes after every tensor. Memory stays at a few MiB.
    """
    tensors = read(folder)
    total = sum(tensor.size for tensor in tensors.values())
    done = 0
    whole = hashlib.sha256()
    # hashlib lets go of the interpreter's lock, so that threads hash side by side.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        hashed = threads.map(_content_digest, tensors.values())
        for tensor, content in zip(tensors.values(), hashed, strict=True):
            line = [tensor.name, tensor.dtype, list(tensor.shape), content]
            whole.update(json.dumps(line).encode() + b"\n")
            done += tensor.size
            if progress is not None:
                progress(done, total)
    return f"sha256:{whole.hexdigest()}"


def _content_digest(tensor: Tensor) -> str:
    content = hashlib.sha256()
    for piece in chunks(tensor.file, tensor.start, tensor.stop):
        content.update(piece)
    return content.hexdigest()


def tokenizer_digest(folder: Path) -> str | None:
    """`sha256:...` over the names and bytes of the tokenizer's files; None where there are none."""
    whole = hashlib.sha256()
    held = [folder / name for name in TOKENIZER_FILES if (folder / name).is_file()]
    for file in held:
        content = hashlib.sha256()
        for piece in chunks(file, 0, file.stat().st_size):
            content.update(piece)
        whole.update(f"{file.name} {content.hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}" if held else None
