"""Weights of listed models, fetched into the hub's cache by the hub's own client.

Only what the atlas reads is fetched: safetensors or the one GGUF file, configs and tokenizers;
never a pickle, never code, nothing of the folders in a repository. The client goes on with what it
has begun, tries again where the hub is busy, and reads HF_HOME, HF_ENDPOINT, HF_TOKEN and
HF_HUB_OFFLINE.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from atlas.checkpoints import headers, hub_settings, locate
from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, from_os, short
from atlas.paths import Project

READ = ("*.safetensors", "*.json", "*.txt", "*.model")
"""Weights, configs and tokenizers; never *.bin, *.pt or code."""

UNREAD = ("*/*", "consolidated*", "adapter_model*")
"""What is never read: folders of a repository, a second copy of the weights, adapters."""

SPARE = 10**9
"""Bytes that stay free on the disk."""


def pinned(project: Project, slugs: Iterable[str]) -> list[Entry]:
    """The entries of these models, and of the bases on the hub that drift compares them with.

    Raises `AtlasError` for a model that is not on the hub, or not pinned.
    """
    items = {slug: entry.load(project.entry(slug)) for slug in slugs}
    for item in list(items.values()):
        if item.source_kind != "hub":
            told = f"{item.slug!r} is no pinned model on the hub: its source is {item.source}"
            raise AtlasError(told, file=project.entry(item.slug), remedy="leave it out")
        if item.revision is None:
            told = f"{item.slug!r} is no pinned model on the hub: its revision is null"
            remedy = f"atlas pin {item.slug}"
            raise AtlasError(told, file=project.entry(item.slug), remedy=remedy)
    for slug in sorted({one.base for one in items.values() if one.base} - items.keys()):
        if project.entry(slug).is_file():
            base = entry.load(project.entry(slug))
            if base.source_kind == "hub" and base.revision is not None:
                items[slug] = base
    return list(items.values())


def missing_bytes(item: Entry) -> int:
    """The size of those of its files that are not here yet.

    Raises `AtlasError` where the hub does not let it be fetched, does not say its size, or has no
    weights of it that atlas reads.
    """
    if hub_settings.offline() and _whole(item):
        return 0
    files = _snapshot(item, dry_run=True)
    _require_weights(item, {file.filename for file in files})
    sizes = {file.filename: file.file_size for file in files if file.will_download}
    for name, size in sizes.items():
        if size is None:
            raise AtlasError(f"{item.source} does not say how large {short(name)} is")
    return sum(size for size in sizes.values() if size is not None)


def require_room(size: int) -> None:
    """Raise `AtlasError` where the disk of the hub's cache has no room for so many bytes."""
    place = hub_settings.cache()
    existing = next(one for one in (place, *place.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    if size and size + SPARE > free:
        told = f"{size / 1e9:.1f} GB are to be fetched, and {free / 1e9:.1f} GB are free"
        raise AtlasError(told, file=place, remedy="make room, or set HF_HOME to another disk")


def fetch(item: Entry) -> None:
    """Fetch what is missing of a pinned model, at exactly its revision. Raises `AtlasError`."""
    _snapshot(item, dry_run=False)


def _whole(item: Entry) -> bool:
    """Whether its weights are here: what a client that may not ask the hub cannot tell."""
    if item.file is not None:
        return (place(item) / item.file).is_file()
    return (place(item) / "config.json").is_file() and headers.whole(place(item))


def _require_weights(item: Entry, names: set[str]) -> None:
    """Raise `AtlasError` unless what is to be fetched has weights: nothing else is of use."""
    if item.file is not None and item.file not in names:
        told = f"{item.source} at {item.revision} has no file {short(item.file)}"
        raise AtlasError(told, remedy="correct file in its entry")
    if item.file is None and not names & {headers.SINGLE, headers.INDEX}:
        told = f"{item.source} at {item.revision} has no weights in safetensors"
        raise AtlasError(told, remedy="pin a revision that has, or name a GGUF file in its entry")


def _snapshot(item: Entry, dry_run: bool) -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        remedy = "pip install 'model-atlas[profile]'"
        raise AtlasError("fetching needs huggingface_hub", remedy=remedy) from error
    only = READ if item.file is None else (item.file,)
    with _told(item):
        return huggingface_hub.snapshot_download(
            item.source,
            revision=item.revision,
            allow_patterns=list(only),
            ignore_patterns=list(UNREAD),
            dry_run=dry_run,
        )


@contextlib.contextmanager
def _told(item: Entry) -> Iterator[None]:
    """Errors of the hub's client in a line, with what to do."""
    from huggingface_hub import errors

    try:
        yield
    except (errors.HfHubHTTPError, errors.DryRunError, OSError) as error:
        first: BaseException = error
        # What the hub answered; below that lies only how it was asked.
        while not isinstance(first, errors.HfHubHTTPError) and (
            inner := first.__cause__ or first.__context__
        ):
            first = inner
        raise _reason(item, first, error) from error


def _reason(item: Entry, first: BaseException, last: Exception) -> AtlasError:
    """What the client's error comes from, or else the error itself, in a line with a remedy."""
    from huggingface_hub import constants, errors

    name = f"{item.source} at {item.revision}"
    if constants.HF_HUB_OFFLINE:
        told = f"{name} is not whole on this machine, and HF_HUB_OFFLINE is set"
        return AtlasError(told, remedy="unset it, or copy the hub's cache here")
    if isinstance(first, errors.GatedRepoError):
        page = f"{constants.ENDPOINT}/{item.source}"
        remedy = f"accept its conditions at {page}, then hf auth login"
        return AtlasError(f"{item.source} is gated", remedy=remedy)
    if isinstance(first, errors.RevisionNotFoundError):
        remedy = f"atlas pin {item.slug} --again moves it to what is there now"
        return AtlasError(f"the hub has no {name}", remedy=remedy)
    if isinstance(first, errors.RepositoryNotFoundError):
        told = f"there is no model {item.source} on the hub, or it is private"
        return AtlasError(told, remedy="correct the source; for a private one: hf auth login")
    for error in (first, last):
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS):
            return from_os(error, f"{name} cannot be kept", file=hub_settings.cache())
    lines = str(last).splitlines() or [type(last).__name__]
    told = f"{name} cannot be fetched: {short(lines[0], 160)}"
    return AtlasError(told, remedy="check the network, then run the same command")


def quiet(yes: bool) -> None:
    """Whether the client draws no bars, for where nobody sees them."""
    with contextlib.suppress(ImportError):
        from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

        (disable_progress_bars if yes else enable_progress_bars)()


def place(item: Entry) -> Path:
    """Where its files are kept."""
    return locate.snapshot(item.source, str(item.revision))
