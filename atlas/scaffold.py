"""A new project: what `atlas init` writes.

The files are the repository's own: its mkdocs.yml and its smallest reference model with the
committed profiles. A wheel carries copies of them under `atlas/demo`.
"""

from __future__ import annotations

import json
from pathlib import Path

from atlas import store
from atlas.errors import AtlasError
from atlas.paths import Project, demo

MODEL = "ref-llama"

GITIGNORE = """\
# what `atlas build` makes
/site/
/.atlas/
/docs/index.md
/docs/contributing.md
/docs/assets/atlas/
/docs/claims/index.md
/docs/compare/
/docs/data/
/docs/families/
/docs/methods/
/docs/models/index.md
/docs/reference.md
/docs/models/*/index.md
/docs/models/*/previews/
/docs/survey/
"""


def write(folder: Path) -> list[Path]:
    """Write a new project into a folder that is empty or not there; the paths it wrote.

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
        target.mkdocs_yml: _named(source.mkdocs_yml.read_text(encoding="utf-8"), name).encode(),
        target.root / ".gitignore": GITIGNORE.encode(),
    }
    for path in sorted(source.folder(MODEL).iterdir()):
        if path.name == "model.yml" or path.suffix == ".json":
            files[target.folder(MODEL) / path.name] = path.read_bytes()
    for path, content in files.items():
        store.write_atomic(path, content)
    return list(files)


def _named(mkdocs_yml: str, name: str) -> str:
    """The repository's mkdocs.yml with another name, and without what is true of it alone."""
    own = ("site_name:", "site_url:", "repo_url:", "repo_name:", "edit_uri:", "copyright:")
    kept = [line for line in mkdocs_yml.splitlines() if not line.startswith(own)]
    return "\n".join([f"site_name: {json.dumps(name)}", *kept, ""])
