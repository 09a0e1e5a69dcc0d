"""A new project: what `atlas init` writes.

The files are the repository's own: its mkdocs.yml and its smallest reference model with the
committed profiles. A wheel carries copies of them under `atlas/demo`.
"""

from __future__ import annotations

import json
from pathlib import Path

from atlas.drafting import workflows
from atlas.errors import AtlasError
from atlas.files import json_file, temporary
from atlas.paths import GENERATED, Project, demo

MODEL = "ref-llama"


def gitignore() -> str:
    """What a project's .gitignore keeps out of git: what `atlas build` makes, and what it leaves
    behind where it is killed."""
    made = [f"/docs/{path}" for path in GENERATED]
    left = ["# what a killed one leaves", temporary.IGNORED]
    return "\n".join(["# what `atlas build` makes", "/site/", "/.atlas/", *made, "", *left, ""])


def write(folder: Path, host: str | None = None) -> list[Path]:
    """Write a new project into a folder that is empty or not there; the paths it wrote. `host`:
    whose workflow it gets to publish it, `github` or `gitlab`.

    Raises `AtlasError` where the folder holds anything: nothing of anybody's is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AtlasError(
            "is not an empty folder", file=folder, remedy="name a new one: atlas init FOLDER"
        )
    source = Project(demo())
    target = Project(folder)
    name = folder.resolve().name
    files: dict[Path, bytes] = {
        target.mkdocs_yml: mkdocs_yml(name).encode(),
        target.root / ".gitignore": gitignore().encode(),
    }
    for path in sorted(source.folder(MODEL).iterdir()):
        if path.name == "model.yml" or path.suffix == ".json":
            files[target.folder(MODEL) / path.name] = path.read_bytes()
    if host is not None:
        place, text = workflows.of(host)
        files[target.root / place] = text.encode()
    for path, content in files.items():
        json_file.write_atomic(path, content)
    return list(files)


def mkdocs_yml(name: str) -> str:
    """The repository's mkdocs.yml with another name, and without what is true of it alone."""
    own = ("site_name:", "site_url:", "repo_url:", "repo_name:", "edit_uri:", "copyright:")
    kept: list[str] = []
    for line in Project(demo()).mkdocs_yml.read_text(encoding="utf-8").splitlines():
        if line.startswith(own):
            while kept and kept[-1].startswith("#"):  # what was said of it
                kept.pop()
        else:
            kept.append(line)
    return "\n".join([f"site_name: {json.dumps(name)}", *kept, ""])
