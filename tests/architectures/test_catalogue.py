"""The catalogue: what its entries state, held against transformers' own model classes.

No weights are read. An entry's geometry is put into the config class of its architecture, the model
is built without memory (torch's meta device) and its parameters are counted: the published number
has to come out. What a geometry does not say and a config does stands in the tables below.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
import transformers

from atlas import architectures
from atlas.architectures.row import Row
from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.loaded import loading
from atlas.loaded.proofs import case
from atlas.paths import PACKAGE, Project
from atlas.profiles import plan, settings, statement

PROJECT = Project(PACKAGE.parent)
ENTRIES = {item.slug: item for item in entry.load_all(PROJECT) if not item.is_reference}

TUNED = {
    **{f"llama-{size}-instruct": f"llama-{size}" for size in ("3-8b", "3.1-8b", "3.1-70b")},
    **{f"qwen3-{size}": f"qwen3-{size}-base" for size in ("0.6b", "1.7b", "4b", "8b", "14b")},
}
"""Models of the catalogue that were tuned from another one of it."""

PROMISED = {
    *("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"),
    *(f"pythia-{size}" for size in ("70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b")),
    *TUNED,
    *TUNED.values(),
    "qwen3-32b",
    *(f"qwen2.5-{size}" for size in ("1.5b", "3b", "7b", "14b")),
    *("phi-2", "gemma-2-2b", "gemma-2-9b", "mistral-7b-v0.3", "olmo-2-7b"),
    *("smollm2-135m", "smollm2-360m", "smollm2-1.7b", "all-minilm-l6-v2"),
    *("gpt-oss-20b", "gpt-oss-120b", "qwen3-moe-30b-a3b", "qwen3-moe-235b-a22b", "mixtral-8x7b"),
    *("smollm3-3b", "mistral-small-3-24b", "mistral-small-3.1-24b"),
    *(f"gemma-3-{size}" for size in ("1b", "4b", "12b", "27b")),
    *(f"qwen3-vl-{size}" for size in ("2b", "4b", "8b")),
    *("olmo-3-7b", "olmo-3-32b", "glm-4.5-air", "minimax-m2.5", "hunyuan-7b", "lfm2-350m"),
    *("laguna-xs.2", "mellum2-12b-a2.5b"),
    *("qwen3-next-80b-a3b", "qwen3.5-4b", "qwen3.5-27b"),
    *("qwen3.5-moe-35b-a3b", "qwen3.5-moe-122b-a10b"),
    *("nemotron-3-nano-30b-a3b", "granite-4.0-h-tiny", "falcon-h1-7b"),
    *("roberta-base", "distilbert-base", "modernbert-base"),
}

TIED = {
    *(f"qwen3-{size}" for size in ("0.6b", "1.7b", "4b")),
    *(f"qwen3-{size}-base" for size in ("0.6b", "1.7b", "4b")),
    *("qwen2.5-1.5b", "qwen2.5-3b", "smollm2-135m", "smollm2-360m", "smollm2-1.7b"),
    *("qwen3-vl-2b", "qwen3-vl-4b", "hunyuan-7b", "qwen3.5-4b", "granite-4.0-h-tiny"),
}
"""Models whose config ties the embeddings where their class would not."""

UNSAID: dict[str, dict[str, Any]] = {
    "falcon-h1-7b": {
        **{"mamba_d_state": 256, "mamba_n_groups": 1, "mamba_n_heads": 24},
        **{"mamba_d_head": 128, "mamba_d_ssm": 3072},
    },
    "glm-4.5-air": {"attention_bias": True, "n_routed_experts": 128, "intermediate_size": 10944},
    "gpt-oss-20b": {"num_local_experts": 32},
    "granite-4.0-h-tiny": {
        "layer_types": ["mamba"] * 5
        + (["attention"] + ["mamba"] * 9) * 3
        + ["attention"]
        + ["mamba"] * 4,
        **{"shared_intermediate_size": 1024, "num_local_experts": 64, "num_experts_per_tok": 6},
        **{"mamba_n_heads": 48, "mamba_d_head": 64, "mamba_d_state": 128, "mamba_n_groups": 1},
    },
    "laguna-xs.2": {
        "num_attention_heads": 48,
        "num_attention_heads_per_layer": [48, 64, 64, 64] * 10,
        "num_experts": 256,
        "shared_expert_intermediate_size": 512,
    },
    "lfm2-350m": {
        "block_auto_adjust_ff_dim": False,
        "layer_types": [
            "full_attention" if layer in (2, 5, 8, 10, 12, 14) else "conv" for layer in range(16)
        ],
    },
    "minimax-m2.5": {"num_local_experts": 256},
    "mistral-small-3.1-24b": {"tie_word_embeddings": False},
    "nemotron-3-nano-30b-a3b": {
        "layers_block_type": [
            {"M": "mamba", "E": "moe", "*": "attention"}[letter]
            for letter in "MEMEM*E" * 5 + "MEMEMEM*EMEMEMEME"
        ],
        **{"mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128},
        **{"n_routed_experts": 128, "num_experts_per_tok": 6, "intermediate_size": 1856},
        **{"moe_intermediate_size": 1856, "moe_shared_expert_intermediate_size": 3712},
    },
    "qwen3.5-27b": {"linear_num_value_heads": 48},
    "qwen3.5-moe-35b-a3b": {"num_experts": 256, "shared_expert_intermediate_size": 512},
    "qwen3.5-moe-122b-a10b": {
        **{"linear_num_value_heads": 64, "num_experts": 256},
        "shared_expert_intermediate_size": 1024,
    },
    "roberta-base": {"max_position_embeddings": 514, "type_vocab_size": 1},
}
"""What a config says and neither a geometry nor its class, where it makes parameters."""

BARE = {"all-minilm-l6-v2"}
"""Models that are published without a language-model head."""


def row(item: Entry) -> Row:
    """The row of an entry's architecture."""
    return architectures.row(item.architecture)


