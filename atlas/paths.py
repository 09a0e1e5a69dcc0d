"""Every path of a project is computed here.

A project is a folder with `mkdocs.yml` and `docs/`. What people write and what `profile` measures
lies under `docs/models/<slug>/`; what `render` makes lies beside it and is listed in the manifest.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from atlas.errors import AtlasError, from_os

SLUG = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
"""A model's folder name: lower-case letters and digits, single `-` or `.` between them."""

GENERATED = (
    "index.md",
    "architectures.md",
    "contributing.md",
    "recipe.md",
    "reference.md",
    "assets/atlas/",
    "claims/index.md",
    "compare/",
    "data/",
    "families/",
    "findings/*.md",
    "heads/",
    "methods/",
    "models/index.md",
    "models/*/index.md",
    "models/*/previews/",
    "survey/",
)
"""What `render` makes below docs/, beside what people wrote and `profile` measured; all that lies
in a folder of these, and `*` is any one name."""


def is_generated(path: str) -> bool:
    """Whether `render` can make a file of that path below docs/, with forward slashes."""
    parts = PurePosixPath(path).parts
    plain = str(PurePosixPath(path)) == path and path.isprintable()
    if not plain or ".." in parts or set(path) & set("\\:"):  # what Windows would go elsewhere by
        return False
    for listed in GENERATED:
        wanted = PurePosixPath(listed).parts
        within = len(parts) > len(wanted) if listed.endswith("/") else len(parts) == len(wanted)
        if within and all(map(fnmatch.fnmatchcase, parts, wanted)):
            return True
    return False


PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Project:
    """A project's folder, and where everything in it lies."""

    root: Path

    @property
    def mkdocs_yml(self) -> Path:
        return self.root / "mkdocs.yml"

    @property
    def docs(self) -> Path:
        return self.root / "docs"

    @property
    def models(self) -> Path:
        return self.docs / "models"

    @property
    def templates(self) -> Path:
        """The project's own templates; they win over the ones that atlas ships."""
        return self.root / "templates"

    @property
    def architectures(self) -> Path:
        """Derived rows of the project's own, a JSON file each: data, never code."""
        return self.root / "architectures"

    def rows(self) -> list[Path]:
        return sorted(self.architectures.glob("*.json"))

    @property
    def site(self) -> Path:
        return self.root / "site"

    @property
    def cache(self) -> Path:
        """What can be thrown away: digests of large files, what became of failed analyses."""
        return self.root / ".atlas"

    @property
    def manifest(self) -> Path:
        """What the last render wrote: it lies among that, so that one is not lost without the
        other, and begins with a dot, so that it is not published."""
        return self.docs / "assets" / "atlas" / ".manifest.json"

    @property
    def lock(self) -> Path:
        """Held by the command that writes what is generated, among which it lies: a lock cannot be
        in what may be thrown away at any time."""
        return self.manifest.with_name(".lock")

    @property
    def digests(self) -> Path:
        return self.cache / "digests.json"

    @property
    def gguf(self) -> Path:
        """GGUF files as folders: config and tokenizer written from each one's metadata."""
        return self.cache / "gguf"

    def outcome(self, slug: str, analysis: str) -> Path:
        """What became of an analysis that could not be measured; its traceback lies beside it."""
        return self.cache / "outcomes" / slug / f"{analysis}.json"

    def unfinished(self, slug: str, analysis: str) -> Path:
        """What an analysis that takes long has computed so far."""
        return self.cache / "unfinished" / slug / analysis

    @property
    def log(self) -> Path:
        """The traceback of what ended a command."""
        return self.cache / "error.log"

    def folder(self, slug: str) -> Path:
        return self.models / slug

    def entry(self, slug: str) -> Path:
        return self.models / slug / "model.yml"

    def entries(self) -> list[Path]:
        """The model.yml of every model, sorted; those that may not be looked at as well, so that
        whoever reads them says so."""
        found = []
        for folder in sorted(self.models.iterdir()) if self.models.is_dir() else []:
            path = folder / "model.yml"
            try:
                path.lstat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                pass
            found.append(path)
        return found

    def profile(self, slug: str, analysis: str) -> Path:
        return self.models / slug / f"{analysis}.json"

    @property
    def claims(self) -> Path:
        return self.docs / "claims"

    @property
    def findings(self) -> Path:
        return self.docs / "findings"

    def verified(self, slug: str) -> Path:
        return self.models / slug / "verified.json"


def find_project(start: Path) -> Project:
    """The project that `start` lies in: the nearest folder upwards with a mkdocs.yml."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "mkdocs.yml").is_file():
            return Project(folder)
    raise AtlasError(
        "no mkdocs.yml here or in a folder above",
        file=start,
        remedy="go to a project's folder, name it with --project, or make one: atlas init FOLDER",
    )


def refuse_link(path: Path) -> None:
    """Raise `AtlasError` where a model's file or its folder is a symbolic link: what a link in a
    contribution leads to is not part of it, and would be read and published."""
    try:
        links = [here for here in (path.parent, path) if here.is_symlink()]
    except OSError as error:
        raise from_os(error, file=path) from error
    for here in links:
        raise link_problem(here)


def link_problem(link: Path) -> AtlasError:
    """What to tell of a symbolic link where there may be none."""
    return AtlasError(
        f"is a symbolic link to {str(link.readlink())!r}",
        file=link.parent.resolve() / link.name,
        remedy="put the file itself there",
    )


def zoo_folder(name: str) -> Path:
    """The folder of a reference model's weights, source `zoo:<name>`."""
    return PACKAGE / "zoo" / "models" / name


def package_data() -> Path:
    """The pinned data: corpus and relations."""
    return PACKAGE / "data"


def schema(name: str) -> Path:
    """A JSON Schema that atlas ships: `entry`, `profile`, or of a part, `functions.heads`."""
    return PACKAGE / "schemas" / f"{name}.schema.json"


def static() -> Path:
    """The browser's side: JavaScript and CSS."""
    return PACKAGE / "static"


def demo() -> Path:
    """The project that `atlas init` copies from: inside the wheel, else the checkout itself."""
    inside = PACKAGE / "demo"
    return inside if inside.is_dir() else PACKAGE.parent


def shipped_templates() -> Path:
    """`atlas/templates` in an installed wheel, `../templates` in a checkout."""
    inside = PACKAGE / "templates"
    return inside if inside.is_dir() else PACKAGE.parent / "templates"


def template_dirs(project: Project) -> list[Path]:
    """Where templates are looked for, in order: the project's own, then the shipped ones."""
    folders = [project.templates, shipped_templates()]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
