"""`atlas card`: what a model's card on a hub can say of it."""

from __future__ import annotations

import re
from pathlib import Path

import atlases
import pytest
import samples
from click.testing import CliRunner, Result

from atlas.commands import main
from atlas.paths import Project
from atlas.profiles import profile_file
from atlas.site import hub_card, link_pictures

SITE = "https://atlas.example/ours/"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An atlas with a model of a hub, measured, and one that waits."""
    monkeypatch.setenv("ATLAS_SITE_URL", SITE)
    project = atlases.project(tmp_path / "atlas")
    atlases.entry(
        project, "small", source="org/small", revision=samples.REVISION, name="A | [b](c)"
    )
    pin = profile_file.Pin("small", "org/small", samples.REVISION, samples.DIGEST, None)
    facts = {"mean_alpha": 3.25, "alpha_from_2_to_6": 0.5}
    atlases.profile(project, "small", model=pin, facts=facts)
    atlases.entry(project, "waiting", source="org/waiting", revision=samples.REVISION)
    return project


def card(project: Project, slug: str) -> Result:
    return CliRunner().invoke(main, ["card", slug, "--project", str(project.root)])


def test_picture_number_link_and_pin(made: Project) -> None:
    done = card(made, "small")
    assert done.exit_code == 0, done.output
    page = f"{SITE}models/small/"
    assert f"({page}{link_pictures.FILE})]({page})" in done.stdout
    assert re.search(r"^\| Mean alpha \| 3\.25 \| weights", done.stdout, re.MULTILINE)
    assert f"at revision `{samples.REVISION}`; method versions: weights " in done.stdout


def test_a_name_is_text_and_no_more(made: Project) -> None:
    first = card(made, "small").stdout.splitlines()[0]
    assert first.startswith(r"[![What is inside A \| \[b\](c)](https://")


def test_what_is_missing_is_told_with_a_remedy(
    made: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = card(made, "waiting")
    assert waiting.exit_code == 1 and "atlas profile waiting" in waiting.stderr
    unknown = card(made, "smal")
    assert unknown.exit_code == 1 and "did you mean 'small'?" in unknown.stderr
    for stated, said in (("", "the site has no address"), ("file:///x", "is not an address"),
                         ("https://x)[y](z", "is not an address")):  # fmt: skip
        monkeypatch.setenv("ATLAS_SITE_URL", stated)
        done = card(made, "small")
        assert done.exit_code == 1 and said in done.stderr, done.output
        assert "write site_url: https://... in mkdocs.yml" in done.stderr


def test_the_address_that_is_written_in_the_file(made: Project) -> None:
    text = made.mkdocs_yml.read_text(encoding="utf-8")
    own = re.sub(r"^site_url: .*$", "site_url: https://x.example", text, flags=re.MULTILINE)
    made.mkdocs_yml.write_text(own, encoding="utf-8")
    assert hub_card.address(made) == "https://x.example/"
