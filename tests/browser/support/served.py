"""A built site and where it is served."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import atlases

from atlas.paths import Project, static
from atlas.site import pages


@dataclass(frozen=True)
class Site:
    """A built site and where it is served: below a path, as on a project page."""

    project: Project
    origin: str

    @property
    def url(self) -> str:
        return f"{self.origin}/site/"

    @property
    def modules(self) -> str:
        """Address of the scripts as they are written, which the site joins to a few files."""
        folder = self.project.site / "modules"
        if not folder.exists():
            shutil.copytree(static(), folder)
        return f"{self.url}modules/"


def built(made: Project, serve: Callable[[Path], str]) -> Site:
    """A project rendered, built for the address that it is then served at."""
    pages.render(made)
    served = Site(made, serve(made.root))
    atlases.build(made, served.url)
    return served
