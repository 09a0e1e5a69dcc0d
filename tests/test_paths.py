"""Every path of a project, and the two places where one is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas import paths
from atlas.errors import AtlasError
from atlas.paths import SLUG, Project


def test_a_project_knows_its_files() -> None:
    project = Project(Path("p"))
    assert project.mkdocs_yml == Path("p/mkdocs.yml")
    assert project.entry("a") == Path("p/docs/models/a/model.yml")
    assert project.profile("a", "weights") == Path("p/docs/models/a/weights.json")
    assert project.folder("a") == project.models / "a"
    for thrown_away in (project.outcome("a", "weights"), project.log, project.digests):
        assert thrown_away.is_relative_to(project.cache) and project.cache == Path("p/.atlas")
    assert project.site == Path("p/site")


def test_the_nearest_project_upwards_is_found(project: Project) -> None:
    deep = project.models / "a"
    deep.mkdir()
    assert paths.find_project(deep).root == project.root
    assert paths.find_project(project.root).root == project.root
    inner = project.root / "inner"
    inner.mkdir()
    (inner / "mkdocs.yml").write_text("site_name: Inner\n")
    assert paths.find_project(inner).root == inner


def test_no_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"no mkdocs.yml .*atlas init"):
        paths.find_project(tmp_path)


@pytest.mark.parametrize("slug", ["a", "0", "qwen3-8b", "phi-1.5", "a.b.c"])
def test_slugs(slug: str) -> None:
    assert SLUG.fullmatch(slug)


@pytest.mark.parametrize(
    "slug",
    ["", "A", "-a", "a-", "a--b", "..", ".", "a..b", "a_b", "a b", "a/b", "a\n", "ä", "a:b", "x\0"],
)
def test_no_slugs(slug: str) -> None:
    assert not SLUG.fullmatch(slug)


def test_a_projects_templates_win_over_those_that_ship(project: Project) -> None:
    assert paths.template_dirs(project) == [paths.shipped_templates()]
    project.templates.mkdir()
    assert paths.template_dirs(project) == [project.templates, paths.shipped_templates()]


def test_what_ships_is_there() -> None:
    assert paths.schema("entry").is_file() and paths.schema("profile").is_file()
    assert (paths.package_data() / "corpus").is_dir()
    assert paths.static().is_dir()
    assert paths.shipped_templates().is_dir()
    assert paths.zoo_folder("llama").parts[-3:] == ("zoo", "models", "llama")


def test_links_are_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "model.yml").write_text("name: secret\n")
    (project.models / "linked").symlink_to(tmp_path / "outside")
    (project.models / "plain").mkdir()
    (project.models / "plain" / "model.yml").symlink_to(tmp_path / "outside" / "model.yml")
    for slug, linked in (("linked", "linked"), ("plain", "plain/model.yml")):
        with pytest.raises(AtlasError, match="is a symbolic link to") as caught:
            paths.refuse_link(project.entry(slug))
        assert caught.value.file == project.models / linked
    (project.models / "fine").mkdir()
    paths.refuse_link(project.entry("fine"))
