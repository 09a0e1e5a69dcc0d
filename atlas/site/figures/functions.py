"""The functional map of a model (figure F3) as its page shows it before any script has run.

Five panels of heads by layers: all categories of relations, and one a category with the heads that
have it, coloured by how many categories they have in all. Beside them how many heads each category
has and how deep they lie, and the relations that the model's tokenizer cannot express.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.pinned import relations
from atlas.pinned.relations import CATEGORIES
from atlas.profiles.profile_file import Profile
from atlas.site.figures.palettes import HEAD_COLOURS

ANALYSIS = "functions"
COPYING = "ov_copying"
"""The matrix that every model has, whatever its tokenizer can express."""

PREVIEW = "functions.maps.svg"

QUARTERS = ("first", "second", "third", "last")

NONE_HAS_IT = "No head has a relation of this category."
NOT_MEASURABLE = (
    "Not measurable: too few of the words of its relations are single tokens for this tokenizer."
)

WIDEST = 2.0
NARROWEST = 0.7
"""Width of a panel over its height, whatever the model's shape."""


@dataclass(frozen=True)
class Panel:
    """One panel: its category (`all` for the first), heads that it shows, how many of them lie in
    each quarter of the layers, and why there are none; empty where there are some."""

    name: str
    title: str
    heads: int
    quarters: tuple[int, ...]
    empty: str


@dataclass(frozen=True)
class Unmeasured:
    """A relation with too few pairs of single tokens for the model's tokenizer."""

    title: str
    pairs: int


@dataclass(frozen=True)
class FunctionalMap:
    """Figure F3 of one model. `total`: heads of all layers; `panels`: none where no relation was
    measurable; `many`: heads that have 1, 2, 3 and 4 categories."""

    layers: int
    heads: int
    total: int
    panels: tuple[Panel, ...]
    many: tuple[int, ...]
    unmeasured: tuple[Unmeasured, ...]

    @property
    def ratio(self) -> float:
        """Width of a panel over its height."""
        return round(min(WIDEST, max(NARROWEST, self.layers / self.heads)), 3)

    @property
    def preview(self) -> str:
        """The picture, relative to the page; empty where there are no panels to be pictured."""
        return f"previews/{PREVIEW}" if self.panels else ""

    @property
    def colours(self) -> tuple[str, ...]:
        return HEAD_COLOURS

    @property
    def needed(self) -> int:
        """Pairs that a relation needs to be measured."""
        return relations.MINIMUM_PAIRS

    @property
    def quarters(self) -> tuple[str, ...]:
        return QUARTERS


def of(profile: Profile) -> FunctionalMap | None:
    """The functional map of a profile of `functions`; None for any other analysis, and where it
    measured neither relations nor copying."""
    counts = _counts(profile)
    if counts is None:
        copying = next((one for one in profile.matrices if one.name == COPYING), None)
        if profile.analysis != ANALYSIS or copying is None:
            return None
        shape, total = copying.values.shape, copying.existing
        return FunctionalMap(shape[0], shape[1], total, (), (), tuple(_unmeasured(profile)))
    many = sum(np.where(np.isnan(each), np.nan, each > 0) for each in counts.values())
    shown = {"all": np.asarray(many), **counts}
    layers, heads = shown["all"].shape
    return FunctionalMap(
        layers=layers,
        heads=heads,
        total=int(np.isfinite(shown["all"]).sum()),
        panels=tuple(
            Panel(
                name=name,
                title="All categories" if name == "all" else name.capitalize(),
                heads=int((values > 0).sum()),
                quarters=_quarters(values),
                empty="" if (values > 0).any() else _why_none(profile, name),
            )
            for name, values in shown.items()
        ),
        many=tuple(int((shown["all"] == number + 1).sum()) for number in range(len(CATEGORIES))),
        unmeasured=tuple(_unmeasured(profile)),
    )


def png(profile: Profile) -> bytes:
    """The five panels side by side, a pixel a head: layers from left to right, heads downwards,
    transparent where the panel shows no head. A page scales it.

    Raises `ValueError` for a profile without a functional map.
    """
    from PIL import Image

    counts = _counts(profile)
    if counts is None:
        raise ValueError(f"{profile.analysis!r} of {profile.model.slug!r} has no functional map")
    many = np.asarray(sum((each > 0).astype(np.uint8) for each in counts.values()))
    panels = [many, *(np.where(each > 0, many, 0) for each in counts.values())]
    image = Image.fromarray(np.hstack([panel.T for panel in panels]).astype(np.uint8), mode="P")
    image.putpalette(b"\0\0\0" + bytes.fromhex("".join(colour[1:] for colour in HEAD_COLOURS)))
    out = io.BytesIO()
    image.save(out, "PNG", transparency=0, compress_level=6)
    return out.getvalue()


def _counts(profile: Profile) -> Mapping[str, NDArray[np.float64]] | None:
    """Relations of each category that every head has, (layer, head); None where not measured."""
    if profile.analysis != ANALYSIS:
        return None
    found = {matrix.name: matrix.values for matrix in profile.matrices}
    names = [f"relations:{name}" for name in CATEGORIES]
    if any(name not in found for name in names):
        return None
    return {name: found[f"relations:{name}"] for name in CATEGORIES}


def _why_none(profile: Profile, category: str) -> str:
    """Why no head has a relation of a category, or of any."""
    asked = {one.name for one in relations.load_all() if category in ("all", one.category)}
    return NONE_HAS_IT if asked & _measured(profile) else NOT_MEASURABLE


def _measured(profile: Profile) -> set[str]:
    """The relations that heads were scored on."""
    names = (one.name.partition("@")[0].partition(":") for one in profile.matrices)
    return {relation for kind, _, relation in names if kind == "score"}


def _quarters(values: NDArray[np.float64]) -> tuple[int, ...]:
    """Heads above 0 in each quarter of the layers, the first quarter first."""
    layers = len(values)
    quarter = np.arange(layers) * len(QUARTERS) // layers
    by_layer = (values > 0).sum(axis=1)
    return tuple(int(by_layer[quarter == one].sum()) for one in range(len(QUARTERS)))


@functools.cache
def _titles() -> dict[str, str]:
    """Titles of the relations by name."""
    return {known.name: known.title for known in relations.load_all()}


def _unmeasured(profile: Profile) -> list[Unmeasured]:
    """Relations whose pairs were counted and that have no map, the fewest pairs last."""
    measured = _measured(profile)
    found = [
        Unmeasured(_titles().get(name, name), int(pairs))
        for key, pairs in profile.facts.items()
        if (name := key.removeprefix("pairs:")) != key
        and isinstance(pairs, int)
        and name not in measured
    ]
    return sorted(found, key=lambda one: -one.pairs)
