"""Only what the atlas knows is published: all else below docs/models, docs/claims and docs/assets
is a problem of `check`, and never reaches the site."""

from __future__ import annotations

import os
from pathlib import Path

import own_atlas
import pytest
import samples

from atlas.errors import AtlasError
from atlas.files import page_mark
from atlas.paths import Project
from atlas.review import check, published_files
from atlas.site import mkdocs_build, pages

EVIL = "<script>alert(1)</script>"


def put(project: Project, place: str, content: str | bytes = EVIL) -> Path:
    path = project.docs / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(project: Project) -> list[str]:
    """What `check` says of files below docs/; each problem once, with a remedy."""
    lines = [str(item) for item in check.problems(project)]
    assert all("; " in line for line in lines) and len(set(lines)) == len(lines)
    return [line.removeprefix(f"{project.docs}/") for line in lines]


@pytest.fixture
def listed(project: Project) -> Project:
    """With an entry."""
    samples.write_entry(project)
    return project


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (
            "models/evil.html",
            "'evil.html' is not a model's folder, and would be published; move it",
        ),
        ("models/notes.md", "'notes.md' is not a model's folder"),
        ("models/some-model/README.md", "'README.md' is not part of an entry"),
        ("models/some-model/look.ipynb", "'look.ipynb' is not part of an entry"),
        ("models/some-model/previews/deep/x.png", "'x.png' is not part of an entry"),
        ("models/some-model/weights/weights.json", "'weights.json' is not part of an entry"),
        ("models/nobody/index.md", "'index.md' is not part of an entry"),
        ("models/nobody/verified.json", "belongs to no entry; write a model.yml"),
        ("claims/evil.html", "'evil.html' is not a claim"),
        ("claims/deep/claim.yml", "'claim.yml' is not a claim"),
        ("claims/index.md", "'index.md' is not a claim"),
        ("findings/evil.html", "'evil.html' is not a finding"),
        ("findings/deep/finding.yml", "'finding.yml' is not a finding"),
        ("findings/deep/page.md", "'page.md' is not a finding"),
        ("findings/page.md", "'page.md' is not a finding"),
        ("findings/index.md", "'index.md' is not a finding"),
        ("assets/evil.html", "'evil.html' is named nowhere, and would be published; name it in mk"),
        ("assets/deep/evil.js", "'evil.js' is named nowhere"),
        ("assets/atlas/evil.html", "'evil.html' is not what atlas render makes"),
        ("assets/atlas/page.md", "'page.md' is not what atlas render makes"),
    ],
)
def test_a_file_that_the_atlas_does_not_know(listed: Project, place: str, problem: str) -> None:
    put(listed, place)
    lines = [line for line in told(listed) if line.startswith(f"{place}: ")]
    assert len(lines) == 1 and lines[0].startswith(f"{place}: {problem}")


def test_notes_and_notebooks_are_shown_a_place(listed: Project) -> None:
    for name in ("README.md", "look.ipynb", "figure.py"):
        put(listed, f"models/some-model/{name}")
        [line] = told(listed)
        assert "keep notes and notebooks outside docs/, such as in notes/some-model/" in line
        (listed.folder("some-model") / name).unlink()


LINKS = [
    *("models", "models/linked", "models/evil.html", "models/index.md", "models/some-model/look"),
    *(
        "models/some-model/index.md",
        "models/some-model/weights.json",
        "models/some-model/model.yml",
    ),
    *("models/some-model/verified.json", "models/some-model/previews/weights.rms.png"),
    *("claims", "claims/one.yml", "claims/index.md", "claims/evil.html"),
    *("findings", "findings/one.yml", "findings/index.md", "findings/one.md", "findings/evil.html"),
    *("assets", "assets/logo.png", "assets/atlas", "assets/atlas/atlas.js", "assets/deep"),
    *("about.md", "passwd.txt", "data/passwd.txt", "heads/deep"),
]


@pytest.mark.parametrize("target", ["file", "folder", "nothing"])
@pytest.mark.parametrize("place", LINKS)
def test_no_link_is_published(listed: Project, tmp_path: Path, place: str, target: str) -> None:
    listed.mkdocs_yml.write_text("theme: {name: material, logo: assets/logo.png}\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.html").write_text("secret")
    path = listed.docs / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path.rename(tmp_path / "moved")
    path.unlink(missing_ok=True)
    path.symlink_to({"file": outside / "secret.html", "folder": outside}.get(target, "gone"))
    lines = [line for line in told(listed) if line.startswith(f"{place}: ")]
    assert len(lines) == 1, lines
    with pytest.raises(AtlasError):
        mkdocs_build.mkdocs(listed, pytest.fail)


