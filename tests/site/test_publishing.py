"""What render may write, keep and remove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.site.publishing import publish


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "docs").mkdir()
    return Project(tmp_path)


def test_writes_then_keeps_then_removes(project: Project) -> None:
    outputs = {"a/index.md": b"one", "b.json": b"two"}
    assert publish(project, outputs).written == ("a/index.md", "b.json")
    before = {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}
    again = publish(project, outputs)
    assert (again.written, again.kept) == ((), ("a/index.md", "b.json"))
    assert before == {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}
    last = publish(project, {"b.json": b"three"})
    assert (last.written, last.removed) == (("b.json",), ("a/index.md",))
    assert not (project.docs / "a").exists()


def test_refuses_a_file_that_it_did_not_write(project: Project) -> None:
    hand = project.docs / "index.md"
    hand.write_text("by hand")
    with pytest.raises(AtlasError, match=r"index\.md: was not written by atlas render"):
        publish(project, {"index.md": b"planned", "other.md": b"planned"})
    assert hand.read_text() == "by hand"
    assert not (project.docs / "other.md").exists()


def test_refuses_to_overwrite_what_was_changed_since(project: Project) -> None:
    publish(project, {"index.md": b"planned"})
    (project.docs / "index.md").write_text("mended by hand")
    with pytest.raises(AtlasError, match="changed since"):
        publish(project, {"index.md": b"planned anew"})


def test_leaves_a_changed_file_that_it_no_longer_plans(project: Project) -> None:
    publish(project, {"index.md": b"planned"})
    (project.docs / "index.md").write_text("mended by hand")
    done = publish(project, {})
    assert (done.removed, done.left) == ((), ("index.md",))
    assert (project.docs / "index.md").read_text() == "mended by hand"
    assert publish(project, {}).left == ()


def test_never_removes_what_the_manifest_does_not_mark(project: Project) -> None:
    publish(project, {"a/index.md": b"planned"})
    (project.docs / "a" / "notes.md").write_text("by hand")
    publish(project, {})
    assert [path.name for path in (project.docs / "a").iterdir()] == ["notes.md"]


def test_recognises_its_files_when_the_manifest_is_lost(project: Project) -> None:
    publish(project, {"index.md": b"planned"})
    project.manifest.unlink()
    assert publish(project, {"index.md": b"planned"}).kept == ("index.md",)
    assert publish(project, {"index.md": b"anew"}).written == ("index.md",)


def test_goes_on_after_a_crash_between_two_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas.files import json_file

    publish(project, {"a.md": b"old", "b.md": b"old"})
    write = json_file.write_atomic

    def failing(path: Path, content: str | bytes) -> None:
        if path.name == "b.md":
            raise OSError("disk full")
        write(path, content)

    monkeypatch.setattr(json_file, "write_atomic", failing)
    with pytest.raises(OSError, match="disk full"):
        publish(project, {"a.md": b"new", "b.md": b"new"})
    monkeypatch.undo()
    assert publish(project, {"a.md": b"newer", "b.md": b"newer"}).written == ("a.md", "b.md")


def test_a_manifest_cannot_point_out_of_docs(project: Project) -> None:
    precious = project.root / "precious.txt"
    precious.write_text("")
    digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    project.manifest.parent.mkdir(parents=True)
    project.manifest.write_text(json.dumps({"files": {"../precious.txt": [digest]}}))
    with pytest.raises(AtlasError, match="not the manifest"):
        publish(project, {})
    assert precious.exists()


def test_does_not_write_through_a_link_out_of_docs(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.docs / "models").symlink_to(outside)
    with pytest.raises(AtlasError, match="out of docs"):
        publish(project, {"models/index.md": b"planned"})
    assert not list(outside.iterdir())
