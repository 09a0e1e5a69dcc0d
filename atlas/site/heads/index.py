"""Heads: every attention head of every model in one table, to be filtered, ranked and looked up.

The page loads `bundle.json` and, as they are asked for, parts of bytes beside it. Heads are
numbered: model after model, layer after layer. What is in the files is told in
`templates/parts/formats/heads.txt`, which the page shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.paths import Project
from atlas.pinned.relations import CATEGORIES
from atlas.profiles import shares
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix, rounded
from atlas.profiles.statement import Statement
from atlas.site.across import bundles, quantities
from atlas.site.across.bundles import Parts
from atlas.site.across.shared_scale import MISSING, Scale
from atlas.site.heads import fingerprints
from atlas.site.heads import relations as head_relations
from atlas.site.heads import scores as head_scores
from atlas.site.heads.fingerprints import Prints
from atlas.site.heads.relations import Relations
from atlas.site.heads.scores import Groups, Listed, Score
from atlas.words import number, significant

FORMAT = 2
FOLDER = "heads"
CACHE = "nearest.npz"
PART = 64 * 1024
"""Bytes of a part: about one score of all heads of a large atlas, so that a reader of one score
fetches little else."""

CHANCE = {"chance": "", "folded_chance": "folded_"}
"""Facts of chance, and what they are called in the description."""

FIRST = ("attention/induction", "functions/ov_copying")
"""What the page begins with, where it was measured."""

SHARES = ("score", "suppressive")
"""Scores that are shares of pairs, with a chance of their own."""

UNLISTED = ("suppressive:", "folded_")
"""Scores of a relation beside the one whose highest head is told."""


@dataclass(frozen=True)
class Top:
    """The highest head of a score, for a page without scripts."""

    score: Score
    share: float
    listed: Listed
    head: tuple[int, int]
    place: int

    @property
    def value(self) -> str:
        return number(self.share)

    @property
    def sure(self) -> str:
        """How sure a share of pairs is, and what chance gives; empty for other scores."""
        name, k = head_scores.asked(self.score.first.name)
        kind, _, relation = name.partition(":")
        matrix = self.score.matrices[self.place]
        if kind not in SHARES or matrix is None or not matrix.n:
            return ""
        low, high = shares.wilson(round(self.share * matrix.n) / matrix.n, matrix.n)
        chance = _chance(self.listed).get(f"{relation}@{k}")
        told = f"{number(float(low))} to {number(float(high))}"
        return told if chance is None else f"{told}, chance up to {number(chance)}"

    @property
    def address(self) -> str:
        return self.listed.address(*self.head)


@dataclass(frozen=True)
class Heads:
    """What the page of heads is made of, and its files, names relative to it."""

    listed: tuple[Listed, ...]
    scores: tuple[Score, ...]
    relations: tuple[tuple[str, str], ...]
    top: tuple[Top, ...]
    nearest: bool
    silent: int
    """Heads of which enough was measured and no function was found."""
    judged: int
    """Heads of which enough was measured."""
    files: tuple[tuple[str, bytes], ...] = field(repr=False)

    @property
    def count(self) -> int:
        return sum(one.count for one in self.listed)

    @property
    def default(self) -> str:
        """The score that the page begins with."""
        known = [one.id for one in self.scores]
        return next((one for one in FIRST if one in known), known[0])

    @property
    def categories(self) -> tuple[str, ...]:
        return CATEGORIES

    @property
    def is_mixed(self) -> bool:
        """Whether there are both real and reference models: the page begins with real ones."""
        return len({one.model.entry.is_reference for one in self.listed}) > 1

    @property
    def families(self) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
        """Models by family, both in order of names."""
        found: dict[str, list[Listed]] = {}
        for one in sorted(self.listed, key=lambda one: one.model.entry.name.casefold()):
            found.setdefault(one.model.entry.family, []).append(one)
        return tuple((name, tuple(found[name])) for name in sorted(found))

    @property
    def groups(self) -> tuple[tuple[str, tuple[Score, ...]], ...]:
        """Scores by what they stand under in a picker, as they come."""
        found: dict[str, list[Score]] = {}
        for one in self.scores:
            found.setdefault(one.group, []).append(one)
        return tuple((name, tuple(scores)) for name, scores in found.items())


def load(project: Project, models: Sequence[Model], statements: Sequence[Statement]) -> Heads:
    """All heads of all models that were measured; nearest heads are kept in the project's cache.

    Raises `AtlasError` where a profile of `functions` lacks the part that lists its heads.
    """
    listed = head_scores.listed(models)
    scores = [one for stated in statements for one in head_scores.scores(listed, stated)]
    if not scores:
        return Heads((), (), (), (), False, 0, 0, ())
    groups = head_scores.groups(listed, statements)
    known = head_relations.load(project, listed, scores)
    prints = fingerprints.prints(listed, scores, groups)
    found = prints.nearest(project.cache / CACHE)
    told, rows = fingerprints.packed(found, prints, PART) if found else (None, [])
    nearest = [(f"nearest.{at}.bin", content) for at, content in enumerate(rows)]
    packed = Parts(PART)
    does = fingerprints.functions(found, prints) if found else None
    classes = head_relations.classes(listed)
    index: dict[str, Any] = {
        "format": FORMAT,
        "heads": sum(one.count for one in listed),
        "models": list(_models(listed, groups, known, prints)),
        "groups": {
            name: quantities.told([profile for one in listed if (profile := one.profile(name))])
            for name in groups
        },
        "relations": [{"name": name, "title": title} for name, title in known.titles],
        "categories": list(CATEGORIES),
        "classes": list(packed.add(classes.tobytes())) if classes is not None else None,
        "functions": list(packed.add(does.tobytes())) if does is not None else None,
        "has": [packed.add(plane.tobytes()) for plane in known.planes],
        "scores": [_told(packed, one, listed) for one in scores],
        "parts": [name for name, _ in packed.files],
        "nearest": told and {"parts": [name for name, _ in nearest], **told},
    }
    return Heads(
        listed=tuple(listed),
        scores=tuple(scores),
        relations=known.titles,
        top=tuple(_top(listed, scores, groups)),
        nearest=found is not None,
        silent=int((does == 0).sum()) if does is not None else 0,
        judged=int((does != MISSING).sum()) if does is not None else 0,
        files=(("bundle.json", bundles.dumped(index)), *packed.files, *nearest),
    )


def _told(packed: Parts, score: Score, listed: Sequence[Listed]) -> dict[str, Any]:
    """A score as the description has it; its column is packed."""
    pairs = list(zip(listed, score.matrices, strict=True))
    scale, first = _scale(score.known), score.first
    column = [
        np.full(one.count, MISSING, dtype=np.uint8)
        if matrix is None
        else scale.steps(matrix).reshape(-1)
        for one, matrix in pairs
    ]
    part, offset = packed.add(np.concatenate(column).tobytes())
    others = [
        one.slug
        for one, matrix in pairs
        if matrix is None and (profile := one.profile(score.stated.name))
        if any(other.name == first.name for other in profile.matrices)
    ]
    return {
        "analysis": score.stated.name,
        "name": first.name,
        "title": first.title,
        "unit": first.unit,
        "direction": first.direction,
        "kind": first.kind,
        "least": score.least,
        "transform": scale.transform,
        "low": rounded(scale.low),
        "high": rounded(scale.high),
        "below": scale.below,
        "part": part,
        "offset": offset,
        **({"others": others} if others else {}),
    }


def _scale(matrices: Sequence[Matrix]) -> Scale:
    """The scale of a score: its whole range where that is fixed, else from the lowest to the
    highest value, so that no head is clipped."""
    first = matrices[0]
    low, high = first.range or (None, None)
    if low is not None and high is not None and first.scale == "linear":
        return Scale(first.kind, "linear", float(low), float(high))
    values = np.concatenate([one.values[np.isfinite(one.values)] for one in matrices])
    positive = values[values > 0]
    if first.scale == "log" and positive.size:
        return Scale(first.kind, "log", *_ends(positive), below=positive.size < values.size)
    bottom, top = _ends(values) if values.size else (0.0, 0.0)
    return Scale(first.kind, "linear", 0.0 if first.kind == "counts" else bottom, top)


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(rounded(float(values.min())) or 0.0), float(rounded(float(values.max())) or 0.0)


def _models(
    listed: Sequence[Listed], groups: Groups, known: Relations, prints: Prints
) -> Iterator[dict[str, Any]]:
    rows = zip(listed, known.asked, known.pairs, prints.sets, strict=True)
    for one, asked, pairs, scores in rows:
        entry = one.model.entry
        measured = [profile.analysis for profile in one.profiles]
        sections = [one.model.section(name) for name in measured]
        yield {
            "slug": entry.slug,
            "name": entry.name,
            "family": entry.family,
            "layers": one.layers,
            "heads": one.heads,
            "first": one.first,
            "tags": list(entry.tags),
            "reference": entry.is_reference,
            "base": one.model.base.slug if one.model.base else None,
            "made": entry.made if one.model.base else None,
            "stale": any(section and section.job.state == "stale" for section in sections),
            "groups": {name: one.group(name, groups) for name in measured},
            "place": one.place and list(one.place),
            "asked": list(asked),
            "pairs": list(pairs),
            "ks": _ks(one),
            "chance": _chance(one),
            "set": prints.bases.index(scores),
        }


def _ks(one: Listed) -> list[int] | None:
    """The k that a model's relations are judged at, and that of copying; None without any."""
    profile = one.profile(head_scores.FUNCTIONS)
    found = [profile.conditions.get(key) for key in ("k", "k_copying")] if profile else []
    known = [k for k in found if isinstance(k, int)]
    return known if len(known) == 2 else None


