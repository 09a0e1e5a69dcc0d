"""The Chromium of browser tests, and a server on loopback that is as strict as a host may be."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

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


class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        # As hosts do: the theme asks for style sheets again as it starts, and a page without them
        # would flash.
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


def server(folder: Path) -> http.server.ThreadingHTTPServer:
    """Serve a folder on a free port, until `shutdown` and `server_close`."""
    handler = functools.partial(Handler, directory=str(folder))
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made
