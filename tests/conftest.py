"""Fixtures: a temporary project, and analyses made up for a test."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atlas import analyses
from atlas.paths import Project
from atlas.profiles import statement
from atlas.profiles.statement import Measured

Run = Callable[[object, statement.Progress], Measured]

STATEMENT = '''"""{title}.

What it shows.
"""
VERSION = {version}
TIER = "{tier}"
KINDS = ("decoder", "encoder")
PROTOCOL = {protocol!r}
MATRICES = {{
    name: {{
        "title": "Root mean square",
        "unit": "weight units",
        "direction": "larger weights",
        "axes": ("layer", "module"),
        "gaps": True,
    }}
    for name in ("rms", "score:{{relation}}@{{k}}")
}}


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
    """Put an analysis of that name where analyses are found, among which there is no other.

    `run` is what it does; its statement stands in a file, as that of a real one, in which `was` is
    replaced by `now`.
    """
    folder = tmp_path / "analyses"
    folder.mkdir()
    monkeypatch.setattr(analyses, "__path__", [str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files change within a second
    _forget_analyses()

    def put(
        name: str,
        run: Run | None = None,
        *,
        version: int = 1,
        tier: str = "weights",
        protocol: dict[str, object] | None = None,
        bytes: float = 1e6,
        was: str = "",
        now: str = "",
    ) -> Path:
        path = folder / name / "__init__.py"
        path.parent.mkdir(exist_ok=True)
        text = STATEMENT.format(
            title=name.capitalize(),
            version=version,
            tier=tier,
            protocol=protocol or {},
            bytes=bytes,
        )
        assert was in text
        path.write_text(text.replace(was, now) if was else text, encoding="utf-8")
        _forget_analyses()
        module = types.ModuleType(f"atlas.analyses.{name}.run")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return path

    yield put
    monkeypatch.undo()
    _forget_analyses()


def _forget_analyses() -> None:
    """Let every statement be read again, from where analyses are found now."""
    statement._stated.cache_clear()
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.count(".") == 2]:
        if name.startswith("atlas.analyses."):
            del sys.modules[name]


@pytest.fixture
def texts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reference models read is made once in a run of tests, not anew in every test."""
    import zoo_texts  # loads the tokenizers' library, which few tests need

    monkeypatch.setattr("atlas.zoo.texts.text.passages", zoo_texts.passages)
    monkeypatch.setattr("atlas.zoo.training.tokenizer.train", zoo_texts.train)
