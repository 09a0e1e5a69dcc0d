"""Keys as readers are told them."""

from __future__ import annotations

import pytest
import samples

from atlas.profiles import profile_file
from atlas.site.figures import facts

MATRICES = [
    samples.matrix(name=name, title=title)
    for name, title in (
        ("alpha", "Tail exponent α"),
        ("outlier", "Largest activation"),
        ("int8_error", "Rounding error at 8 bits"),
        ("error", "Error"),
        ("ov", "OV copying"),
    )
]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("mean_alpha", "Mean tail exponent α"),
        ("alpha_from_2_to_6", "Tail exponent α from 2 to 6"),
        ("largest_outlier", "Largest activation"),
        ("largest_outlier_at", "Largest activation at"),
        ("mean_int8_error", "Mean rounding error at 8 bits"),
        ("mean_ov", "Mean OV copying"),
        ("most_diffuse_layer", "Most diffuse layer"),
        ("alphabet", "Alphabet"),
    ],
)
def test_a_fact_is_told_by_the_titles_of_matrices(key: str, words: str) -> None:
    assert facts.fact(key, MATRICES) == words


def test_facts_are_told_by_stated_names_and_with_their_places() -> None:
    found: dict[str, profile_file.Scalar] = {
        "largest_outlier": 151.7,
        "largest_outlier_at": "layer 3, mlp.down",
        "strongest_ov": 0.9,
        "strongest_ov_head": "2.3",
        "least": 0.1,
        "least_layer": 2,
        "only_at": 4,
        "most": "layer 1",
        "most_head": "layer 3, head 3",
        "told_below": 5,
        "chance:capital@10": 0.1,
        "measurable": 20,
    }
    stated = {"measurable": "Relations", "least": "Least influence", "told_below": ""}
    assert facts.facts(found, MATRICES, stated) == {
        "Largest activation": "151.7, layer 3, mlp.down",
        "Strongest OV copying": "0.9, head 2.3",
        "Least influence": "0.1, layer 2",
        "Only at": 4,
        "Most": "layer 1",
        "Most head": "layer 3, head 3",
        "Relations": 20,
    }


def test_heads_that_cannot_be_told_apart_are_a_list_in_words() -> None:
    """Facts name every head within the error of the leader; a long list is counted."""
    many = ", ".join(f"{layer}.{head}" for layer in range(3) for head in range(4))
    found: dict[str, profile_file.Scalar] = {
        "strongest_ov": 0.9,
        "strongest_ov_head": "2.3, 2.2",
        "least": 0.5,
        "least_layer": "1, 2, 3",
        "most_copying": many,
        "least_copying": "2.3",
        "second": 3,
        "second_head": many,
        "share": "0.5",
        "largest": 2.0,
        "largest_at": "layer 3, mlp.down",
    }
    told = facts.facts(found, MATRICES, {"most_copying": "Strongest heads"})
    assert told == {
        "Strongest OV copying": "0.9, heads 2.3 and 2.2",
        "Least": "0.5, layers 1, 2 and 3",
        "Strongest heads": "0.0, 0.1, 0.2, 0.3 and 8 more",
        "Least copying": "2.3",
        "Second": "3, heads 0.0, 0.1, 0.2, 0.3 and 8 more",
        "Share": "0.5",
        "Largest": "2, layer 3, mlp.down",
    }


def test_two_facts_of_one_name_both_stay() -> None:
    told = facts.facts({"a": 1, "b": 2}, [], {"a": "Same", "b": "Same"})
    assert told == {"Same": 1, "b": 2}


def test_a_number_comes_with_its_baseline_and_a_count_with_its_whole() -> None:
    found: dict[str, profile_file.Scalar] = {
        "bits_per_byte": 0.9,
        "bits_per_byte_by_frequency": 2.1,
        "beats_frequencies": True,
        "agreement": 0.5,
        "agreement_by_chance": 0.25,
        "some": 3,
    }
    heads = samples.matrix(axes=("layer", "head"), native=None)
    stated = {"some": "Heads, of {heads}", "agreement_by_chance": ""}
    told = facts.facts(found, [heads], stated)
    assert told == {
        "Bits per byte": "0.9 (2.1 from token frequencies alone)",
        "Agreement": "0.5 (0.25 by chance)",
        f"Heads, of {heads.values.size}": 3,
    }
    failing = facts.facts({**found, "beats_frequencies": False}, [heads], stated)
    assert failing["Bits per byte"] == 0.9, "the sentence above the figure tells it"
