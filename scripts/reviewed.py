"""Has a maintainer approved this very commit? Exit 1 where nobody has.

    reviewed.py COMMIT REVIEWS.json

REVIEWS.json is what GitHub's API lists as a pull request's reviews, oldest first. Of each person
the last word counts. An approval of an earlier commit is none of this one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MAINTAINERS = ("OWNER", "MEMBER", "COLLABORATOR")
WORDS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""Comments leave an earlier word standing."""


def approved(commit: str, reviews: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a maintainer's last word is an approval of the commit, and no other maintainer's last
    word is against it."""
    last = {
        review["user"]["login"]: review
        for review in reviews
        if review["state"] in WORDS
        and review["user"]
        and review["author_association"] in MAINTAINERS
    }
    words = [(review["state"], review["commit_id"]) for review in last.values()]
    against = any(state == "CHANGES_REQUESTED" for state, _ in words)
    return ("APPROVED", commit) in words and not against


def main() -> None:
    commit, path = sys.argv[1:]
    if not approved(commit, json.loads(Path(path).read_text(encoding="utf-8"))):
        sys.exit(f"no maintainer has approved commit {commit}: review it, then set the label again")


if __name__ == "__main__":
    main()
