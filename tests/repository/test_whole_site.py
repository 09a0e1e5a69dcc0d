"""Every page of the repository's own atlas as built: HTML, links, anchors, what search finds.

html-validate comes from npm: `make check` installs it.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import atlases
import own_atlas
import pagecheck
import pytest

from atlas.entries import entry
from atlas.paths import PACKAGE
from atlas.pinned import relations
from atlas.profiles import statement

VALIDATOR = PACKAGE.parent / "node_modules" / ".bin" / "html-validate"

RULES = {
    "root": True,
    "extends": ["html-validate:standard"],
    # The theme has it on its toggles, and Firefox minds it there.
    "rules": {"valid-autocomplete": "off"},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    return atlases.build(own_atlas.rendered(tmp_path_factory.mktemp("whole") / "atlas"))


def invalid(folder: Path, work: Path) -> list[str]:
    """Everything that breaks the rules of HTML, in all pages of a folder."""
    rules = work / "htmlvalidate.json"
    rules.write_text(json.dumps(RULES), encoding="utf-8")
    command = [str(VALIDATOR), "--config", str(rules), "--formatter", "json", str(folder)]
    told = work / "told.json"
    with told.open("w") as out:  # into a pipe, node would leave off what is longer than its buffer
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [
        f"{page['filePath']}:{found['line']}: {found['ruleId']}: {found['message']}"
        for page in json.loads(told.read_text())
        for found in page["messages"]
    ]


needs_npm = pytest.mark.skipif(
    not VALIDATOR.exists(), reason="html-validate is not installed: npm ci"
)


@needs_npm
def test_every_page_is_valid_html(site: Path, tmp_path: Path) -> None:
    assert invalid(site, tmp_path) == []


@needs_npm
def test_what_is_invalid_is_found(tmp_path: Path) -> None:
    """The check can fail: an id twice, a tag that is not closed, a block within a line."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><head><title>x</title></head>'
        '<body><p id="a">x</p><p id="a">y</p><span><div>z</div></span><b>w</body></html>'
    )
    found = {line.split(": ")[1] for line in invalid(folder, tmp_path)}
    assert found == {"no-dup-id", "element-permitted-content", "close-order"}


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    assert pagecheck.broken_links(site) == []
    assert broken_anchors(site) == []


def test_a_broken_anchor_is_found(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<a href="#gone">x</a><a href="b/#here">y</a>')
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "index.html").write_text('<p id="here">x</p><a href="../#a">x</a>')
    assert broken_anchors(tmp_path) == ["b/index.html: ../#a", "index.html: #gone"]


def broken_anchors(site: Path) -> list[str]:
    """Every link to a place of a page that has no such place."""
    pages = {path: pagecheck.Page(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are made for the root of a server
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.fragment:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if unquote(parts.fragment) not in pages[target].ids:
                found.append(f"{path.relative_to(site)}: {link}")
    return found


def test_nothing_is_asked_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*>", text)
        assert not [tag for tag in loaded if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag)]


@pytest.fixture(scope="module")
def index(site: Path) -> dict[str, str]:
    """What search looks through: address -> title and text, in lower case."""
    document = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    return {one["location"]: f"{one['title']} {one['text']}".lower() for one in document["docs"]}


def test_search_knows_every_model(index: dict[str, str]) -> None:
    for item in entry.load_all(own_atlas.OURS):
        text = index[f"models/{item.slug}/"]
        for words in (item.name, item.slug, item.family, *item.summary.split()):
            assert " ".join(words.lower().split()) in text, (item.slug, words)


def test_search_leaves_out_what_is_marked(site: Path, index: dict[str, str]) -> None:
    """The theme stops leaving out at the end of the first element of the same name within."""
    broken = [
        f"{path.relative_to(site)}: {tag}"
        for path in sorted(site.rglob("*.html"))
        for tag in reopened(path.read_text(encoding="utf-8"))
    ]
    assert broken == []
    sections = [place for place in index if re.fullmatch(r"models/[^/]+/#.*", place)]
    assert sections == []  # pictures and controls: what a model is stands above them


def test_what_search_would_not_leave_out_is_found() -> None:
    nested = (
        "<div data-search-exclude><div>a</div>b</div><section data-search-exclude><br></section>"
    )
    assert reopened(nested) == ["div"]


def reopened(page: str) -> list[str]:
    """Tags of the elements that search shall leave out and that hold another of the same tag."""
    found: list[str] = []
    open_tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag in open_tags:
                open_tags.append(tag)
                found.append(tag)
            elif "data-search-exclude" in dict(attrs):
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag in open_tags:
                open_tags.remove(tag)

    Reader().feed(page)
    return found


def test_search_knows_every_method_and_relation(index: dict[str, str]) -> None:
    for name in statement.names():
        assert statement.of(name).title.lower() in index[f"methods/{name}/"]
    text = " ".join(text for place, text in index.items() if place.startswith("methods/functions/"))
    for relation in relations.load_all():
        assert relation.title.lower() in text, relation.name


def test_a_model_page_is_light_with_all_that_was_measured(site: Path) -> None:
    pages = sorted((site / "models").glob("*/index.html"))
    heavy = {
        page.parent.name: size
        for page in pages
        if (size := len(gzip.compress(page.read_bytes(), 6))) > 8 * 1024
    }
    assert heavy == {}
    assert len(pages) > 8
