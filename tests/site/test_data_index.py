"""The index of data: every data file of the site, with digest and what describes it."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys
from pathlib import Path

import atlases
import chrome
import numpy as np
import own_atlas
import pytest

from atlas.paths import Project
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


def test_the_example_of_the_page_reads_a_matrix(site: Project) -> None:
    """Five lines, as the built page has them, against the served site."""
    page = (site.site / "data" / "index.html").read_text(encoding="utf-8")
    blocks = re.findall(r"<pre>.*?</pre>", page, re.DOTALL)
    (code,) = (
        text for block in blocks
        if "import json" in (text := html.unescape(re.sub(r"<[^>]+>", "", block)).strip())
    )  # fmt: skip
    assert len(code.splitlines()) == 5
    server = chrome.server(site.site)
    try:
        address = f"http://127.0.0.1:{server.server_port}/"
        for mark, value in (
            ("https://.../", address), ("<slug>", "ref-llama"),
            ("<analysis>", "weights"), ("<matrix>", "rms"),
        ):  # fmt: skip
            assert mark in code
            code = code.replace(mark, value)
        code += "\nprint(json.dumps(values.tolist()))"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
        )
    finally:
        server.shutdown()
        server.server_close()
    matrix = profile_file.load(site.profile("ref-llama", "weights")).matrix("rms")
    told, values = done.stdout.splitlines()
    assert told.startswith(f"{matrix.title} {matrix.values.shape}")
    assert np.array_equal(json.loads(values), matrix.values, equal_nan=True)
