"""Rows derived by dataflow: an architecture that no library has, and what cannot be derived."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import renamed_llama

from atlas import architectures
from atlas.architectures.row import Norm, Row, Source
from atlas.errors import AtlasError
from atlas.loaded.derivation import deriving
from atlas.loaded.derivation.deriving import Derivation
from atlas.loaded.proofs.case import UnprovedError


@pytest.fixture(scope="module")
def found() -> Derivation:
    renamed_llama.register()
    large = {"words": 32000, "width": 1024, "depth": 3, "branches": 8, "inner": 2816}
    return deriving.derive({"model_type": renamed_llama.MODEL_TYPE, **large})


def test_an_architecture_with_no_name_that_we_know_is_read(found: Derivation) -> None:
    row = found.derived.row
    assert {name: source.label for name, source in row.modules.items()} == {
        **{f"attn.{part}": f"looking.three[{part}]" for part in "qkv"},
        "attn.o": "looking.back",
        "mlp.up": "thinking.wide",
        "mlp.gate": "thinking.door",
        "mlp.down": "thinking.narrow",
        "norm.attn": "calm_a",
        "norm.mlp": "calm_b",
    }
    assert row.norm == Norm("layer", eps="smallest", bias=True)
    assert row.modules["attn.q"] == Source(
        "looking.three", bias="shifted", part="q", split="stacked"
    )
    assert row.config_keys == {
        "layers": "depth",
        "heads": "branches",
        "kv_heads": "shared_branches",
        "d_model": "width",
        "d_mlp": "inner",
        "vocabulary": "words",
    }
    assert row.activation == "bend" and row.defaults["bend"] == "silu"
    assert row.joins == ("looking.back", "thinking") and row.prefixes == ("house.",)


def test_its_worlds_are_tiny_and_differ(found: Derivation) -> None:
    assert found.derived.varied == ("sizes", "shifted")
    first, other = found.worlds[:2]
    for key in ("words", "width", "depth", "branches", "shared_branches", "inner", "bend"):
        assert first.whole[key] != other.whole[key], key
    assert first.whole["words"] < 200 and first.whole["width"] <= 64


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("attn.q", Source("looking.three", bias="shifted", part="k", split="stacked")),
        ("mlp.up", Source("thinking.door")),
        ("norm.mlp", Source("calm_a")),
    ],
)
def test_a_row_with_one_mistake_is_disproved(
    found: Derivation, module: str, source: Source
) -> None:
    row = found.derived.row
    wrong = replace(row, modules={**row.modules, module: source})
    with pytest.raises((UnprovedError, AtlasError), match="renamed_llama, as given: not so: "):
        deriving.prove(wrong, found.worlds[:1])
    deriving.prove(row, found.worlds[:1])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("residual", "parallel"),
        ("norm", Norm("rms", eps="smallest", bias=True)),
        ("mlp_input", "norm.attn"),
        ("joins", ("looking.back", "thinking.door")),
    ],
)
def test_a_row_that_says_something_else_is_disproved(
    found: Derivation, column: str, value: Any
) -> None:
    wrong: Row = replace(found.derived.row, **{column: value})
    with pytest.raises(UnprovedError):
        deriving.prove(wrong, found.worlds[:1])


def test_a_published_config_gives_the_row_of_its_type() -> None:
    """Sizes, lists with a word for each layer, positions that are stretched, ids: all stated."""
    published = {
        "architectures": ["Cohere2ForCausalLM"],
        "bos_token_id": 5,
        "head_dim": 128,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "layer_types": [*["sliding_attention"] * 3, "full_attention"] * 8,
        "logit_scale": 0.25,
        "max_position_embeddings": 8192,
        "model_type": "cohere2",
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "rope_scaling": {"rope_type": "yarn", "factor": 4.0},
        "rope_theta": 50000,
        "torch_dtype": "bfloat16",
        "vocab_size": 256000,
    }
    found = deriving.derive(published)
    assert found.derived.row == architectures.row("cohere2")
    kinds = found.worlds[0].whole["layer_types"]
    assert len(kinds) == 3 and set(kinds) == {"sliding_attention", "full_attention"}


@pytest.mark.parametrize(
    ("model_type", "told"),
    [
        ("bitnet", "layer 0: a norm between the heads and o"),
        ("granite_swa", "layer 0: a gate between the heads and o"),
        ("diffllama", "layer 0: 2 attention"),
        ("mamba", "layer 0: no attention by a softmax over positions"),
        ("nanochat", "something is added to the embedding that is no learned position"),
        ("nothing_like_it", "has no models of type 'nothing_like_it'"),
    ],
)
def test_what_is_missing_is_named(model_type: str, told: str) -> None:
    with pytest.raises(AtlasError) as caught:
        deriving.derive({"model_type": model_type})
    assert told in str(caught.value)
