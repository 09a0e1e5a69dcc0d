"""Has a maintainer approved this very commit? Exit 1 where nobody has.

    reviewed.py COMMIT NUMBER

A maintainer is who may write to this repository, as GitHub says when it is asked; what a review
says of its author's association is not that. Of each person the last word counts. An approval of an
earlier commit is none of this one.
"""

from __future__ import annotations

import sys
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import github_api

from atlas.errors import AtlasError

WORDS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""Comments leave an earlier word standing."""

WRITERS = ("admin", "write")
"""Permissions as the API sums them up: `maintain` is told as write."""


def approved(
    commit: str, reviews: Iterable[Mapping[str, Any]], can_write: Callable[[str], bool]
) -> bool:
    """Whether a maintainer's last word is an approval of the commit, and no other maintainer's last
    word is against it. Reviews come oldest first; `can_write` tells of a login."""
    last = {
        review["user"]["login"]: review
        for review in reviews
        if review["state"] in WORDS and review["user"]
    }
    words = [
        (review["state"], review["commit_id"])
        for login, review in last.items()
        if review["state"] != "DISMISSED" and can_write(login)
    ]
    against = any(state == "CHANGES_REQUESTED" for state, _ in words)
    return ("APPROVED", commit) in words and not against


def can_write(login: str) -> bool:
    """Whether a person may write to this repository."""
    told = github_api.answer(f"collaborators/{urllib.parse.quote(login, safe='')}/permission")
    return isinstance(told, dict) and told.get("permission") in WRITERS


def main() -> None:
    commit, number = sys.argv[1:]
    try:
        if not approved(commit, github_api.every(f"pulls/{int(number)}/reviews"), can_write):
            sys.exit(
                f"nobody who may write here has approved commit {commit}: review it, then set "
                "the label again"
            )
    except AtlasError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
