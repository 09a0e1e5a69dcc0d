"""Models that cannot be measured here: each told with its remedy, many in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from samples import write_entry

from atlas.checkpoints import headers, locate
from atlas.entries import entry
from atlas.paths import Project
from atlas.profiles import unavailable
from atlas.profiles.unavailable import Away, Kind, Obstacle

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def hub(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    return project.root / "hub" / "models--some-org--Some-Model-1B" / "snapshots" / HASH


def found(project: Project, **changes: Any) -> Obstacle | None:
    write_entry(project, "a", name="A", **changes)
    return unavailable.of_files(project, entry.load_all(project)[0])


def test_a_model_that_is_here_and_whole(project: Project, hub: Path) -> None:
    tiny.make(project.root / "weights", "llama")
    assert found(project, source="./weights", revision=...) is None
    tiny.make(hub, "llama")
    assert found(project) is None


@pytest.mark.parametrize(
    ("changes", "kind", "remedy"),
    [
        ({"revision": None}, "unpinned", "write the full commit hash, in quotes"),
        ({}, "missing", "atlas fetch a"),
        (
            {"tags": ["gated"]},
            "gated",
            "accept its conditions on the hub, then atlas fetch a",
        ),
        ({"source": "./nowhere", "revision": ...}, "missing", "put the model's folder there"),
        ({"source": "zoo:nothing", "revision": ...}, "missing", "python -m atlas.zoo train nothin"),
        ({"source": f"./{'x' * 290}", "revision": ...}, "damaged", "choose a shorter name"),
    ],
)
def test_every_model_that_is_not_here_has_a_remedy(
    project: Project, changes: dict[str, Any], kind: Kind, remedy: str
) -> None:
    obstacle = found(project, **changes)
    assert obstacle is not None and obstacle.kind == kind and remedy in obstacle.line
    assert Path(str(obstacle.problem.file)) == project.entry("a")


def test_a_copy_that_is_not_here_is_quantised_and_not_trained(project: Project) -> None:
    write_entry(project, "b", name="B")
    changes = {"base": "b", "relation": "quantised"}
    obstacle = found(project, source="zoo:nothing", revision=..., **changes)
    assert obstacle is not None and obstacle.kind == "missing"
    assert obstacle.line.endswith("make it: python -m atlas.zoo quantise nothing")


def config_only(folder: Path) -> None:
    (folder / headers.SINGLE).unlink()


def truncated(folder: Path) -> None:
    weights = folder / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-1])


def pickled(folder: Path) -> None:
    (folder / headers.SINGLE).rename(folder / "pytorch_model.bin")


def listed(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


def nonsense(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"\xff\xfe{")


def endless(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)


def looped(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to("config.json")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (config_only, "partial"),
        (truncated, "damaged"),
        (pickled, "damaged"),
        (listed, "damaged"),
        (nonsense, "damaged"),
        (endless, "damaged"),
        (looped, "missing"),
    ],
)
def test_a_copy_that_is_not_whole(
    project: Project, hub: Path, spoil: Callable[[Path], None], kind: Kind
) -> None:
    spoil(tiny.make(hub, "llama"))
    obstacle = found(project)
    assert obstacle is not None and obstacle.kind == kind and "; " in obstacle.line


@pytest.mark.parametrize(
    "value", [None, True, -1, 0, 2**40, 1e300, "4", [], {}, [[]], {"a": 1}, "\ud800"]
)
def test_no_value_in_a_config_raises(project: Project, value: object) -> None:
    folder = tiny.make(project.root / "weights", "llama")
    config = json.loads((folder / "config.json").read_text())
    for key in config:
        (folder / "config.json").write_text(json.dumps({**config, key: value}))
        obstacle = found(project, source="./weights", revision=...)
        assert obstacle is None or obstacle.line.isprintable()


def test_another_shape_than_the_entry_says(project: Project) -> None:
    tiny.make(project.root / "weights", "llama")
    obstacle = found(project, source="./weights", revision=..., architecture="gpt2")
    assert obstacle is not None and obstacle.kind == "unlike"
    assert obstacle.line.endswith("the model's config says 'llama'; write architecture: llama")


def test_weights_in_double_precision_are_called_that(project: Project) -> None:
    tiny.make(project.root / "weights", "llama", dtype=torch.float64)
    obstacle = found(project, source="./weights", revision=...)
    assert obstacle is not None and "quantised" not in obstacle.line
    assert "stored as F64, floats in double precision; atlas reads F32, F16, BF16" in obstacle.line
    assert "load the model in float32" in obstacle.line


@pytest.mark.parametrize("step", ["folder", "config", "read"])
def test_a_folder_that_may_not_be_looked_into(
    project: Project, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    tiny.make(project.root / "weights", "llama")

    def refused(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied", "/the/folder")

    monkeypatch.setattr(locate if step == "folder" else headers, step, refused)
    obstacle = found(project, source="./weights", revision=...)
    assert obstacle is not None and obstacle.kind == "damaged"
    assert obstacle.line.endswith("Permission denied; allow this user to read and write there")


def away(kind: Kind, *slugs: str) -> list[Away]:
    from atlas.errors import AtlasError

    return [Away(slug, Obstacle(kind, AtlasError("because", remedy="do"))) for slug in slugs]


def test_many_are_told_in_a_line_for_each_reason() -> None:
    many = [*away("unpinned", "a", "b", "c", "d", "e"), *away("missing", "v", "w", "x", "y")]
    assert unavailable.lines([*many, *away("memory", "big")]) == [
        "5 models are still to be pinned: a, b, c and 2 more; "
        "write each one's full commit hash as the revision of its entry: atlas pin does",
        "4 models are not on this machine: v, w, x and 1 more; "
        "atlas plan MODEL tells how to get one",
        "big: not measurable here: because; do",
    ]
