"""Matrices as CSV; that these are a figure's bytes, `browser/heatmap/test_downloads.py` says."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import atlases
import numpy as np
import pytest
import samples
from click.testing import CliRunner

from atlas import commands
from atlas.errors import AtlasError
from atlas.profiles import matrix_csv, profile_file


def test_a_matrix_is_read_back() -> None:
    matrix = samples.matrix()
    head, *lines = csv.reader(io.StringIO(matrix_csv.csv(matrix), newline=""))
    assert head == ["layer \\ module", *matrix.columns]
    assert [line[0] for line in lines] == list(matrix.rows)
    values = [[float(cell) if cell else np.nan for cell in line[1:]] for line in lines]
    assert np.array_equal(values, matrix.values, equal_nan=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (0.0, "0"), (1e-6, "0.000001"), (1.5e-7, "1.5e-7"), (12340000.0, "12340000"),
     (1e21, "1e+21"), (-0.25, "-0.25")],
)  # fmt: skip
def test_numbers_are_written_as_a_browser_writes_them(value: float, text: str) -> None:
    matrix = samples.matrix(rows=("0",), columns=("a",), values=np.array([[value]]))
    assert matrix_csv.csv(matrix).split("\r\n")[1] == f"0,{text}"


def test_classes_have_their_names() -> None:
    values = np.array([[1.0, 0.0, np.nan]])
    parts = {"rows": ("0",), "columns": ("a", "b", "c"), "values": values}
    mask = samples.matrix(**parts, kind="binary", unit="1 kept, 0 pruned")
    assert matrix_csv.csv(mask).splitlines()[1] == "0,kept,pruned,"
    kinds = samples.matrix(**parts, kind="categorical", categories=("none", "a, b"))
    assert matrix_csv.csv(kinds).splitlines()[1] == '0,"a, b",none,'
    plain = samples.matrix(**parts, kind="binary", unit="whether a head is live")
    assert matrix_csv.csv(plain).splitlines()[1] == "0,1,0,"


def test_no_label_is_a_formula() -> None:
    assert matrix_csv.field("=1+1") == "'=1+1"
    assert matrix_csv.field('a "b", c') == '"a ""b"", c"'


def test_an_unknown_matrix_is_told_with_the_known_ones() -> None:
    with pytest.raises(AtlasError, match=r"no matrix 'rsm'; did you mean 'rms'\?"):
        matrix_csv.of(samples.profile(), "rsm")


def test_the_command_prints_the_bytes(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    atlases.profile(made, "one")
    words = ["csv", "one", "weights", "score:all@10", "--project", str(made.root)]
    done = CliRunner().invoke(commands.main, words)
    assert done.exit_code == 0
    matrix = profile_file.load(made.profile("one", "weights")).matrix("score:all@10")
    assert done.stdout_bytes == matrix_csv.csv(matrix).encode()
    done = CliRunner().invoke(commands.main, [*words[:3], "none", *words[4:]])
    assert (done.exit_code, "no matrix 'none'" in done.output) == (1, True)
