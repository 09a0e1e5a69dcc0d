"""Who may approve a commit and where may be pushed: GitHub is asked, by a stand-in of its API."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from contributions import script

from atlas.errors import AtlasError

HEAD = "a" * 40


def review(state: str, commit: str = HEAD, who: str = "m", role: str = "MEMBER") -> dict[str, Any]:
    """One of GitHub's answers. What it says of the author's association counts for nothing: of
    MEMBER, `m` and `other` may write, and nobody else may."""
    return {
        "state": state,
        "commit_id": commit,
        "user": {"login": who if role == "MEMBER" else f"{role.lower()}-{who}"},
        "author_association": "OWNER" if role != "MEMBER" else "NONE",
    }


@pytest.mark.parametrize(
    ("reviews", "approved"),
    [
        ([review("APPROVED")], True),
        ([], False),
        ([review("APPROVED", "b" * 40)], False),
        ([review("APPROVED", role="CONTRIBUTOR")], False),
        ([review("APPROVED", role="NONE", who="x"), review("COMMENTED")], False),
        ([review("APPROVED"), review("COMMENTED")], True),
        ([review("APPROVED"), review("CHANGES_REQUESTED")], False),
        ([review("APPROVED"), review("DISMISSED")], False),
        ([review("APPROVED"), review("CHANGES_REQUESTED", who="other")], False),
        ([review("CHANGES_REQUESTED"), review("APPROVED")], True),
        ([review("APPROVED") | {"user": None}], False),
    ],
)
def test_only_a_maintainers_approval_of_this_commit_counts(
    reviews: list[dict[str, Any]], approved: bool
) -> None:
    may_write = {"m", "other"}.__contains__
    assert script("reviewed").approved(HEAD, reviews, may_write) is approved


class Api(http.server.BaseHTTPRequestHandler):
    """A stand-in for GitHub's API: answers by path, lists in pages of two."""

    answers: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.asked.append((self.path, self.headers.get("Authorization")))
        found = self.answers.get(path.removeprefix("/repos/org/atlas"))
        if isinstance(found, list):
            page = int(parse_qs(query)["page"][0])
            found = found[2 * page - 2 : 2 * page]
        status = 404 if found is None else found if isinstance(found, int) else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the stand-in answers, to be filled: a person `m` may write, `x` is a passer-by."""
    answers = {
        "/collaborators/m/permission": {"permission": "write"},
        "/collaborators/boss/permission": {"permission": "admin"},
        "/collaborators/x/permission": {"permission": "read"},
        "": {"default_branch": "main"},
    }
    monkeypatch.setattr(Api, "answers", answers)
    monkeypatch.setattr(Api, "asked", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "org/atlas")
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield answers
    server.shutdown()
    server.server_close()
    thread.join()


def asked_for_approval(monkeypatch: pytest.MonkeyPatch) -> str | int | None:
    """What reviewed.py ends with: None where the commit is approved."""
    monkeypatch.setattr(sys, "argv", ["reviewed.py", HEAD, "7"])
    try:
        script("reviewed").main()
    except SystemExit as end:
        return end.code
    return None


def test_reviews_of_all_pages_count(api: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    comments = [review("COMMENTED", who="x") for _ in range(5)]
    api["/pulls/7/reviews"] = [*comments, review("APPROVED")]
    assert asked_for_approval(monkeypatch) is None
    assert all(token == "Bearer secret" for _, token in Api.asked)
    api["/pulls/7/reviews"] = [
        review("APPROVED"),
        *comments,
        review("CHANGES_REQUESTED", who="boss"),
    ]
    assert "nobody who may write here" in str(asked_for_approval(monkeypatch))


@pytest.mark.parametrize("who", ["x", "nobody", "../../m"])
def test_who_may_not_write_approves_nothing(
    api: dict[str, Any], monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """Whatever their association is, and whatever their name looks like in an address."""
    api["/pulls/7/reviews"] = [review("APPROVED", who=who) | {"author_association": "OWNER"}]
    assert "nobody who may write here" in str(asked_for_approval(monkeypatch))


@pytest.mark.parametrize("broken", [500, 302, {"message": "x"}])
def test_an_answer_that_is_none_approves_nothing(
    api: dict[str, Any], monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    api["/pulls/7/reviews"] = broken
    assert asked_for_approval(monkeypatch) not in (None, 0)
    assert not any("elsewhere" in path for path, _ in Api.asked), "the token stays here"
    api["/pulls/7/reviews"] = [review("APPROVED")]
    api["/collaborators/m/permission"] = broken
    assert asked_for_approval(monkeypatch) not in (None, 0)


@pytest.mark.parametrize(
    ("branch", "told", "wrong"),
    [
        ("topic", {"name": "topic", "protected": False}, None),
        ("a/b", {"name": "a/b", "protected": False}, None),
        ("topic", {"name": "topic", "protected": True}, "branch 'topic' is protected"),
        ("topic", {"name": "topic"}, "branch 'topic' is protected"),
        ("topic", None, "there is no branch 'topic'"),
        ("topic", {"name": "other", "protected": False}, "there is no branch 'topic'"),
        ("main", {"name": "main", "protected": False}, "'main' is the default branch"),
    ],
)
def test_nothing_is_pushed_to_a_protected_name(
    api: dict[str, Any], branch: str, told: Any, wrong: str | None
) -> None:
    api[f"/branches/{branch.replace('/', '%2F')}"] = told
    if wrong is None:
        script("unprotected").require_unprotected(branch)
    else:
        with pytest.raises(AtlasError, match=wrong):
            script("unprotected").require_unprotected(branch)
