"""The repository's own atlas in a folder of its own: what was written and measured, rendered.

Tests that look at every page kind look at this one, for it has all of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from atlas.paths import PACKAGE, Project
from atlas.site import pages

OURS = Project(PACKAGE.parent)

KINDS = {
    "": "",
    "404.html": "404.html",
    "claims/": "claims/",
    "architectures/": "architectures/",
    "compare/": "compare/?models=ref-llama,ref-qwen3&analysis=weights",
    "contributing/": "contributing/",
    "data/": "data/",
    "families/": "families/",
    "families/*/": "families/reference/",
    "findings/": "findings/",
    "findings/*/": "findings/smollm2-copying/",
    "heads/": "heads/",
    "methods/": "methods/",
    "methods/*/": "methods/functions/",
    "models/": "models/",
    "models/*/": "models/ref-llama-instruct/",
    "recipe/": "recipe/",
    "reference/": "reference/",
    "survey/": "survey/",
    "survey/*/": "survey/functions/",
}
"""Each kind of page and the one of it that is looked at."""

MORE = (
    "models/all-minilm-l6-v2/",
    "models/qwen3-8b/",
    "compare/",
    "compare/?models=ref-llama,ref-qwen3&analysis=functions",
    "survey/attention/",
)
"""Pages whose parts differ from those of the one that stands for their kind."""


def copied(root: Path) -> Project:
    """The atlas without any generated page."""
    made = Project(root)
    for path in _written():
        target = root / path.relative_to(OURS.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return made


def rendered(root: Path) -> Project:
    """The same with its pages, not yet built."""
    made = copied(root)
    pages.render(made)
    return made


def _written() -> list[Path]:
    """What people write and `profile` measures."""
    found = [OURS.mkdocs_yml, *OURS.models.glob("*/model.yml"), *OURS.models.glob("*/*.json")]
    return [*found, *OURS.claims.glob("*.yml"), *OURS.findings.glob("*.yml")]
