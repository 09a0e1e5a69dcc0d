"""Contributed text on its way into a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from atlas.errors import AtlasError
from atlas.site import templates


@dataclass
class Told:
    name: str
    size: int


def test_values_become_one_line_without_control_characters() -> None:
    assert templates.fold("a\n\n```\r\n\tb\x02\u202ec\u2028d") == "a ``` b c d"
    assert templates.fold(3) == 3


def test_a_block_is_one_line() -> None:
    assert str(templates.html("<div>\n\n  <p>x</p>\n</div>\n")) == "<div> <p>x</p> </div>"


def test_a_contributed_line_never_begins_a_line_of_markdown(tmp_path: Path) -> None:
    (tmp_path / "page.j2").write_text("{% filter html %}\n<p>\n{{ x }}\n</p>\n{% endfilter %}\n")
    text = "\n```\n\n--8<-- 'secret'\n# heading\n</p>\n<script>"
    page = templates.render(templates.environment([tmp_path]), "page.j2", root="../", x=text)
    told, early = page.decode().split("\n\n")
    assert told == "<p> ``` --8&lt;-- &#39;secret&#39; # heading &lt;/p&gt; &lt;script&gt; </p>"
    assert early == '<script src="../assets/atlas/early.js"></script>\n'


@pytest.mark.parametrize("text", ['a: "b" # c', "---", "</title><script>", "{{ x }}", "é\nü"])
def test_front_matter_is_yaml_that_themes_can_put_out_as_it_stands(text: str) -> None:
    value = yaml.safe_load(f"title: {templates.front(text)}")["title"]
    assert "<" not in value and '"' not in value
    assert value.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"') == str(
        templates.fold(text)
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//host/x", "x"])
def test_only_http_addresses_become_links(url: str) -> None:
    with pytest.raises(AtlasError, match="not an http"):
        templates.link(url)
    assert templates.link("https://example.org/a") == "https://example.org/a"


def test_json_stands_in_an_attribute() -> None:
    text = str(templates.as_json([Told("'><b>&amp;", 3), Told('"', 4)]))
    assert not set(text) & set("<>&'")
    assert json.loads(text) == [{"name": "'><b>&amp;", "size": 3}, {"name": '"', "size": 4}]


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "page.j2").write_text("one\n{% if %}\n")
    with pytest.raises(AtlasError, match=r"page\.j2: line 2: template fails"):
        templates.render(templates.environment([folder]), "page.j2", root="")
    (folder / "page.j2").write_text("{{ nothing }}")
    with pytest.raises(AtlasError, match=r"page\.j2: line 1: .*'nothing' is undefined"):
        templates.render(templates.environment([folder]), "page.j2", root="")
    (folder / "page.j2").write_text("one\n{% include 'gone.j2' %}\n")
    with pytest.raises(AtlasError, match=r"page\.j2: line 2: there is no template 'gone\.j2'"):
        templates.render(templates.environment([folder]), "page.j2", root="")
    (folder / "page.j2").write_bytes(b"\xff")
    with pytest.raises(AtlasError, match=r"page\.j2: a template is not UTF-8"):
        templates.render(templates.environment([folder]), "page.j2", root="")


@pytest.mark.parametrize(
    ("text", "told"),
    [("{{ 1 / 0 }}", "ZeroDivisionError"), ("{% include 'x.j2' %}", "RecursionError")],
)
def test_a_template_of_a_project_that_fails_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.j2").write_text(f"one\n{text}\n")
    with pytest.raises(AtlasError, match=rf"x\.j2: line 2: template fails: {told}.*; mend the"):
        templates.render(templates.environment([tmp_path]), "x.j2", root="../")
