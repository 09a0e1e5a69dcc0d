"""Records of verification held against the files beside them, and against a pull request's base.

That a profile came out the same on another day can only be said by who measured it again. A record
cannot prove that, so it is written where contributors cannot write: by the runner, which commits
what `atlas verify` noted. A pull request may lose lines of a record, for what it says holds no
longer where a profile was measured anew; it may not add or change any.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atlas import words
from atlas.errors import AtlasError, raise_all, short
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import profile_file, verified
from atlas.profiles.verified import Reproduction
from atlas.review import revisions


def require_sound(path: Path) -> None:
    """Raise `AtlasError` or `Problems` for a record that cannot be read or be true today."""
    raise_all(list(against_files(path, datetime.datetime.now(datetime.UTC).date())))


def against_files(
    path: Path, today: datetime.date, folder: Path | None = None
) -> Iterator[AtlasError]:
    """A record that is about other files than those beside it, or that speaks of a day to come.

    `folder`: where those files lie, if not beside it. Raises `AtlasError` or `Problems` for a
    record that cannot be read.
    """
    for name, one in verified.load(path).items():
        place = f"analyses.{name}"
        if problem := _of_no_day(one.date, today):
            remedy = "atlas verify writes the day on which it measured"
            yield AtlasError(problem, file=path, place=f"{place}.date", remedy=remedy)
        if one.largest > one.tolerance:
            far, most = words.written(one.largest), words.written(one.tolerance)
            problem = f"a difference of {far} is beyond the tolerance {most}"
            yield AtlasError(problem, file=path, place=place, remedy="remove that line")
        if problem := _of_other_files(one, (folder or path.parent) / f"{name}.json"):
            remedy = f"remove that line; atlas verify {path.parent.name} notes what comes out again"
            yield AtlasError(problem, file=path, place=place, remedy=remedy)


def _of_no_day(date: str, today: datetime.date) -> str | None:
    try:
        day = datetime.date.fromisoformat(date)
    except ValueError:
        return f"{short(date)} is no day"
    return f"{date} is still to come, today is {today}" if day > today else None


def _of_other_files(one: Reproduction, beside: Path) -> str | None:
    """What a line of a record is about that is not what lies beside it."""
    if not beside.is_file():
        return f"there is no {beside.name} beside it"
    try:
        profile = profile_file.load(beside)
    except AtlasError:  # told as a problem of that file
        return None
    return verified.about_another(one, profile, beside)


def against_base(project: Project, base: str) -> Iterator[AtlasError]:
    """Lines of records that are not there, or otherwise, where the checkout left `base`, a git
    revision. Raises `AtlasError` where git cannot tell."""
    fork = revisions.fork(project.root, base)
    for path in sorted(project.models.glob("*/verified.json")):
        text = revisions.text(project.root, fork, path.relative_to(project.root))
        ours = "our runner verifies and commits what comes out the same"
        remedy = f"take the file as it is at {fork[:12]}, less the lines of what was measured anew"
        if text is None:  # of a new model, or of one that was renamed
            remedy = "remove the file"
        before = {} if text is None else _lines(json_file.parse(text, path))
        try:
            now = _lines(json_file.read_json(path))
        except AtlasError:  # told as a problem of that file
            continue
        for name, line in now.items():
            if before.get(name) != line:
                yield AtlasError(
                    "a pull request may not write records of verification",
                    file=path,
                    place=f"analyses.{name}",
                    remedy=f"{remedy}; {ours}",
                )


def _lines(document: Any) -> dict[str, str]:
    """What a record says of each analysis, in one spelling whatever is in it."""
    found = document.get("analyses") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name: json.dumps(line, sort_keys=True) for name, line in found.items()}
