"""The guides: short enough to be read, and true when they are followed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import yaml

from atlas.paths import PACKAGE, shipped_templates

ROOT = PACKAGE.parent
PAGE = shipped_templates() / "contributing.md.j2"


def test_contributing_has_three_recipes_and_is_short() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 120
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings[:3] == ["A model", "An architecture", "An analysis"]


def test_what_the_guides_name_is_there() -> None:
    for guide in (ROOT / "CONTRIBUTING.md", PAGE):
        text = guide.read_text(encoding="utf-8")
        for path in re.findall(r"`((?:atlas|tests|docs|scripts)/[\w./-]+)`", text):
            if "my-model" not in path:  # that one is of the worked example
                assert (ROOT / path).exists(), f"{guide.name}: {path}"


def commands() -> list[str]:
    """The commands of the page's worked example, a line each."""
    text = PAGE.read_text(encoding="utf-8").partition("### A worked example")[2]
    found = re.search(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    assert found
    return found[1].splitlines()


def test_the_worked_example_works(tmp_path: Path) -> None:
    """Every command of the page, one after the other, in a fresh folder."""
    here = tmp_path
    for line in commands():
        words = shlex.split(line)
        if words[0] == "cd":
            here = here / words[1]
            tiny.make(here / "models" / "my-model", "llama")
            continue
        assert words[0] == "atlas", line
        done = subprocess.run(
            [sys.executable, "-m", "atlas", *words[1:]],
            cwd=here,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    page = (here / "site" / "models" / "my-model" / "index.html").read_text(encoding="utf-8")
    assert (here / "docs" / "models" / "my-model" / "verified.json").is_file()
    assert "reproduced " in page and "Awaiting a profile" in page


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")))
def test_issue_forms_are_whole(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    for field in form["body"]:
        assert field["type"] in ("input", "textarea", "checkboxes") and field["attributes"]["label"]
