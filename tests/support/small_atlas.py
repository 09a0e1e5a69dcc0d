"""A small atlas of committed profiles, and a host on loopback that serves it, or that lies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import atlases
import own_atlas

from atlas.paths import Project
from atlas.site import contents
from atlas.site.kinds import data

SLUGS = ("ref-llama", "ref-qwen3", "ref-gpt2", "gemma-3-270m", "qwen3-8b")
"""Three that were measured alike, one that was measured on another corpus, one that was not."""

ANALYSES = ("weights", "attention", "functions")


def publish(made: Project) -> None:
    """Lay out docs/ as a site is for programs: with its index of data and its tables."""
    loaded = contents.load(made)
    planned = dict(data.tables(loaded))
    planned |= dict(data.files(loaded, planned))
    for path, content in planned.items():
        (made.docs / path).parent.mkdir(parents=True, exist_ok=True)
        (made.docs / path).write_bytes(content)


def made(root: Path) -> Project:
    """The project, its docs/ laid out as its site is."""
    project = atlases.project(root)
    for slug in SLUGS:
        project.folder(slug).mkdir()
        for path in own_atlas.OURS.folder(slug).iterdir():
            if path.name == "model.yml" or path.name.partition(".")[0] in ANALYSES:
                shutil.copy(path, project.folder(slug))
        text = project.entry(slug).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith(("base:", "relation:"))]
        project.entry(slug).write_text("\n".join(kept) + "\n", encoding="utf-8")
    publish(project)
    return project


@dataclass
class Host:
    """What a server on loopback was asked for, and what it answers otherwise than a file."""

    folder: Path
    address: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    etag: str = '"one"'


@contextmanager
def served(folder: Path) -> Iterator[Host]:
    """A folder served below /atlas/, with an ETag for its index."""
    found = Host(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/atlas/")
            if path in found.answers:
                found.asked.append((path, 0))
                found.answers[path](self)
                return
            file = found.folder / path
            fresh = path == "data/index.json" and self.headers["If-None-Match"] == found.etag
            code = 304 if fresh else 200 if file.is_file() else 404
            found.asked.append((path, code))
            body = file.read_bytes() if code == 200 else b""
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            if path == "data/index.json":
                self.send_header("ETag", found.etag)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.address = f"http://127.0.0.1:{server.server_port}/atlas/"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
