"""What of a pull request runs: templates, mkdocs.yml and its hooks when the site is built, scripts
in the introduction wherever the home page is read.

All else that is contributed is data. A change of these is code of whoever writes it, with the
rights of whoever builds the site; a person has to read it as such before a machine runs it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from atlas.entries import mkdocs_file, presentation
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.review import revisions


def changed(project: Project, base: str) -> Iterator[str]:
    """A line for each such file that is not as it was where the checkout left `base`, a git
    revision. Raises `AtlasError` where git cannot tell."""
    fork = revisions.fork(project.root, base)
    places = [project.mkdocs_yml, project.templates, *_hooks(project)]
    named = [place.relative_to(project.root).as_posix() for place in places]
    for name in revisions.changed(project.root, fork, named):
        yield (
            f"{name}: changed since {fork[:12]}; it runs when the site is built, so that it has to "
            "be reviewed as code"
        )
    introduction = _introduction(project)
    if introduction and revisions.changed(project.root, fork, [introduction]):
        yield (
            f"{introduction}: changed since {fork[:12]}; it stands on the home page with any "
            "script in it, so that it has to be reviewed as code"
        )


def _introduction(project: Project) -> str | None:
    """The Markdown of the home page; what is wrong with mkdocs.yml is told elsewhere."""
    root = project.root.resolve()
    with contextlib.suppress(AtlasError):
        file = presentation.introduction_file(project)
        if file is not None and file.resolve().is_relative_to(root):
            return file.resolve().relative_to(root).as_posix()
    return None


def _hooks(project: Project) -> Iterator[Path]:
    """Scripts of the project that MkDocs runs; what is wrong with mkdocs.yml is told elsewhere."""
    with contextlib.suppress(AtlasError):
        named = mkdocs_file.read(project).get("hooks")
        for name in named if isinstance(named, list) else []:
            place = (project.root / str(name)).resolve()
            if place.is_relative_to(project.root.resolve()):
                yield project.root / place.relative_to(project.root.resolve())
