"""Likeness of real heads and models: small models, the same ones written down otherwise, and heads
of random weights, all measured by the analyses themselves.

Of every reference architecture a copy with its heads in reverse order and one with random heads, of
those with RMSNorm also one whose residual stream is turned and whose norm gains stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import atlases
import head_atlas
import numpy as np
import pytest
import rewritten
import thin_corpus
from numpy.typing import NDArray

from atlas.analyses.attention import run as attention
from atlas.analyses.functions import run as functions
from atlas.analyses.residual import run as residual
from atlas.analyses.weights import run as weights
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.paths import PACKAGE, Project
from atlas.pinned import corpus, relations
from atlas.pinned.choices import DEFAULT
from atlas.profiles import collection, statement
from atlas.profiles.statement import Measured
from atlas.site.across import model_map
from atlas.site.across.model_map import Likeness
from atlas.site.heads import fingerprints, nearest
from atlas.site.heads import scores as head_scores
from atlas.site.heads.fingerprints import Prints
from atlas.site.heads.nearest import LEAST

LAYERS = HEADS = 4
MODELS = ("llama", "qwen3", "gpt2", "gpt_neox", "phi")
TURNED = ("llama", "qwen3")
COPIES = [
    *((name, "permuted") for name in MODELS),
    *((name, "rebased") for name in TURNED),
]
CHANGES = {
    "plain": rewritten.plain,
    "permuted": rewritten.permuted,
    "rebased": rewritten.rebased(1),
    "random": rewritten.random_heads(0),
}


@dataclass(frozen=True)
class Real:
    """An atlas of all these models, and the fingerprints of its heads."""

    made: Project
    prints: Prints
    slugs: tuple[str, ...]

    def place(self, name: str, copy: str) -> int:
        return self.slugs.index(f"{name}-{copy}".replace("_", "-"))

    def heads(self, copy: str) -> list[int]:
        """The numbers of all heads of such copies that have a function."""
        loud = np.nansum(self.prints.values, axis=1) >= LEAST
        owners = [slug.endswith(copy) for slug in self.slugs]
        return np.flatnonzero(loud & np.repeat(owners, LAYERS * HEADS)).tolist()

    def distances(self, ours: list[int], theirs: list[int]) -> NDArray[np.float64]:
        """Of every pair, (ours, theirs)."""
        one, other = self.prints.values[ours][:, None], self.prints.values[theirs][None]
        return np.asarray(
            1 - np.minimum(one, other).sum(axis=2) / np.maximum(one, other).sum(axis=2)
        )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """Measured once for all of these tests, over a part of the corpus."""
    root = tmp_path_factory.mktemp("likeness")
    made = atlases.project(root / "atlas")
    thin = thin_corpus.passages()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(corpus, "chosen", lambda choices: thin)
        for name in MODELS:
            for copy in CHANGES if name in TURNED else ("plain", "permuted", "random"):
                folder = rewritten.write(
                    PACKAGE / "zoo/models" / name, root / name / copy, CHANGES[copy]
                )
                found = dict(_measured(folder, name == "llama" and copy != "random"))
                slug = f"{name}-{copy}".replace("_", "-")
                _write(made, slug, found)
    listed = head_scores.listed(collection.load(made))
    statements = [statement.of(name) for name in statement.names()]
    scores = [one for stated in statements for one in head_scores.scores(listed, stated)]
    prints = fingerprints.prints(listed, scores, head_scores.groups(listed, statements))
    yield Real(made, prints, tuple(one.slug for one in listed))


def _measured(folder: Path, wholly: bool) -> Iterator[tuple[str, Measured]]:
    checkpoint, live = Checkpoint.open(folder), LiveModel.open(folder, "cpu")
    yield "functions", functions.measure(checkpoint, relations.load_all(), DEFAULT, _quiet)
    yield "attention", attention.run(live, _quiet)
    if wholly:
        yield "residual", residual.run(live, _quiet)
        yield "weights", weights.run(checkpoint, _quiet)


def _quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


def _write(made: Project, slug: str, found: dict[str, Measured]) -> None:
    head_atlas.model(made, slug, LAYERS, HEADS, measured=())
    for analysis, one in found.items():
        head_atlas.write(
            made, slug, analysis, one.matrices, facts=one.facts, conditions=one.conditions
        )


@pytest.mark.parametrize(("name", "copy"), COPIES)
def test_no_head_is_nearer_than_the_same_head_of_a_copy(real: Real, name: str, copy: str) -> None:
    """Among all heads of all other models, random ones as well; other copies are left out, for
    they are as near."""
    source, own = real.place(name, "plain"), real.place(name, copy)
    alike = real.prints.alike
    assert alike.all()
    for other in {"plain", "permuted", "rebased"} - {copy}:
        if other != "rebased" or name in TURNED:
            at = real.place(name, other)
            alike[source, at] = alike[at, source] = False
    alike[source, source] = True
    found = nearest.nearest(real.prints.values, real.prints.first, alike)
    assert found is not None
    checked = 0
    for layer, head in np.ndindex(LAYERS, HEADS):
        ours = real.prints.first[source] + layer * HEADS + head
        there = HEADS - 1 - head if copy == "permuted" else head
        theirs = real.prints.first[own] + layer * HEADS + there
        if found.found[ours]:
            checked += 1
            far = real.distances([ours], [theirs])[0, 0]
            assert found.distances[ours, 0] >= far - 1e-4
            assert far < 0.02
    assert checked > LAYERS * HEADS / 2


def test_heads_of_random_weights_are_not_listed(real: Real) -> None:
    every = LAYERS * HEADS * len(MODELS)
    assert len(real.heads("random")) <= 0.02 * every
    assert len(real.heads("plain")) > 0.7 * every


def test_no_random_head_is_among_the_closest_of_a_real_one(real: Real) -> None:
    ours, random = real.heads("plain"), real.heads("random")
    owner = np.repeat(range(len(real.slugs)), LAYERS * HEADS)[ours]
    apart = real.distances(ours, ours)
    close = np.quantile(apart[owner[:, None] < owner], 0.05)
    assert 0 < close < 0.6
    if random:
        near = real.distances(ours, random).min(axis=1) < close
        assert near.mean() <= 0.02


def test_a_rebased_model_does_the_same_and_is_stored_otherwise(real: Real) -> None:
    assert _far(real, model_map.DOES, "rebased") < 1e-3
    assert _far(real, model_map.DOES, "permuted") < 1e-3
    assert _far(real, model_map.STORED, "rebased") > 0.01
    assert _far(real, model_map.STORED, "permuted") < 1e-3


def _far(real: Real, likeness: Likeness, copy: str) -> float:
    """The distance on a map of a copy from its source."""
    models = [
        model
        for model in collection.load(real.made)
        if model.entry.slug in ("llama-plain", f"llama-{copy}")
    ]
    statements = [statement.of(name) for name in statement.names()]
    found = model_map.lay_out(models, statements, likeness)
    names = {stated.name for stated, _ in found.yardstick}
    assert names == set(likeness.rules) - {"activations"}
    return found.places[0].nearest[0][1]
