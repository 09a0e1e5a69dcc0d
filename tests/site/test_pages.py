"""Pages from entries and profiles: what they say, what they are made of, what cannot get in."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import atlases
import numpy as np
import pagecheck
import pytest
import samples
from nasty import NASTY, spoil

from atlas import architectures
from atlas.architectures import coverage
from atlas.errors import AtlasError
from atlas.files import page_mark
from atlas.paths import Project, schema
from atlas.profiles.statement import names
from atlas.site import pages


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """Two models, one of them measured."""
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "measured")
    atlases.profile(made, "measured")
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    return made


def _texts(project: Project) -> dict[str, bytes]:
    return {
        path.relative_to(project.docs).as_posix(): path.read_bytes()
        for path in sorted(project.docs.rglob("*"))
        if path.is_file()
    }


def _page(project: Project, path: str) -> str:
    return (project.docs / path).read_text(encoding="utf-8")


def test_render_writes_once_and_the_same_everywhere(atlas: Project, tmp_path: Path) -> None:
    first = pages.render(atlas)
    texts = _texts(atlas)
    again = pages.render(atlas)
    assert (again.written, again.removed) == ((), ())
    assert again.kept == tuple(sorted(first.written))
    assert _texts(atlas) == texts
    other = atlases.project(tmp_path / "other")
    for slug in ("waiting", "measured"):
        other.folder(slug).mkdir()
        for path in atlas.folder(slug).iterdir():
            if path.name == "model.yml" or path.suffix == ".json":
                (other.folder(slug) / path.name).write_bytes(path.read_bytes())
    pages.render(other)
    assert _texts(other) == texts


def test_a_model_that_goes_takes_its_pages_along(atlas: Project) -> None:
    pages.render(atlas)
    atlas.entry("waiting").unlink()
    assert pages.render(atlas).removed == ("models/waiting/index.md",)
    assert not atlas.folder("waiting").exists()


def test_a_build_goes_on_without_what_can_be_thrown_away(atlas: Project) -> None:
    """`.atlas` and the manifest, and what is rendered has changed since: pages, data and styles."""
    pages.render(atlas)
    atlas.manifest.unlink()
    shutil.rmtree(atlas.cache, ignore_errors=True)
    for made in (*atlas.docs.glob("assets/atlas/*.css"), atlas.docs / "data" / "index.json"):
        made.write_text("of another version of atlas")
    atlases.entry(atlas, "measured", name="Another name")
    atlas.entry("waiting").unlink()
    done = pages.render(atlas)
    assert done.removed == ("models/waiting/index.md",) and done.left == ()
    assert "Another name" in _page(atlas, "models/measured/index.md")
    assert "of another" not in _page(atlas, "assets/atlas/atlas.css")
    assert pages.render(atlas).written == ()


def test_every_page_bears_its_mark(atlas: Project) -> None:
    for path, content in pages.planned(atlas).items():
        assert page_mark.is_ours(content) is path.endswith(".md"), path


def test_a_folder_without_entry_makes_no_page(atlas: Project) -> None:
    (atlas.models / "notes").mkdir()
    (atlas.models / "notes" / "weights.json").write_text("{}")
    pages.render(atlas)
    assert [path.name for path in (atlas.models / "notes").iterdir()] == ["weights.json"]


def test_a_page_written_by_hand_is_an_error_that_names_it(atlas: Project) -> None:
    hand = atlas.folder("measured") / "index.md"
    hand.write_text("by hand")
    with pytest.raises(AtlasError, match=r"models/measured/index\.md: was not written by atlas"):
        pages.render(atlas)
    assert hand.read_text() == "by hand"


def test_the_page_says_what_was_measured(atlas: Project) -> None:
    pages.render(atlas)
    page = _page(atlas, "models/measured/index.md")
    assert "Reference model, trained for demonstration" in page
    assert 'data-state="fresh"' in page
    assert samples.DIGEST in page
    assert "12.3 million" in page
    first = atlases.matrices()[0]
    assert f'data-first="{first.name}"' in page  # the browser offers the others, from the profile
    assert (atlas.folder("measured") / "previews" / "weights.rms.svg").is_file()
    section = page.partition("## Weights {#weights data-search-exclude}")[2].partition("\n## ")[0]
    assert "<figure" in section and "Awaiting" not in section


def test_the_page_says_what_is_awaited(atlas: Project) -> None:
    pages.render(atlas)
    page = _page(atlas, "models/waiting/index.md")
    assert "Awaiting a profile" in page
    assert "<code>atlas profile waiting --analysis weights</code>" in page
    assert "Pin its revision" not in page
    assert re.search(r"about [\d.]+ [kMG]B of memory", page)
    assert "<figure" not in page
    assert "Reference model" not in page


def test_a_model_without_a_revision_is_to_be_pinned_first(atlas: Project) -> None:
    atlases.entry(atlas, "waiting", source="some-org/waiting", revision=None)
    pages.render(atlas)
    page = _page(atlas, "models/waiting/index.md")
    assert "Pin its revision first (<code>atlas pin waiting</code>), then " in page
    assert "then <code>atlas profile waiting</code> measures everything" in page
    assert "<code>atlas profile waiting --analysis weights</code>" in page


def test_a_stale_profile_is_shown_as_such(atlas: Project) -> None:
    stale = atlases.profile(atlas, "measured", version=99)
    pages.render(atlas)
    page = _page(atlas, "models/measured/index.md")
    assert 'data-state="stale"' in page
    assert "measured with version 99, current" in page
    assert stale.matrices[0].title in page
    assert json.loads(_page(atlas, "data/index.json"))["profiles"][0]["state"] == "stale"


def test_a_page_weighs_what_its_words_weigh(tmp_path: Path) -> None:
    """A model page with 12 heatmaps of 3,000 cells: 8 kB gzipped at most, and no data in it."""
    made = atlases.project(tmp_path / "heavy")
    atlases.entry(made, "heavy")
    shown = [
        replace(atlases.matrices(seed, 50, 60)[2], name=f"map{seed}", title=f"Map number {seed}")
        for seed in range(12)
    ]
    atlases.profile(made, "heavy", matrices=tuple(shown))
    pages.render(made)
    page = atlases.build(made) / "models" / "heavy" / "index.html"
    assert len(gzip.compress(page.read_bytes(), 6)) <= 8 * 1024


def test_counts_are_computed(atlas: Project) -> None:
    pages.render(atlas)
    home = _page(atlas, "index.md")
    counts = re.findall(r"<dd>([\d,]+)</dd>", home)
    values = sum(int(np.isfinite(item.values).sum()) for item in atlases.matrices())
    assert counts == ["2", "1", "6", f"{values:,}"]


def test_the_index_of_data_holds_every_profile_with_its_digest(atlas: Project) -> None:
    pages.render(atlas)
    index = json.loads(_page(atlas, "data/index.json"))
    (listed,) = index["profiles"]
    content = (atlas.docs / listed["path"]).read_bytes()
    assert listed["sha256"] == hashlib.sha256(content).hexdigest()
    assert listed["bytes"] == len(content)
    assert (atlas.docs / "data" / index["schema"]).is_file()


@pytest.mark.parametrize("name", ["entry", "profile"])
def test_published_schemas_are_the_ones_in_force(atlas: Project, name: str) -> None:
    pages.render(atlas)
    published = json.loads(_page(atlas, f"data/schemas/{name}.schema.json"))
    assert published == json.loads(schema(name).read_text(encoding="utf-8"))


def test_the_contributing_page_asks_for_what_the_schema_asks_for(atlas: Project) -> None:
    pages.render(atlas)
    page = (atlas.docs / "contributing.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"<code>(\w+)</code></td><td>(required|optional)<", page))
    entry = json.loads(schema("entry").read_text(encoding="utf-8"))
    required = entry["required"]
    assert told == {
        key: "required" if key in required else "optional" for key in entry["properties"]
    }


def test_an_empty_atlas_builds(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "empty")
    pages.render(made)
    site = atlases.build(made)
    assert "No model is listed yet" in (site / "index.html").read_text()
    assert pagecheck.broken_links(site) == []


def test_several_analyses_have_a_section_each(state: Callable[..., Path], tmp_path: Path) -> None:
    state("weights")
    state("attention", tier="forward")
    made = Project(tmp_path / "several")
    made.models.mkdir(parents=True)
    made.mkdocs_yml.write_text("site_name: Test\n")
    atlases.entry(made, "one")
    atlases.profile(made, "one")
    pages.render(made)
    page = _page(made, "models/one/index.md")
    assert page.index("## Weights {#weights data-search-exclude}") < page.index(
        '<tr id="attention">'
    )
    assert page.count("Awaiting a profile") == 1
    assert (made.docs / "methods" / "attention.md").is_file()


def test_every_link_of_the_site_leads_somewhere(atlas: Project) -> None:
    pages.render(atlas)
    site = atlases.build(atlas)
    assert pagecheck.broken_links(site) == []
    expected = {"index.html", "models/index.html", "methods/index.html", "data/index.html"}
    expected |= {
        "claims/index.html",
        "findings/index.html",
        "architectures/index.html",
        "contributing/index.html",
        "recipe/index.html",
        "404.html",
        "survey/index.html",
        "compare/index.html",
    }
    expected |= {f"{kind}/{name}/index.html" for kind in ("methods", "survey") for name in names()}
    expected |= {"families/index.html", "heads/index.html", "families/some-model/index.html"}
    expected |= {f"models/{slug}/index.html" for slug in ("measured", "waiting")}
    assert {path.relative_to(site).as_posix() for path in site.rglob("*.html")} == expected


def test_the_site_asks_nobody_else_for_anything(atlas: Project) -> None:
    """Links may lead out; scripts, styles, images and fonts may not."""
    pages.render(atlas)
    site = atlases.build(atlas)
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*>", text)
        assert not [tag for tag in loaded if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag)]


def test_contributed_text_stays_text(tmp_path: Path) -> None:
    """Built by MkDocs, a page of nasty texts has the very tags of a page of plain ones, and says
    the nasty texts word for word."""
    sites = []
    for name, texts in (("nasty", NASTY), ("plain", ("aa", "bb", "cc", "dd", "ee"))):
        made = atlases.project(tmp_path / name)
        spoil(made, texts)
        pages.render(made)
        sites.append(atlases.build(made))
    for path in sorted(sites[0].rglob("*.html")):
        page = pagecheck.Page(path)
        plain = pagecheck.Page(sites[1] / path.relative_to(sites[0]))
        assert page.shape == plain.shape, path
        assert [link.split(":")[0] for link in page.links if "://" not in link] == [
            link.split(":")[0] for link in plain.links if "://" not in link
        ]
    page = pagecheck.Page(sites[0] / "models" / "nasty" / "index.html")
    for text in (NASTY[0][:80], NASTY[1]):
        assert " ".join(text.split()) in page.text
    assert pagecheck.broken_links(sites[0]) == []


def test_what_is_read_is_listed_with_the_families_of_this_atlas(atlas: Project) -> None:
    pages.render(atlas)
    page = _page(atlas, "architectures.md")
    rows = re.findall(r"<tr><td><code>(.+?)</code></td>", page)
    assert sorted(rows) == sorted(architectures.known())
    assert 'scope="rowgroup" colspan="4"><strong>Decoder, mixture of experts</strong>' in page
    [llama] = re.findall(r"<tr><td><code>llama</code></td>.*?</tr>", page)
    held = coverage.counts()["models"]
    assert f">{held['llama']:,}</td><td>written by hand</td><td><a href=" in llama
    assert ">Some model</a>" in llama
    assert f"The atlas reads models of {len(rows)} types." in page
    for reason, types in coverage.unread().items():
        told = ", ".join(f"<code>{one.name}</code>&nbsp;{one.models:,}" for one in types)
        assert f"<div><dt>{reason[0].upper()}{reason[1:]}</dt><dd>{told}</dd></div>" in page
