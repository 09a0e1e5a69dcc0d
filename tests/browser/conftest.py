"""A Chromium, a server on this machine, and a page that minds its manners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atlases
import chrome
import own_atlas
import pytest
import samples
from served import Site, built


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        if chrome.chromium() is None:
            reason = "no Chromium on the path, and ATLAS_CHROMIUM is not set"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def serve() -> Iterator[Any]:
    """Serve folders on loopback until the session ends."""
    servers = []

    def start(folder: Path) -> str:
        servers.append(chrome.server(folder))
        return f"http://127.0.0.1:{servers[-1].server_port}"

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
    return built(made, serve)


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """The repository's own atlas, which has every kind of page; a module that looks at it has a
    fixture `site` that gives it."""
    made = own_atlas.rendered(tmp_path_factory.mktemp("whole") / "atlas")
    served = Site(made, serve(made.root))
    atlases.build(made, served.url)
    return served


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=chrome.chromium(), args=list(chrome.ARGUMENTS)
        )
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
    context.set_default_timeout(120_000)  # two busy cores need a minute for what takes a second
    page = context.new_page()
    wrong: list[str] = []
    allowed = ("http://127.0.0.1:", "data:", "blob:")
    page.on("console", lambda told: _add(wrong, told.type in ("error", "warning"), told.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda asked: _add(wrong, not asked.url.startswith(allowed), f"asked {asked.url}"),
    )
    page.on(
        "requestfailed",
        # A request that is under way when a page is left is given up by the browser.
        lambda asked: _add(
            wrong, asked.failure != "net::ERR_ABORTED", f"failed {asked.url}: {asked.failure}"
        ),
    )
    page.on(
        "response",
        lambda answer: _add(wrong, answer.status >= 400, f"{answer.status} {answer.url}"),
    )
    page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    yield page
    context.close()
    assert wrong == []


def _add(wrong: list[str], is_wrong: bool, text: str) -> None:
    if is_wrong:
        wrong.append(text)
