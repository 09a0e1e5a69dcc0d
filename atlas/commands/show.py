"""`atlas show`: all there is to know of one model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import Planned, one_named, opened, planned
from atlas.errors import shown

if TYPE_CHECKING:
    from atlas.entries.entry import Entry
    from atlas.profiles.profile_file import Profile
    from atlas.review.verdicts import Verdict


@dataclass(frozen=True)
class Shown:
    """A model: its entry, where its weights are or why they are not usable here, its analyses with
    their profiles, and the claims and findings about it."""

    work: Planned
    entry: Entry
    weights: str
    profiles: Mapping[str, Profile]
    verdicts: tuple[Verdict, ...]
    findings: tuple[str, ...]

    @property
    def page(self) -> Path:
        return self.work.project.site / "models" / self.entry.slug / "index.html"

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "entry": asdict(self.entry),
            "file": str(self.work.project.entry(self.entry.slug)),
            "weights": self.weights,
            "analyses": [
                {
                    **{key: getattr(job, key) for key in ("analysis", "state", "reasons")},
                    **_measured(self.profiles.get(job.analysis)),
                }
                for job in self.work.jobs
            ],
            "claims": [
                {"claim": one.claim.name, "state": one.state, "sentence": one.claim.sentence}
                for one in self.verdicts
            ],
            "findings": self.findings,
            "page": str(self.page) if self.page.is_file() else None,
        }


@click.command("show")
@click.argument("model", shell_complete=options.slugs)
@options.project
@options.as_json
def command(model: str, project: Path | None, as_json: bool) -> None:
    """Show one model: its entry, its profiles with the version of each method and the conditions
    that they were measured under, what is still to be measured, claims about it, and its page.
    """
    from atlas.commands import console

    atlas = opened(project)
    slug = one_named(atlas, model)
    found = _found(planned(atlas, (slug,), ()), slug)
    if as_json:
        console.emit_json(found.as_dict())
        return
    console.fields([*_entry(found), *_conditions(found)])
    rows = [
        (job.analysis, job.state, *_cells(found.profiles.get(job.analysis)))
        for job in found.work.jobs
    ]
    console.write("\n")
    console.table(("analysis", "state", "version", "matrices", "device"), rows, to=console.out)
    console.write("\n")
    console.fields([*_waits(found), *_claims(found), ("page", _page(found))])


def _found(work: Planned, slug: str) -> Shown:
    from atlas.profiles import collection, profile_file, unavailable
    from atlas.review import claims, findings, verdicts

    project = work.project
    entry = next(one for one in work.entries if one.slug == slug)
    obstacle = unavailable.of_files(project, entry)
    paths = {job.analysis: project.profile(slug, job.analysis) for job in work.jobs}
    about = [one for one in claims.load_all(project) if slug in one.models]
    told = verdicts.judge(about, collection.load(project)) if about else []
    return Shown(
        work=work,
        entry=entry,
        weights="on this machine" if obstacle is None else obstacle.line,
        profiles={name: profile_file.load(path) for name, path in paths.items() if path.is_file()},
        verdicts=tuple(told),
        findings=tuple(
            one.name
            for one in findings.load_each(project)[0]
            if any(step.shown.model == slug for step in one.steps)
        ),
    )


def _entry(found: Shown) -> Iterator[tuple[str, str]]:
    entry = found.entry
    yield "model", f"{entry.name} ({entry.slug})"
    yield "entry", shown(found.work.project.entry(entry.slug))
    if entry.base is not None:
        yield "base", f"{entry.base}; {entry.made} from it"
    yield "family", entry.family
    yield "source", entry.source + (f", {entry.file}" if entry.file else "")
    if entry.source_kind == "hub":
        yield "revision", entry.revision or "null, still to be pinned"
    yield "weights", found.weights
    yield "license", entry.license
    shape = [entry.architecture]
    if entry.geometry is not None:
        held = entry.geometry
        heads = f"{held.heads} heads" if held.heads else "no attention"
        shape.append(f"{held.layers} layers, {heads}, {held.d_model:,} wide")
        if held.parameters is not None:
            shape.append(f"{words.count(held.parameters)} parameters")
    yield "shape", ", ".join(shape)
    yield "summary", entry.summary


def _conditions(found: Shown) -> Iterator[tuple[str, str]]:
    """The conditions of all profiles: those that differ with the analyses that they are of."""
    every: dict[tuple[str, str], list[str]] = {}
    for name, profile in found.profiles.items():
        for key, value in profile.conditions.items():
            every.setdefault((key, words.scalar(value)), []).append(name)
    told = []
    for (key, value), names in every.items():
        alone = sum(other == key for other, _ in every) == 1
        of = "" if alone else f" ({', '.join(names)})"
        told.append(f"{key.replace('_', ' ')} {value}{of}")
    if told:
        yield "conditions", "; ".join(told)


def _measured(profile: Profile | None) -> dict[str, Any]:
    if profile is None:
        return {"version": None, "matrices": [], "conditions": None, "made_by": None}
    return {
        "version": profile.version,
        "matrices": [one.name for one in profile.matrices],
        "conditions": profile.conditions,
        "made_by": profile.made_by,
    }


def _cells(profile: Profile | None) -> tuple[str, str, str]:
    if profile is None:
        return "", "", ""
    device = profile.conditions.get("device") or profile.made_by.get("device") or ""
    return str(profile.version), str(len(profile.matrices)), str(device)


def _waits(found: Shown) -> Iterator[tuple[str, str]]:
    """What is still to be measured, the analyses of one reason together."""
    reasons: dict[str, list[str]] = {}
    for job in found.work.jobs:
        if job.state != "fresh":
            reasons.setdefault("; ".join(job.reasons), []).append(job.analysis)
    for why, names in reasons.items():
        yield "waits", f"{', '.join(names)}: {why}; atlas plan {found.entry.slug} tells more"


def _claims(found: Shown) -> Iterator[tuple[str, str]]:
    for one in found.verdicts:
        yield "claim", f"{one.claim.name} {one.state}: {one.claim.sentence}"
    for name in found.findings:
        yield "finding", name


def _page(found: Shown) -> str:
    if found.page.is_file():
        return shown(found.page)
    return f"models/{found.entry.slug}/ of the site; atlas build makes it"
