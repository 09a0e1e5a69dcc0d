"""The index of data: every file of the site that a program may want, with its digest and format.

`models` lists what entries state; `profiles` what was measured, each file with its parts; `files`
lists entries, claims, findings, schemas, tables and what was made of them for pages. A file that
has a JSON Schema names it in `schema`, relative to the index; of any other, `described` is the page
that says what is in it. Within a format, keys are added, and none is removed or means another
thing.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atlas.paths import Project
from atlas.profiles import model_row, side_files
from atlas.profiles.collection import Model, Section
from atlas.site.publishing import digest

FORMAT = 3
"""1 and 2: neither models nor tables are listed."""

KINDS = (
    ("data/schemas/*.schema.json", "schema", None, "data/"),
    ("data/*.csv.gz", "table", None, "data/"),
    ("data/*.ipynb", "notebook", None, "data/"),
    ("survey/*/bundle*", "survey bundle", None, "data/"),
    ("families/*/ladder.json", "family ladder", None, "data/"),
    ("data/from-base/*.json", "difference from a base", None, "data/"),
    ("heads/*.json", "heads", None, "heads/"),
    ("heads/*.bin", "heads", None, "heads/"),
)
"""What of the planned files is data: where it lies, kind, schema, page that describes it."""


def index(
    project: Project, models: Sequence[Model], planned: Mapping[str, bytes]
) -> dict[str, Any]:
    """The index of a site; `planned`: path -> content of what else is published."""
    return {
        "format": FORMAT,
        "schema": "schemas/profile.schema.json",
        "models": [
            model_row.listed(model_row.of(model.entry, ()))
            for model in sorted(models, key=lambda one: one.entry.slug)
        ],
        "profiles": [
            _profile(project, section)
            for model in models
            for section in model.sections
            if section.profile
        ],
        "files": [*_written(project, models), *_files(planned)],
    }


def text(listed: Mapping[str, Any]) -> bytes:
    """The index as its file has it."""
    return (json.dumps(listed, indent=1, ensure_ascii=False) + "\n").encode()


def _profile(project: Project, section: Section) -> dict[str, Any]:
    """A profile as the index lists it; `path` is relative to the site's root."""
    profile = section.profile
    assert profile is not None, "only measured sections have a file"
    path = project.profile(section.job.slug, profile.analysis)
    return {
        **_told(f"models/{section.job.slug}/{profile.analysis}.json", path.read_bytes()),
        "model": section.job.slug,
        "analysis": profile.analysis,
        "version": profile.version,
        "state": section.job.state,
        "source": profile.model.source,
        "revision": profile.model.revision,
        "digest": profile.model.digest,
        "matrices": [matrix.name for matrix in profile.matrices],
        "parts": list(_parts(path)),
    }


def _parts(profile: Path) -> Iterator[dict[str, Any]]:
    """The parts of a profile that are not matrices: a file each, beside it."""
    for path in sorted(profile.parent.glob(f"{profile.stem}.*.json")):
        part = path.stem.removeprefix(f"{profile.stem}.")
        if not side_files.exists(profile.stem, part):
            continue
        yield {
            **_told(f"models/{profile.parent.name}/{path.name}", path.read_bytes()),
            "part": part,
            "schema": f"schemas/{path.stem}.schema.json",
        }


def _written(project: Project, models: Sequence[Model]) -> Iterator[dict[str, Any]]:
    """What lies beside profiles: entries, records of verification, claims and findings."""
    files = [("entry", project.entry(model.entry.slug)) for model in models]
    records = sorted(project.models.glob("*/verified.json"))
    slugs = {model.entry.slug for model in models}
    files += [("verified", path) for path in records if path.parent.name in slugs]
    files += [("claim", path) for path in sorted(project.claims.glob("*.yml"))]
    files += [("finding", path) for path in sorted(project.findings.glob("*.yml"))]
    for kind, path in files:
        told = _told(path.relative_to(project.docs).as_posix(), path.read_bytes())
        yield {**told, "kind": kind, "schema": f"schemas/{kind}.schema.json", "described": None}


def _files(planned: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    for path, content in planned.items():
        for pattern, kind, schema, page in KINDS:
            if fnmatch.fnmatchcase(path, pattern):
                yield {**_told(path, content), "kind": kind, "schema": schema, "described": page}
                break


def _told(path: str, content: bytes) -> dict[str, Any]:
    sha = digest(content).removeprefix("sha256:")
    return {"path": path, "sha256": sha, "bytes": len(content)}
