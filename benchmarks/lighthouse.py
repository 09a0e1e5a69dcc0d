"""Lighthouse on one page of each kind that readers meet first: scores against their bars.

    npm install --no-save lighthouse@13.5.0
    python benchmarks/lighthouse.py [--runs 5] [--pages model,home]

The repository's own atlas is rendered and built in a temporary folder and served on loopback as
hosts do, compressed. Lighthouse plays its slow phone (simulated throttling), a fresh browser a run.
Accessibility, best practices and SEO have to be 100 in every run, performance 95 in the median.
Exit code 1 where a bar is missed; the audits that cost points are named.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "browser" / "support")]

import atlases  # the tests' modules, found by the line above
import chrome
import own_atlas

LIGHTHOUSE = ROOT / "node_modules" / ".bin" / "lighthouse"
PAGES = {
    "home": "",
    "model": "models/ref-llama/",
    "survey": "survey/attention/",
    "compare": "compare/?models=ref-llama,ref-qwen3&analysis=weights",
    "heads": "heads/",
}
BARS = {"performance": 0.95, "accessibility": 1.0, "best-practices": 1.0, "seo": 1.0}
"""The median of performance has to reach its bar, each run of the others theirs."""


def serving(folder: Path) -> AbstractContextManager[str]:
    """The host of `benchmarks/site.py`, whose name Python has taken for a module of its own."""
    spec = importlib.util.spec_from_file_location("atlas_site", ROOT / "benchmarks" / "site.py")
    assert spec and spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: AbstractContextManager[str] = module.serving(folder)
    return found


def visit(url: str, folder: Path) -> dict[str, Any]:
    """One run: Lighthouse's report."""
    out = folder / "report.json"
    flags = " ".join([*chrome.ARGUMENTS, "--headless=new"])
    command = [str(LIGHTHOUSE), url, "--quiet", "--output=json", f"--output-path={out}",
               f"--chrome-flags={flags}", f"--only-categories={','.join(BARS)}"]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": chrome.chromium() or ""}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def told(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores of a page's runs: the median of performance, the lowest of each other; what cost
    points; medians of the times that performance is made of."""
    scores = {
        name: [float(report["categories"][name]["score"]) for report in reports] for name in BARS
    }
    found: dict[str, Any] = {name: min(values) for name, values in scores.items()}
    found["performance"] = statistics.median(scores["performance"])
    found["costs"] = sorted({audit for report in reports for audit in _costs(report)})
    for name in ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time",
                 "cumulative-layout-shift", "speed-index"):  # fmt: skip
        values = [float(report["audits"][name]["numericValue"]) for report in reports]
        found[name] = round(statistics.median(values), 3)
    return found


def _costs(report: dict[str, Any]) -> list[str]:
    """Audits of a report that have weight and not the full score, speed aside."""
    found = []
    for name, category in report["categories"].items():
        for ref in category["auditRefs"]:
            score = report["audits"][ref["id"]]["score"]
            if name != "performance" and ref["weight"] and score is not None and score < 1:
                found.append(f"{name}: {ref['id']}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pages", default=",".join(PAGES), help="names, with commas")
    asked = parser.parse_args()
    if not LIGHTHOUSE.exists():
        sys.stderr.write("lighthouse is not installed: npm install --no-save lighthouse@13.5.0\n")
        return 2
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        made = own_atlas.rendered(Path(temporary) / "atlas")
        with serving(made.root) as url:
            atlases.build(made, url)
            for name in asked.pages.split(","):
                runs = [visit(url + PAGES[name], Path(temporary)) for _ in range(asked.runs)]
                found[name] = told(runs)
    missed = [
        f"{page}: {name} {scores[name]:.2f}, bar {bar:.2f}"
        for page, scores in found.items()
        for name, bar in BARS.items()
        if scores[name] < bar
    ]
    sys.stdout.write(json.dumps({"measured": found, "missed": missed}, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
