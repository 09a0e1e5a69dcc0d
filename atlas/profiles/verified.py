"""Records of verification: `docs/models/<slug>/verified.json`, written by `atlas verify`.

A record says of each analysis when and on what kind of machine it was measured again with the same
values. It names the profile by a digest of what was measured, so that a page can tell whether the
profile that it shows is still the one that was reproduced. A profile that did not come out the same
loses its line.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from atlas import paths, schemas
from atlas.errors import AtlasError, raise_all
from atlas.files import json_file, project_lock
from atlas.paths import Project
from atlas.profiles import profile_file, side_files
from atlas.profiles.agreement import Difference
from atlas.profiles.matrix import rounded
from atlas.profiles.profile_file import Profile

FORMAT = 1


@dataclass(frozen=True)
class Machine:
    """The kind of machine: nothing that tells whose it is."""

    device: str
    system: str
    processor: str

    def __str__(self) -> str:
        return f"{self.device} ({self.system}, {self.processor})"


@dataclass(frozen=True)
class Reproduction:
    """One analysis that came out the same.

    `weights`, `measured`, `parts`: digests of the weights, of the profile without made_by, and of
    each part's file. `largest` and `tolerance` are relative differences.
    """

    date: str
    version: int
    weights: str
    measured: str
    parts: Mapping[str, str]
    matrices: int
    values: int
    largest: float
    tolerance: float
    machine: Machine
    versions: Mapping[str, str]


def load(path: Path) -> dict[str, Reproduction]:
    """A model's record by analysis, empty where there is none; `AtlasError` or `Problems` for a
    file that breaks its schema or lies in another model's folder."""
    if not path.exists() and not path.is_symlink():
        return {}
    paths.refuse_link(path)
    document = json_file.read_json(path)
    raise_all(schemas.problems(document, "verified", path))
    if document["slug"] != path.parent.name:
        raise AtlasError(
            f"{document['slug']!r} in a file that lies at {path.parent.name!r}",
            file=path,
            place="slug",
            remedy="verify again",
        )
    return {
        name: Reproduction(**{**raw, "machine": Machine(**raw["machine"])})
        for name, raw in document["analyses"].items()
    }


def save(path: Path, record: Mapping[str, Reproduction]) -> None:
    """Write a record, an analysis a line, whole or not at all; an empty one removes the file."""
    if not record:
        path.unlink(missing_ok=True)
        return
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(asdict(record[name]), ensure_ascii=False)}"
        for name in sorted(record)
    )
    head = f'{{\n "format": {FORMAT},\n "slug": {json.dumps(path.parent.name)},\n'
    text = f'{head} "analyses": {{\n{lines}\n }}\n}}\n'
    raise_all(schemas.problems(json_file.parse(text, path), "verified", path))
    json_file.write_atomic(path, text)


def measured(profile: Profile) -> str:
    """Digest of what a profile measured and on what: all of it but made_by."""
    text = profile_file.text(replace(profile, made_by={}))
    return f"sha256:{hashlib.sha256(text.encode('utf-8')).hexdigest()}"


def part_digests(profile: Path) -> dict[str, str]:
    """Digest of each file beside a profile that is a part of it."""
    found = {}
    for path in sorted(profile.parent.glob(f"{profile.stem}.*.json")):
        part = path.stem.removeprefix(f"{profile.stem}.")
        if side_files.exists(profile.stem, part):
            json_file.require_file(path)
            found[part] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def about_another(line: Reproduction, profile: Profile, path: Path) -> str | None:
    """What a record's line is about that is not this profile, or not the parts beside it at `path`;
    None where it is about just these."""
    if line.weights != profile.model.digest:
        return f"is about other weights than {path.name}"
    if line.measured != measured(profile):
        return f"is about another {path.name} than the one beside it"
    parts = part_digests(path)
    changed = sorted(
        name for name in {*parts, *line.parts} if parts.get(name) != line.parts.get(name)
    )
    if changed:
        return f"is about other parts of {path.name} than those beside it: {', '.join(changed)}"
    return None


def reproduced(record: Mapping[str, Reproduction], profile: Profile, path: Path) -> bool:
    """Whether a record is about this profile and its parts as they are now."""
    known = record.get(profile.analysis)
    return known is not None and about_another(known, profile, path) is None


def forget(project: Project, path: Path, profile: Profile) -> None:
    """Take the line of an analysis out of a model's record where it is about another profile than
    this one, which was just written to `path`; under the project's lock, and only where there is
    such a line."""
    where = path.with_name("verified.json")

    def holds() -> bool:
        record = load(where)
        return profile.analysis not in record or reproduced(record, profile, path)

    try:
        if holds():
            return
        with project_lock.held(project, lambda line: None):
            if not holds():
                record = load(where)
                del record[profile.analysis]
                save(where, record)
    except AtlasError:  # told by check; what was measured is there all the same
        return


def update(
    project: Project,
    again: Profile,
    verdicts: Sequence[Difference],
    today: datetime.date,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Note in a model's record what came of measuring one profile again, under the project's lock:
    what another command notes of the same model meanwhile stays. `say` is told of waiting for it.

    Raises `AtlasError` where the record that is there cannot be read.
    """
    slug, name = again.model.slug, again.analysis
    path, where = project.verified(slug), project.profile(slug, name)
    agrees = all(verdict.agrees for verdict in verdicts)
    with project_lock.held(project, say):
        record = load(path)
        if agrees:
            record[name] = _reproduction(profile_file.load(where), where, again, verdicts, today)
        else:
            record.pop(name, None)
        if agrees or path.exists():
            save(path, record)


def _reproduction(
    committed: Profile,
    where: Path,
    again: Profile,
    verdicts: Iterable[Difference],
    today: datetime.date,
) -> Reproduction:
    verdicts = list(verdicts)
    return Reproduction(
        date=today.isoformat(),
        version=committed.version,
        weights=again.model.digest,
        measured=measured(committed),
        parts=part_digests(where),
        matrices=len(committed.matrices),
        values=sum(int((matrix.values == matrix.values).sum()) for matrix in committed.matrices),
        largest=rounded(max((item.largest or 0.0 for item in verdicts), default=0.0)) or 0.0,
        tolerance=max((item.tolerance for item in verdicts), default=0.0),
        machine=_machine(again.made_by),
        versions={key: str(again.made_by[key]) for key in ("atlas", "torch", "python")},
    )


def _machine(made_by: Mapping[str, Any]) -> Machine:
    return Machine(
        device=str(made_by["device"]),
        system=platform.system() or "unknown",
        processor=str(made_by["machine"]) or "unknown",
    )
