"""What an analysis states is read from its source, without importing it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import ENTRY, GEOMETRY

from atlas import analysis, clusters, corpus, relations
from atlas.entry import Entry, Geometry
from atlas.errors import AtlasError

SHAPE = Geometry(**GEOMETRY)


def entry_with(analyses: tuple[str, ...] | None) -> Entry:
    return Entry(slug="some-model", analyses=analyses, **ENTRY)


def test_names_come_by_tier_then_name(state: Callable[..., Path]) -> None:
    state("zeta")
    state("beta", tier="backward")
    state("alpha", tier="forward")
    path = state("gamma")
    (path.parent / "__init__.py").write_text("")
    assert analysis.names() == ("gamma", "zeta", "alpha", "beta")


def test_a_statement_is_read(state: Callable[..., Path]) -> None:
    state("drift", version=3, protocol={"tau": 0.1})
    stated = analysis.statement("drift")
    assert (stated.name, stated.version, stated.tier) == ("drift", 3, "weights")
    assert stated.kinds == ("decoder", "encoder") and stated.protocol == {"tau": 0.1}
    assert (stated.title, stated.text) == ("Drift", "What it shows.")
    assert analysis.prose("drift") == "Drift.\n\nWhat it shows."
    assert analysis.cost("drift", SHAPE) == (2.0 * 3 * 32**2, 1e6)


def test_an_unknown_name_is_told_with_the_nearest(state: Callable[..., Path]) -> None:
    state("drift")
    with pytest.raises(AtlasError, match=r"no analysis 'dirft'; did you mean 'drift'\? known: dr"):
        analysis.statement("dirft")


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ("VERSION = 1", "", "states no VERSION; see atlas/analysis.py"),
        ("PROTOCOL = {}", "", "states no PROTOCOL"),
        ("def cost", "def price", "states no docstring or cost"),
        ('"""Drift.\n\nWhat it shows.\n"""', "", "states no docstring or cost"),
        ("VERSION = 1", "VERSION = 0", "VERSION: states 0; see atlas/analysis.py"),
        ("VERSION = 1", "VERSION = True", "VERSION: states True"),
        ('"weights"', '"weight"', "TIER: states 'weight'"),
        ('("decoder", "encoder")', '"decoder"', "KINDS: states 'decoder'"),
        ('("decoder", "encoder")', '("decoders",)', "KINDS: states ('decoders',)"),
        ("PROTOCOL = {}", "PROTOCOL = {'k': [1]}", "PROTOCOL: states {'k': [1]}"),
    ],
)
def test_a_file_that_does_not_state_what_it_must(
    state: Callable[..., Path], was: str, now: str, problem: str
) -> None:
    path = state("drift")
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, now))
    analysis.statement.cache_clear()
    with pytest.raises(AtlasError, match=re.escape(problem)):
        analysis.statement("drift")


@pytest.mark.parametrize(
    ("entrys", "projects", "wanted"),
    [
        (None, None, ("drift", "masks")),
        (None, ("masks",), ("masks",)),
        (("drift",), ("masks",), ("drift",)),
        ((), ("masks",), ()),
        (None, (), ()),
        (("nothing",), None, ()),
    ],
)
def test_the_entrys_choice_then_the_projects_then_all(
    state: Callable[..., Path], entrys: Any, projects: Any, wanted: tuple[str, ...]
) -> None:
    state("drift")
    state("masks")
    assert analysis.wanted(entry_with(entrys), "decoder", projects) == wanted


def test_only_analyses_that_fit_the_architecture(state: Callable[..., Path]) -> None:
    path = state("drift")
    path.write_text(path.read_text().replace('("decoder", "encoder")', '("decoder",)'))
    analysis.statement.cache_clear()
    assert analysis.wanted(entry_with(None), "decoder") == ("drift",)
    assert analysis.wanted(entry_with(None), "encoder") == ()


def test_loading_needs_what_it_imports(
    state: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    state("drift")
    assert analysis.load("drift") is sys.modules["atlas.analyses.drift"]

    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(AtlasError, match=r"'drift' needs torch, which is not .*model-atlas\[prof"):
        analysis.load("drift")


# The analyses that ship


@pytest.mark.parametrize("name", analysis.names())
def test_every_analysis_states_itself(name: str) -> None:
    stated = analysis.statement(name)
    assert len(stated.title) < 60 and len(stated.text) > 200
    assert all(isinstance(key, str) for key in stated.protocol)
    assert callable(analysis.load(name).run)


@pytest.mark.parametrize("name", analysis.names())
def test_what_is_read_is_what_is_imported(name: str) -> None:
    stated, module = analysis.statement(name), analysis.load(name)
    assert (stated.version, stated.tier) == (module.VERSION, module.TIER)
    assert tuple(module.KINDS) == stated.kinds
    data = {
        "corpus": corpus.digest(),
        "clusters": clusters.digest(),
        "relations": relations.digest(),
    }
    expected = {k: data[k] if v == "digest" else v for k, v in module.PROTOCOL.items()}
    assert dict(stated.protocol) == expected
    assert module.cost(SHAPE) == analysis.cost(name, SHAPE)


@pytest.mark.parametrize("name", analysis.names())
def test_cost_grows_with_the_model(name: str) -> None:
    larger = {"layers": 80, "heads": 64, "kv_heads": 8, "d_model": 8192, "d_head": 128}
    small = analysis.cost(name, SHAPE)
    large = analysis.cost(name, Geometry(**{**GEOMETRY, **larger, "d_mlp": 28672}))
    assert all(0 < one < other < 1e24 for one, other in zip(small, large, strict=True))


def test_there_is_an_analysis() -> None:
    assert "weights" in analysis.names()
