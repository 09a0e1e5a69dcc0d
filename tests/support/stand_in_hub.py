"""A small hub of a test's own on the loopback: repositories out of folders, and what goes wrong.

It answers as the model hub does where atlas asks: facts under /api/models, files under /resolve
with ranges, 401 and 403 with X-Error-Code. What it was asked is kept in `asked`.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

COMMIT = "c0ffee" + "0" * 34


@dataclass
class StandIn:
    """Its address, its repositories by id, the commit of each of their branches, and the requests
    it got: (path, Range, token)."""

    endpoint: str = ""
    folders: dict[str, Path] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    commits: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    renamed: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Callable[[Handler], None]] = field(default_factory=dict)
    ranges: bool = True
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def bytes_sent(self) -> int:
        return self.sent

    sent: int = 0


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to the stand-in."""

    hub: StandIn

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = urllib.parse.unquote(self.path)
        token = self.headers.get("Authorization")
        self.hub.asked.append((path, self.headers.get("Range"), token))
        if path in self.hub.answers:
            self.hub.answers[path](self)
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self.facts(found[1], found[2] or "main")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([0-9a-f]{40})/(.+)", path):
            self.file(found[1], found[3], token)
        else:
            self.answer(404, b"")

    def facts(self, name: str, revision: str) -> None:
        if name in self.hub.renamed:
            self.redirect(f"/api/models/{self.hub.renamed[name]}")
        elif name not in self.hub.folders:
            self.answer(401, b"", code="RepoNotFound")
        elif revision not in {*self.hub.commits, *self.hub.commits.values()}:
            self.answer(404, b"", code="RevisionNotFound")
        else:
            files = sorted(path.name for path in self.hub.folders[name].iterdir())
            told: dict[str, object] = {"id": name, "sha": self.hub.commits.get(revision, revision)}
            told["siblings"] = [{"rfilename": it} for it in files]
            told["gated"] = "manual" if name in self.hub.gated else False
            self.answer(200, json.dumps(told).encode())

    def file(self, name: str, file: str, token: str | None) -> None:
        if name in self.hub.gated and token != "Bearer hf_good":
            status = 401 if token is None else 403
            self.answer(status, b"", code="GatedRepo")
            return
        path = self.hub.folders[name] / file
        if not path.is_file():
            self.answer(404, b"", code="EntryNotFound")
            return
        self.ranged(path.read_bytes())

    def ranged(self, body: bytes) -> None:
        """A body, or the part of it that was asked for."""
        wanted = re.fullmatch(r"bytes=0-(\d+)", self.headers.get("Range") or "")
        if wanted is None or not self.hub.ranges:
            self.answer(200, body)
        elif not body:
            self.answer(416, b"")
        else:
            part = body[: int(wanted[1]) + 1]
            self.answer(206, part, part=f"bytes 0-{len(part) - 1}/{len(body)}")

    def redirect(self, where: str) -> None:
        self.send_response(307)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(
        self,
        status: int,
        body: bytes,
        *,
        code: str = "",
        part: str = "",
        after: str | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-Error-Code", code)
        if part:
            self.send_header("Content-Range", part)
        if after is not None:
            self.send_header("Retry-After", after)
        self.end_headers()
        try:
            self.wfile.write(body)
            self.hub.sent += len(body)
        except OSError:  # the client has heard enough
            self.close_connection = True


@contextmanager
def chosen(monkeypatch: pytest.MonkeyPatch, kind: type[Handler] = Handler) -> Iterator[StandIn]:
    """A stand-in that is the hub of this process, without any token, while the context lasts."""
    for variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("atlas.files.patience.WAITS", (0.0, 0.0, 0.0))
    with serving(kind) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        yield running


@contextmanager
def serving(kind: type[Handler] = Handler) -> Iterator[StandIn]:
    """A stand-in that answers for as long as the context lasts; `kind`: how."""
    stand_in = StandIn()
    handler = type("Handler", (kind,), {"hub": stand_in})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        stand_in.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
