"""The account of a run: what became of every planned analysis, told by model and remembered.

What is measured is remembered by its profile. Of what could not be, a file says why,
`.atlas/outcomes/<slug>/<analysis>.json`, so that `atlas plan` can tell. An analysis is noted as it
begins, too: one that a lack of memory killed leaves that. The next run tries again whatever failed.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from atlas.errors import AtlasError, shown
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import side_files, unavailable, validity
from atlas.profiles.plan import Job
from atlas.profiles.profile_file import Profile
from atlas.profiles.unavailable import Away, Obstacle
from atlas.words import duration

Result = Literal["measured", "fresh", "failed", "unavailable"]


@dataclass(frozen=True)
class Outcome:
    """What became of one planned analysis.

    `unavailable`: not possible on this machine, as the `obstacle` says, seen before it began;
    `failed`: something was raised as it ran, `reason` in one line, `log` the file with the
    traceback where it is not one of ours.
    """

    job: Job
    result: Result
    seconds: float = 0.0
    reason: str | None = None
    log: Path | None = None
    obstacle: Obstacle | None = None
    profile: Profile | None = None
    parts: Mapping[str, side_files.Items] = field(default_factory=dict, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "model": self.job.slug,
            "analysis": self.job.analysis,
            "result": self.result,
            "seconds": round(self.seconds, 2),
            "reason": self.reason,
            "kind": self.obstacle.kind if self.obstacle else None,
            "log": shown(self.log) if self.log else None,
        }


def away(job: Job, obstacle: Obstacle) -> Outcome:
    """The outcome of an analysis that is not possible here."""
    return Outcome(job, "unavailable", reason=obstacle.line, obstacle=obstacle)


def fresh(jobs: Iterable[Job]) -> list[Outcome]:
    """The outcomes of jobs that are fresh, and so need no measuring."""
    return [Outcome(job, "fresh") for job in jobs if job.state == "fresh"]


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """The account as people read it: a line a model, then what could not be measured here."""
    by_model: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.result != "unavailable":
            by_model.setdefault(outcome.job.slug, []).append(outcome)
    unchanged = [
        slug for slug, held in by_model.items() if all(one.result == "fresh" for one in held)
    ]
    told = [
        f"{slug}: {_told(held)}"
        for slug, held in by_model.items()
        if slug not in unchanged or len(unchanged) <= unavailable.NAMED
    ]
    if len(unchanged) > unavailable.NAMED:
        told.append(f"{len(unchanged)} models are fresh: {unavailable.named(unchanged)}")
    return [*told, *_doubts(outcomes), *unavailable.lines(_away(outcomes), by_model)]


def _doubts(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """A line a model and text that it fails at or cannot read, with the analyses concerned."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in outcomes:
        if one.profile is None:
            continue
        for said, follows in (
            (validity.beaten(one.profile.facts), "so this says nothing about it"),
            (validity.shortened(one.profile), "so this is not compared with other models"),
        ):
            if said:
                found.setdefault((one.job.slug, f"it {said}, {follows}"), []).append(
                    one.job.analysis
                )
    for (slug, said), names in found.items():
        yield f"{slug}: {', '.join(names)}: {said}"


def total(outcomes: Sequence[Outcome], seconds: float) -> str:
    """`analyses: 12 measured, 30 fresh, 1 failed, 7 not measurable here; 2.5 min`."""
    counts = {name: sum(one.result == name for one in outcomes) for name in TOLD}
    listed = ", ".join(f"{counts[name]} {words}" for name, words in TOLD.items())
    return f"analyses: {listed}; {duration(seconds)}"


TOLD: Mapping[Result, str] = {
    "measured": "measured",
    "fresh": "fresh",
    "failed": "failed",
    "unavailable": "not measurable here",
}


def _told(outcomes: Sequence[Outcome]) -> str:
    """What became of one model's analyses: `6 measured in 12.3 s, 1 fresh; failed: masks: ...`."""
    measured = [one for one in outcomes if one.result == "measured"]
    same = sum(one.result == "fresh" for one in outcomes)
    told = []
    if measured:
        told.append(f"{len(measured)} measured in {duration(sum(o.seconds for o in measured))}")
    if same:
        told.append(f"{same} fresh")
    reasons: dict[str, list[str]] = {}
    for one in outcomes:
        if one.result == "failed":
            reasons.setdefault(one.reason or "", []).append(one.job.analysis)
    failed = [f"{', '.join(names)} failed: {reason}" for reason, names in reasons.items()]
    return "; ".join([", ".join(told), *failed] if told else failed)


