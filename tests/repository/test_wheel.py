"""The wheel alone, in an environment of its own: no checkout, no torch."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from atlas.entries import entry
from atlas.paths import PACKAGE
from atlas.profiles import statement

REPOSITORY = PACKAGE.parent

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, "-m", *words, "--wheel-dir", str(folder), str(REPOSITORY)], check=True
    )
    return next(folder.glob("*.whl"))


def test_wheel_holds_templates_one_reference_model_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "atlas/templates/model.md.j2" in names
    assert "atlas/demo/mkdocs.yml" in names
    assert {"atlas/py.typed", "atlas/templates/numbers.ipynb"} <= set(names)
    committed = {path.name for path in (REPOSITORY / "docs/models/ref-llama").glob("*.json")}
    demo = "atlas/demo/docs/models/ref-llama/"
    carried = {name.removeprefix(demo) for name in names if name.startswith(demo)}
    assert carried == {"model.yml", *committed}
    reference = {name for name in names if name.startswith("atlas/data/corpora/reference/")}
    assert len(reference) == 33 and "atlas/data/corpora/reference/clusters.json" in reference
    zoo = {name.split("/")[3] for name in names if name.startswith("atlas/zoo/models/")}
    assert zoo == {"llama"}
    assert not [name for name in names if name.startswith(("tests/", "docs/", "benchmarks/"))]
    assert wheel.stat().st_size < 12_000_000


def test_wheel_alone_makes_and_builds_a_demo(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)  # this environment's pip fills it: sooner done
    python = tmp_path / "env/bin/python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python]
    pip += ["install", "--quiet", "--no-compile"]
    pip += ["--constraint", REPOSITORY / "constraints.txt", wheel]
    subprocess.run(pip, check=True)
    atlas = tmp_path / "env/bin/atlas"
    assert "atlas init demo" in _told([atlas, "--help"], tmp_path)
    _told([atlas, "init", "demo"], tmp_path)
    stated = entry.load(tmp_path / "demo/docs/models/ref-llama/model.yml")
    expected = f"{len(statement.wanted(stated, 'decoder'))} fresh, 0 failed, 0 not measurable here"
    assert expected in _told([atlas, "build"], tmp_path / "demo")
    assert (tmp_path / "demo/site/models/ref-llama/index.html").is_file()
    script = "import atlas; print(len(atlas.open('demo/site').heads()), 'heads')"
    assert _told([python, "-c", script], tmp_path) == "16 heads\n"
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 1


def _told(words: list[str | Path], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
