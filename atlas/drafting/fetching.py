"""Weights of listed models, fetched into the hub's cache at the very commit that an entry names.

The hub's own client does it: it resumes what was interrupted and fetches no file twice. Weights,
configs and tokenizers are taken, never a pickle, never code.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from atlas.checkpoints import locate
from atlas.drafting import hub
from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems, cut
from atlas.paths import Project
from atlas.profiles import unavailable
from atlas.words import size

if TYPE_CHECKING:
    from huggingface_hub import DryRunFileInfo

WANTED = ("*.safetensors", "*.json", "*.txt", "*.model")
"""Weights, configs and tokenizers; never *.bin, *.pt or code."""

Result = Literal["fetched", "here", "would be fetched", "failed"]


@dataclass(frozen=True)
class Fetching:
    """What became of one model: `bytes` that were not here before; `notes`: what else there is to
    know, or why it failed."""

    model: str
    result: Result
    bytes: int = 0
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def of(project: Project, slug: str, *, dry_run: bool = False) -> Fetching:
    """Fetch one model, and say what became of it; whatever is in the way is told and not raised."""
    try:
        held = entry.load(project.entry(slug))
        if unavailable.of_files(project, held) is None:
            return Fetching(slug, "here", notes=_of_base(project, held))
        _require_pinned(project, held)
        hub.require_online()
        wanted = to_fetch(held)
        _require_room(held, wanted)
        if dry_run:
            return Fetching(slug, "would be fetched", wanted)
        download(held)
        if still := unavailable.of_files(project, held):
            return Fetching(slug, "failed", notes=(still.line,))
        return Fetching(slug, "fetched", wanted, _of_base(project, held))
    except hub.UnreachableError as error:
        error.remedy = error.check  # no other source is a remedy here
        return Fetching(slug, "failed", notes=(str(error),))
    except AtlasError as error:
        return Fetching(slug, "failed", notes=tuple(map(str, Problems([error]).problems)))


def download(item: Entry) -> None:
    """Fetch the files of a pinned model on the hub. Raises `AtlasError` for what the hub refuses,
    and where it cannot be reached."""
    _asked(item, dry_run=False)


def to_fetch(item: Entry) -> int:
    """Bytes of a model's files that are not here yet; `AtlasError` where the hub does not say."""
    files: Iterable[DryRunFileInfo] = _asked(item, dry_run=True)
    sizes = {file.filename: file.file_size for file in files if file.will_download}
    for name, held in sizes.items():
        if held is None:
            raise AtlasError(f"{item.source} does not say how large {name!r} is")
    return sum(held for held in sizes.values() if held is not None)


def _asked(item: Entry, *, dry_run: bool) -> Any:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise AtlasError(
            "fetching needs huggingface_hub, which is not installed",
            remedy="pip install 'model-atlas[profile]'",
        ) from error
    patterns = list(WANTED) if item.file is None else [item.file]
    try:
        return snapshot_download(
            item.source,
            revision=item.revision,
            allow_patterns=patterns,
            dry_run=dry_run,
            endpoint=hub.Hub.from_environment().endpoint,
            cache_dir=locate.hub_cache(),
        )
    except Exception as error:  # of its own kinds, of the HTTP library's, or of the disk
        raise _told(item, error) from error


def _told(item: Entry, error: Exception) -> AtlasError:
    """What the hub's client raised, as an error with a remedy: its kinds by their names, for they
    have moved between its versions."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "GatedRepoError" in kinds:
        page = f"{hub.Hub.from_environment().endpoint}/{item.source}"
        remedy = f"accept its conditions at {page} and set HF_TOKEN to a token that may read it"
        return AtlasError("is gated", file=item.source, remedy=remedy)
    if "RevisionNotFoundError" in kinds:
        remedy = f"atlas pin --again {item.slug} pins the commit that is there now"
        return AtlasError(f"has no revision {item.revision}", file=item.source, remedy=remedy)
    if "RepositoryNotFoundError" in kinds:
        remedy = "correct the source; for a private one set HF_TOKEN to a token that may read it"
        return AtlasError("is not on the hub, or it is private", file=item.source, remedy=remedy)
    reason = " ".join(str(error).split())
    remedy = "check the network and HF_ENDPOINT, then run it again: it goes on from there"
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        remedy = "make room on that disk, or let HF_HOME point to another one"
    problem = f"cannot be fetched: {type(error).__name__}: {cut(reason, 200)}"
    return AtlasError(problem, file=item.source, remedy=remedy)


def _require_pinned(project: Project, held: Entry) -> None:
    """Raise `AtlasError` for what is not on the hub, or not pinned to a commit of it."""
    obstacle = unavailable.of_files(project, held)
    if obstacle is not None and (held.source_kind != "hub" or obstacle.kind == "unpinned"):
        raise obstacle.problem


def _require_room(held: Entry, wanted: int) -> None:
    place = locate.hub_cache()
    there = next(path for path in (place, *place.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if wanted > free:
        raise AtlasError(
            f"{held.source} has {size(wanted)} to fetch, and {size(free)} are free",
            file=place,
            remedy="make room on that disk, or let HF_HOME point to another one",
        )


def _of_base(project: Project, held: Entry) -> tuple[str, ...]:
    """A line where the model's drift needs a base that is not here."""
    path: Path | None = project.entry(held.base) if held.base is not None else None
    if path is None or not path.is_file():
        return ()
    if unavailable.of_files(project, entry.load(path)) is None:
        return ()
    return (f"its base is not here, and drift needs it: atlas fetch {held.base}",)
