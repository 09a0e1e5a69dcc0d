"""Where a model is named outside its own folder: as the base of others, in claims, in findings.

Slugs stand there as words of their own and within addresses below the site's root. The files are
read as YAML alone, so that one that is wrong otherwise can be listed and renamed in as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas.files import yaml_file
from atlas.files.yaml_file import KeyPath
from atlas.paths import Project, is_generated

ADDRESSES = ("view", "figure")
"""Keys of claims and findings that hold an address."""

OF_MODELS = ("model", "models")
"""Keys of an address' query that hold slugs."""


@dataclass(frozen=True)
class Mentions:
    """The files that name a model: entries that it is the base of, claims, findings; and pages and
    templates of the project's own that hold its address, which nobody but their author changes."""

    entries: tuple[Path, ...]
    claims: tuple[Path, ...]
    findings: tuple[Path, ...]
    pages: tuple[Path, ...]

    @property
    def bases(self) -> tuple[str, ...]:
        """The slugs of the models that were made from it."""
        return tuple(path.parent.name for path in self.entries)


def of(project: Project, slug: str) -> Mentions:
    """Everything that names a model. Raises `AtlasError` for a file that cannot be read as YAML."""

    def naming(paths: list[Path]) -> tuple[Path, ...]:
        return tuple(path for path in paths if is_named(path, slug))

    return Mentions(
        entries=naming([path for path in project.entries() if path.parent.name != slug]),
        claims=naming(sorted(project.claims.glob("[!.]*.yml"))),
        findings=naming(sorted(project.findings.glob("[!.]*.yml"))),
        pages=tuple(_pages(project, slug)),
    )


def is_named(path: Path, slug: str) -> bool:
    """Whether an entry, claim or finding names a model."""
    text = read(path)
    return slug in text and renamed(text, path, slug, f"{slug}-x") != text


def read(path: Path) -> str:
    """The text of a file, which `yaml_file.read` would read; line ends as they are."""
    yaml_file.read(path)
    return path.read_bytes().decode("utf-8")


def renamed(text: str, path: Path, old: str, new: str) -> str:
    """The text of an entry, claim or finding with another slug for a model."""

    def change(keys: KeyPath, word: str) -> str:
        if keys[-1] in ADDRESSES:
            return address(word, old, new)
        is_slug = keys == ("base",) or (keys[0] == "holds" and keys[-1] == "model")
        return new if is_slug and word == old else word

    return yaml_file.with_words(text, path, change)


def address(word: str, old: str, new: str) -> str:
    """An address below the site's root with another slug for a model."""
    word = re.sub(rf"^models/{re.escape(old)}(?=/)", f"models/{new}", word)
    path, mark, rest = word.partition("?")
    query, hash_sign, place = rest.partition("#")
    parts = []
    for part in query.split("&"):
        key, equals, value = part.partition("=")
        if key in OF_MODELS:
            slugs = re.split("(,|%2C)", value)
            value = "".join(new if slug == old else slug for slug in slugs)
        parts.append(f"{key}{equals}{value}")
    return f"{path}{mark}{'&'.join(parts)}{hash_sign}{place}"


def _pages(project: Project, slug: str) -> Iterator[Path]:
    """Pages and templates of the project's own that hold the address of a model's page."""
    wanted = re.compile(rf"models/{re.escape(slug)}(?![\w.-])")
    own = [path for path in sorted(project.docs.rglob("*.md")) if "/." not in path.as_posix()]
    files = [path for path in own if not is_generated(path.relative_to(project.docs).as_posix())]
    for path in [project.mkdocs_yml, *files, *sorted(project.templates.rglob("*.j2"))]:
        try:
            if path.is_file() and wanted.search(path.read_text("utf-8", "replace")):
                yield path
        except OSError:
            continue
