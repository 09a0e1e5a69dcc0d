"""Rendering and building a large atlas, again and after one change, and its survey in a browser.

    python benchmarks/incremental.py [--models 500] [--surveyed 300] [--folder FOLDER]

An atlas of models with 12 heatmaps of 3,000 cells each is rendered, rendered again, rendered after
one entry has changed, and built by MkDocs, in a temporary folder; then the survey of a smaller one
is filtered, sorted and switched. Exit code 1 where a budget is exceeded; those of seconds grow with
what rendering the naive way takes here.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "browser" / "support")]

import atlases  # the tests' atlases, found by the line above
import chrome
import naive  # the file beside this one

from atlas.paths import Project
from atlas.profiles.matrix import Matrix
from atlas.site import pages
from atlas.site.publishing import Rendered

MAPS = 12
SIZES = 6
"""Models of a family."""

TIMED = """async ([role, values]) => {
  const field = document.querySelector(`[data-role="${role}"]`);
  const told = document.querySelector('[data-role="told"]');
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const times = [];
  for (const value of values) {
    const changed = new Promise((resolve) =>
      new MutationObserver(resolve).observe(told, { childList: true, subtree: true }),
    );
    await frame();
    const start = performance.now();
    field.value = value;
    field.dispatchEvent(new Event(role === "text" ? "input" : "change"));
    await changed;
    await frame();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}"""
"""Median ms from a choice to the frame after it is drawn."""


def matrices(seed: int) -> tuple[Matrix, ...]:
    """12 matrices of 50 x 60 random values, one of them categorical."""
    named = {matrix.name: matrix for matrix in atlases.matrices(seed, 50, 60)}
    drawn = named["ov_copying"]
    several = tuple(
        replace(drawn, name=f"map{at}", title=f"Map {at}", values=drawn.values * (1 - at / 20))
        for at in range(MAPS - 1)
    )
    return (*several, named["categories"])


def make(folder: Path, models: int) -> Project:
    """An atlas of that many models in families of six, every profile fresh."""
    made = atlases.project(folder)
    for at in range(models):
        atlases.entry(made, f"model-{at:04}", family=f"family-{at // SIZES:03}")
        atlases.profile(made, f"model-{at:04}", matrices=matrices(at))
    return made


def timed(act: Callable[[], Rendered]) -> tuple[float, float, Rendered]:
    """(CPU seconds of this process, seconds on the clock, what was done)."""
    start = (time.process_time(), time.perf_counter())
    done = act()
    return time.process_time() - start[0], time.perf_counter() - start[1], done


def rendering(folder: Path, models: int) -> dict[str, float]:
    """Render, render again, render after one change, build."""
    made = make(folder, models)
    found: dict[str, float] = {}
    found["render_cpu_s"], found["render_clock_s"], _ = timed(lambda: pages.render(made))
    found["again_cpu_s"], found["again_clock_s"], again = timed(lambda: pages.render(made))
    found["again_written"] = len(again.written)
    atlases.entry(made, "model-0000", family="family-000", summary="Another summary.")
    _, found["one_clock_s"], one = timed(lambda: pages.render(made))
    found["one_written"] = len(one.written)
    before, clock = os.times(), time.perf_counter()
    site = atlases.build(made)
    after = os.times()
    found["mkdocs_cpu_s"] = sum(after[2:4]) - sum(before[2:4])
    found["mkdocs_clock_s"] = time.perf_counter() - clock
    for name in ("search/search_index.json", "models/model-0001/index.html"):
        key = f"{Path(name).stem}_kB"
        found[key] = len(gzip.compress((site / name).read_bytes(), 6)) / 1e3
    return found


def surveying(folder: Path, models: int) -> dict[str, float]:
    """The survey of an atlas: ms to its first panels, to filter, to sort, to switch quantities."""
    from playwright.sync_api import sync_playwright

    made = make(folder, models)
    pages.render(made)
    atlases.build(made)
    server = chrome.server(made.root)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chrome.chromium(), args=list(chrome.ARGUMENTS)
        )
        found = _survey(browser, f"http://127.0.0.1:{server.server_port}/site/survey/weights/")
        browser.close()
    server.shutdown()
    server.server_close()
    return found


def _survey(browser: Any, url: str) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector('[data-atlas="survey"][data-ready="live"]')
    found = {"survey_ready_ms": (time.perf_counter() - start) * 1e3}
    families = ["family-001", "", "family-002", ""]
    choices = {
        "filter": ["text", ["family-00", "model-00", "12", "no such", ""]],
        "family": ["family", families],
        "sort": ["sort", ["mean", "name", "highest", "parameters", "name"]],
        "switch": ["matrix", ["map1", "categories", "map2", "map1", "map0"]],
    }
    for name, choice in choices.items():
        found[f"survey_{name}_ms"] = float(page.evaluate(TIMED, choice))
    return found


BUDGETS = {
    "render_cpu_s": 10.0,
    "again_cpu_s": 10.0,
    "again_written": 0.0,
    "one_written": 5.0,
    "index_kB": 8.0,
    "survey_filter_ms": 100.0,
    "survey_family_ms": 100.0,
}
"""For 500 models rendered and 300 surveyed; seconds are held to the same share a model for other
numbers. One changed entry changes its page, its family's and those that list or count models."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--surveyed", type=int, default=300, help="0 leaves the browser out")
    parser.add_argument("--folder", type=Path, help="keep the atlases there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        found = {"render_pace": naive.pace(naive.render(3)[0] * 100, naive.BUILD_S)}
        found |= rendering(folder / "rendered", asked.models)
        if asked.surveyed:
            found |= surveying(folder / "surveyed", asked.surveyed)
    share = max(1.0, asked.models / 500) * found["render_pace"]
    budgets = {
        key: limit * share if key.endswith("_s") else limit for key, limit in BUDGETS.items()
    }
    over = {
        key: [found[key], limit]
        for key, limit in budgets.items()
        if key in found and found[key] > limit
    }
    told = {key: round(value, 3) for key, value in found.items()}
    sys.stdout.write(json.dumps({"measured": told, "budgets": budgets, "over": over}, indent=1))
    sys.stdout.write("\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
