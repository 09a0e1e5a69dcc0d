"""The model hub over HTTP: a repository's facts, and the first bytes of its files.

The standard library is enough, so that listing a model needs no more than the core of atlas. What a
hub answers is input: sizes are limited, names must be plain file names, redirects end after a few
steps and never lower https to http, and the token goes to the hub alone.
"""

from __future__ import annotations

import json
import logging
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from atlas import __version__
from atlas.checkpoints import hub_settings, locate
from atlas.entries.source import HUB_ID
from atlas.errors import AtlasError, short
from atlas.files import patience
from atlas.files.patience import AnsweredError

log = logging.getLogger(__name__)

TIMEOUT = 30
REDIRECTS = 5
LARGEST_ANSWER = 16 * 1024 * 1024

COMMIT = re.compile(r"[0-9a-f]{40}")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
RANGE = re.compile(r"bytes 0-[0-9]{1,30}/([0-9]{1,30})")


@dataclass(frozen=True)
class Repository:
    """A model repository at one commit: its id as the hub spells it, the names of its files, and
    whether they are given only to those who accepted its conditions."""

    id: str
    commit: str
    files: frozenset[str] = field(repr=False)
    gated: bool = False


@dataclass(frozen=True)
class Answer:
    """A body, or its first bytes, and how many bytes the whole file has."""

    body: bytes = field(repr=False)
    total: int


class RefusedError(AnsweredError):
    """An answer that is an error, with the hub's own word for it, `RepoNotFound`."""

    def __init__(self, url: str, status: int, code: str, wait: float | None) -> None:
        self.code = code
        told = f"{url} answered {status}" + (f" ({short(code)})" if code else "")
        super().__init__(told, status=status, wait=wait, remedy=_after(status, wait))


class UnreachableError(AtlasError):
    """No answer: no network, no such host, a broken connection. `check`: what helps against that;
    the remedy names as well how a model can be listed without a hub."""

    def __init__(self, problem: str, check: str) -> None:
        self.check = check
        super().__init__(problem, remedy=f"{check}, or name a folder with the downloaded model")


@dataclass(frozen=True)
class Hub:
    """A hub's address and the token to use with it, None for none."""

    endpoint: str
    token: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls) -> Hub:
        """By the variables that the hub's own client reads: HF_ENDPOINT, HF_TOKEN, HF_HOME."""
        endpoint = hub_settings.endpoint()
        if urllib.parse.urlsplit(endpoint).scheme not in ("http", "https"):
            raise AtlasError(
                f"HF_ENDPOINT {short(endpoint)} is not an address", remedy="https://..."
            )
        return cls(endpoint, hub_settings.token())

    def repository(self, name: str, revision: str | None) -> Repository:
        """The facts of a model repository at a branch, tag or commit; None: its main branch.

        Raises `AtlasError` where it does not exist, is not open to this token or answers nonsense.
        """
        if not HUB_ID.fullmatch(name) or ".." in name:
            raise AtlasError(f"{short(name)} is not a hub id", remedy="write org/name")
        if revision is not None and (not REVISION.fullmatch(revision) or ".." in revision):
            raise AtlasError(
                f"{short(revision)} is not a revision", remedy="a branch, tag or commit"
            )
        url = f"{self.endpoint}/api/models/{name}"
        if revision is not None:
            url += f"/revision/{urllib.parse.quote(revision, safe='')}"
        try:
            body = self.get(url, LARGEST_ANSWER).body
        except RefusedError as error:
            raise _about_repository(error, self, name, revision) from error
        return _repository(body, url)

    def file(self, repository: Repository, name: str, limit: int) -> Answer:
        """The first `limit` bytes of a file at the repository's commit.

        Raises `AtlasError`, for a gated model with what to do.
        """
        url = f"{self.endpoint}/{repository.id}/resolve/{repository.commit}/"
        try:
            return self.get(url + urllib.parse.quote(name), limit, whole=False)
        except RefusedError as error:
            raise (_gated(self, repository.id) if error.status in (401, 403) else error) from error

    def get(self, url: str, limit: int, *, whole: bool = True) -> Answer:
        """The body at an address of this hub, of at most `limit` bytes; an error for a longer one
        where it is wanted `whole`, else only its first bytes. A busy hub is asked again."""
        return patience.patiently(lambda: self._get(url, limit, whole))

    def _get(self, url: str, limit: int, whole: bool) -> Answer:
        wanted = {"User-Agent": f"model-atlas/{__version__}", "Accept-Encoding": "identity"}
        if not whole:
            wanted["Range"] = f"bytes=0-{limit - 1}"
        request = urllib.request.Request(url, headers=wanted)
        if self.token:  # goes to this hub alone: redirects drop what is `unredirected`
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        opener = urllib.request.build_opener(_Redirects(self))
        try:
            with opener.open(request, timeout=TIMEOUT) as reply:
                body = reply.read(limit + 1)
                total = _total(reply.status, reply.headers)
                log.debug("GET %s: %d, %d bytes", url, reply.status, len(body))
        except urllib.error.HTTPError as error:
            told = error.headers or HTTPMessage()
            code, wait = told.get("X-Error-Code") or "", patience.seconds(told.get("Retry-After"))
            error.close()
            if error.code == 416 and not whole:  # of an empty file there is no first byte
                return Answer(b"", 0)
            raise RefusedError(url, error.code, code[:60], wait) from error
        except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            through, remedy = _proxy(url)
            raise UnreachableError(
                f"{url} cannot be reached{through}: {short(str(reason), 120)}",
                f"check {remedy}",
            ) from error
        if whole and len(body) > limit:
            raise AtlasError(f"{url} answers more than {limit:,} bytes", remedy="is it a hub?")
        if total is None and len(body) > limit:
            raise AtlasError(f"{url} does not say how large it is", remedy="is it a hub?")
        return Answer(body[:limit], len(body) if total is None else total)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows the hub to where it keeps its files, on no lower footing than https, and with the
    token only as long as the address stays the hub's own."""

    max_redirections = REDIRECTS

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        home, there = urllib.parse.urlsplit(self.hub.endpoint), urllib.parse.urlsplit(newurl)
        own = (there.scheme, there.netloc) == (home.scheme, home.netloc)
        if not own and there.scheme != "https":
            fp.close()
            raise urllib.error.URLError(f"it redirects to {short(newurl)}, which is not https")
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and own and self.hub.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.hub.token}")
        return request


