"""Findings held against what is there: the claims that they name, and the figures that they show.

Only fresh profiles count, as for claims: a stale one is about to be measured again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.review import findings, verdicts
from atlas.review.claim_checks import Read
from atlas.review.findings import Finding


def against_project(
    project: Project, stated: Sequence[Finding], read: Read
) -> Iterator[AtlasError]:
    """Claims that findings name and that do not exist; matrices and cells that the profiles of
    their figures do not have."""
    yield from findings.unknown_claims(project, list(stated))
    for finding in stated:
        for index, step in enumerate(finding.steps):
            shown = step.shown
            profile = read(shown.model, shown.analysis)
            if profile and (lacking := verdicts.lacking(shown, profile, shown.model)):
                yield findings.problem(project, finding, (index, "figure"), *lacking)
