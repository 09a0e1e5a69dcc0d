"""What an atlas says of itself: its title, logo and colours, what stands at the top of its home
page, and which sections it has.

Title and logo are MkDocs' own keys (`site_name`, `theme.logo`). The others stand under
`extra.atlas` in mkdocs.yml, beside what is measured (`atlas/profiles/settings.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas.entries import colours, mkdocs_file
from atlas.entries.colours import Colours
from atlas.errors import AtlasError, from_os, raise_all, short, suggest
from atlas.paths import Project

KEYS = ("headline", "introduction", "sections", "colours")

SECTIONS: Mapping[str, str] = {
    "findings": "findings/index.md",
    "models": "models/index.md",
    "families": "families/index.md",
    "survey": "survey/index.md",
    "compare": "compare/index.md",
    "heads": "heads/index.md",
    "claims": "claims/index.md",
    "methods": "methods/index.md",
    "data": "data/index.md",
    "architectures": "architectures.md",
    "recipe": "recipe.md",
    "reference": "reference.md",
    "contributing": "contributing.md",
}
"""The sections of an atlas that states none, in their order, and where each begins below docs/."""

ALWAYS = ("models", "methods", "data")
"""Sections that figures link to, and so every atlas has."""

LONGEST = 120
"""Characters of a headline."""

LARGEST = 64 * 1024
"""Bytes of an introduction."""


@dataclass(frozen=True)
class Presentation:
    """`headline` and `introduction` are empty where the atlas has none of its own; the latter is
    Markdown of the project. `colours`: of links and what is chosen, by colour scheme. `logo`: a
    picture below docs/, None for an icon."""

    title: str = "Model Atlas"
    headline: str = ""
    introduction: str = ""
    sections: tuple[str, ...] = tuple(SECTIONS)
    colours: Colours = ()
    logo: Path | None = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """The sections that this atlas does not have."""
        return tuple(name for name in SECTIONS if name not in self.sections)

    def has(self, section: str) -> bool:
        """Whether the atlas has a section."""
        return section in self.sections

    def leads(self, address: str) -> bool:
        """Whether there is a page at an address relative to the site's root, as far as sections
        decide that."""
        return re.split(r"[/?#]", address, maxsplit=1)[0] not in self.left_out


def introduction_file(project: Project, document: Mapping[str, Any] | None = None) -> Path | None:
    """Where the introduction lies, if mkdocs.yml names one; None for what cannot be a path."""
    read = mkdocs_file.read(project) if document is None else dict(document)
    named = mkdocs_file.stated(read, project.mkdocs_yml).get("introduction")
    return project.root / named if isinstance(named, str) and named else None


def load(project: Project) -> Presentation:
    """What the project says of itself.

    Raises `AtlasError` or `Problems` for values that cannot be used, and for a navigation that
    leads to a section which is left out.
    """
    document = mkdocs_file.read(project)
    stated = mkdocs_file.stated(document, project.mkdocs_yml)
    raise_all(list(_problems(project, document, stated)))
    theme = document.get("theme")
    logo = theme.get("logo") if isinstance(theme, dict) else None
    file = introduction_file(project, document)
    return Presentation(
        title=str(document.get("site_name") or Presentation.title),
        headline=str(stated.get("headline") or "").strip(),
        introduction=_text(file).strip() if file else "",
        sections=tuple(stated.get("sections") or SECTIONS),
        colours=tuple((stated.get("colours") or {}).items()),
        logo=_picture(project, logo),
    )


def _picture(project: Project, named: object) -> Path | None:
    """A picture below docs/; None for one that is not the project's, such as an icon's name."""
    if not isinstance(named, str):
        return None
    file = (project.docs / named).resolve()
    return file if file.is_relative_to(project.docs.resolve()) and file.is_file() else None


def _problems(
    project: Project, document: Mapping[str, Any], stated: Mapping[Any, Any]
) -> Iterator[AtlasError]:
    file = project.mkdocs_yml
    headline = stated.get("headline")
    if headline is not None and not (
        isinstance(headline, str) and 0 < len(headline.strip()) <= LONGEST
    ):
        yield AtlasError(
            f"{short(headline)} is not a sentence",
            file=file,
            place="extra.atlas.headline",
            remedy=f"write one of at most {LONGEST} characters",
        )
    if stated.get("introduction") is not None:
        yield from _introduction_problems(project, stated["introduction"])
    if stated.get("colours") is not None:
        yield from colours.problems(stated["colours"], file)
    if stated.get("sections") is not None:
        wrong = list(_section_problems(stated["sections"], file))
        yield from wrong or _nav_problems(document, stated["sections"], file)


def _introduction_problems(project: Project, named: object) -> Iterator[AtlasError]:
    """It is put on the home page as it stands, so that it must be a file of the project itself."""
    remedy = "name a Markdown file beside mkdocs.yml: introduction.md"
    if not isinstance(named, str) or not named.endswith(".md"):
        problem = f"{short(named)} is not the path of a Markdown file"
    elif not (project.root / named).resolve().is_relative_to(project.root.resolve()):
        problem = f"{short(named)} leads out of the project"
    elif (project.root / named).resolve().is_relative_to(project.docs.resolve()):
        problem = f"{short(named)} lies in docs/, where it is a page of its own as well"
        remedy = "move it out of docs/; its links are those of the home page, docs/index.md"
    elif (project.root / named).exists() and not (project.root / named).is_file():
        problem = f"{short(named)} is not a file"  # a pipe would keep its reader waiting
    else:
        try:
            _text(project.root / named)
        except AtlasError as error:
            yield error
        return
    yield AtlasError(
        problem, file=project.mkdocs_yml, place="extra.atlas.introduction", remedy=remedy
    )


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        raise from_os(error, file=file) from error
    except UnicodeDecodeError as error:
        raise AtlasError("is not UTF-8", file=file, remedy="save it as UTF-8") from error
    if len(raw) > LARGEST:
        raise AtlasError(
            f"larger than {LARGEST} bytes", file=file, remedy="put the rest on a page of its own"
        )
    return text


def _section_problems(named: object, file: Path) -> Iterator[AtlasError]:
    place = "extra.atlas.sections"
    if not isinstance(named, list):
        told = f"write a list of: {', '.join(SECTIONS)}"
        yield AtlasError(f"{short(named)} is not a list", file=file, place=place, remedy=told)
        return
    for at, name in enumerate(named):
        if name not in tuple(SECTIONS):
            told = suggest(name, tuple(SECTIONS), len(SECTIONS))
            yield AtlasError(
                f"there is no section {short(name)}", file=file, place=place, remedy=told
            )
        elif name in named[:at]:
            yield AtlasError(
                f"{name} is listed twice", file=file, place=place, remedy="remove one of them"
            )
    for name in ALWAYS:
        if name not in named:
            told = f"add {name}"
            yield AtlasError(
                f"{name} cannot be left out, for figures link to it",
                file=file,
                place=place,
                remedy=told,
            )


def _nav_problems(
    document: Mapping[str, Any], named: list[str], file: Path
) -> Iterator[AtlasError]:
    """An error for each page of the navigation that is not made."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for page in mkdocs_file.pages_of_nav(document.get("nav")):
        section = page.split("/")[0].removesuffix(".md")
        if section in SECTIONS and section not in named:
            line = next((at for at, text in enumerate(lines, 1) if page in text), 0)
            yield AtlasError(
                f"{page} is not made, for extra.atlas.sections leaves {section} out",
                file=file,
                place=f"line {line}: nav" if line else "nav",
                remedy=f"remove that line, or add {section} to the sections",
            )
