"""Contributed text on its way into a page."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from atlas import words
from atlas.errors import AtlasError
from atlas.site import templates


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
    with pytest.raises(AtlasError, match="no http"):
        templates.link(url)
    assert templates.link("https://example.org/a") == "https://example.org/a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.41234, "0.412"),
        (-12.345, "-12.3"),
        (99999.0, "100000"),
        (123456.0, "1.23e5"),
        (0.000012345, "1.23e-5"),
        (1000.0, "1000"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under a second"), (1, "1 second"), (40, "40 seconds"), (600, "10 minutes"),
     (7200, "2 hours"), (300000, "3 days")],
)  # fmt: skip
def test_durations_are_rough(seconds: float, text: str) -> None:
    assert words.about(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "12"), (4096, "4,096"), (1_500_000, "1.5 million"), (8_030_000_000, "8.03 billion")],
)
def test_counts_are_as_people_read_them(value: int, text: str) -> None:
    assert words.count(value) == text


def test_sizes_have_units() -> None:
    assert [words.size(value) for value in (12, 1500, 2.5e9)] == [
        "12 bytes",
        "1.5 kB",
        "2.5 GB",
    ]


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "page.j2").write_text("one\n{% if %}\n")
    with pytest.raises(AtlasError, match=r"page\.j2: line 2: template fails"):
        templates.render(templates.environment([folder]), "page.j2", root="")
    (folder / "page.j2").write_text("{{ nothing }}")
    with pytest.raises(AtlasError, match="'nothing' is undefined"):
        templates.render(templates.environment([folder]), "page.j2", root="")
