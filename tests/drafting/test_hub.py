"""The hub's client against a stand-in on the loopback that answers well, badly and with malice."""

from __future__ import annotations

import json
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage
from io import BytesIO
from pathlib import Path

import pytest
import tiny
from stand_in_hub import COMMIT, Handler, StandIn, serving

from atlas.checkpoints import headers
from atlas.checkpoints.tensor import Tensor
from atlas.drafting import hollow_copy, hub
from atlas.drafting.hub import Hub, Repository
from atlas.errors import AtlasError

NAME = "some-org/Some-Model"
API = f"/api/models/{NAME}"


def answering(status: int, body: bytes, code: str = "") -> Callable[[Handler], None]:
    return lambda request: request.answer(status, body, code=code)


def published(stand_in: StandIn, folder: Path, **changes: object) -> Path:
    """A model with 5 MB of embeddings in several shards, published on the stand-in."""
    settings = {"vocab_size": 20000, "shard_size": 2_000_000, **changes}
    tiny.make(folder, "llama", **settings)  # type: ignore[arg-type]
    stand_in.folders[NAME] = folder
    return folder


def read(stand_in: StandIn, into: Path) -> dict[str, Tensor]:
    client = Hub.from_environment()
    into.mkdir()
    hollow_copy.write(client, client.repository(NAME, None), into)
    return headers.read(into)


def told(action: Callable[[], object]) -> str:
    with pytest.raises(AtlasError) as caught:
        action()
    return str(caught.value)


# What there is


@pytest.mark.parametrize("ranges", [True, False])
def test_a_skeleton_reads_like_the_model_and_costs_no_weights(
    stand_in: StandIn, tmp_path: Path, ranges: bool
) -> None:
    folder = published(stand_in, tmp_path / "model")
    stand_in.ranges = ranges
    held = {name: (it.dtype, it.shape, it.start) for name, it in headers.read(folder).items()}
    found = read(stand_in, tmp_path / "skeleton")
    assert {name: (it.dtype, it.shape, it.start) for name, it in found.items()} == held
    shards = sorted(tmp_path.joinpath("skeleton").glob("*.safetensors"))
    assert len(shards) > 1
    for path in shards:
        assert path.stat().st_size == (folder / path.name).stat().st_size
    if ranges:
        assert stand_in.sent < len(shards) * (hollow_copy.FIRST + 100) + 20_000
        assert all(asked for path, asked, _ in stand_in.asked if "/resolve/" in path)


def test_a_header_longer_than_the_first_bytes_is_fetched_whole(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(stand_in, tmp_path / "model", shard_size=None, vocab_size=61)
    monkeypatch.setattr(hollow_copy, "FIRST", 100)
    assert "model.norm.weight" in read(stand_in, tmp_path / "skeleton")


def test_every_request_is_at_the_commit(stand_in: StandIn, tmp_path: Path) -> None:
    published(stand_in, tmp_path / "model")
    read(stand_in, tmp_path / "skeleton")
    files = [path for path, _, _ in stand_in.asked if not path.startswith("/api/")]
    assert files and all(f"/resolve/{COMMIT}/" in path for path in files)


def test_a_repository_that_has_moved_is_found_under_its_name(
    stand_in: StandIn, tmp_path: Path
) -> None:
    published(stand_in, tmp_path / "model")
    stand_in.renamed["old-org/Old"] = NAME
    assert Hub.from_environment().repository("old-org/Old", None).id == NAME


# The token


def test_a_token_opens_what_is_gated(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(stand_in, tmp_path / "model")
    stand_in.gated.add(NAME)
    line = told(lambda: read(stand_in, tmp_path / "a"))
    assert line.startswith(f"{NAME}: is gated, and no token is set; accept its conditions at ")
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    assert "this token has no access" in told(lambda: read(stand_in, tmp_path / "b"))
    monkeypatch.setenv("HF_TOKEN", "hf_good\n")
    assert read(stand_in, tmp_path / "c")
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / "token").write_text("hf_good")
    assert read(stand_in, tmp_path / "d"), "the token that `hf auth login` has left"


def test_a_token_with_a_line_break_is_refused_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch, stand_in: StandIn
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf\r\nX-Evil: 1")
    assert "HF_TOKEN holds what no token has" in told(Hub.from_environment)
    assert "hf_" not in repr(Hub("https://hub.example", "hf_secret"))


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("https://hub.example/elsewhere", True),
        ("https://cdn.example/file", False),
        ("https://hub.example.evil.example/file", False),
        ("https://hub.example:444/file", False),
    ],
)
def test_the_token_stays_with_the_hub(where: str, kept: bool) -> None:
    client = Hub("https://hub.example", "hf_secret")
    first = urllib.request.Request("https://hub.example/x", headers={"Range": "bytes=0-9"})
    first.add_unredirected_header("Authorization", "Bearer hf_secret")
    handler = hub._Redirects(client)
    request = handler.redirect_request(first, BytesIO(), 302, "", HTTPMessage(), where)
    assert request is not None and request.get_header("Range") == "bytes=0-9"
    assert ("Authorization" in request.unredirected_hdrs) is kept
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("where", ["http://cdn.example/x", "ftp://hub.example/x", "file:///etc"])
def test_a_redirect_below_https_is_refused(where: str) -> None:
    handler = hub._Redirects(Hub("https://hub.example", None))
    first = urllib.request.Request("https://hub.example/x")
    with pytest.raises(urllib.error.URLError, match="not https"):
        handler.redirect_request(first, BytesIO(), 302, "", HTTPMessage(), where)


