"""Committed profiles of real weights, measured again."""

from __future__ import annotations

from pathlib import Path

import yaml

from atlas.checkpoints import digests
from atlas.entries import entry
from atlas.measure import run
from atlas.paths import PACKAGE, Project
from atlas.profiles import agreement, plan, profile_file
from atlas.profiles.settings import Settings

COMMITTED = Project(PACKAGE.parent)


def check(project: Project, slug: str, source: Path, analyses: tuple[str, ...]) -> None:
    """Measure analyses of a model of this atlas, with its weights at `source`, and fail unless they
    agree with the committed profiles. `project`: an empty one."""
    stated = yaml.safe_load(COMMITTED.entry(slug).read_text())
    stated.pop("base", None)
    project.entry(slug).parent.mkdir(parents=True)
    project.entry(slug).write_text(yaml.safe_dump(stated | {"source": str(source)}))
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, Settings(analyses))
    outcomes = list(run.outcomes(project, entries, jobs, lambda job: lambda done, total: None))
    assert [outcome.reason for outcome in outcomes] == [None] * len(analyses)
    found = digests.find(project, entries[0])
    assert found is not None
    for outcome in outcomes:
        assert outcome.profile is not None
        committed = profile_file.load(COMMITTED.profile(slug, outcome.job.analysis))
        assert committed.model.digest == found.digest
        assert committed.model.tokenizer == outcome.profile.model.tokenizer
        assert committed.protocol == outcome.profile.protocol
        verdicts = agreement.compare(committed, outcome.profile)
        assert len(verdicts) >= 4
        assert [verdict for verdict in verdicts if not verdict.agrees] == []
