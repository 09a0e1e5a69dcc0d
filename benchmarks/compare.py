"""Times of the compare page in headless Chromium against its budgets.

    python benchmarks/compare.py [--rounds 12]

Two atlases of random values, two models of 80 x 64 and six of 36 x 32, each compared in every view.
Measured once all profiles are loaded: from a change of the quantity, a model (one replaced by
another, one left out or added), the baseline, the view or how layers are matched to the frame in
which the last panel is painted; and the time between frames while the pointer crosses a panel and
the crosshair follows in all of them. Beside each stands the time that the page's main thread was on
a processor, which a busy machine stretches less. The budgets are for a quiet machine, and for the
quantity, the model and the crosshair; exit code 1 where one of them is exceeded. That of a switch
grows with the time that the naive way of `benchmarks/site.py` takes here, before and after.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "browser" / "support")]

import atlases  # the tests' atlases, found by the line above
import chrome
import naive  # the file beside this one

from atlas.paths import Project
from atlas.site import pages

SHAPES = {"two": (2, 80, 64), "six": (6, 36, 32)}
LIVE = '[data-atlas="compare"][data-ready="live"]'
STILL = ".atlas-pane .atlas-frame canvas"
BUDGETS = {"switch_ms": 50.0, "frame_p95_ms": 33.0}

SWITCH = """async ([role, value, rounds]) => {
  const page = document.querySelector('[data-atlas="compare"]');
  const part = (name) => page.querySelector(`[data-role="${name}"]`);
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(null);
  }));
  const idle = () => [...Bokeh.index].every((view) => view.has_finished());
  const change = (round) => {
    if (role === "replaced") return history.go(round % 2 ? 2 : -2);
    if (role === "model") return page.querySelector(`input[value="${value}"]`).click();
    const control = part(role);
    const others = [...control.options].filter((option) => !option.disabled && !option.selected);
    control.value = others[Math.floor(others.length / 2)].value;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = page.dataset.shown;
    const start = performance.now();
    change(round);
    do {
      await painted();
      if (performance.now() - start > 20000) throw new Error(`${role} changed nothing`);
    } while (page.dataset.shown === before || !idle());
    times.push(performance.now() - start);
  }
  return times;
}"""
"""Milliseconds from a change to the frame after which no panel has anything left to paint."""

FRAMES = """() => {
  window.frames_ = [];
  const note = (at) => { frames_.push(at); window.handle_ = requestAnimationFrame(note); };
  window.handle_ = requestAnimationFrame(note);
}"""


def make(folder: Path) -> Project:
    """Both sets of models in one atlas, and one model more of each shape."""
    made = atlases.project(folder)
    for name, (count, layers, heads) in SHAPES.items():
        for at in range(count + 1):
            atlases.entry(made, f"{name}-{at}", family=name)
            found = atlases.matrices(100 * layers + at, layers, heads)
            atlases.profile(made, f"{name}-{at}", matrices=found)
    return made


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder on loopback."""
    server = chrome.server(folder)
    yield f"http://127.0.0.1:{server.server_port}/site/"
    server.shutdown()
    server.server_close()


def open_page(browser: Any, url: str, name: str, view: str = "values") -> Any:
    """The compare page with all models of a set, live."""
    count = SHAPES[name][0]
    models = ",".join(f"{name}-{at}" for at in range(count))
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(120_000)
    page.goto(f"{url}compare/?models={models}&analysis=weights&matrix=ov_copying&view={view}")
    page.wait_for_selector(LIVE)
    awake(page)
    return page


def awake(page: Any) -> None:
    """Bring every panel into sight, for only then is it live."""
    while page.locator(STILL).count():
        page.evaluate(f"document.querySelector('{STILL}')?.scrollIntoView()")
        page.wait_for_timeout(50)
    page.evaluate("scrollTo(0, 0)")


