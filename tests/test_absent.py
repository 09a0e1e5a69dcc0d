"""Models that are not here: each told with its remedy, many in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from samples import write_entry

from atlas import absent, entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.plan import Job


@pytest.fixture(autouse=True)
def nothing_cached(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def jobs(*slugs: str) -> list[Job]:
    return [
        Job(slug, name, "weights", "missing", ("never measured",), 1.0, 1.0)
        for slug in slugs
        for name in ("weights", "drift")
    ]


def put(project: Project, *slugs: str, **changes: Any) -> None:
    for slug in slugs:
        write_entry(project, slug, name=slug, **changes)


def test_what_is_here_is_kept_in_order_and_what_is_not_has_its_reason(project: Project) -> None:
    tiny.make(project.root / "weights", "llama")
    put(project, "a", revision=None)
    put(project, "b", "d", source="./weights", revision=...)
    put(project, "c")
    here, away = absent.apart(project, entry.load_all(project), jobs("a", "b", "c", "d"))
    assert [(job.slug, job.analysis) for job in here] == [
        ("b", "weights"),
        ("b", "drift"),
        ("d", "weights"),
        ("d", "drift"),
    ]
    assert [(item.kind, item.jobs[0].slug, len(item.jobs)) for item in away] == [
        ("unpinned", "a", 2),
        ("elsewhere", "c", 2),
    ]
    told = absent.lines(away)
    assert "a: " in told[0] and "still to be pinned; write the full commit hash" in told[0]
    assert "is not on this machine; hf download some-org/Some-Model-1B --revision" in told[1]


def test_many_are_told_in_a_line_for_each_reason(project: Project) -> None:
    put(project, "a", "b", "c", "d", "e", revision=None)
    put(project, "v", "w", "x", "y", source="zoo:nothing", revision=...)
    entries = entry.load_all(project)
    _, away = absent.apart(project, entries, jobs(*(item.slug for item in entries)))
    assert absent.lines(away) == [
        "5 models are still to be pinned: a, b, c and 2 more; "
        "write each one's full commit hash as the revision of its entry",
        "4 models are not on this machine: v, w, x and 1 more; "
        "atlas profile MODEL tells how to get one",
    ]


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"revision": None}, "write the full commit hash, in quotes"),
        ({}, "hf download some-org/Some-Model-1B --revision 0123"),
        ({"source": "./nowhere", "revision": ...}, "put the model's folder there"),
        ({"source": "zoo:nothing", "revision": ...}, "train it: python -m atlas.zoo train nothing"),
    ],
)
def test_every_reason_has_a_remedy(project: Project, changes: dict[str, Any], remedy: str) -> None:
    put(project, "a", **changes)
    with pytest.raises(AtlasError) as caught:
        absent.require(project, entry.load_all(project)[0])
    assert remedy in str(caught.value) and Path(str(caught.value.file)) == project.entry("a")


def test_what_is_here_and_broken_is_left_to_who_opens_it(project: Project) -> None:
    put(project, "a", revision="0" * 40)
    broken = project.root / "hub" / "models--some-org--Some-Model-1B" / "refs"
    broken.mkdir(parents=True)
    (broken / ("0" * 40)).write_text("../../elsewhere")
    item = entry.load_all(project)[0]
    absent.require(project, item)
    here, away = absent.apart(project, [item], jobs("a"))
    assert len(here) == 2 and away == []
