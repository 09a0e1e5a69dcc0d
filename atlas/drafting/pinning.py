"""The revision of an entry, filled with the commit that the hub has now.

One line of the entry's file changes. What the hub answers is believed only as far as it is a full
commit hash of a repository that holds what the entry names.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from atlas.drafting import hollow_copy, hub
from atlas.drafting.hub import Hub
from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems
from atlas.files import json_file, yaml_file
from atlas.paths import Project
from atlas.profiles import statement

STALE = (
    "profiles measured at another revision become stale by it, and so do drifts from this model: "
    "atlas plan shows which"
)

Result = Literal["pinned", "moved", "kept", "failed"]


@dataclass(frozen=True)
class Pinning:
    """What became of one entry's revision: `before` and `revision` as they stand in its file, the
    second as it is now; `notes`: what else there is to know, or why it failed."""

    model: str
    result: Result
    source: str | None = None
    before: str | None = None
    revision: str | None = None
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def unpinned(project: Project, slug: str) -> bool:
    """Whether a model's entry is still to be pinned, or cannot be read to tell."""
    try:
        held = entry.load(project.entry(slug))
    except AtlasError:
        return True
    return held.source_kind == "hub" and held.revision is None


def of(
    project: Project,
    slug: str,
    client: Hub,
    *,
    branch: str | None = None,
    again: bool = False,
    write: bool = True,
) -> Pinning:
    """Pin one entry, and say what became of it; whatever is in the way is told and not raised.

    `branch`: a branch, tag or commit, otherwise the main branch. `again`: whether a revision that
    is there may be replaced. Without `write` the file stays as it is.
    """
    path = project.entry(slug)
    try:
        held = entry.load(path)
    except AtlasError as error:
        return Pinning(slug, "failed", notes=_why(error))
    as_it_is = Pinning(slug, "kept", held.source, held.revision, held.revision)
    if held.revision is not None and not again:
        return as_it_is
    try:
        _require_hub(held, path)
        raw = path.read_bytes()
        commit, notes = _asked(client, held, branch)
        if commit == held.revision:
            return replace(as_it_is, notes=notes)
        changed = yaml_file.with_value(raw.decode("utf-8"), path, "revision", f'"{commit}"')
        if write:
            _replace(path, raw, changed.encode("utf-8"))
    except AtlasError as error:
        return replace(as_it_is, result="failed", notes=_why(error))
    if any(project.profile(slug, name).is_file() for name in statement.names()):
        notes = (*notes, STALE)
    result: Result = "pinned" if held.revision is None else "moved"
    return replace(as_it_is, result=result, revision=commit, notes=notes)


def _why(error: AtlasError) -> tuple[str, ...]:
    """An error's problems, a line each; where no hub answers, no folder is a remedy."""
    if isinstance(error, hub.UnreachableError):
        error.remedy = error.check
    return tuple(str(problem) for problem in Problems([error]).problems)


def _require_hub(held: Entry, path: Path) -> None:
    if held.source_kind != "hub":
        raise AtlasError(
            f"{held.source} is not on the hub",
            file=path,
            place="source",
            remedy="leave it out: such a source is pinned by the digest of its weights",
        )


def _asked(client: Hub, held: Entry, branch: str | None) -> tuple[str, tuple[str, ...]]:
    """The commit that the hub has for an entry, and what there is to know of the repository."""
    hub.require_online()
    repository = client.repository(held.source, branch)
    if branch is not None and hub.COMMIT.fullmatch(branch) and repository.commit != branch:
        raise AtlasError(
            f"the hub has commit {repository.commit} where {branch} was asked for",
            file=held.source,
            remedy="is HF_ENDPOINT right?",
        )
    if held.file is not None:
        hollow_copy.require_gguf(repository, held.file)
    notes = []
    if repository.id != held.source:
        notes.append(f"source: {held.source} is called {repository.id} today")
    if repository.gated:
        page = f"{client.endpoint}/{repository.id}"
        notes.append(f"it is gated: accept its conditions at {page} before its weights are fetched")
    return repository.commit, tuple(notes)


def _replace(path: Path, raw: bytes, changed: bytes) -> None:
    """Write an entry's file, unless somebody else did while the hub was asked."""
    if path.read_bytes() != raw:
        raise AtlasError("was changed meanwhile", file=path, remedy="run atlas pin again")
    json_file.write_atomic(path, changed)
