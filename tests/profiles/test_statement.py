"""What an analysis states is read from its source, without importing it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import ENTRY, GEOMETRY, write_entry

from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.pinned import clusters, corpus, relations
from atlas.profiles import plan, statement
from atlas.profiles.settings import Settings

SHAPE = Geometry(**GEOMETRY)


def entry_with(analyses: tuple[str, ...] | None) -> Entry:
    return Entry(slug="some-model", analyses=analyses, **ENTRY)


def test_names_come_by_tier_then_name(state: Callable[..., Path]) -> None:
    state("zeta")
    state("beta", tier="backward")
    state("alpha", tier="forward")
    path = state("gamma")
    (path.parents[1] / "__init__.py").write_text("")
    assert statement.names() == ("gamma", "zeta", "alpha", "beta")


def test_a_statement_is_read(state: Callable[..., Path]) -> None:
    state("drift", version=3, protocol={"tau": 0.1})
    stated = statement.of("drift")
    assert (stated.name, stated.version, stated.tier) == ("drift", 3, "weights")
    assert stated.kinds == ("decoder", "encoder") and stated.protocol == {"tau": 0.1}
    assert (stated.title, stated.text) == ("Drift", "What it shows.")
    assert stated.prose == "Drift.\n\nWhat it shows."
    assert statement.cost("drift", SHAPE) == (2.0 * 3 * 32**2, 1e6)


def test_an_unknown_name_is_told_with_the_nearest(state: Callable[..., Path]) -> None:
    state("drift")
    with pytest.raises(AtlasError, match=r"no analysis 'dirft'; did you mean 'drift'\? known: dr"):
        statement.of("dirft")


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ("VERSION = 1", "", "states no VERSION; see atlas/profiles/statement.py"),
        ("PROTOCOL = {}", "", "states no PROTOCOL"),
        ("def cost", "def price", "states no cost"),
        ('"""Drift.\n\nWhat it shows.\n"""', "", "states no docstring"),
        ("VERSION = 1", "VERSION = 0", "VERSION: states 0; see atlas/profiles/statement.py"),
        ("VERSION = 1", "VERSION = True", "VERSION: states True"),
        ('"weights"', '"weight"', "TIER: states 'weight'"),
        ('("decoder", "encoder")', '"decoder"', "KINDS: states 'decoder'"),
        ('("decoder", "encoder")', '("decoders",)', "KINDS: states ('decoders',)"),
        ("PROTOCOL = {}", "PROTOCOL = {'k': [1]}", "PROTOCOL: states {'k': [1]}"),
        ("PROTOCOL = {}", "PROTOCOL = {}\nSIZES = 3", "SIZES: states 3"),
        ("PROTOCOL = {}", "PROTOCOL = {}\nUNLESS = {'attn.gate': 3}", "UNLESS: states {'attn.g"),
        ("PROTOCOL = {}", "PROTOCOL = {}\nSIZES = {'losses': {'a': 'b'}}", "SIZES: states {'los"),
    ],
)
def test_a_file_that_does_not_state_what_it_must(
    state: Callable[..., Path], was: str, now: str, problem: str
) -> None:
    state("drift", was=was, now=now)
    with pytest.raises(AtlasError, match=re.escape(problem)):
        statement.of("drift")


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
    assert statement.wanted(entry_with(entrys), "decoder", projects) == wanted


def test_only_analyses_that_fit_the_architecture(state: Callable[..., Path]) -> None:
    state("drift", was='("decoder", "encoder")', now='("decoder",)')
    assert statement.wanted(entry_with(None), "decoder") == ("drift",)
    assert statement.wanted(entry_with(None), "encoder") == ()


def test_loading_needs_what_it_imports(
    state: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    state("drift")
    assert statement.module("drift") is sys.modules["atlas.analyses.drift.run"]

    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(AtlasError, match=r"'drift' needs torch, which is not .*model-atlas\[prof"):
        statement.module("drift")


# The analyses that ship


@pytest.mark.parametrize("name", statement.names())
def test_every_analysis_states_itself(name: str) -> None:
    stated = statement.of(name)
    assert len(stated.title) < 60 and len(stated.text) > 200
    assert all(isinstance(key, str) for key in stated.protocol)
    assert callable(statement.module(name).run)


@pytest.mark.parametrize("name", statement.names())
def test_protocols_carry_the_digests_of_what_they_name(name: str) -> None:
    stated = statement.of(name)
    data = {
        "corpus": corpus.digest(),
        "clusters": clusters.digest(),
        "relations": relations.digest(),
    }
    expected = {k: data[k] if v == "digest" else v for k, v in stated.own_protocol.items()}
    assert dict(stated.protocol) == expected


def test_stating_needs_no_torch() -> None:
    script = "import sys; sys.modules['torch'] = None; from atlas.profiles import statement\n"
    script += "assert not statement.broken(); print(*statement.names())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == list(statement.names())


@pytest.mark.parametrize(
    "text", ["import nothing_of_that_name", "VERSION = (", "1 / 0", "", "raise SystemExit(0)", "\0"]
)
def test_an_analysis_that_cannot_be_stated_ends_nothing_but_itself(
    state: Callable[..., Path], text: str
) -> None:
    state("alpha")
    path = state("beta", was="", now="")
    path.write_text(text)
    statement._stated.cache_clear()
    sys.modules.pop("atlas.analyses.beta", None)
    assert statement.names() == ("alpha",)
    [error] = statement.broken()
    assert str(error).startswith("beta/__init__.py in atlas/analyses: ")
    with pytest.raises(AtlasError):
        statement.of("beta")


@pytest.mark.parametrize(
    "answer", ["1 / 0", "None", "(1,)", "('a', 2)", "(float('nan'), 1)", "(-1, 1)"]
)
def test_a_cost_that_fails_is_no_estimate(
    project: Project, state: Callable[..., Path], answer: str
) -> None:
    state(
        "drift",
        was="return 2.0 * geometry.layers * geometry.d_model**2, 1000000.0",
        now=f"return {answer}",
    )
    with pytest.raises(AtlasError, match=r"drift/__init__.py in atlas/analyses: its cost is "):
        statement.cost("drift", SHAPE)
    write_entry(project, "a", name="A", geometry=GEOMETRY)
    [job] = plan.jobs(project, entry.load_all(project), Settings())
    assert (job.seconds, job.bytes) == (None, None)


@pytest.mark.parametrize("name", statement.names())
def test_cost_grows_with_the_model(name: str) -> None:
    larger = {"layers": 80, "heads": 64, "kv_heads": 8, "d_model": 8192, "d_head": 128}
    small = statement.cost(name, SHAPE)
    large = statement.cost(name, Geometry(**{**GEOMETRY, **larger, "d_mlp": 28672}))
    assert all(0 < one < other < 1e24 for one, other in zip(small, large, strict=True))


def test_there_is_an_analysis() -> None:
    assert "weights" in statement.names()
