"""The scripts that workflows call, and a repository with something to contribute to it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from types import ModuleType

from atlas.paths import PACKAGE, Project

ROOT = PACKAGE.parent


def script(name: str) -> ModuleType:
    path = ROOT / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Repository:
    """A project in a git repository, with a commit to contribute on top of the base."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.git("init", "--quiet", "--initial-branch=main")
        self.base = self.commit()

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
            cwd=self.project.root,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
        )
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD")

    def contributed(self) -> str:
        """What lies there now as a commit; the checkout goes back to the base."""
        made = self.commit()
        self.git("reset", "--quiet", "--hard", self.base)
        return made