def config(item: Entry) -> transformers.PretrainedConfig:
    """The config of an entry's architecture with its geometry in it."""
    assert item.geometry is not None
    stated = asdict(item.geometry)
    keys = row(item).config_keys
    values = {key: stated[name] for name, key in keys.items()}
    if item.slug in TIED:
        values["tie_word_embeddings"] = True
    values |= UNSAID.get(item.slug, {})
    part = row(item).part
    if part is not None:  # whether the embeddings are tied, the config of the whole model says
        tied = {key: values.pop(key) for key in ("tie_word_embeddings",) if key in values}
        values = {part.key: {"model_type": part.model_types[0], **values}, **tied}
    return transformers.AutoConfig.for_model(item.architecture, **values)


def loader(item: Entry) -> Any:
    """The class of transformers that a model is published for."""
    if item.slug in BARE:
        return transformers.AutoModel
    return loading.auto_class(row(item))


def test_every_promised_model_has_an_entry() -> None:
    assert sorted(PROMISED - set(ENTRIES)) == []


def test_the_tables_of_this_test_name_entries() -> None:
    assert set(ENTRIES) >= TIED | BARE | UNSAID.keys()


@pytest.mark.parametrize("slug", sorted(PROMISED))
def test_parameters_follow_from_geometry_and_architecture(slug: str) -> None:
    item = ENTRIES[slug]
    assert item.geometry is not None
    with torch.device("meta"):
        model = loader(item).from_config(config(item))
    held = model.parameters() if slug in BARE else case.measured(row(item), model)
    counted = {id(tensor): tensor.numel() for tensor in held}  # tied ones once
    assert {tensor.device.type for tensor in model.parameters()} == {"meta"}
    assert sum(counted.values()) == item.geometry.parameters


@pytest.mark.parametrize("slug", sorted(PROMISED))
def test_the_row_reads_the_same_geometry_from_that_config(slug: str) -> None:
    item = ENTRIES[slug]
    assert item.geometry is not None
    read = architectures.lookup(config(item).to_dict(), slug)
    assert read.geometry == replace(item.geometry, parameters=None)


@pytest.mark.parametrize("slug", sorted(PROMISED))
def test_an_entry_cites_where_its_numbers_are_published(slug: str) -> None:
    item = ENTRIES[slug]
    assert item.sources and all(url.startswith("https://") for url in item.sources)
    if item.source_kind == "hub":
        assert f"https://huggingface.co/{item.source}/blob/main/config.json" in item.sources
    assert item.released is not None and item.tags


def test_lineage_is_that_of_the_published_models() -> None:
    assert {slug: ENTRIES[slug].base for slug in PROMISED if ENTRIES[slug].base} == TUNED
    for slug, base in TUNED.items():
        assert ENTRIES[slug].geometry == ENTRIES[base].geometry
        assert ENTRIES[slug].family == ENTRIES[base].family


def test_families_are_sizes_of_one_recipe() -> None:
    families: dict[str, set[str]] = {}
    for slug in PROMISED:
        part = row(ENTRIES[slug]).part  # sizes that also see may be those of one that reads alone
        of_language = part.model_types[0] if part else ENTRIES[slug].architecture
        families.setdefault(ENTRIES[slug].family, set()).add(of_language)
    assert all(len(found) == 1 for found in families.values()), families
    sizes = {name: sum(ENTRIES[slug].family == name for slug in PROMISED) for name in families}
    assert sizes == {
        **{"gpt2": 4, "pythia": 8, "phi": 1, "llama-3": 2, "llama-3.1": 4, "qwen3": 11},
        **{"qwen2.5": 4, "gemma-2": 2, "mistral": 1, "olmo-2": 1, "smollm2": 3, "minilm": 1},
        **{"gpt-oss": 2, "qwen3-moe": 2, "mixtral": 1, "smollm3": 1, "mistral-small": 2},
        **{"gemma-3": 4, "qwen3-vl": 3, "olmo-3": 2, "glm-4.5": 1, "minimax-m2": 1, "lfm2": 1},
        **{
            "qwen3-next": 1,
            "qwen3.5": 2,
            "qwen3.5-moe": 2,
            "nemotron-3": 1,
            "granite-4.0": 1,
            "falcon-h1": 1,
        },
        **{"laguna": 1, "mellum2": 1, "hunyuan": 1},
        **{"roberta": 1, "distilbert": 1, "modernbert": 1},
    }


def test_each_analysis_of_each_model_states_memory_and_time() -> None:
    chosen = [ENTRIES[slug] for slug in sorted(PROMISED)]
    jobs = plan.jobs(PROJECT, chosen, settings.load(PROJECT))
    for item in chosen:
        kind = architectures.kind(item.architecture)
        found = {job.analysis for job in jobs if job.slug == item.slug}
        stated = [statement.of(name) for name in statement.names()]
        within = row(item).modules.keys()
        fitting = [
            about for about in stated if kind in about.kinds and not within & about.unless.keys()
        ]
        assert found == {about.name for about in fitting if item.base or not about.needs}
    assert all(job.bytes and job.bytes > 1e6 and job.seconds for job in jobs)
    memory = {(job.slug, job.analysis): job.bytes or 0 for job in jobs}
    # The unembedding of a vocabulary of 256 thousand, 2304 wide, is 2.4 GB in float32 alone.
    assert memory["gemma-2-2b", "functions"] > 2.4e9
    assert memory["llama-3.1-70b", "functions"] > memory["llama-3.1-8b", "functions"]
