"""A published atlas at an https address: files are fetched when they are asked for, and kept.

What an address answers is input. Only https is read, and http from this machine itself. A redirect
is followed within the same site and refused elsewhere. A file has the size and the digest that the
index lists, or it is refused; the index, which nothing vouches for, is limited in size. The index
is asked for again each time an atlas is opened, with the ETag of the copy that is kept; a kept file
with the digest that the index lists is not asked for again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO

from atlas import __version__
from atlas.errors import AtlasError, short
from atlas.files import json_file, patience
from atlas.files.patience import AnsweredError
from atlas.library.sources import INDEX, LARGEST, digest, require_digest

TIMEOUT = 30.0
"""Seconds without a byte after which an address is given up."""

LONGEST = 600.0
"""Seconds that one file may take."""

PIECE = 1 << 16
ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')


@dataclass(frozen=True)
class Site:
    """A site at `where`, which ends in a slash, and the folder where its files are kept."""

    where: str
    cache: Path

    @classmethod
    def at(cls, address: str, cache: Path | None) -> Site:
        """The site of an address. Raises `AtlasError` for one that is not read."""
        root = _root(address)
        name = urllib.parse.urlsplit(root).netloc.replace(":", "_")
        digest = hashlib.sha256(root.encode()).hexdigest()[:16]
        return cls(root, (cache or user_cache()) / f"{name}-{digest}")

    def index(self) -> Path:
        kept, tag = self.cache / INDEX, self.cache / "data/index.etag"
        known = _tag_of(kept, tag)
        answer = patience.patiently(lambda: self._get(INDEX, LARGEST, known))
        if answer is not None:
            body, etag = answer
            json_file.write_atomic(kept, body)
            json_file.keep(tag, f"{digest(body)} {etag}")
        return kept

    def file(self, path: str, size: int, sha256: str) -> Path:
        kept = self.cache / path
        if kept.is_file() and digest(kept.read_bytes()) == sha256:
            return kept
        if not 0 <= size <= LARGEST:
            told = f"{size:,} bytes, larger than {LARGEST:,}"
            raise AtlasError(told, file=self.where + path, remedy="fetch it by other means")
        answer = patience.patiently(lambda: self._get(path, size))
        assert answer is not None, "nothing was known of it"
        require_digest(answer[0], sha256, self.where + path)
        json_file.write_atomic(kept, answer[0])
        return kept

    def _get(self, path: str, largest: int, known: str = "") -> tuple[bytes, str] | None:
        """A body of at most so many bytes with its ETag; None where that is the `known` one."""
        url = self.where + path
        headers = {"User-Agent": f"model-atlas/{__version__}", "Accept-Encoding": "identity"}
        if known:
            headers["If-None-Match"] = known
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(_SameSite(self.where))
        try:
            with opener.open(request, timeout=TIMEOUT) as reply:
                return _body(reply, url, largest), reply.headers.get("ETag", "")
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 304 and known:
                    return None
            raise _refused(url, path, error) from error
        except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
            if isinstance(reason := getattr(error, "reason", error), AtlasError):
                raise reason from error
            raise AtlasError(
                f"{url} cannot be reached: {short(str(reason), 120)}", remedy="check the network"
            ) from error


def _tag_of(kept: Path, tag: Path) -> str:
    """The ETag of the copy that is kept, empty where it is not known to be of that very copy."""
    if not (kept.is_file() and tag.is_file()):
        return ""
    sha256, _, etag = tag.read_text(encoding="utf-8", errors="replace").partition(" ")
    return etag if ETAG.fullmatch(etag) and digest(kept.read_bytes()) == sha256 else ""


def _body(reply: HTTPResponse, url: str, largest: int) -> bytes:
    """What is answered, given up where it is too large or takes too long."""
    encoding = reply.headers.get("Content-Encoding", "identity")
    if encoding not in ("identity", ""):
        told = f"{url} is encoded as {short(encoding)}, which was not asked for"
        raise AtlasError(told, remedy="tell whoever serves it")
    until = time.monotonic() + LONGEST
    found = bytearray()
    while piece := reply.read1(PIECE):
        found += piece
        if len(found) > largest:
            raise AtlasError(f"{url} is more than the {largest:,} bytes that it may have")
        if time.monotonic() > until:
            raise AtlasError(f"{url} takes more than {LONGEST:.0f} seconds", remedy="try again")
    return bytes(found)


def _refused(url: str, path: str, error: urllib.error.HTTPError) -> AtlasError:
    if 300 <= error.code < 400:  # to what urllib itself does not follow
        return _elsewhere(url, error.headers.get("Location", ""))
    remedy = "try again later"
    if error.code == 404:
        remedy = "give the address of the atlas' first page" if path == INDEX else "open it again"
    wait = patience.seconds(error.headers.get("Retry-After"))
    told = f"{url} answers {error.code}"
    return AnsweredError(told, status=error.code, wait=wait, remedy=remedy)


def _elsewhere(url: str, there: str) -> AtlasError:
    return AtlasError(
        f"{url} redirects to {short(there, 200)}, outside the atlas",
        remedy="if you trust that address, open it instead",
    )


class _SameSite(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the site; one that leads elsewhere is told, and not followed."""

    def __init__(self, root: str) -> None:
        self.root = root

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.startswith(self.root):
            fp.close()
            raise urllib.error.URLError(_elsewhere(req.full_url, newurl))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _root(address: str) -> str:
    """The address of a site with a slash at its end, without what only browsers need."""
    try:
        parts = urllib.parse.urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AtlasError(f"{short(address)} is not an address", remedy="https://...") from error
    if not host or parts.username is not None or not address.isprintable() or " " in address:
        told = "has a user name in it" if parts.username is not None else "is not an address"
        raise AtlasError(f"{short(address)} {told}", remedy="write https://host/path/")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise AtlasError(
            f"{short(address)} is not https, and could be changed on its way",
            remedy="write https://; http is read from this machine alone",
        )
    folder = parts.path.removesuffix("index.html")
    path = folder if folder.endswith("/") else f"{folder}/"
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def user_cache() -> Path:
    """The folder for what can be fetched again, where the system keeps such things."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "model-atlas"