def test_redirects_elsewhere_and_in_circles_end(stand_in: StandIn, tmp_path: Path) -> None:
    with serving() as other:
        stand_in.answers[API] = lambda request: request.redirect(f"{other.endpoint}{API}")
        line = told(lambda: Hub.from_environment().repository(NAME, None))
        assert "which is not https" in line and other.asked == []
    stand_in.answers[API] = lambda request: request.redirect(API)
    stand_in.asked.clear()
    assert "307" in told(lambda: Hub.from_environment().repository(NAME, None))
    assert len(stand_in.asked) <= hub.REDIRECTS + 1


# What is wrong


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening: refused at once
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        line = told(lambda: Hub.from_environment().repository(NAME, None))
    assert "cannot be reached: " in line and "name a folder with the downloaded model" in line


def test_what_does_not_exist(stand_in: StandIn, tmp_path: Path) -> None:
    line = told(lambda: Hub.from_environment().repository("some-org/Misspelt", None))
    assert "there is no model 'some-org/Misspelt' on the hub, or it is private; correct" in line
    published(stand_in, tmp_path / "model")
    line = told(lambda: Hub.from_environment().repository(NAME, "v9"))
    assert line == f"{NAME} has no revision 'v9'; a branch, tag or commit"
    assert Hub.from_environment().repository(NAME, COMMIT).commit == COMMIT


@pytest.mark.parametrize("name", ["../../x/y", "a/b/c", "a", "a/..", "a/b?x=1", "a/b\n"])
def test_names_that_are_none_are_never_asked_for(stand_in: StandIn, name: str) -> None:
    assert "is not a hub id" in told(lambda: Hub.from_environment().repository(name, None))
    assert stand_in.asked == []


@pytest.mark.parametrize("revision", ["../x", "-x", "a b", "a\nb", ""])
def test_revisions_that_are_none_are_never_asked_for(stand_in: StandIn, revision: str) -> None:
    assert "is not a revision" in told(lambda: Hub.from_environment().repository(NAME, revision))
    assert stand_in.asked == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(429, "wait a while"), (500, "try again later"), (503, "try again"), (418, "HF_ENDPOINT")],
)
def test_a_hub_that_will_not(stand_in: StandIn, status: int, remedy: str) -> None:
    stand_in.answers[API] = answering(status, b"<html>")
    line = told(lambda: Hub.from_environment().repository(NAME, None))
    assert f"answered {status}" in line and remedy in line


@pytest.mark.parametrize("after", [None, "0", "Wed, 21 Oct 2015 07:28:00 GMT", "soon"])
def test_a_busy_hub_is_asked_again(stand_in: StandIn, tmp_path: Path, after: str | None) -> None:
    published(stand_in, tmp_path / "published")
    busy = iter([429, 503])

    def answer(request: Handler) -> None:
        status = next(busy, None)
        if status is None:
            del stand_in.answers[API]
            request.facts(NAME, "main")
        else:
            request.answer(status, b"", after=after)

    stand_in.answers[API] = answer
    assert Hub.from_environment().repository(NAME, None).commit == COMMIT
    assert len(stand_in.asked) == 3


def test_a_hub_that_wants_a_long_wait_is_left_alone(stand_in: StandIn) -> None:
    stand_in.answers[API] = lambda request: request.answer(429, b"", after="7200")
    line = told(lambda: Hub.from_environment().repository(NAME, None))
    assert "answered 429; the hub is busy: try again in 120 minutes" in line
    assert len(stand_in.asked) == 1


def facts(**changes: object) -> bytes:
    return json.dumps({"id": NAME, "sha": COMMIT, "siblings": [], **changes}).encode()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>", "does not answer as a hub does"),
        (b"[]", "does not answer as a hub does"),
        (b"{}", "does not answer as a hub does"),
        (b"\xff\xfe", "does not answer as a hub does"),
        (b"[" * 100_000, "does not answer as a hub does"),
        (facts(siblings=3), "does not answer as a hub does"),
        (facts(siblings=["x"]), "does not answer as a hub does"),
        (facts(sha="main"), "has commit 'main', which is not a full hash"),
        (facts(sha=None), "has commit None"),
        (facts(id="../../etc"), "calls itself '../../etc'"),
        (facts(id=["a"]), "calls itself ['a']"),
        (b" " * (hub.LARGEST_ANSWER + 1), "answers more than 16,777,216 bytes"),
    ],
)
def test_answers_that_make_no_sense(stand_in: StandIn, body: bytes, problem: str) -> None:
    stand_in.answers[API] = answering(200, body)
    assert problem in told(lambda: Hub.from_environment().repository(NAME, None))


