"""`atlas export`: what a site publishes as tables, from a project."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_atlas
from click.testing import CliRunner, Result

from atlas import commands
from atlas.paths import Project
from atlas.profiles import tidy


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return small_atlas.made(tmp_path_factory.mktemp("export") / "atlas")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(commands.main, [str(word) for word in words], catch_exceptions=False)


def test_tables_are_those_of_the_site(small: Project, tmp_path: Path) -> None:
    told = run("export", tmp_path / "to", "--project", small.root)
    assert told.exit_code == 0 and "attention.csv.gz" in told.stderr
    names = {path.name for path in (tmp_path / "to").iterdir()}
    assert names == {"attention.csv.gz", "functions.csv.gz", "weights.csv.gz"}
    for name in names:
        assert (tmp_path / "to" / name).read_bytes() == (small.docs / "data" / name).read_bytes()


def test_parquet_holds_the_same_cells(small: Project, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    words = ("--parquet", "--analysis", "functions", "--project", small.root)
    assert run("export", tmp_path, *words).exit_code == 0
    [path] = tmp_path.iterdir()
    rows = parquet.read_table(path).to_pylist()
    cells = list(tidy.read(small.docs / "data/functions.csv.gz"))
    assert [tuple(row.values()) for row in rows] == [tuple(cell) for cell in cells]


def test_without_pyarrow_the_extra_is_named(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    told = run("export", tmp_path, "--parquet", "--project", small.root)
    assert told.exit_code == 1 and "pip install 'model-atlas[parquet]'" in told.output
    assert not list(tmp_path.iterdir())


def test_nothing_measured_is_told(project: Project, tmp_path: Path) -> None:
    told = run("export", tmp_path / "to", "--project", project.root)
    assert told.exit_code == 1 and "nothing has been measured yet" in told.output
    assert (
        "did you mean 'weights'"
        in run("export", "--analysis", "weight", "--project", project.root).output
    )
