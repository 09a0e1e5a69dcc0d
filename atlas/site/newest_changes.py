"""The newest changes to the models of an atlas, from the history of its repository.

Told is what commits did to entries and profiles: listed, measured, measured again, removed. What
was never committed is not a change yet. A commit whose parents are cut off, as the last one of a
shallow clone is, adds every file as far as can be seen: it tells nothing. Without git, or outside a
repository, there is no history, and pages say nothing of it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from atlas.paths import SLUG, Project
from atlas.profiles import statement

Kind = Literal["listed", "measured", "measured again", "entry changed", "removed"]

DAYS = 8
"""How many days with changes are told."""

COMMITS = 400
"""How many commits are read."""

RECORD = "\x1e"


@dataclass(frozen=True)
class Change:
    """What happened to models on one day: `slugs` in order; `analyses`: which were measured."""

    date: str
    kind: Kind
    slugs: tuple[str, ...]
    analyses: tuple[str, ...]


def newest(project: Project) -> tuple[Change, ...]:
    """Changes of the newest days that have any, newest first; empty where there is no history."""
    days: dict[str, dict[tuple[str, str], str]] = {}
    for date, states in _commits(project):
        if date not in days and len(days) == DAYS:
            break
        day = days.setdefault(date, {})
        for key, state in states.items():
            day[key] = _joined(state, day.get(key))
    return tuple(change for date, day in days.items() for change in _told(date, day))


def _joined(earlier: str, later: str | None) -> str:
    """One state for two changes of a file on one day; commits come newest first."""
    if later is None or earlier == later:
        return earlier
    if earlier == "A":
        return "" if later == "D" else "A"
    return "D" if later == "D" else "M"


def _told(date: str, day: dict[tuple[str, str], str]) -> Iterator[Change]:
    """A day's changes: of several models at once where the same happened to them."""
    happened: dict[tuple[Kind, tuple[str, ...]], list[str]] = {}
    for slug in sorted({slug for slug, _ in day}):
        for kind, names in _model(slug, day):
            happened.setdefault((kind, names), []).append(slug)
    order = ("listed", "measured", "measured again", "entry changed", "removed")
    for kind, names in sorted(happened, key=lambda one: (order.index(one[0]), one[1])):
        yield Change(date, kind, tuple(happened[kind, names]), names)


def _model(slug: str, day: dict[tuple[str, str], str]) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    states = {name: state for (at, name), state in day.items() if at == slug}
    entry = states.get("model.yml")
    if entry == "D":
        yield "removed", ()
        return
    if entry == "A":
        yield "listed", ()
    known = statement.names()
    added = tuple(name for name in known if states.get(f"{name}.json") == "A")
    changed = tuple(name for name in known if states.get(f"{name}.json") == "M")
    if added:
        yield "measured", added
    if changed:
        yield "measured again", changed
    if entry == "M" and not added and not changed:
        yield "entry changed", ()


def _commits(project: Project) -> Iterator[tuple[str, dict[tuple[str, str], str]]]:
    """Each commit's day (UTC) and what it did to (slug, file): A, M or D; newest first."""
    root = _git(project, "rev-parse", "--show-prefix")
    if root is None:
        return
    cut = _cut_off(project)
    told = _git(
        project, "log", f"--max-count={COMMITS}", f"--format={RECORD}%H %ct", "--name-status",
        "--no-renames", "--first-parent", "-m", "--relative", "--", "docs/models",
    )  # fmt: skip
    for record in (told or "").split(RECORD)[1:]:
        head, *lines = record.strip().splitlines()
        commit, _, seconds = head.partition(" ")
        states = dict(_files(lines))
        if commit not in cut and states:
            day = datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
            yield day, states


def _files(lines: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for line in lines:
        state, _, path = line.partition("\t")
        parts = path.split("/")
        if len(parts) == 4 and SLUG.fullmatch(parts[2]) and state in ("A", "M", "D"):
            yield (parts[2], parts[3]), state


def _cut_off(project: Project) -> frozenset[str]:
    """The commits of a shallow clone whose parents are not there."""
    path = _git(project, "rev-parse", "--path-format=absolute", "--git-path", "shallow")
    try:
        with open((path or "").strip(), encoding="ascii") as file:  # noqa: PTH123 - may be ""
            return frozenset(file.read().split())
    except FileNotFoundError:
        return frozenset()


def _git(project: Project, *words: str) -> str | None:
    """What git says, None where there is no git or no repository."""
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.quotepath=true", *words]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=project.root, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
