"""What an atlas says of itself, from mkdocs.yml."""

from __future__ import annotations

import os
import re

import pytest

from atlas.entries import colours, presentation
from atlas.entries.presentation import SECTIONS, Presentation
from atlas.errors import AtlasError
from atlas.paths import Project, static


def load(project: Project, atlas: str, more: str = "") -> Presentation:
    project.mkdocs_yml.write_text(
        f"site_name: Test\n{more}extra: {{atlas: {atlas}}}\n", encoding="utf-8"
    )
    return presentation.load(project)


def test_nothing_stated_is_everything_that_there_is(project: Project) -> None:
    assert load(project, "{}") == Presentation(title="Test")
    assert Presentation().left_out == () and Presentation().sections == tuple(SECTIONS)


def test_what_is_stated(project: Project) -> None:
    (project.root / "about.md").write_text("\n*We*\n")
    found = load(
        project, "{headline: Ours, introduction: about.md, sections: [data, models, methods]}"
    )
    assert (found.headline, found.introduction) == ("Ours", "*We*")
    assert found.sections == ("data", "models", "methods") and "survey" in found.left_out
    assert found.leads("models/x/#weights") and not found.leads("compare/?models=a")
    assert not found.leads("recipe") and found.leads("")


@pytest.mark.parametrize(
    ("atlas", "line"),
    [
        ("{headline: ''}", "extra.atlas.headline: '' is not a sentence; write one of at most 120"),
        ("{headline: [a]}", "extra.atlas.headline: ['a'] is not a sentence"),
        ("{introduction: a.txt}", "'a.txt' is not the path of a Markdown file; name a Markdown"),
        ("{introduction: ../a.md}", "'../a.md' leads out of the project"),
        ("{introduction: link.md}", "'link.md' leads out of the project"),
        ("{introduction: docs/a.md}", "lies in docs/, where it is a page of its own as well; move"),
        ("{introduction: pipe.md}", "'pipe.md' is not a file; name a Markdown"),
        ("{introduction: gone.md}", "gone.md: cannot be read: No such file"),
        ("{sections: models}", "'models' is not a list; write a list of: findings, models"),
        ("{sections: [model, methods, data]}", "no section 'model'; did you mean 'models'? known"),
        ("{sections: [models, data, data]}", "data is listed twice; remove one of them"),
        ("{sections: [models, data]}", "methods cannot be left out, for figures link to it; add"),
        ("{colours: red}", "'red' are not two colours; write one for each scheme: {light:"),
        ("{colours: {light: '#fff000', dark: red}}", "dark: 'red' is not a colour; write six hex"),
        ("{colours: {light: '#ffaa00', dark: '#eeeeee'}}", "contrast of 1.80 to the page, and"),
        ("{colours: {light: '#000000', dark: '#333333'}}", "needs 4.5; choose a lighter one"),
    ],
)
def test_what_cannot_be_is_told(project: Project, atlas: str, line: str) -> None:
    (project.root / "link.md").symlink_to("/etc/hostname")
    os.mkfifo(project.root / "pipe.md")
    with pytest.raises(AtlasError, match=re.escape(line)):
        load(project, atlas)


def test_a_navigation_to_what_is_left_out_is_told_with_its_line(project: Project) -> None:
    nav = "nav:\n  - Home: index.md\n  - More:\n    - Heads: heads/index.md\n    - recipe.md\n"
    with pytest.raises(AtlasError) as raised:
        load(project, "{sections: [models, methods, data]}", nav)
    told = str(raised.value)
    assert "line 5: nav: heads/index.md is not made, for extra.atlas.sections leaves heads" in told
    assert "line 6: nav: recipe.md is not made" in told and "index.md is not" not in told[:60]
    assert load(project, "{sections: [models, methods, data, heads, recipe]}", nav)


def test_contrast_is_to_the_grounds_of_the_theme() -> None:
    theme = (static() / "shell/theme.css").read_text(encoding="utf-8")
    assert list(colours.PAPERS.values()) == re.findall(r"--atlas-paper: (#\w+);", theme)
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
