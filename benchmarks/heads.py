"""The page of heads with 36,000 heads: packed, their nearest ones found, filtered in a browser.

    python benchmarks/heads.py [--models 100] [--layers 24] [--heads 15] [--folder FOLDER]

An atlas of random models, each with the scores that a real one has: 6 of attention and 128 matrices
of functions. Every head attends to something, so that none goes without a function: the most work
that the search can have. Its heads are packed twice, the second time with the cache of the first;
then their page is opened in a headless Chromium and filtered, sorted, turned, and a head is opened.
Exit code 1 where a budget is exceeded.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "browser" / "support")]

import atlases  # the tests' atlases, found by the line above
import chrome
import head_atlas

from atlas.paths import Project
from atlas.profiles import collection, statement
from atlas.site import pages
from atlas.site.heads import index

TIMED = """async ([role, values]) => {
  const told = document.querySelector('[data-role="told"]');
  const field = document.querySelector(`[data-role="${role}"]`);
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const times = [];
  for (const value of values) {
    const changed = new Promise((resolve) =>
      new MutationObserver(resolve).observe(told, { childList: true, subtree: true }),
    );
    await frame();
    const start = performance.now();
    if (value === null) field.click();
    else {
      field.value = value;
      field.dispatchEvent(new Event(field.options ? "change" : "input"));
    }
    await changed;
    await frame();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}"""
"""Median ms from a choice to the frame after it is drawn."""

CHOICES: dict[str, tuple[str, list[str | None]]] = {
    "filter": ("from", ["0.5", "0.9", "0.05", "0.2", ""]),
    "category": ("category", ["knowledge", "several", "", "any", ""]),
    "relation": ("relation", ["capital", "french", "", "year", ""]),
    "model": ("model", ["model-007", "", "family:family-003", "", "model-042", ""]),
    "depth": ("depth", ["1", "", "4", "", "2", ""]),
    "score": ("score", ["attention/sink", "attention/previous", "attention/entropy"]),
    "colour": ("colour", ["attention/sink", "classes", "", "classes"]),
    "page": ("next", [None, None, None]),
}


def packing(project: Project) -> dict[str, float]:
    """CPU seconds to pack all heads, without a cache and with one, and what a reader fetches."""
    models = collection.load(project)
    statements = [statement.of(name) for name in statement.names()]
    found: dict[str, float] = {}
    for name in ("pack_cpu_s", "again_cpu_s"):
        start = time.process_time()
        heads = index.load(project, models, statements)
        found[name] = time.process_time() - start
    files = dict(heads.files)
    found["heads"] = heads.count
    found["description_kB"] = len(gzip.compress(files["bundle.json"], 6)) / 1e3
    found["all_scores_kB"] = (
        sum(len(gzip.compress(raw, 6)) for name, raw in files.items() if name[:6] == "bundle") / 1e3
    )
    found["nearest_part_kB"] = max(
        len(gzip.compress(raw, 6)) / 1e3 for name, raw in files.items() if name[:7] == "nearest"
    )
    return found


def browsing(project: Project) -> dict[str, float]:
    """ms until the page answers, and for each kind of choice."""
    from playwright.sync_api import sync_playwright

    server = chrome.server(project.root)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chrome.chromium(), args=list(chrome.ARGUMENTS)
        )
        found = _page(browser, f"http://127.0.0.1:{server.server_port}/site/heads/")
        browser.close()
    server.shutdown()
    server.server_close()
    return found


def _page(browser: Any, url: str) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector('[data-atlas="heads-page"][data-ready="live"]')
    found = {"ready_ms": (time.perf_counter() - start) * 1e3}
    for name, (role, values) in CHOICES.items():
        found[f"{name}_ms"] = float(page.evaluate(TIMED, [role, values]))
    return found


BUDGETS = {
    "pack_cpu_s": 10.0,
    "again_cpu_s": 6.0,
    "filter_ms": 100.0,
    "category_ms": 100.0,
    "relation_ms": 100.0,
    "model_ms": 100.0,
    "depth_ms": 100.0,
    "page_ms": 100.0,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--heads", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="keep the atlas there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        made = atlases.project((asked.folder or Path(temporary)) / "atlas")
        for at in range(asked.models):
            family = f"family-{at // 6:03}"
            head_atlas.model(
                made, f"model-{at:03}", asked.layers, asked.heads, seed=at, family=family
            )
        found = packing(made)
        pages.render(made)
        atlases.build(made)
        found |= browsing(made)
    over = {key: [found[key], limit] for key, limit in BUDGETS.items() if found[key] > limit}
    told = {key: round(value, 3) for key, value in found.items()}
    sys.stdout.write(json.dumps({"measured": told, "budgets": BUDGETS, "over": over}, indent=1))
    sys.stdout.write("\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
