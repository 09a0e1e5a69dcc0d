"""An atlas at an address: what is fetched, what is kept, and what is not believed."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from small_atlas import Host

import atlas
from atlas.library import remote
from atlas.paths import Project
from atlas.profiles import tidy

WEIGHTS = "models/ref-llama/weights.json"

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(body: bytes = b"", code: int = 200, **headers: str) -> Answer:
    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def read(host: Host, cache: Path) -> atlas.LabelledArray:
    return atlas.open(host.address, cache=cache).model("ref-llama").matrix("weights", "rms")


def test_a_file_is_fetched_once_and_the_index_by_its_etag(host: Host, tmp_path: Path) -> None:
    found = read(host, tmp_path)
    assert host.asked == [("data/index.json", 200), (WEIGHTS, 200)]
    again = read(host, tmp_path)
    assert host.asked[2:] == [("data/index.json", 304)]
    assert (again.values == found.values).all()
    host.etag = '"two"'
    read(host, tmp_path)
    assert host.asked[3:] == [("data/index.json", 200)]


def test_a_kept_file_that_was_changed_is_fetched_again(host: Host, tmp_path: Path) -> None:
    found = read(host, tmp_path)
    [kept] = tmp_path.rglob("weights.json")
    kept.write_bytes(kept.read_bytes().replace(b"0.0", b"9.9"))
    [index] = tmp_path.rglob("index.json")
    index.write_bytes(index.read_bytes()[:1000])
    assert (read(host, tmp_path).values == found.values).all()
    assert host.asked[2:] == [("data/index.json", 200), (WEIGHTS, 200)]


def test_a_table_is_one_file_for_all_models(host: Host, tmp_path: Path) -> None:
    assert len(atlas.open(host.address, cache=tmp_path).table("attention", "induction")) > 50
    assert host.asked[1:] == [("data/attention.csv.gz", 200)]


def test_a_query_or_a_first_page_is_the_same_site(host: Host, tmp_path: Path) -> None:
    for end in ("index.html", "?theme=dark#data"):
        assert remote.Site.at(host.address + end, tmp_path).where == host.address
    assert len(atlas.open(host.address[:-1], cache=tmp_path).models) == 5


def test_content_that_is_not_what_is_listed_is_refused(host: Host, tmp_path: Path) -> None:
    right = (host.folder / WEIGHTS).read_bytes()
    for lie, told in (
        (right[:-2] + b"}\n"[::-1], "not the file that data/index.json lists"),
        (right[:100], "not the file that data/index.json lists"),
        (right + b" " * 10_000_000, "more than the [0-9,]+ bytes that it may have"),
    ):
        host.answers[WEIGHTS] = answer(lie)
        with pytest.raises(atlas.AtlasError, match=rf"127\.0\.0\.1.*{told}"):
            read(host, tmp_path)
        assert not list(tmp_path.rglob("weights.json")), "what is refused is not kept"
    host.answers[WEIGHTS] = answer(gzip.compress(right), Content_Encoding="gzip")
    with pytest.raises(atlas.AtlasError, match="encoded as 'gzip'"):
        read(host, tmp_path)
    del host.answers[WEIGHTS]
    read(host, tmp_path)


def test_a_busy_site_is_asked_again_unless_it_wants_a_long_wait(host: Host, tmp_path: Path) -> None:
    busy = [answer(code=429, Retry_After="0"), answer(code=503, Retry_After="0")]

    def give(handler: BaseHTTPRequestHandler) -> None:
        one = busy.pop(0)
        if not busy:
            del host.answers[WEIGHTS]
        one(handler)

    host.answers[WEIGHTS] = give
    assert read(host, tmp_path).values.size and busy == []
    host.answers["data/index.json"] = answer(code=503, Retry_After="7200")
    with pytest.raises(atlas.AtlasError, match="answers 503; try again later"):
        read(host, tmp_path)


def test_an_endless_index_ends(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LARGEST", 1_000_000)

    def endless(handler: BaseHTTPRequestHandler) -> None:
        answer(Content_Length="12")(handler)
        answer(b"", 200)(handler)

    def growing(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
        except OSError:
            return

    host.answers["data/index.json"] = growing
    with pytest.raises(atlas.AtlasError, match="more than the 1,000,000 bytes"):
        atlas.open(host.address, cache=tmp_path)
    host.answers["data/index.json"] = endless
    with pytest.raises(atlas.AtlasError, match=r"index\.json.*not valid JSON|cannot be reached"):
        atlas.open(host.address, cache=tmp_path)


@pytest.mark.parametrize("silent", [True, False])
def test_a_slow_host_is_given_up(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    """One that says nothing, and one that says a byte now and then."""
    monkeypatch.setattr(remote, "TIMEOUT" if silent else "LONGEST", 0.2)

    def slow(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(20):
                time.sleep(1.0 if silent else 0.05)
                handler.wfile.write(b" ")
        except OSError:
            return

    host.answers["data/index.json"] = slow
    started = time.monotonic()
    with pytest.raises(atlas.AtlasError, match=r"cannot be reached: .*timed out|takes more than"):
        atlas.open(host.address, cache=tmp_path)
    assert time.monotonic() - started < 0.9


def test_a_redirect_out_of_the_site_is_told_and_not_followed(host: Host, tmp_path: Path) -> None:
    for there in ("http://localhost:9/atlas/x.json", "file:///etc/passwd", "/elsewhere/x.json"):
        host.answers["data/index.json"] = answer(code=302, Location=there)
        with pytest.raises(atlas.AtlasError, match=r"redirects to .*, outside the atlas; if you"):
            atlas.open(host.address, cache=tmp_path)
    host.answers["data/index.json"] = answer(code=302, Location="other.json")
    host.answers["data/other.json"] = answer((host.folder / "data/index.json").read_bytes())
    assert len(atlas.open(host.address, cache=tmp_path).models) == 5


def test_what_is_no_atlas_is_told(host: Host, tmp_path: Path) -> None:
    with pytest.raises(atlas.AtlasError, match=r"answers 404; give the address of the atlas"):
        atlas.open(host.address + "models/", cache=tmp_path)
    host.answers["data/index.json"] = answer(b"<!doctype html>")
    with pytest.raises(atlas.AtlasError, match=r"http://127.*index\.json.*not valid JSON"):
        atlas.open(host.address, cache=tmp_path)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://model-atlas.github.io/", "is not https"),
        ("http://127.0.0.1.example.org/", "is not https"),
        ("ftp://127.0.0.1/", "is not https"),
        ("https://name:word@example.org/", "has a user name in it"),
        ("https:///atlas/", "is not an address"),
        ("https://example.org:port/", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://example.org/ x", "is not an address"),
    ],
)
def test_an_address_that_is_not_read_is_told(address: str, told: str) -> None:
    with pytest.raises(atlas.AtlasError, match=told):
        atlas.open(address)


def test_the_cache_is_where_the_system_keeps_such_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert remote.user_cache() == tmp_path / "model-atlas"


def test_a_table_that_unpacks_without_end_is_refused(
    spoilt: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "LARGEST", 100_000)
    head = ",".join(tidy.Cell._fields).encode()
    row = b"\nref-llama,0,rms,layer,0,module,attn.q,0.5,,,"
    for body, told in (
        (gzip.compress(head + row * 100_000), "more than 100,000 bytes"),
        (gzip.compress(head + row)[:-9], "is damaged"),
        (gzip.compress(head + row.replace(b"0.5", b"much")), "line 2: .* is not a row of it"),
        (gzip.compress(b"a,b\n1,2\n"), r"begins with \['a', 'b'\]"),
        (b"nothing packed", "is damaged"),
    ):
        path = spoilt.docs / "data/weights.csv.gz"
        path.write_bytes(body)
        with pytest.raises(atlas.AtlasError, match=rf"weights\.csv\.gz.*{told}"):
            list(tidy.read(path))


def test_tables_are_the_same_bytes_every_time(small: Project) -> None:
    path = small.docs / "data/functions.csv.gz"
    assert tidy.packed(tidy.read(path)) == path.read_bytes()
    listed = json.loads((small.docs / "data/index.json").read_bytes())["files"]
    assert {one["path"] for one in listed if one["kind"] == "table"} == {
        f"data/{name}.csv.gz" for name in ("attention", "functions", "weights")
    }