def _chance(one: Listed) -> dict[str, float]:
    """The largest chance of any head, by relation and k: `capital@10`, `folded_capital@10` where
    norm gains were folded."""
    profile = one.profile(head_scores.FUNCTIONS)
    found: dict[str, float] = {}
    for fact, value in profile.facts.items() if profile else ():
        kind, _, asked = fact.partition(":")
        if kind in CHANCE and isinstance(value, int | float):
            found[f"{CHANCE[kind]}{asked}"] = significant(value, 3)
    return found


def _top(listed: Sequence[Listed], scores: Sequence[Score], groups: Groups) -> Iterator[Top]:
    """The highest head of each score, among models measured as most were, of real ones where there
    are any; of relations, the score at the smaller k, as it is without folding. A count that is 0
    everywhere has no highest head."""
    for score in scores:
        if not score.least or score.first.name.startswith(UNLISTED):
            continue
        best: tuple[tuple[int, float], int, tuple[int, int]] | None = None
        for place, (one, matrix) in enumerate(zip(listed, score.matrices, strict=True)):
            if matrix is None or one.group(score.stated.name, groups):
                continue
            values = np.where(np.isnan(matrix.values), -np.inf, matrix.values)
            layer, head = divmod(int(values.argmax()), one.heads)
            key = (-one.model.rank, float(values[layer, head]))
            if np.isfinite(key[1]) and (not best or key > best[0]):
                best = (key, place, (layer, head))
        if best and (best[0][1] or score.first.kind != "counts"):
            (_, value), place, head_at = best
            yield Top(score, value, listed[place], head_at, place)
