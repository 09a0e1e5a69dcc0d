"""A repository on the hub as a folder without the weights' bytes.

The folder reads like the downloaded model to everything that looks at configs and headers only: the
shards' headers are fetched with range requests, and the rest of each shard is a hole in a sparse
file. So all that `headers` checks is checked here too: names, sizes, offsets, missing shards.
"""

from __future__ import annotations

import struct
from pathlib import Path

from atlas.checkpoints import gguf_header, gguf_pieces, headers, safetensors_file
from atlas.drafting.hub import Hub, Repository
from atlas.errors import AtlasError, short, suggest

LARGEST_CARD = 1024 * 1024
LARGEST_SHARD = 2**43
MOST_SHARDS = 2000
FIRST = 128 * 1024
"""Bytes of a shard that are asked for at first: most headers are shorter."""

GGUF_HEADERS = (2 * 1024 * 1024, 16 * 1024 * 1024, 128 * 1024 * 1024)
"""Bytes of a GGUF file that are asked for, one after the other until its header is whole: most of
one is the vocabulary."""

PICKLED = (".bin", ".pt", ".pth", ".ckpt")


def write(hub: Hub, repository: Repository, folder: Path) -> None:
    """Fill a folder with the repository's config, card, index and shards without their bytes.

    Every shard gets its true size and its header; nothing in between is fetched or takes space on
    the disk. Raises `AtlasError` for a repository without weights that atlas reads.
    """
    _require_readable(repository)
    _fetch(hub, repository, "config.json", headers.LARGEST_CONFIG, folder)
    if "README.md" in repository.files:
        card = hub.file(repository, "README.md", LARGEST_CARD)
        (folder / "README.md").write_bytes(card.body)
    if headers.SINGLE in repository.files:
        names = [headers.SINGLE]
    else:
        _fetch(hub, repository, headers.INDEX, headers.LARGEST_INDEX, folder)
        names = headers.shards(folder / headers.INDEX)
    if len(names) > MOST_SHARDS:
        raise AtlasError(f"{len(names)} shards, at most {MOST_SHARDS} are read", file=repository.id)
    for name in names:
        _hollow(hub, repository, name, folder)


def write_gguf(hub: Hub, repository: Repository, name: str, folder: Path) -> Path:
    """A GGUF file of a repository with its header and true size, and nothing else in it.

    Raises `AtlasError` where there is no such file, and for a header that is not sound.
    """
    require_gguf(repository, name)
    where = f"{repository.id}/{name}"
    for count in GGUF_HEADERS:
        answer = hub.file(repository, name, count)
        if not len(answer.body) <= answer.total <= LARGEST_SHARD:
            problem = f"says that it has {answer.total:,} bytes"
            raise AtlasError(problem, file=where, remedy=gguf_pieces.AGAIN)
        with (folder / name).open("wb") as stream:
            stream.write(answer.body)
            stream.truncate(answer.total)
        try:
            gguf_header.read(folder / name)
        except AtlasError:
            if count in (answer.total, GGUF_HEADERS[-1]) or len(answer.body) < count:
                raise
        else:
            break
    return folder / name


def require_gguf(repository: Repository, name: str) -> None:
    """Raise `AtlasError` where a repository has no such GGUF file."""
    if name not in repository.files:
        held = sorted(one for one in repository.files if one.endswith(".gguf"))
        raise AtlasError(
            "is not in that repository", file=f"{repository.id}/{name}", remedy=suggest(name, held)
        )


def _fetch(hub: Hub, repository: Repository, name: str, limit: int, folder: Path) -> None:
    answer = hub.file(repository, name, limit + 1)
    if len(answer.body) > limit:
        raise AtlasError(f"larger than {limit:,} bytes", file=f"{repository.id}/{name}")
    (folder / name).write_bytes(answer.body)


def _hollow(hub: Hub, repository: Repository, name: str, folder: Path) -> None:
    """A shard's header in a sparse file of the shard's size."""
    where = f"{repository.id}/{name}"
    answer = hub.file(repository, name, FIRST)
    length = struct.unpack("<Q", answer.body[:8])[0] if len(answer.body) >= 8 else 0
    if FIRST < 8 + length <= safetensors_file.LARGEST_HEADER:
        answer = hub.file(repository, name, 8 + length)
    if not len(answer.body) <= answer.total <= LARGEST_SHARD:
        raise AtlasError(
            f"says that it has {answer.total:,} bytes", file=where, remedy=safetensors_file.AGAIN
        )
    with (folder / name).open("wb") as stream:
        stream.write(answer.body[: 8 + length])
        stream.truncate(answer.total)


def _require_readable(repository: Repository) -> None:
    """Raise `AtlasError` for a repository in which there is nothing that atlas reads."""
    files = repository.files
    if {"config.json"} <= files and files & {headers.SINGLE, headers.INDEX}:
        return

    def held(*endings: str) -> list[str]:
        return sorted(name for name in files if name.endswith(endings))

    if held("adapter_config.json"):
        problem, remedy = "is an adapter", "merge it into its base model and publish that"
    elif held(".gguf") and not held(".safetensors", ".bin"):
        problem = "holds GGUF files only"
        remedy = "list the repository that they were made from, or one of them with --file"
    elif "config.json" not in files:
        problem, remedy = "has no config.json", "list a repository in transformers' layout"
    elif pickled := held(*PICKLED):
        problem = (
            f"holds pickled weights only ({short(pickled[0])}), which can run code when loaded"
        )
        remedy = "ask its authors for safetensors, or convert them where you trust them"
    else:
        problem = f"has neither {headers.SINGLE} nor {headers.INDEX}"
        remedy = "list a repository in transformers' layout"
    raise AtlasError(problem, file=repository.id, remedy=remedy)
