"""Fixtures: a temporary project, and analyses made up for a test."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atlas import analysis
from atlas.analysis import Measured
from atlas.paths import Project

Run = Callable[[object, analysis.Progress], Measured]

STATEMENT = '''"""{title}.

What it shows.
"""
VERSION = {version}
TIER = "{tier}"
KINDS = ("decoder", "encoder")
PROTOCOL = {protocol!r}


def cost(geometry):
    """Operations and bytes."""
    return 2.0 * geometry.layers * geometry.d_model**2, {bytes}
'''


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project in a folder of its own."""
    made = Project(tmp_path / "project")
    made.models.mkdir(parents=True)
    made.mkdocs_yml.write_text("site_name: Test\n", encoding="utf-8")
    return made


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Put an analysis of that name into a package of the test's own, in which there is no other.

    `run` is what it does; its statement stands in a file, as that of a real one.
    """
    package = tmp_path / "package"
    (package / "analyses").mkdir(parents=True)
    monkeypatch.setattr(analysis, "PACKAGE", package)
    analysis.statement.cache_clear()

    def put(
        name: str,
        run: Run | None = None,
        *,
        version: int = 1,
        tier: str = "weights",
        protocol: dict[str, object] | None = None,
        bytes: float = 1e6,
    ) -> Path:
        path = package / "analyses" / f"{name}.py"
        text = STATEMENT.format(
            title=name.capitalize(),
            version=version,
            tier=tier,
            protocol=protocol or {},
            bytes=bytes,
        )
        path.write_text(text, encoding="utf-8")
        analysis.statement.cache_clear()
        module = types.ModuleType(f"atlas.analyses.{name}")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return path

    yield put
    analysis.statement.cache_clear()


@pytest.fixture
def texts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reference models read is made once in a run of tests, not anew in every test."""
    import zoo_texts  # loads the tokenizers' library, which few tests need

    monkeypatch.setattr("atlas.zoo.text.passages", zoo_texts.passages)
    monkeypatch.setattr("atlas.zoo.tokenizer.train", zoo_texts.train)
