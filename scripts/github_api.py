"""What GitHub's API answers about this repository, all pages of it.

The workflow's environment says where and who: GITHUB_API_URL, GITHUB_REPOSITORY and TOKEN. Answers
that lead elsewhere are refused, so that the token goes nowhere else.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from atlas.errors import AtlasError

LARGEST = 16 * 1024 * 1024
MOST_PAGES = 100


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a redirect is an error."""

    def redirect_request(self, *_: Any) -> None:
        return None


def answer(path: str) -> Any:
    """The answer to GET /repos/<owner>/<name>/<path>, None where there is nothing there.

    Raises `AtlasError` for every other answer than one of JSON.
    """
    home = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    url = f"{home}/{path}" if path else home
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    opener = urllib.request.build_opener(_Straight)
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=60) as reply:
            text = reply.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise AtlasError(f"{url}: {error.code} {error.reason}") from error
    except OSError as error:
        raise AtlasError(f"{url}: {error}") from error
    if len(text) > LARGEST:
        raise AtlasError(f"{url}: more than {LARGEST:,} bytes")
    try:
        return json.loads(text)
    except ValueError as error:
        raise AtlasError(f"{url}: no JSON") from error


def every(path: str) -> Iterator[Any]:
    """The items of a list, page after page until one is empty; never a part of them."""
    for page in range(1, MOST_PAGES + 1):
        items = answer(f"{path}?per_page=100&page={page}")
        if not isinstance(items, list):
            raise AtlasError(f"{path}: page {page} is no list")
        if not items:
            return
        yield from items
    raise AtlasError(f"{path}: more than {MOST_PAGES} pages")