def test_names_of_files_that_lead_elsewhere_are_not_seen(stand_in: StandIn) -> None:
    names = ["../x.json", "/etc/passwd", "a/b.json", ".hidden", "a\\b", "config.json", 3, "x\n"]
    stand_in.answers[API] = answering(200, facts(siblings=[{"rfilename": it} for it in names]))
    assert Hub.from_environment().repository(NAME, None).files == {"config.json"}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (["model.Q4.gguf", "README.md"], "holds GGUF files only; list the repository that they"),
        (["adapter_config.json", "adapter_model.safetensors"], "is an adapter; merge it"),
        (["model.safetensors"], "has no config.json"),
        (["config.json", "pytorch_model.bin"], "holds pickled weights only ('pytorch_model.bin')"),
        (["config.json"], "has neither model.safetensors nor model.safetensors.index.json"),
        ([], "has no config.json"),
    ],
)
def test_repositories_without_what_atlas_reads(
    stand_in: StandIn, tmp_path: Path, files: list[str], problem: str
) -> None:
    line = told(
        lambda: hollow_copy.write(
            Hub.from_environment(), Repository(NAME, COMMIT, frozenset(files)), tmp_path
        )
    )
    assert line.startswith(f"{NAME}: {problem}") and "; " in line
    assert stand_in.asked == []


def served(stand_in: StandIn, tmp_path: Path, weights: bytes, size: int | None = None) -> str:
    """What is told of a repository whose weights are these bytes, said to be of some size."""
    published(stand_in, tmp_path / "model", shard_size=None, vocab_size=61)

    def answer(request: Handler) -> None:
        total = len(weights) if size is None else size
        last = min(len(weights), hollow_copy.FIRST) - 1
        request.answer(206, weights[: last + 1], part=f"bytes 0-{last}/{total}")

    stand_in.answers[f"/{NAME}/resolve/{COMMIT}/model.safetensors"] = answer
    return told(lambda: read(stand_in, tmp_path / "skeleton"))


def test_headers_that_lie(stand_in: StandIn, tmp_path: Path) -> None:
    absurd = struct.pack("<Q", 2**62) + b"{}"
    assert "header of 4,611,686,018,427,387,904 bytes" in served(stand_in, tmp_path, absurd)


@pytest.mark.parametrize(
    ("weights", "size", "problem"),
    [
        (struct.pack("<Q", 5000) + b"{}", None, "truncated inside its header"),
        (struct.pack("<Q", 2) + b"[]", None, "expected a JSON object"),
        (struct.pack("<Q", 2) + b"{}", 2**60, "says that it has 1,152,921,504,606,846,976 bytes"),
        (struct.pack("<Q", 2) + b"{}", 3, "says that it has 3 bytes"),
        (struct.pack("<Q", 2) + b"{}", 5000, "bytes after the last tensor"),
        (b"abc", None, "truncated"),
    ],
)
def test_shards_that_are_none(
    stand_in: StandIn, tmp_path: Path, weights: bytes, size: int | None, problem: str
) -> None:
    assert problem in served(stand_in, tmp_path, weights, size)


def test_an_empty_shard(stand_in: StandIn, tmp_path: Path) -> None:
    folder = published(stand_in, tmp_path / "model", shard_size=None, vocab_size=61)
    (folder / headers.SINGLE).write_bytes(b"")
    assert "truncated: 0 bytes" in told(lambda: read(stand_in, tmp_path / "skeleton"))


def test_a_shard_that_ends_early_is_told(stand_in: StandIn, tmp_path: Path) -> None:
    folder = published(stand_in, tmp_path / "model", shard_size=None, vocab_size=61)
    weights = folder / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-7])
    assert "truncated: " in told(lambda: read(stand_in, tmp_path / "skeleton"))


def test_an_index_that_leads_elsewhere(stand_in: StandIn, tmp_path: Path) -> None:
    folder = published(stand_in, tmp_path / "model")
    index = folder / headers.INDEX
    table = json.loads(index.read_text())
    table["weight_map"]["model.norm.weight"] = "../../evil.safetensors"
    index.write_text(json.dumps(table))
    line = told(lambda: read(stand_in, tmp_path / "skeleton"))
    assert "'../../evil.safetensors' is not a shard's file name" in line
    assert not any("evil" in path for path, _, _ in stand_in.asked)


def test_a_config_without_end(stand_in: StandIn, tmp_path: Path) -> None:
    folder = published(stand_in, tmp_path / "model")
    (folder / "config.json").write_bytes(b" " * (headers.LARGEST_CONFIG + 1))
    line = told(lambda: read(stand_in, tmp_path / "skeleton"))
    assert line == f"{NAME}/config.json: larger than 4,194,304 bytes"


def test_parts_that_were_not_asked_for(stand_in: StandIn, tmp_path: Path) -> None:
    published(stand_in, tmp_path / "model", shard_size=None, vocab_size=61)
    path = f"/{NAME}/resolve/{COMMIT}/config.json"
    stand_in.answers[path] = lambda request: request.answer(206, b"{}", part="bytes 5-6/100")
    assert "sends another part" in told(lambda: read(stand_in, tmp_path / "skeleton"))