@contextmanager
def processor(page: Any) -> Iterator[list[float]]:
    """Collects the milliseconds that the page's main thread was on a processor meanwhile."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = cdp.send("Performance.getMetrics")["metrics"]
        return 1e3 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    found: list[float] = []
    before = spent()
    yield found
    found.append(spent() - before)


def switches(browser: Any, url: str, name: str, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each kind of change; a model is replaced by going back and forward between
    two choices of as many models."""
    last, spare = (f"{name}-{SHAPES[name][0] + at}" for at in (-1, 0))
    found = {}
    for view in ("values", "difference"):
        for role in ("matrix", "replaced", "model", "baseline", "view", "by"):
            page = open_page(browser, url, name, view)
            if role == "replaced":
                # The theme loads a page again on the first step back to it; that is not measured.
                page.locator(".md-tabs a", has_text="Models").click()
                page.wait_for_selector(".atlas-models")
                page.go_back()
                page.wait_for_selector(LIVE)
                awake(page)
                for slug in (last, spare):
                    page.evaluate(SWITCH, ["model", slug, 1])
            page.evaluate(SWITCH, [role, last, 2])  # everything is loaded
            with processor(page) as spent:
                times = page.evaluate(SWITCH, [role, last, rounds])
            found[f"{role}, {view}"] = told(times, spent[0] / rounds)
            page.close()
    return found


def frames(browser: Any, url: str, name: str) -> dict[str, float]:
    """Milliseconds between frames while the pointer crosses a panel."""
    page = open_page(browser, url, name)
    page.locator(".atlas-hit").first.scroll_into_view_if_needed()
    box = page.locator(".atlas-hit").first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.evaluate(FRAMES)
    with processor(page) as spent:
        for sweep in range(3):
            ends = (0.02, 0.98) if sweep % 2 else (0.98, 0.02)
            for end, down in zip(ends, (20, 110), strict=True):
                y = box["y"] + down + 90 * sweep
                page.mouse.move(box["x"] + box["width"] * end, y, steps=60)
    times: list[float] = page.evaluate("() => { cancelAnimationFrame(handle_); return frames_; }")
    assert page.locator(".atlas-readout:visible").count() == 1, "the crosshair has followed"
    page.close()
    return told(np.diff(times).tolist(), spent[0] / (len(times) - 1))


def told(times: Sequence[float], processor_ms: float) -> dict[str, float]:
    return {
        "processor": round(processor_ms, 1),
        "median": round(float(np.median(times)), 1),
        "p95": round(float(np.percentile(times, 95)), 1),
        "max": round(max(times), 1),
        "of": len(times),
    }


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Every number of the benchmark by name."""
    from playwright.sync_api import sync_playwright

    made = make(folder / "atlas")
    pages.render(made)
    found: dict[str, Any] = {}
    with serving(made.root) as url, sync_playwright() as playwright:
        atlases.build(made, url)
        browser = playwright.chromium.launch(
            executable_path=chrome.chromium(), args=list(chrome.ARGUMENTS)
        )
        naive.publish(made.site)
        before = naive.browser_pace(browser, url)
        for name in SHAPES:
            found[name] = switches(browser, url, name, rounds)
            found[name]["frames"] = frames(browser, url, name)
        found["pace"] = round((before + naive.browser_pace(browser, url)) / 2, 3)
        browser.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=12, help="changes of each kind")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = measure(Path(temporary), asked.rounds)
    over = {}
    budgets = BUDGETS | {"switch_ms": BUDGETS["switch_ms"] * found["pace"]}
    for name in SHAPES:
        for change, times in found[name].items():
            key, limit = ("p95", budgets["frame_p95_ms"])
            if change != "frames":
                key, limit = ("median", budgets["switch_ms"])
                if change.partition(",")[0] not in ("matrix", "replaced", "model"):
                    continue
            if times[key] > limit:
                over[f"{name}: {change}"] = [times[key], limit]
    sys.stdout.write(json.dumps({"measured": found, "budgets": budgets, "over": over}, indent=1))
    sys.stdout.write("\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
