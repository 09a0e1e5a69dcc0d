"""Findings: what was found in models, told in steps, each a claim and the figure that shows it.

`docs/findings/<name>.yml` has a title, a lead and the steps. That is data and no code: the claims
are files of docs/claims, and the figures are those of the models' own pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from atlas import schemas
from atlas.errors import AtlasError, Problems, raise_all, suggest
from atlas.files import yaml_file
from atlas.paths import Project, refuse_link
from atlas.profiles import statement
from atlas.review import claims
from atlas.review.claims import Quantity

SHAPE = (
    "models/<slug>/?figure=<analysis>&matrix=<matrix>, and row=<label>&column=<label> to mark it"
)


@dataclass(frozen=True)
class Step:
    """One step. `claim` is a name in docs/claims, `figure` the address of its heatmap below the
    site's root, `text` its paragraphs."""

    title: str
    claim: str
    figure: str
    text: tuple[str, ...]

    @property
    def shown(self) -> Quantity:
        """What its figure shows: a matrix, and the cell that is marked in it, if one is."""
        address = urlsplit(self.figure)
        query = dict(parse_qsl(address.query))
        rows, columns = ((query[axis],) if axis in query else None for axis in ("row", "column"))
        model = address.path.split("/")[1]
        return Quantity(model, query["figure"], query["matrix"], "cell", rows, columns)


@dataclass(frozen=True)
class Finding:
    """One finding; `name` is its file's name and its page's."""

    name: str
    title: str
    lead: str
    steps: tuple[Step, ...]


def load(path: Path) -> Finding:
    """Read one finding.

    Raises `AtlasError` or `Problems`: everything that is wrong with the file, a line each.
    """
    refuse_link(path)
    text = yaml_file.read(path)
    raise_all(schemas.problems(text.values, "finding", path, text.lines))
    document = dict(text.values)
    found = list(claims.name_problems(path, "finding"))
    if path.stem == "index":
        taken = "the page of all findings has that name"
        found.append(AtlasError(taken, file=path, remedy="name the file otherwise"))
    for index, step in enumerate(document["steps"]):
        place = schemas.place(("steps", index, "figure"), text.lines)
        found += _figure_problems(step["figure"], path, place)
    raise_all(found)
    return Finding(
        name=path.stem,
        title=document["title"],
        lead=_line(document["lead"]),
        steps=tuple(map(_step, document["steps"])),
    )


def load_each(project: Project) -> tuple[list[Finding], list[AtlasError]]:
    """The findings that can be read, by name, and everything wrong in all of them together; what
    else lies among them `published_files` tells."""
    findings: list[Finding] = []
    found: list[AtlasError] = []
    for path in sorted(project.findings.glob("[!.]*.yml")):
        try:
            findings.append(load(path))
        except AtlasError as error:
            found.append(error)
    return findings, Problems(found).problems


def load_all(project: Project) -> list[Finding]:
    """Every finding of a project, by name; `Problems` with everything wrong in all of them, claims
    that are named and not there among it."""
    findings, found = load_each(project)
    raise_all([*found, *unknown_claims(project, findings)])
    return findings


def unknown_claims(project: Project, findings: list[Finding]) -> Iterator[AtlasError]:
    """The claims that findings name and docs/claims does not have, whether or not it can be read
    there."""
    known = sorted(path.stem for path in project.claims.glob("[!.]*.yml"))
    for finding in findings:
        for index, step in enumerate(finding.steps):
            if step.claim not in known:
                yield problem(
                    project,
                    finding,
                    (index, "claim"),
                    f"there is no claim {step.claim!r} in docs/claims",
                    suggest(step.claim, known),
                )


def problem(
    project: Project, finding: Finding, keys: tuple[int, str], told: str, remedy: str
) -> AtlasError:
    """A problem of one key of a step, with its line."""
    path = project.findings / f"{finding.name}.yml"
    place = schemas.place(("steps", *keys), yaml_file.read(path).lines)
    return AtlasError(told, file=path, place=place, remedy=remedy)


def unlisted(findings: list[Finding], slugs: list[str]) -> Iterator[str]:
    """A note for each finding with figures of models that the atlas does not list (yet)."""
    for finding in findings:
        models = dict.fromkeys(step.shown.model for step in finding.steps)
        for slug in (slug for slug in models if slug not in slugs):
            yield (
                f"docs/findings/{finding.name}.yml: a figure of {slug!r}, which the atlas does not "
                f"list; {suggest(slug, slugs)}"
            )


def _line(text: str) -> str:
    return " ".join(text.split())


def _step(raw: Mapping[str, Any]) -> Step:
    return Step(raw["title"], raw["claim"], raw["figure"], tuple(map(_line, raw["text"])))


def _figure_problems(figure: str, file: Path, place: str) -> Iterator[AtlasError]:
    """An address that names no figure, or more than the figure of a finding can show."""
    pairs = parse_qsl(urlsplit(figure).query, keep_blank_values=True)
    query = dict(pairs)
    remedy = f"write {SHAPE}"
    for key in ("figure", "matrix"):
        if not query.get(key):
            yield AtlasError(f"the address names no {key}", file=file, place=place, remedy=remedy)
    for key in query:
        if key not in ("figure", "matrix", "row", "column"):
            told = f"the address has the key {key!r}"
            yield AtlasError(told, file=file, place=place, remedy=remedy)
        elif sum(key == other for other, _ in pairs) > 1:
            told = f"the address has the key {key!r} more than once"
            yield AtlasError(told, file=file, place=place, remedy=remedy)
        elif key in ("row", "column") and not query[key]:
            yield AtlasError(f"the address names no {key}", file=file, place=place, remedy=remedy)
    if ("row" in query) != ("column" in query):
        told = "row and column mark a cell together"
        yield AtlasError(told, file=file, place=place, remedy="write both, or neither")
    name = query.get("figure", "")
    if name and name not in statement.names():
        told = f"there is no analysis {name!r}"
        yield AtlasError(told, file=file, place=place, remedy=suggest(name, statement.names()))
