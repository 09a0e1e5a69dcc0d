"""A Chromium, a server on this machine, and a page that minds its manners."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import atlases
import pytest
import samples

from atlas import pages
from atlas.paths import Project

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:"
)
"""What a strict host would allow: nothing from elsewhere, no evaluation of text as code."""


def chromium() -> str | None:
    """The browser: what ATLAS_CHROMIUM names, else the first Chromium on the path."""
    named = os.environ.get("ATLAS_CHROMIUM")
    if named:
        return named
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        if chromium() is None:
            reason = "no Chromium on the path, and ATLAS_CHROMIUM is not set"
            item.add_marker(pytest.mark.skip(reason=reason))


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@dataclass(frozen=True)
class Site:
    """A built site and where it is served: below a path, as on a project page."""

    project: Project
    origin: str

    @property
    def url(self) -> str:
        return f"{self.origin}/site/"


@pytest.fixture(scope="session")
def serve() -> Iterator[Any]:
    """Serve folders on loopback until the session ends."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        handler = functools.partial(_Handler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Three models: one with matrices of every kind, a large one, and one that waits."""
    made = atlases.project(tmp_path_factory.mktemp("site") / "atlas")
    atlases.entry(made, "small")
    atlases.profile(made, "small")
    atlases.entry(made, "large")
    atlases.profile(made, "large", matrices=atlases.matrices(3, 80, 64))
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    pages.render(made)
    served = Site(made, serve(made.root))
    atlases.build(made, served.url)
    return served


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield found
        found.close()


@pytest.fixture
def context_options() -> dict[str, Any]:
    """What a test wants of its browser window; override with `pytest.mark.parametrize`."""
    return {}


@pytest.fixture
def page(browser: Any, site: Site, context_options: dict[str, Any]) -> Iterator[Any]:
    """A page. Afterwards: no error on the console, no request that leaves the site."""
    options = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
    context = browser.new_context(**(options | context_options))
    page = context.new_page()
    wrong: list[str] = []
    allowed = ("http://127.0.0.1:", "data:", "blob:")
    page.on("console", lambda told: told.type in ("error", "warning") and wrong.append(told.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: request.url.startswith(allowed) or wrong.append(f"asked {request.url}"),
    )
    page.on("requestfailed", lambda request: wrong.append(f"failed {request.url}"))
    page.on(
        "response",
        lambda answer: answer.status >= 400 and wrong.append(f"{answer.status} {answer.url}"),
    )
    page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    yield page
    context.close()
    assert wrong == []