def _away(outcomes: Iterable[Outcome]) -> list[Away]:
    """What is not possible here, by model and reason."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        if one.obstacle is not None:
            found.setdefault((one.job.slug, one.obstacle.line), []).append(one)
    return [
        Away(slug, held[0].obstacle, tuple(one.job for one in held))
        for (slug, _), held in found.items()
        if held[0].obstacle is not None
    ]


# What is remembered. A note that cannot be written is one that `plan` cannot tell: no more.


@contextlib.contextmanager
def begun(project: Project, jobs: Sequence[Job], what: str = "measured") -> Iterator[None]:
    """Note that jobs have begun; a note that is left means that the process was killed."""
    for job in jobs:
        _note(project, job, {"result": "begun", "what": what, **_here()})
    try:
        yield
    finally:
        for job in jobs:
            if _noted(project, job).get("result") == "begun":
                _forget(project, job)


def remember(project: Project, outcome: Outcome, files: Sequence[object] | None = None) -> None:
    """Note why a job has no profile, where only trying could tell; forget it of any other.

    `files`: the state of the model's files, as `digests.state` gives it.
    """
    damaged = outcome.obstacle is not None and outcome.obstacle.kind == "damaged"
    if outcome.result == "failed" or damaged:
        _note(project, outcome.job, {**outcome.as_dict(), **_here(), "files": files})
    else:
        _forget(project, outcome.job)
        with contextlib.suppress(OSError):
            project.outcome(outcome.job.slug, outcome.job.analysis).with_suffix(".log").unlink()


def barred(project: Project, job: Job, files: Sequence[object] | None) -> Obstacle | None:
    """What a job was not possible for when it was last tried, where the model's files are still the
    same."""
    note = _noted(project, job)
    if note.get("result") != "unavailable" or files is None or note.get("files") != files:
        return None
    return Obstacle("damaged", AtlasError(str(note.get("reason"))))


def remembered(project: Project, job: Job) -> str | None:
    """What became of a job when it was last tried, in words; None where nothing is known."""
    note = _noted(project, job)
    day = str(note.get("when", ""))[:10]
    if note.get("reason"):
        verb = "failed" if note.get("result") == "failed" else "was not possible"
        return f"{verb} on {day}: {note['reason']}"
    if note.get("result") == "begun" and _is_running(note):
        return f"being {note.get('what')} now, by process {note.get('pid')}"
    if note.get("result") == "begun":
        return f"killed on {day} while it was being {note.get('what')}, perhaps for want of memory"
    return None


def require_idle(project: Project, slug: str) -> None:
    """Raise `AtlasError` where a process of this machine is measuring a model just now."""
    for path in sorted(project.outcome(slug, "any").parent.glob("*.json")):
        with contextlib.suppress(AtlasError):
            note = json_file.read_json(path)
            if not isinstance(note, dict) or note.get("result") != "begun":
                continue
            if _is_running(note) and note.get("pid") != os.getpid():
                break
    else:
        return
    raise AtlasError(
        f"{path.stem} of {slug!r} is being measured by process {note['pid']}",
        remedy="wait for it, or stop it: what it has written stays",
    )


def _noted(project: Project, job: Job) -> dict[str, Any]:
    """What is noted of a job, empty where nothing is that can be read."""
    with contextlib.suppress(AtlasError):
        note = json_file.read_json(project.outcome(job.slug, job.analysis))
        if isinstance(note, dict):
            return note
    return {}


def _here() -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"when": now, "host": platform.node(), "pid": os.getpid()}


def _is_running(note: Mapping[str, Any]) -> bool:
    """Whether the process that wrote a note is alive, as far as this machine can tell."""
    pid = note.get("pid")
    if note.get("host") != platform.node() or type(pid) is not int or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:  # it is somebody else's
        return True
    except (OSError, OverflowError):
        return False
    return True


def _note(project: Project, job: Job, note: Mapping[str, Any]) -> None:
    text = json.dumps(note, indent=1, ensure_ascii=False) + "\n"
    json_file.keep(project.outcome(job.slug, job.analysis), text)


def _forget(project: Project, job: Job) -> None:
    with contextlib.suppress(OSError):
        project.outcome(job.slug, job.analysis).unlink(missing_ok=True)
