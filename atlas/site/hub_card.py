"""A snippet for the card of a model on a hub: a picture, a few numbers, and where they are from.

Names are contributed: what Markdown or HTML would read as more than text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mkdocs.utils import yaml as mkdocs_yaml

from atlas.errors import AtlasError, short
from atlas.paths import Project
from atlas.profiles import settings
from atlas.profiles.collection import Model
from atlas.profiles.profile_file import Profile
from atlas.site import link_pictures, model_page
from atlas.site.figures import facts
from atlas.site.model_page import Section
from atlas.words import scalar

NUMBERS = 4
"""Facts of a card, each of another analysis."""

FIRST = {
    "drift": "relative_change",
    "functions": "classified",
    "attention": "strongest_induction",
    "importance": "bits_per_byte",
}
"""What a card says of single analyses, in this order; of any other its first fact."""

ADDRESS = re.compile(r"https?://[^\s()<>\[\]\"`]+")
SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def address(project: Project) -> str:
    """Where the site is served, by `site_url` of mkdocs.yml, with a slash at its end.

    Raises `AtlasError` where that is not set, or is no address of the web.
    """
    settings.load(project)  # says what is wrong with the file
    with project.mkdocs_yml.open(encoding="utf-8") as stream:
        stated: Any = mkdocs_yaml.yaml_load(stream).get("site_url")
    remedy = "write site_url: https://... in mkdocs.yml, or set ATLAS_SITE_URL where that reads it"
    if not stated:
        raise AtlasError(
            "the site has no address, which a card needs for its picture and link",
            file=project.mkdocs_yml,
            place="site_url",
            remedy=remedy,
        )
    if not ADDRESS.fullmatch(str(stated)):
        raise AtlasError(
            f"{short(stated)} is not an address of the web",
            file=project.mkdocs_yml,
            place="site_url",
            remedy=remedy,
        )
    return str(stated).rstrip("/") + "/"


def markdown(model: Model, site: str, title: str) -> str:
    """The snippet of a model whose pages are served at `site`, of the atlas of that title.

    Raises `AtlasError` for a model of which nothing up to date was measured.
    """
    sections = [one for one in model_page.sections(model) if one.job.state == "fresh"]
    profiles = [one.profile for one in sections if one.profile]
    if not profiles:
        raise AtlasError(
            f"nothing of {model.entry.slug!r} that is up to date was measured",
            remedy=f"atlas profile {model.entry.slug}",
        )
    name, page = _plain(model.entry.name), f"{site}{model.folder}/"
    rows = [
        f"| {_plain(what)} | {_plain(value)} | {_plain(on)} |"
        for what, value, on in list(_numbers(sections))[:NUMBERS]
    ]
    return "\n".join(
        [
            f"[![What is inside {name}]({page}{link_pictures.FILE})]({page})",
            "",
            "| | | measured on |",
            "|---|---|---|",
            *rows,
            "",
            f"Measured by [{_plain(title)}]({page}) {_pinned(profiles)}.",
            "",
        ]
    )


def _numbers(sections: Sequence[Section]) -> Iterator[tuple[str, str, str]]:
    """A fact of each analysis that says something about the model: name, value, and what it was
    measured on."""
    order = [*FIRST, *(one.stated.name for one in sections if one.stated.name not in FIRST)]
    for section in sorted(sections, key=lambda one: order.index(one.stated.name)):
        if section.profile is None or section.doubt:
            continue
        stated, found = section.stated, section.profile.facts
        start = FIRST.get(stated.name, "")
        told = {key: value for key, value in found.items() if key.startswith(start)}
        for what, value in facts.facts(told, section.profile.matrices, stated.facts).items():
            if isinstance(value, (int, float, str)) and not isinstance(value, bool):
                yield what, scalar(value), _conditions(section.profile)
                break


def _conditions(profile: Profile) -> str:
    held = profile.conditions
    if "corpus" in held:
        count = f", {scalar(held['tokens'])} tokens" if "tokens" in held else ""
        return f"corpus {held['corpus']}{count}"
    stored = held.get("stored_dtype")
    return f"weights, stored as {stored}" if stored else "weights"


def _pinned(profiles: Sequence[Profile]) -> str:
    pin = profiles[0].model
    which = f"at revision `{pin.revision}`" if pin.revision else f"on the weights `{pin.digest}`"
    methods = ", ".join(f"{one.analysis} {one.version}" for one in profiles)
    return f"{which}; method versions: {methods}"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
