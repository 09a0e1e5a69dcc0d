"""A stand-in of the hub from which `hf download` fetches: it asks for more than atlas does."""

from __future__ import annotations

import hashlib
import json
import re

from stand_in_hub import COMMIT, Handler


class Downloads(Handler):
    """What the hub's own client wants as well: a list of files with sizes, and of each file its
    commit and what tells its content apart."""

    def do_HEAD(self) -> None:  # noqa: N802 - http.server calls it by that name
        self.do_GET()

    def do_GET(self) -> None:  # noqa: N802
        found = re.match(r"/api/models/([^/]+/[^/]+)/tree/([0-9a-z]+)", self.path)
        if found is None:
            super().do_GET()
            return
        if found[1] not in self.hub.folders:
            self.answer(401, b"", code="RepoNotFound")
            return
        if found[2] not in {*self.hub.commits, *self.hub.commits.values()}:
            self.answer(404, b"", code="RevisionNotFound")
            return
        held = sorted(self.hub.folders[found[1]].iterdir())
        files = [
            {"type": "file", "path": it.name, "size": it.stat().st_size, "oid": self.tag(it.name)}
            for it in held
        ]
        self.answer(200, json.dumps(files).encode())

    def tag(self, path: str) -> str:
        return hashlib.sha1(path.encode()).hexdigest()

    def end_headers(self) -> None:
        if "/resolve/" in self.path:
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{self.tag(self.path)}"')
        super().end_headers()
