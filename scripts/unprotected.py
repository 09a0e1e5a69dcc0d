"""May a workflow push to this branch? Exit 1 where it is protected or the default branch.

    unprotected.py BRANCH

A pull request may come from any branch of this repository, also from one that only reviewed commits
may reach.
"""

from __future__ import annotations

import sys
import urllib.parse

import github_api

from atlas.errors import AtlasError, short


def require_unprotected(branch: str) -> None:
    """Raise `AtlasError` for a branch that no workflow pushes to, or that is not there."""
    here = github_api.answer("")
    if not isinstance(here, dict) or branch == here.get("default_branch"):
        raise AtlasError(f"{short(branch)} is the default branch")
    told = github_api.answer(f"branches/{urllib.parse.quote(branch, safe='')}")
    if not isinstance(told, dict) or told.get("name") != branch:
        raise AtlasError(f"there is no branch {short(branch)}")
    if told.get("protected") is not False:
        raise AtlasError(f"branch {short(branch)} is protected")


def main() -> None:
    [branch] = sys.argv[1:]
    try:
        require_unprotected(branch)
    except AtlasError as error:
        sys.exit(f"{error}: nothing is pushed there; the artifact has the profiles")


if __name__ == "__main__":
    main()