@pytest.mark.parametrize(
    "place",
    [
        "models/some-model/index.md",
        "models/some-model/previews/a.png",
        "claims/index.md",
        "findings/index.md",
    ],
)
def test_what_never_ends_is_no_page(listed: Project, place: str) -> None:
    path = listed.docs / place
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    assert [line for line in told(listed) if line.startswith(f"{place}: ")]


def test_what_people_name_is_theirs(listed: Project) -> None:
    listed.mkdocs_yml.write_text(
        "site_name: T\ntheme:\n  logo: assets/logo.svg\nextra_css: [assets/own/own.css]\n"
    )
    put(listed, "assets/logo.svg")
    put(listed, "assets/own/own.css")
    put(listed, "about/us.md", "![We](../assets/photos/the%20team.jpg)")
    put(listed, "assets/photos/the team.jpg")
    assert told(listed) == []
    put(listed, "assets/own/own.css.html")
    put(listed, "assets/o.css")
    assert [line.partition(":")[0] for line in told(listed)] == [
        "assets/o.css",
        "assets/own/own.css.html",
    ]


def test_a_generated_page_names_nothing(listed: Project) -> None:
    put(listed, "assets/evil.png")
    put(listed, "models/some-model/index.md", "assets/evil.png")
    put(listed, "index.md", "assets/evil.png")
    [line] = told(listed)
    assert line.startswith("assets/evil.png: ")


def test_what_is_rendered_and_what_systems_leave_is_known(tmp_path: Path) -> None:
    atlas = own_atlas.rendered(tmp_path / "atlas")
    for name in ("models", "claims", "findings", "assets", "models/ref-llama", "assets/atlas"):
        put(atlas, f"{name}/.DS_Store")
        put(atlas, f"{name}/.ipynb_checkpoints/look.ipynb")
    assert list(published_files.problems(atlas)) == []
    atlas.manifest.unlink()
    assert list(published_files.problems(atlas)) == []
    atlas.entry("ref-llama").unlink()
    left = {Path(str(problem.file)).name for problem in published_files.problems(atlas)}
    assert "weights.json" in left and "index.md" not in left


def test_a_page_without_an_entry_is_ours_where_it_bears_the_mark(listed: Project) -> None:
    put(listed, "models/gone/index.md", page_mark.marked(b"---\ntitle: Gone\n---\n"))
    assert told(listed) == []


def test_nothing_unknown_reaches_the_site(tmp_path: Path) -> None:
    """What came after the check is told; what lies where only `render` writes is left out."""
    atlas = own_atlas.rendered(tmp_path / "atlas")
    evil = put(atlas, "models/evil.html")
    with pytest.raises(AtlasError, match=r"evil\.html.* is not a model's folder"):
        mkdocs_build.mkdocs(atlas, pytest.fail)
    assert not atlas.site.exists()
    evil.unlink()
    pages_of_evil = ["heads/evil.md", "methods/evil/index.md"]
    unknown = ["assets/atlas/evil.js", "data/evil.html", "models/ref-llama/previews/evil.png"]
    unknown += ["compare/evil", *pages_of_evil]
    for place in unknown:
        put(atlas, place)
    said: list[str] = []
    mkdocs_build.mkdocs(atlas, said.append)
    assert [line.split(", which")[0] for line in said] == [
        f"left out of site/: docs/{place}" for place in sorted(unknown)
    ]
    assert not [path for path in atlas.site.rglob("evil*") if path.is_file()]
    assert not list(atlas.site.glob("*/evil/index.html"))
    assert (atlas.site / "assets" / "atlas" / "atlas.js").is_file()
    assert not pages.render(atlas).written


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_site_is_not_built_over_something_else(tmp_path: Path, kind: str) -> None:
    atlas = own_atlas.rendered(tmp_path / "atlas")
    kept = tmp_path / "other" / "keep.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    if kind == "link":
        atlas.site.symlink_to(kept.parent)
    else:
        atlas.site.write_text("mine")
    with pytest.raises(AtlasError, match=r"site: is .*, and a build empties what is there; remove"):
        mkdocs_build.mkdocs(atlas, pytest.fail)
    assert kept.read_text() == "mine"
