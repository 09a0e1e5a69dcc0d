"""A folder for a static host: what is in it, what stays out, and what is never overwritten."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import samples
import yaml
from click.testing import CliRunner, Result
from contributions import ROOT

from atlas import __version__
from atlas.commands import main
from atlas.drafting import new_project
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.site import hosting


@pytest.fixture
def built(project: Project) -> Project:
    """A project with a built site, and in it what is not for everybody."""
    for name in ("index.html", "404.html", "models/a/index.html", "models/a/weights.json"):
        path = project.site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name in (".env", ".git/config", "models/.lock", "models/a/.x.json.host.1.tmp", "a.tmp"):
        path = project.site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    (project.site / "link.html").symlink_to("/etc/hostname")
    return project


def held(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {path.relative_to(folder).as_posix() for path in found}


def test_what_is_public_and_nothing_else(built: Project, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "public"
    done = hosting.prepare(built, folder)
    pages = {"index.html", "404.html", "models/a/index.html", "models/a/weights.json"}
    assert held(folder) == {*pages, ".nojekyll"} and done.files == len(pages)
    (built.site / "models/a/weights.json").unlink()
    (folder / "old" / "page").mkdir(parents=True)
    (folder / "old/page/index.html").touch()
    for kept in (".git/HEAD", "CNAME"):
        (folder / kept).parent.mkdir(exist_ok=True)
        (folder / kept).touch()
    hosting.require_free(built, folder)
    hosting.prepare(built, folder)
    assert held(folder) == {*pages, ".nojekyll", ".git/HEAD", "CNAME"} - {"models/a/weights.json"}
    assert not (folder / "old").exists()


def test_a_kill_half_way_is_made_good_by_the_same_command(
    built: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "public"

    def killed(*all: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("shutil.copyfile", killed)
        hosting.prepare(built, folder)
    hosting.require_free(built, folder)
    hosting.prepare(built, folder)
    assert (folder / "index.html").read_text() == "index.html"


def test_folders_of_others_are_refused(built: Project, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    hosting.require_free(built, mine)
    (mine / "thesis.tex").touch()
    (tmp_path / "link").symlink_to(mine)
    for folder, told in (
        (mine, "holds 'thesis.tex', which atlas publish did not put there"),
        (built.root, "holds the atlas itself"),
        (built.root.parent, "holds the atlas itself"),
        (built.docs / "public", "lies in docs/"),
        (built.site, "is where atlas build puts the site"),
        (tmp_path / "link", "is not a folder"),
        (mine / "thesis.tex", "is not a folder"),
    ):
        with pytest.raises(AtlasError, match=re.escape(told)):
            hosting.require_free(built, folder)


@pytest.mark.parametrize("url", ["example.org", "ftp://x/", "https://a b/", "https://u:p@x/", "x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AtlasError, match="is not the address of a site"):
        hosting.require_address(url)


def publish(project: Project, *words: object) -> Result:
    words = ("publish", *words, "--project", project.root)
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def test_the_site_knows_its_address_and_mkdocs_yml_stays(tmp_path: Path) -> None:
    made = Project(tmp_path / "atlas")
    new_project.write(made.root)
    samples.write_entry(made, "mine", source="/home/me/mine", revision=...)
    before = sorted(path.name for path in made.root.iterdir())
    folder = tmp_path / "public"
    result = publish(made, folder, "--url", "https://example.org/some/atlas", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["url"] == "https://example.org/some/atlas/" and told["files"] > 10
    assert 'href="/some/atlas/assets/' in (folder / "404.html").read_text()
    page = (folder / "models/ref-llama/index.html").read_text()
    assert 'rel="canonical" href="https://example.org/some/atlas/models/ref-llama/"' in page
    assert not re.findall(r'(?:src|href)="/(?!/)', page), "relative, wherever it is served"
    assert sorted(path.name for path in made.root.iterdir()) == sorted([*before, ".atlas", "site"])
    assert "models/mine/model.yml: the site shows the path /home/me/mine" in result.stderr
    assert "rsync -a --delete" in result.stderr and "without --url" not in result.stderr
    assert entry.load(made.entry("mine")).source == "/home/me/mine"


# The workflows that `atlas init` writes


def test_the_workflow_for_github_is_pinned_as_our_own_and_sound(tmp_path: Path) -> None:
    new_project.write(tmp_path / "demo", "github")
    path = tmp_path / "demo/.github/workflows/publish.yml"
    text, own = path.read_text(), (ROOT / ".github/workflows/publish.yml").read_text()
    pins = re.findall(r"uses: (\S+ # \S+)", text)
    assert pins == re.findall(r"uses: (\S+ # \S+)", own) and len(pins) == 4
    stated = yaml.safe_load(text)
    assert stated["permissions"] == {}
    for job in stated["jobs"].values():
        assert job["timeout-minutes"] and job["permissions"]
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
    assert f"model-atlas=={__version__}\n" in text
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [zizmor, "--offline", "--quiet", "--no-progress", tmp_path / "demo/.github"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("site", "name", "address"),
    [
        ("", "atlas", "https://me.github.io/atlas/"),
        ("", "me.github.io", "https://me.github.io/"),
        ("https://atlas.example.org/", "atlas", "https://atlas.example.org/"),
    ],
)
def test_the_workflow_finds_the_address(tmp_path: Path, site: str, name: str, address: str) -> None:
    new_project.write(tmp_path / "demo", "github")
    stated = yaml.safe_load((tmp_path / "demo/.github/workflows/publish.yml").read_text())
    [script] = [step["run"] for step in stated["jobs"]["build"]["steps"] if "env" in step]
    stand_in = tmp_path / "atlas"
    stand_in.write_text('#!/bin/sh\necho "$@"\n')
    stand_in.chmod(0o755)
    variables = {"PATH": f"{tmp_path}:/bin", "SITE": site, "NAME": name, "OWNER": "me"}
    done = subprocess.run(["bash", "-ec", script], env=variables, capture_output=True, text=True)
    assert done.stdout == f"publish public --url {address}\n"


def test_the_workflow_for_gitlab_publishes_what_it_builds(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "demo"), "--workflow", "gitlab"])
    assert result.exit_code == 0, result.output
    job = yaml.safe_load((tmp_path / "demo/.gitlab-ci.yml").read_text())["pages"]
    assert job["artifacts"] == {"paths": ["public"]}
    assert 'atlas publish public --url "$CI_PAGES_URL/"' in job["script"]