def _proxy(url: str) -> tuple[str, str]:
    """The proxy that an address is asked through, without its password, and what to check."""
    there = urllib.parse.urlsplit(url)
    proxy = urllib.request.getproxies().get(there.scheme)
    if not proxy or urllib.request.proxy_bypass(there.netloc):
        return "", "the network"
    name = proxy.rpartition("@")[2].rpartition("//")[2]
    return f" through the proxy {short(name)}", f"{there.scheme}_proxy and no_proxy"


def require_online() -> None:
    """Raise `UnreachableError` where the environment keeps the hub's clients off the network."""
    if hub_settings.offline():
        raise UnreachableError("HF_HUB_OFFLINE is set", "unset it")


def _repository(body: bytes, url: str) -> Repository:
    """The hub's answer about a repository, as far as it is believed."""
    try:
        told: Any = json.loads(body.decode("utf-8"))
        name, commit = told["id"], told["sha"]
        files = [item["rfilename"] for item in told["siblings"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AtlasError(
            f"{url} does not answer as a hub does", remedy="is HF_ENDPOINT right?"
        ) from error
    if not isinstance(name, str) or not HUB_ID.fullmatch(name) or ".." in name:
        raise AtlasError(f"{url} calls itself {short(name)}, which is not a hub id")
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise AtlasError(f"{url} has commit {short(commit)}, which is not a full hash")
    plain = (item for item in files if isinstance(item, str) and locate.NAME.fullmatch(item))
    gated = told.get("gated", False) is not False  # `auto` or `manual`: how access is granted
    return Repository(name, commit, frozenset(plain), gated)  # what lies deeper is not read


def _total(status: int, headers: Mapping[str, str]) -> int | None:
    """The size of the whole file: of a part's Content-Range, else the length of what is sent."""
    if status == 206:
        found = RANGE.fullmatch(headers.get("Content-Range") or "")
        if found is None:
            raise ValueError("it sends another part than the first")
        return int(found[1])
    length = headers.get("Content-Length") or ""
    return int(length) if re.fullmatch(r"[0-9]{1,30}", length) else None


def _after(status: int, wait: float | None) -> str:
    if wait is not None and wait > patience.LONGEST_WAIT:
        return f"the hub is busy: try again in {math.ceil(wait / 60)} minutes"
    if status == 429:
        return "too many requests: wait a while; a token in HF_TOKEN allows more"
    if status in (401, 403):
        return "is the token in HF_TOKEN right?"
    return "try again later" if status >= 500 else "is HF_ENDPOINT right?"


def _about_repository(error: RefusedError, hub: Hub, name: str, revision: str | None) -> AtlasError:
    """The hub says 401 for what does not exist, so as not to tell what is private."""
    if error.code == "GatedRepo":
        return _gated(hub, name)
    if error.code == "RevisionNotFound":
        return AtlasError(
            f"{name} has no revision {short(revision)}", remedy="a branch, tag or commit"
        )
    if error.status in (401, 403, 404):
        return AtlasError(
            f"there is no model {name!r} on the hub, or it is private",
            remedy="correct the id; for a private one set HF_TOKEN to a token that may read it",
        )
    return error


def _gated(hub: Hub, name: str) -> AtlasError:
    what = "this token has no access" if hub.token else "no token is set"
    remedy = f"accept its conditions at {hub.endpoint}/{name} and set HF_TOKEN to a token"
    return AtlasError(f"is gated, and {what}", file=name, remedy=f"{remedy} that may read it")
