"""Comparisons in Python: the differences of the compare page, and its refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

import atlas
from atlas.paths import Project
from atlas.profiles import alignment


@pytest.fixture(scope="module")
def opened(small: Project) -> atlas.Atlas:
    return atlas.open(small.root)


def test_a_difference_is_the_second_less_the_first(opened: atlas.Atlas) -> None:
    ours, theirs = (
        opened.model(slug).matrix("attention", "induction") for slug in ("ref-llama", "ref-qwen3")
    )
    found = opened.compare("ref-llama", "ref-qwen3", "attention", "induction")
    np.testing.assert_array_equal(found.values, theirs.values - ours.values)
    assert (found.model, found.unit) == ("ref-qwen3 against ref-llama", ours.unit)
    assert found.spread is None and found.title == "Induction, difference"
    turned = opened.compare("ref-qwen3", "ref-llama", "attention", "induction")
    np.testing.assert_array_equal(turned.values, -found.values)


def test_a_module_that_one_lacks_has_no_difference(opened: atlas.Atlas) -> None:
    found = opened.compare("ref-llama", "ref-gpt2", "weights", "rms")
    assert np.isnan(found["0", "mlp.gate"]) and np.isfinite(found["0", "mlp.up"])


def test_ratios_are_of_amounts_and_classes_change(opened: atlas.Atlas) -> None:
    rms = opened.model("ref-llama").matrix("weights", "rms")
    other = opened.model("ref-qwen3").matrix("weights", "rms")
    found = opened.compare("ref-llama", "ref-qwen3", "weights", "rms", view="ratio")
    assert found["1", "attn.q"] == other["1", "attn.q"] / rms["1", "attn.q"]
    with pytest.raises(atlas.AtlasError, match="says nothing: its values are no amounts"):
        opened.compare("ref-llama", "ref-qwen3", "functions", "ov_copying", view="ratio")
    changed = opened.compare("ref-llama", "ref-qwen3", "functions", "categories")
    assert set(changed.values.ravel()) <= {0, 1} and changed.classes == (
        "the same class",
        "another class",
    )


def test_layers_are_matched_by_depth_where_their_numbers_differ(opened: atlas.Atlas) -> None:
    ours = opened.model("ref-llama").matrix("weights", "rms")
    other = opened.model("gemma-3-270m").matrix("weights", "rms")
    if ours.protocol != other.protocol:
        pytest.fail("weights are measured alike, whatever the corpus")
    found = opened.compare("ref-llama", "gemma-3-270m", "weights", "rms")
    assert found.rows == alignment.depths(18)
    assert found["1", "mlp.up"] == other["17", "mlp.up"] - ours["3", "mlp.up"]
    plain = opened.compare("ref-llama", "gemma-3-270m", "weights", "rms", by="layer")
    assert plain["1", "mlp.up"] == other["1", "mlp.up"] - ours["1", "mlp.up"]


def test_what_was_measured_on_other_text_is_refused(opened: atlas.Atlas) -> None:
    with pytest.raises(
        atlas.AtlasError, match=r"cannot be compared: protocol corpus: .*; scored bytes: "
    ):
        opened.compare("ref-llama", "gemma-3-270m", "attention", "induction")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("version", 99, "version of the method: 99 against"),
        ("protocol", {"passages": 3}, "protocol passages: "),
        ("conditions", {"scored_bytes": 3}, "scored bytes: "),
    ],
)
def test_what_was_measured_otherwise_is_refused(
    spoilt: Project, key: str, value: object, told: str
) -> None:
    path = spoilt.profile("ref-llama", "attention")
    document = json.loads(path.read_bytes())
    changed = {**document[key], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps({**document, key: changed}), encoding="utf-8")
    with pytest.raises(atlas.AtlasError, match=f"cannot be compared: .*{told}"):
        atlas.open(spoilt.root).compare("ref-llama", "ref-qwen3", "attention", "induction")


def test_other_conditions_are_told_and_forbid_nothing(spoilt: Project) -> None:
    path = spoilt.profile("ref-llama", "attention")
    document = json.loads(path.read_bytes())
    document["conditions"]["device"] = "cuda"
    path.write_text(json.dumps(document), encoding="utf-8")
    found = atlas.open(spoilt.root).compare("ref-llama", "ref-qwen3", "attention", "induction")
    assert found.conditions["device"] == "cuda against cpu"


def test_counts_of_relations_are_made_again_alike(spoilt: Project) -> None:
    """A model whose tokenizer cannot express a relation is compared over the others."""
    path = spoilt.profile("ref-llama", "functions")
    document = json.loads(path.read_bytes())
    left = next(one["name"] for one in document["matrices"] if one["name"].startswith("score:"))
    relation = left.removeprefix("score:").partition("@")[0]
    document["matrices"] = [
        one for one in document["matrices"] if f":{relation}@" not in one["name"]
    ]
    path.write_text(json.dumps(document), encoding="utf-8")
    opened = atlas.open(spoilt.root)
    found = opened.compare("ref-llama", "ref-qwen3", "functions", "relations")
    plain = [
        opened.model(slug).matrix("functions", "relations").values
        for slug in ("ref-llama", "ref-qwen3")
    ]
    assert not np.array_equal(found.values, plain[1] - plain[0])
    assert np.isfinite(found.values).all()


def test_scores_of_other_word_pairs_are_told(opened: atlas.Atlas, spoilt: Project) -> None:
    """They are subtracted, as on the page, and it is said."""
    name = "score:capital@10"
    alike = opened.compare("ref-llama", "ref-qwen3", "functions", name)
    assert "word pairs" not in alike.conditions
    path = spoilt.folder("ref-llama") / "functions.pairs.json"
    document = json.loads(path.read_bytes())
    [item] = [one for one in document["pairs"] if one["relation"] == "capital"]
    item["ids"] = item["ids"][: len(item["ids"]) // 2]
    path.write_text(json.dumps(document), encoding="utf-8")
    found = atlas.open(spoilt.root).compare("ref-llama", "ref-qwen3", "functions", name)
    told = "49.4% of the pairs that either can express are the same"  # 39 of 79
    assert found.conditions["word pairs"] == told
    np.testing.assert_array_equal(found.values, alike.values)


def test_counts_of_profiles_that_tell_no_k_are_subtracted_as_they_are(spoilt: Project) -> None:
    """As those were that an older version measured."""
    for slug in ("ref-llama", "ref-qwen3"):
        path = spoilt.profile(slug, "functions")
        document = json.loads(path.read_bytes())
        del document["conditions"]["k"]
        path.write_text(json.dumps(document), encoding="utf-8")
    opened = atlas.open(spoilt.root)
    ours, theirs = (
        opened.model(slug).matrix("functions", "relations").values
        for slug in ("ref-llama", "ref-qwen3")
    )
    found = opened.compare("ref-llama", "ref-qwen3", "functions", "relations")
    np.testing.assert_array_equal(found.values, theirs - ours)


def test_models_of_two_atlases_are_compared(opened: atlas.Atlas, spoilt: Project) -> None:
    other = atlas.open(spoilt.docs).model("ref-qwen3")
    one = opened.compare("ref-llama", other, "weights", "rms")
    np.testing.assert_array_equal(
        one.values, opened.compare("ref-llama", "ref-qwen3", "weights", "rms").values
    )
