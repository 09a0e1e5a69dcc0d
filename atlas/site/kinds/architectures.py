"""What the atlas reads, by model type, and what not and why."""

from __future__ import annotations

from atlas import architectures
from atlas.architectures import coverage
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    families: dict[str, set[str]] = {}
    for model in contents.models:
        if not model.entry.is_reference:
            families.setdefault(model.entry.architecture, set()).add(model.entry.family)
    page = contents.page(
        "architectures.md.j2",
        root="../",
        read=coverage.read(),
        unread=coverage.unread(),
        counted=coverage.counts(),
        shares=coverage.shares(),
        least=coverage.LEAST,
        families=families,
        origin=architectures.origin,
    )
    yield "architectures.md", page
