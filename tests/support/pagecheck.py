"""Built pages, read the way a browser reads them: tags, links and text."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKS = ("href", "xlink:href", "src", "data-src", "action", "poster", "srcset", "formaction")


class Page(HTMLParser):
    """A page's `shape` (tags and names of their attributes), `links` and `text`."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, *sorted(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in LINKS]
        self.ids |= {value or "" for name, value in attrs if name == "id"}

    def handle_data(self, data: str) -> None:
        self.text += data


def broken_links(site: Path) -> list[str]:
    """Every link of a site that leads to no file of it, data and scripts too; MkDocs checks only
    what it reads as Markdown."""
    found = []
    for path in sorted(site.rglob("*.html")):
        if path.name == "404.html":  # its links are made for the root of a server
            continue
        for link in Page(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = path.parent / unquote(parts.path)
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                found.append(f"{path.relative_to(site)}: {link}")
    return found
