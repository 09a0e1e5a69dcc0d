"""Pages of findings: each step with its claim's verdict and its figure, and the lists of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import atlases
import found_atlas
import numpy as np
import pagecheck
import pytest
from nasty import NASTY

from atlas.paths import Project
from atlas.review import published_files
from atlas.site import pages
from atlas.site.figures import heatmap


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    made = found_atlas.project(tmp_path / "atlas")
    found_atlas.claim(made, "true")
    found_atlas.claim(made, "false", true=False)
    found_atlas.claim(made, "later", model="waiting")
    return made


def page(project: Project, path: str) -> str:
    pages.render(project)
    return (project.docs / path).read_text(encoding="utf-8")


def test_a_finding_that_holds_shows_each_step_with_its_figure(atlas: Project) -> None:
    steps = (found_atlas.step("true"), found_atlas.step("true", found_atlas.MODULES))
    found_atlas.finding(atlas, "one", *steps)
    text = page(atlas, "findings/one.md")
    assert "all 2 claims hold" in text and "atlas-finding-told" not in text
    first, second = text.split('<section class="atlas-section atlas-step"')[1:]
    assert 'data-figure="weights" data-first="ov_copying"' in first
    assert 'data-src="../../models/small/weights.json" data-slug="small"' in first
    assert 'data-key="step-1"' in first and 'data-row="3" data-column="17"' in first
    assert '<img src="../../models/small/previews/weights.ov_copying.figure.svg"' in first
    assert "--rows:32;--columns:12;--row:17;--column:3" in first
    matrix = found_atlas.matrix("ov_copying")
    assert f"Marked: layer 3, head 17: {heatmap.worded(matrix, matrix.values[3, 17])}" in first
    assert f'href="../../{found_atlas.HEADS.replace("&", "&amp;")}"' in first
    assert '<a href="../../claims/#true">' in first and "It is so: true." in first
    assert 'data-first="outlier"' in second and 'data-key="step-2"' in second


def test_a_marked_cell_says_its_category_or_why_it_has_no_value(atlas: Project) -> None:
    rms, *others = atlases.matrices()
    values = rms.values.copy()
    values[0, 0] = np.nan
    vague = replace(rms, values=values, undefined=(("0", "attn.q"),))
    atlases.profile(atlas, "small", matrices=(vague, *others))
    cells = (
        "rms&row=0&column=attn.q",
        "outlier&row=5&column=norm.attn",
        "categories&row=2&column=7",
    )
    figures = [f"models/small/?figure=weights&matrix={cell}" for cell in cells]
    found_atlas.finding(atlas, "one", *(found_atlas.step("true", one) for one in figures))
    text = page(atlas, "findings/one.md")
    assert "Marked: layer 0, attn.q: cannot be defined for this model" in text
    assert "Marked: layer 5, norm.attn: does not exist in this architecture" in text
    category = atlases.CATEGORIES[int(found_atlas.matrix("categories").values[2, 7])]
    assert f"Marked: layer 2, head 7: {category}" in text


def test_the_preview_of_a_step_lies_beside_those_of_its_model(atlas: Project) -> None:
    found_atlas.finding(atlas, "one", found_atlas.step("true"))
    pages.render(atlas)
    previews = {f"weights.ov_copying{part}.svg" for part in ("", ".figure")}
    folder = atlas.folder("small") / "previews"
    assert {path.name for path in folder.glob("*ov_copying*")} == previews
    assert list(published_files.problems(atlas)) == []
    (atlas.findings / "one.yml").unlink()
    removed = pages.render(atlas).removed
    assert set(removed) == {
        "findings/one.md",
        *(f"models/small/previews/{name}" for name in previews),
    }


def test_a_claim_that_no_longer_holds_is_told_before_anything_else(atlas: Project) -> None:
    found_atlas.finding(atlas, "one", found_atlas.step("true"), found_atlas.step("false"))
    text = page(atlas, "findings/one.md")
    told = '<div class="atlas-finding-told" data-state="fails"><p><strong>This no longer holds.'
    assert told in text and text.index(told) < text.index("<section")
    assert '<a href="#step-2">Step 2, On false</a>: It is so: false.' in text
    assert '<div class="atlas-claim" data-state="fails">' in text
    assert "claims hold" not in text


def test_what_is_not_measured_is_said_and_breaks_nothing(atlas: Project) -> None:
    steps = [
        found_atlas.step("true"),
        found_atlas.step("later", found_atlas.AWAITED),
        found_atlas.step("true", found_atlas.NOWHERE),
    ]
    found_atlas.finding(atlas, "one", *steps)
    text = page(atlas, "findings/one.md")
    assert "<strong>Not all of this can be tested yet:</strong>" in text
    assert "<strong>No figure yet:</strong> Model waiting has no profile of weights yet." in text
    assert "<strong>No figure yet:</strong> the atlas does not list nowhere." in text
    assert text.count("<figure") == 1


def test_a_stale_figure_says_so(atlas: Project) -> None:
    atlases.profile(atlas, "small", version=99)
    found_atlas.finding(atlas, "one", found_atlas.step("true"))
    text = page(atlas, "findings/one.md")
    assert "<strong>None of this can be tested yet:</strong>" in text
    assert '<span class="atlas-state atlas-stale">stale</span>' in text and "<figure" in text


def test_lists_begin_with_what_holds_and_home_leaves_out_what_cannot_be_tested(
    atlas: Project,
) -> None:
    found_atlas.finding(atlas, "a-later", found_atlas.step("later", found_atlas.AWAITED))
    found_atlas.finding(atlas, "b-false", found_atlas.step("false"))
    found_atlas.finding(atlas, "c-true", found_atlas.step("true"))
    listed, home = page(atlas, "findings/index.md"), page(atlas, "index.md")
    at = [listed.index(f"Lead of {name}.") for name in ("c-true", "b-false", "a-later")]
    assert at == sorted(at)
    assert home.index("Lead of c-true.") < home.index("Lead of b-false.") < home.index("## Models")
    assert "Lead of a-later." not in home and "no longer holds" in home
    assert '<a href="findings/c-true/">' in home


def test_findings_about_real_models_come_before_those_about_reference_models(
    atlas: Project,
) -> None:
    atlases.entry(atlas, "real", source="./real")
    atlases.profile(atlas, "real")
    found_atlas.finding(atlas, "a-small", found_atlas.step("true"))
    figure = found_atlas.HEADS.replace("small", "real")
    found_atlas.finding(atlas, "b-real", found_atlas.step("true", figure))
    for path in ("findings/index.md", "index.md"):
        text = page(atlas, path)
        assert text.index("Lead of b-real.") < text.index("Lead of a-small."), path


def test_without_findings_home_has_none_and_the_list_says_so(atlas: Project) -> None:
    assert "## Findings" not in page(atlas, "index.md")
    assert "There are no findings yet." in page(atlas, "findings/index.md")


def test_data_lists_findings_with_their_schema(atlas: Project) -> None:
    found_atlas.finding(atlas, "one", found_atlas.step("true"))
    files = json.loads(page(atlas, "data/index.json"))["files"]
    [listed] = [one for one in files if one["kind"] == "finding"]
    assert listed["path"] == "findings/one.yml"
    assert listed["schema"] == "schemas/finding.schema.json"
    assert (atlas.docs / "data" / listed["schema"]).is_file()


def test_what_a_contributor_wrote_stays_text(tmp_path: Path) -> None:
    """A page of nasty texts has the very tags of a page of plain ones, and says them."""
    sites = []
    for name, texts in (("nasty", NASTY), ("plain", ("aa", "bb", "cc", "dd", "ee"))):
        made = found_atlas.project(tmp_path / name)
        title, lead, heading, *text = (" ".join(one.split()) for one in texts)
        found_atlas.claim(made, "true", sentence=lead, source=title[:100])
        atlases.entry(made, "small", name=heading[:80].strip())
        step = found_atlas.step("true", title=heading, text=text)
        found_atlas.finding(made, "one", step, title=title, lead=lead)
        pages.render(made)
        sites.append(atlases.build(made))
    for place in ("", "findings/", "findings/one/"):
        nasty, plain = (pagecheck.Page(site / place / "index.html") for site in sites)
        assert nasty.shape == plain.shape, place
    for nasty_text in NASTY:
        assert (
            " ".join(nasty_text.split())
            in pagecheck.Page(sites[0] / "findings/one/index.html").text
        )
