"""Settings of a whole atlas: `extra.atlas` in mkdocs.yml."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from atlas.entries import mkdocs_file, presentation
from atlas.errors import AtlasError, raise_all, short, suggest
from atlas.paths import Project
from atlas.pinned import corpus
from atlas.pinned.choices import Choices
from atlas.profiles import statement


@dataclass(frozen=True)
class Settings:
    """What holds for every model of the atlas.

    `analyses`: which analyses to run where an entry names none, in the order in which pages show
    them; None for all that fit. `choices`: what is measured on, and how; its keys stand beside
    `analyses` in the file.
    """

    analyses: tuple[str, ...] | None = None
    choices: Choices = field(default_factory=Choices)


LATER = ("mlp", "embedding")
"""What heads of later layers may be taken to read."""

KEYS = ("analyses", *(each.name for each in fields(Choices)), *presentation.KEYS)
"""What may stand under `extra.atlas`; `atlas/entries/presentation.py` reads what is not about
measuring."""


def load(project: Project) -> Settings:
    """The settings of a project.

    Raises `AtlasError` or `Problems` for unknown keys, wrong types and unknown analyses.
    """
    file = project.mkdocs_yml
    stated = mkdocs_file.stated(mkdocs_file.read(project), file)
    found = [
        AtlasError(
            f"unknown key {short(key)}",
            file=file,
            place=f"extra.atlas.{key}",
            remedy=suggest(key, KEYS),
        )
        for key in stated
        if key not in KEYS
    ]
    analyses = stated.get("analyses")
    if analyses is not None and not isinstance(analyses, list):
        found.append(
            AtlasError(
                f"{short(analyses)} is not a list",
                file=file,
                place="extra.atlas.analyses",
                remedy=f"write a list of names; known: {', '.join(statement.names())}",
            )
        )
    elif analyses is not None:
        found += unknown_analyses(analyses, file, "extra.atlas.analyses")
    found += _unfit(stated, file)
    raise_all(found)
    chosen = {
        key: stated[key]
        for key in ("sparsity", "learned", "fold", "later")
        if stated.get(key) is not None
    }
    if stated.get("corpus") is not None:
        chosen["corpus"] = corpus.named(stated["corpus"], project.root)
    return Settings(tuple(analyses) if analyses is not None else None, Choices(**chosen))


def _unfit(stated: dict[Any, Any], file: Any) -> list[AtlasError]:
    """An error for each choice that is of the wrong type or out of bounds."""
    sparsity = stated.get("sparsity")
    number = isinstance(sparsity, (int, float)) and not isinstance(sparsity, bool)
    fits = {
        "corpus": (
            "a path or a name",
            f"name a JSON Lines file or one of: {', '.join(corpus.SHIPPED)}",
            isinstance(stated.get("corpus"), str),
        ),
        "sparsity": (
            "a share below 1",
            "write 0.25 to prune a quarter of the blocks",
            number and 0 <= float(str(sparsity)) < 1,
        ),
        "learned": ("true or false", "write one of them", isinstance(stated.get("learned"), bool)),
        "fold": ("true or false", "write one of them", isinstance(stated.get("fold"), bool)),
        "later": ("mlp or embedding", "write one of them", stated.get("later") in LATER),
    }
    return [
        AtlasError(
            f"{short(stated[key])} is not {what}",
            file=file,
            place=f"extra.atlas.{key}",
            remedy=remedy,
        )
        for key, (what, remedy, right) in fits.items()
        if stated.get(key) is not None and not right
    ]


def unknown_analyses(named: Any, file: Any, place: str) -> list[AtlasError]:
    """An error for each name that is not an analysis."""
    return [
        AtlasError(
            f"there is no analysis {short(name)}",
            file=file,
            place=place,
            remedy=suggest(name, statement.names()),
        )
        for name in named
        if name not in statement.names()
    ]
