"""What render may write, keep and remove."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from atlas.errors import AtlasError
from atlas.files import page_mark
from atlas.paths import Project, is_generated
from atlas.site.publishing import digest, publish


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "docs").mkdir()
    return Project(tmp_path)


def test_writes_then_keeps_then_removes(project: Project) -> None:
    outputs = {"compare/index.md": b"one", "data/b.json": b"two"}
    assert publish(project, outputs).written == ("compare/index.md", "data/b.json")
    before = {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}
    again = publish(project, outputs)
    assert (again.written, again.kept) == ((), ("compare/index.md", "data/b.json"))
    assert before == {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}
    last = publish(project, {"data/b.json": b"three"})
    assert (last.written, last.removed) == (("data/b.json",), ("compare/index.md",))
    assert not (project.docs / "compare").exists()


def test_refuses_a_file_that_it_did_not_write(project: Project) -> None:
    hand = project.docs / "index.md"
    hand.write_text("by hand")
    with pytest.raises(AtlasError, match=r"index\.md: was not written by atlas render"):
        publish(project, {"index.md": b"planned", "reference.md": b"planned"})
    assert hand.read_text() == "by hand"
    assert not (project.docs / "reference.md").exists()


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
    publish(project, {"compare/index.md": b"planned"})
    (project.docs / "compare" / "notes.md").write_text("by hand")
    publish(project, {})
    assert [path.name for path in (project.docs / "compare").iterdir()] == ["notes.md"]


def test_recognises_its_files_when_the_manifest_is_lost(project: Project) -> None:
    publish(project, {"index.md": b"planned"})
    project.manifest.unlink()
    assert publish(project, {"index.md": b"planned"}).kept == ("index.md",)
    assert publish(project, {"index.md": b"anew"}).written == ("index.md",)


def test_goes_on_after_a_crash_between_two_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas.files import json_file

    publish(project, {"contributing.md": b"old", "reference.md": b"old"})
    write = json_file.write_atomic

    def failing(path: Path, content: str | bytes) -> None:
        if path.name == "reference.md":
            raise OSError("disk full")
        write(path, content)

    monkeypatch.setattr(json_file, "write_atomic", failing)
    with pytest.raises(OSError, match="disk full"):
        publish(project, {"contributing.md": b"new", "reference.md": b"new"})
    monkeypatch.undo()
    assert publish(project, {"contributing.md": b"newer", "reference.md": b"newer"}).written == (
        "contributing.md",
        "reference.md",
    )


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


@pytest.mark.parametrize(
    "path",
    [
        "models/a/model.yml",
        "models/a/weights.json",
        "models/a/verified.json",
        "claims/one.yml",
        "about.md",
        "models/a/notes/index.md",
        "data/../models/a/model.yml",
        "data\\..\\..\\mkdocs.yml",
        "/etc/hostname",
        "data/\0",
        "data/./index.md",
        "",
    ],
)
def test_a_manifest_names_only_what_render_can_make(project: Project, path: str) -> None:
    precious = project.docs / "models" / "a" / "model.yml"
    precious.parent.mkdir(parents=True)
    precious.write_bytes(b"name: A\n")
    project.manifest.parent.mkdir(parents=True)
    listed = {path: [digest(b"name: A\n")]}
    project.manifest.write_text(json.dumps({"format": 1, "files": listed}))
    with pytest.raises(AtlasError, match=r"\.manifest\.json: is not the manifest"):
        publish(project, {})
    assert precious.read_bytes() == b"name: A\n"
    project.manifest.unlink()
    publish(project, {"index.md": b"planned"})
    assert precious.read_bytes() == b"name: A\n"


def test_every_path_that_is_generated_and_no_other() -> None:
    for path in ("index.md", "models/index.md", "models/a.b-c/index.md", "claims/index.md"):
        assert is_generated(path)
    for path in ("models/a/previews/x.svg", "data/schemas/a.json", "assets/atlas/.manifest.json"):
        assert is_generated(path)
    for path in ("data", "data/", "models/a/previews", "assets/logo.png", "index.md/x", "claims/a"):
        assert not is_generated(path)


PAGE = page_mark.marked(b"---\ntitle: One\n---\n\nText.\n")


def test_a_marked_page_is_recognised_and_a_changed_one_is_not() -> None:
    assert page_mark.is_ours(PAGE) and b"title: One" in PAGE
    assert page_mark.is_ours(page_mark.marked(b"Without front matter.\n"))
    for changed in (PAGE + b"x", PAGE.replace(b"Text", b"Test"), b"x" + PAGE, b"", b"by hand"):
        assert not page_mark.is_ours(changed)


def test_pages_and_data_that_no_manifest_lists_are_recognised(project: Project) -> None:
    outputs = {"index.md": PAGE, "heads/index.md": PAGE, "heads/a.json": b"{}"}
    publish(project, outputs)
    project.manifest.unlink()
    other = page_mark.marked(b"Another text.\n")
    done = publish(project, {"index.md": other, "heads/a.json": b"{ }"})
    assert (done.written, done.removed) == (("heads/a.json", "index.md"), ("heads/index.md",))


def test_a_page_that_was_changed_is_a_persons_without_a_manifest_too(project: Project) -> None:
    publish(project, {"index.md": PAGE, "reference.md": PAGE})
    project.manifest.unlink()
    mended = PAGE.replace(b"Text", b"My text")
    (project.docs / "index.md").write_bytes(mended)
    (project.docs / "reference.md").write_bytes(mended)
    with pytest.raises(AtlasError, match=r"index\.md: was not written by atlas render"):
        publish(project, {"index.md": page_mark.marked(b"Another text.\n")})
    assert (project.docs / "index.md").read_bytes() == mended
    (project.docs / "index.md").unlink()
    publish(project, {"index.md": PAGE})
    assert (project.docs / "reference.md").read_bytes() == mended


def test_renders_that_overlapped_leave_nothing_stuck(project: Project) -> None:
    """Where there is no locking: the manifest is of one render, a page of another."""
    publish(project, {"index.md": PAGE})
    manifest = project.manifest.read_bytes()
    publish(project, {"index.md": page_mark.marked(b"Another text.\n")})
    project.manifest.write_bytes(manifest)
    newest = page_mark.marked(b"The newest text.\n")
    assert publish(project, {"index.md": newest}).written == ("index.md",)


def test_a_link_is_neither_written_through_nor_removed_through(
    project: Project, tmp_path: Path
) -> None:
    publish(project, {"index.md": PAGE, "data/a.json": b"{}"})
    outside = tmp_path / "outside"
    (project.docs / "data").rename(outside)
    (project.docs / "data").symlink_to(outside)
    assert publish(project, {"index.md": PAGE}).removed == ()
    assert (outside / "a.json").read_bytes() == b"{}"
    (project.docs / "index.md").rename(outside / "index.md")
    (project.docs / "index.md").symlink_to(outside / "index.md")
    with pytest.raises(AtlasError, match=r"index\.md: is a symbolic link.*; remove it"):
        publish(project, {"index.md": PAGE})


def test_what_would_never_end_is_not_read(project: Project) -> None:
    os.mkfifo(project.docs / "index.md")
    with pytest.raises(AtlasError, match=r"index\.md: is not a plain file"):
        publish(project, {"index.md": PAGE})
    (project.docs / "index.md").unlink()
    (project.docs / "index.md").symlink_to("/dev/zero")
    with pytest.raises(AtlasError, match=r"index\.md: is a symbolic link"):
        publish(project, {"index.md": PAGE})


def test_a_link_inside_docs_is_not_written_through_either(project: Project) -> None:
    (project.docs / "models" / "a").mkdir(parents=True)
    (project.docs / "models" / "b").symlink_to("a")
    with pytest.raises(AtlasError, match=r"models/b: is a symbolic link"):
        publish(project, {"models/b/index.md": PAGE})
    assert not (project.docs / "models" / "a" / "index.md").exists()
