"""A model's page: who the model is, what was measured of it, what was found."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import atlases
import numpy as np
import pytest
import samples

from atlas.paths import Project
from atlas.profiles import profile_file, statement
from atlas.profiles.matrix import Matrix
from atlas.site import pages

TITLES = (
    "Root mean square", "Spectral norm", "Stable rank", "Entropy of attention",
    "Share on the first token", "Cosine with the layer before", "Loss without the head",
    "Rounding error at 4 bits in groups of 128", "Agreement between clusters", "Category of head",
)  # fmt: skip
NAMES = ("weights", "attention", "functions", "drift", "activations", "residual", "importance",
         "masks")  # fmt: skip


def _page(made: Project, slug: str) -> str:
    pages.render(made)
    return (made.folder(slug) / "index.md").read_text(encoding="utf-8")


def _profile(made: Project, slug: str, name: str, **changes: object) -> None:
    stated = statement.of(name)
    pin = profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None)
    fields = {"version": stated.version, "model": pin, "protocol": stated.protocol}
    found = samples.profile(**{"analysis": name, **fields, **changes})
    profile_file.save(made.profile(slug, name), found)


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_lineage_is_told_in_both_directions(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "root", name="Root 1B")
    atlases.entry(made, "chat", name="Chat 1B", base="root")
    atlases.entry(made, "code", name="Code 1B", base="root")
    root, chat = _page(made, "root"), _page(made, "chat")
    links = '<a href="../../models/chat/">Chat 1B</a>, <a href="../../models/code/">Code 1B</a>'
    assert f"<dt>Fine-tuned from it</dt><dd>{links}</dd>" in root
    assert "<dt>Fine-tuned from</dt>" not in root
    assert '<dt>Fine-tuned from</dt><dd><a href="../../models/root/">Root 1B</a></dd>' in chat


@pytest.mark.parametrize("mixers", [True, False])
def test_which_layers_differ_is_told(tmp_path: Path, mixers: bool) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "alike", name="Alike")
    atlases.entry(made, "mixed", name="Mixed")
    told = "convolution in 0, 2" if mixers else "dense MLP in 0"
    conditions = {"kinds_of_layers": told, **({"mixers": told} if mixers else {})}
    _profile(made, "mixed", "weights", conditions=conditions)
    page = _text(_page(made, "mixed"))
    assert f"Layers that differ {told[0].upper()}{told[1:]}. " in page
    assert ("stands in the place of its attention block" in page) == mixers
    assert "Layers that differ" not in _text(_page(made, "alike"))


def test_a_model_s_page_says_how_it_was_made(tmp_path: Path) -> None:
    """The word of each kind, in both directions, with those of one kind together."""
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "root", name="Root 1B")
    kinds = {"quantised": "Quantised", "merged": "Merged", "adapter": "Adapted"}
    for relation in kinds:
        for number in (1, 2):
            slug = f"{relation}-{number}"
            atlases.entry(made, slug, name=f"Some {slug}", base="root", relation=relation)
    root = _page(made, "root")
    assert "Fine-tuned from" not in root
    for relation, word in kinds.items():
        links = ", ".join(
            f'<a href="../../models/{relation}-{at}/">Some {relation}-{at}</a>' for at in (1, 2)
        )
        assert f"<dt>{word} from it</dt><dd>{links}</dd>" in root
        link = '<a href="../../models/root/">Root 1B</a>'
        assert f"<dt>{word} from</dt><dd>{link}</dd>" in _page(made, f"{relation}-1")


def test_drift_is_the_strength_of_a_link_to_base_and_tunes(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "root", name="Root 1B")
    atlases.entry(made, "chat", name="Chat 1B", base="root")
    atlases.entry(made, "code", name="Code 1B", base="root")
    _profile(made, "chat", "drift", facts={"relative_change": 0.0625}, matrices=atlases.matrices())
    root, chat, code = (_page(made, slug) for slug in ("root", "chat", "code"))
    meter = 'value="0.0625" aria-label="relative change of the weights"'
    assert [page.count(meter) for page in (root, chat, code)] == [1, 1, 0]
    assert "Chat 1B drift 0.0625 , Code 1B" in _text(root).replace("  ", " ")
    assert "Root 1B drift 0.0625" in _text(chat)


def _drifted(made: Project, **changes: object) -> str:
    values = np.array([[0.25, 0.5], [np.nan, 0.7], [0.25, 0.6]])
    shown = replace(
        samples.matrix(), name="relative_change", rows=("0", "1", "2"),
        columns=("attn.q", "mlp.up"), values=values,
    )  # fmt: skip
    types = {"stored_dtype": "Q8_0 (weights), F32", "base_dtype": "float16"}
    facts = {"relative_change": 0.6}
    fields: dict[str, object] = {"facts": facts, "conditions": types, "matrices": (shown,)}
    _profile(made, "copy", "drift", **{**fields, **changes})
    return _text(_page(made, "copy"))


def test_the_drift_of_a_quantised_copy_is_told(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "root", name="Root 1B")
    atlases.entry(made, "copy", name="Copy 1B", base="root", relation="quantised")
    assert "Quantising float16 to Q8_0 moved mlp.up most. " in _drifted(made)
    expected = {"expected_relative_change": 0.59, "relative_change": 0.6}
    rounding = (
        "ounding to Q8_0 alone would give a relative change of about 0.59; 0.6 was measured. "
    )
    assert f"moved mlp.up most; r{rounding}" in _drifted(made, facts=expected)
    still = samples.matrix(name="relative_change", values=np.zeros((2, 3)))
    page = _drifted(made, matrices=(still,))
    assert "Quantising float16 to Q8_0 changed no weight. " in page
    assert "uantising" not in _drifted(made, facts=expected, conditions={})
    atlases.entry(made, "copy", name="Copy 1B", base="root")
    assert "uantising" not in _drifted(made)
    assert f"R{rounding}" in _drifted(made, facts=expected)


def test_other_sizes_are_of_the_same_kind(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    sized = {"large": 9, "small": 1, "middle": 4}
    for slug, size in sized.items():
        geometry = {**samples.GEOMETRY, "parameters": size * 1000}
        atlases.entry(made, slug, family="f", geometry=geometry)
        atlases.entry(made, f"{slug}-chat", family="f", base=slug, geometry=geometry)
    atlases.entry(made, "alone", family="g")
    assert "Other sizes Model small , Model large" in _text(_page(made, "middle"))
    assert "Other sizes Model middle-chat , Model large-chat" in _text(_page(made, "small-chat"))
    assert "Other sizes" not in _page(made, "alone")


def test_parameters_keep_their_digits(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    assert "12.3 million <small>12,345,678</small>" in _page(made, "one")


@pytest.mark.parametrize(("source", "kind"), [("./x", "folder"), ("./x.gguf", "file")])
def test_a_local_source_says_what_it_is(tmp_path: Path, source: str, kind: str) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one", source=source)
    assert f"{source} , a local {kind}" in _text(_page(made, "one"))


def test_the_top_says_the_state_of_every_analysis(
    state: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("attention", "drift", "weights"):
        state(name)
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    atlases.profile(made, "one")
    _profile(made, "one", "drift", version=7)
    page = _page(made, "one")
    states = re.search(r'<ul class="atlas-states".*?</ul>', page)
    assert states
    assert [_text(item) for item in re.findall(r"<li>.*?</li>", states[0])] == [
        "Drift stale",
        "Weights measured",
        "Attention awaited",
    ], "what there is to see comes first"
    for name in ("attention", "drift", "weights"):
        assert f'<a href="#{name}">' in states[0]
        place = '<tr id="attention">' if name == "attention" else f"{{#{name} data-search-exclude}}"
        assert place in page, "what is awaited stands in one table"


def test_findings_and_facts_are_told_in_words(tmp_path: Path) -> None:
    rising = samples.matrix(
        name="alpha",
        title="Tail exponent",
        values=np.add.outer(np.arange(6.0), np.arange(3.0) / 9),
        rows=tuple("012345"),
    )
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    atlases.profile(made, "one", matrices=(rising,), facts={"mean_alpha": 3.25})
    page = _text(_page(made, "one"))
    assert "With depth, Tail exponent rises (rank correlation 0.8 or more)." in page
    assert "Mean tail exponent 3.25" in page
    assert "mean_alpha" not in page


def test_a_model_that_fails_at_the_text_is_told_above_the_figure(tmp_path: Path) -> None:
    facts = {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.7, "beats_frequencies": False}
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    atlases.profile(made, "one", facts=facts)
    page = _page(made, "one")
    said = (
        "This model predicts the text worse than token frequencies alone do (5.6 against 3.7 bits "
        "per byte), so values that rest on its predictions say nothing about it."
    )
    assert page.count(said) == 1 and page.index(said) < page.index("<figure")
    assert "frequenc" not in page.replace(said, ""), "the sentence says it"
    atlases.profile(made, "one", facts={**facts, "beats_frequencies": True})
    passing = _page(made, "one")
    assert said not in passing and "5.6 (3.7 from token frequencies alone)" in passing
    atlases.profile(made, "one", facts={"bits_per_byte": 5.6})
    without = _page(made, "one")
    assert len(passing) - len(without) == len(" (3.7 from token frequencies alone)"), "no more"


def test_a_page_says_what_corpus_its_entry_chose(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "one")
    assert "Corpus" not in _text(_page(made, "one"))
    atlases.entry(made, "one", protocol={"fold": True})
    assert "Corpus" not in _text(_page(made, "one"))
    atlases.entry(made, "one", protocol={"corpus": "reference"})
    page = _text(_page(made, "one"))
    assert "Corpus reference" in page


@pytest.fixture
def eight(state: Callable[..., Path], tmp_path: Path) -> Project:
    """A model with eight analyses of ten quantities each, of layers by modules and by heads."""
    made = atlases.project(tmp_path / "atlas")
    for name in NAMES:
        state(name)
    atlases.entry(made, "all", tags=["reference", "base"], released="2026-11")
    for seed, name in enumerate(NAMES):
        drawn = atlases.matrices(seed, 36, 32)
        shown: list[Matrix] = []
        for at, title in enumerate(TITLES):
            plain = title.lower().replace(" ", "_").replace("_4", "4").replace("_128", "128")
            kind = drawn[(at // 5) * 2] if title != "Category of head" else drawn[3]
            shown.append(replace(kind, name=plain, title=f"{title}, {name}"))
        facts = {f"mean_{item.name}": float(item.values[0, 0]) for item in shown[:2]}
        _profile(made, "all", name, matrices=tuple(shown), facts=facts)
    return made


def test_eight_analyses_of_eighty_quantities_fit_on_a_page(eight: Project) -> None:
    page = _page(eight, "all")
    assert page.count("<figure") == 8
    built = atlases.build(eight) / "models" / "all" / "index.html"
    assert len(gzip.compress(built.read_bytes(), 6)) <= 8 * 1024


def test_origin_and_protocol_are_in_the_data_alone(eight: Project) -> None:
    """The browser tells them from the JSON file when they are asked for."""
    assert "32768" not in _page(eight, "all")
