"""The index of data: every data file of the site, with digest and what describes it."""

from __future__ import annotations

import ast
import hashlib
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import atlases
import chrome
import numpy as np
import own_atlas
import pytest

from atlas.paths import Project, zoo_folder
from atlas.profiles import profile_file

PAGES_OWN = ("assets/*", "search/*", "sitemap*", "data/index.json")
"""What a site is made of beside its data."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The repository's own atlas, built."""
    made = own_atlas.rendered(tmp_path_factory.mktemp("listing") / "atlas")
    atlases.build(made)
    return made


def _index(site: Project) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads(
        (site.site / "data" / "index.json").read_text(encoding="utf-8")
    )
    return found


def _listed(site: Project) -> list[dict[str, object]]:
    index = _index(site)
    parts = [part for one in index["profiles"] for part in one["parts"]]  # type: ignore[attr-defined]
    return [*index["profiles"], *parts, *index["files"]]


def test_every_data_file_is_listed_once_with_its_digest(site: Project) -> None:
    listed = _listed(site)
    paths = [str(one["path"]) for one in listed]
    assert len(paths) == len(set(paths))
    there = {
        path.relative_to(site.site).as_posix()
        for path in site.site.rglob("*")
        if path.suffix in (".json", ".bin", ".yml", ".csv", ".gz", ".ipynb")
    }
    own = {path for path in there if any(Path(path).match(kind) for kind in PAGES_OWN)}
    assert set(paths) == {path for path in there - own if not path.startswith("assets/")}
    for one in listed:
        content = (site.site / str(one["path"])).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["bytes"] == len(content)


def test_every_file_names_a_schema_or_a_page_that_is_there(site: Project) -> None:
    for one in [*_index(site)["files"], *_listed(site)]:
        if one.get("schema"):
            assert (site.site / "data" / str(one["schema"])).is_file()
        elif "described" in one:
            assert (site.site / str(one["described"]) / "index.html").is_file()


@pytest.fixture(scope="module")
def address(site: Project) -> Iterator[str]:
    """The site, served on loopback."""
    server = chrome.server(site.site)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def _examples(site: Project) -> list[str]:
    """The blocks of code of the built page."""
    page = (site.site / "data" / "index.html").read_text(encoding="utf-8")
    blocks = re.findall(r"<pre>.*?</pre>", page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", block)).strip() for block in blocks]


def _run(code: str, marks: dict[str, str], folder: Path) -> list[str]:
    """The lines that an example prints where its marks stand for something."""
    for mark, value in marks.items():
        code = code.replace(mark, value)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_example_of_the_page_reads_a_matrix(
    site: Project, address: str, tmp_path: Path
) -> None:
    """Five lines, as the built page has them, against the served site."""
    (code,) = (text for text in _examples(site) if "import json" in text)
    assert len(code.splitlines()) == 5
    marks = {
        "https://.../": address,
        "<slug>": "ref-llama",
        "<analysis>": "weights",
        "<matrix>": "rms",
    }
    assert all(mark in code for mark in marks)
    code += "\nprint(json.dumps(values.tolist()))"
    told, values = _run(code, marks, tmp_path)
    matrix = profile_file.load(site.profile("ref-llama", "weights")).matrix("rms")
    assert told.startswith(f"{matrix.title} {matrix.values.shape}")
    assert np.array_equal(json.loads(values), matrix.values, equal_nan=True)


@pytest.mark.parametrize(
    ("mark", "needs", "end", "wanted"),
    [
        ("there.heads()", "numpy", "print(induction.shape)", "(4, 4)"),
        ("to_xarray()", "xarray", "print(frame.shape[1], there.models[0].slug)", "7 all-minilm"),
        pytest.param(
            "atlas.profile(",
            "torch",
            "print(mine.slug, mine.analyses)",
            "live ('weights',)",
            marks=pytest.mark.nightly,  # the notebook below does the same in this process
        ),
    ],
)
def test_the_examples_in_python_run_as_they_stand(
    site: Project, address: str, tmp_path: Path, mark: str, needs: str, end: str, wanted: str
) -> None:
    pytest.importorskip(needs)
    (code,) = (text for text in _examples(site) if "import atlas" in text and mark in text)
    marks = {
        "https://.../": address,
        "<slug>": "ref-llama",
        "<other>": "ref-qwen3",
        "<org>/<name>": str(zoo_folder("llama")),
    }
    assert _run(f"{code}\n{end}", marks, tmp_path)[-1].startswith(wanted)


@pytest.mark.parametrize(
    "live",
    [False, pytest.param(True, marks=pytest.mark.nightly)],  # loads transformers for its last cell
)
def test_the_notebook_runs_cell_after_cell(
    site: Project, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    """As it is downloaded from the built site, but for the address; every last line is shown."""
    pytest.importorskip("pandas")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    notebook = json.loads((site.site / "data/numbers.ipynb").read_bytes())
    code = ["".join(one["source"]) for one in notebook["cells"] if one["cell_type"] == "code"]
    assert [one for one in code if "transformers" in one] == code[-1:]
    shown = []
    names: dict[str, object] = {}
    for cell in code if live else code[:-1]:
        *before, last = ast.parse(cell.replace("https://model-atlas.github.io/", address)).body
        ends = isinstance(last, ast.Expr)
        exec(compile(ast.Module([*before, *([] if ends else [last])], []), "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            html_of = getattr(value, "_repr_html_", None)
            shown.append(html_of() if html_of else repr(value))
    assert "<td>all-minilm-l6-v2</td>" in shown[0]
    assert sum("data:image/svg+xml" in one for one in shown) == 2 + live


def test_the_notebook_has_no_outputs(site: Project) -> None:
    for cell in json.loads((site.site / "data/numbers.ipynb").read_bytes())["cells"]:
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
