"""Memory that is free: no more than a container leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas.loaded import memory

STAT = "anon 5\ninactive_file 300\nactive_file 100\n"
OLD = "cache 400\ntotal_inactive_file 300\ntotal_active_file 100\n"


def group(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_available_memory_is_plausible() -> None:
    assert 2**26 < memory.available() < 2**46


def test_a_limit_leaves_what_is_not_taken_by_more_than_cached_files(tmp_path: Path) -> None:
    new = {"memory__max": "1000\n", "memory__current": "700\n", "memory__stat": STAT}
    old = {
        "memory__limit_in_bytes": "1000\n",
        "memory__usage_in_bytes": "700\n",
        "memory__stat": OLD,
    }
    for name, files in (("new", new), ("old", old)):
        assert memory._room(group(tmp_path / name, **files)) == 700
    full = {**new, "memory__stat": "anon 1000\n", "memory__current": "1200\n"}
    assert memory._room(group(tmp_path / "full", **full)) == 0


def test_a_group_without_a_limit_has_no_room_to_tell(tmp_path: Path) -> None:
    free = {"memory__max": "max\n", "memory__current": "700\n", "memory__stat": STAT}
    with pytest.raises(ValueError, match="max"):
        memory._room(group(tmp_path / "free", **free))
    with pytest.raises(OSError, match="No such file"):
        memory._room(tmp_path / "none")
