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
from atlas.entries import entry
from atlas.entries.entry import Entry
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
    *("gpt-oss-20b", "gpt-oss-120b", "qwen3-30b-a3b", "qwen3-235b-a22b", "mixtral-8x7b"),
    *("smollm3-3b", "mistral-small-3-24b", "gemma-3-1b"),
}

TIED = {
    *(f"qwen3-{size}" for size in ("0.6b", "1.7b", "4b")),
    *(f"qwen3-{size}-base" for size in ("0.6b", "1.7b", "4b")),
    *("qwen2.5-1.5b", "qwen2.5-3b", "smollm2-135m", "smollm2-360m", "smollm2-1.7b"),
}
"""Models whose config ties the embeddings where their class would not."""

UNSAID: dict[str, dict[str, Any]] = {
    "gpt-oss-20b": {"num_local_experts": 32},
}
"""What a config says and neither a geometry nor its class, where it makes parameters."""

BARE = {"all-minilm-l6-v2"}
"""Models that are published without a language-model head."""


def config(item: Entry) -> transformers.PretrainedConfig:
    """The config of an entry's architecture with its geometry in it."""
    assert item.geometry is not None
    stated = asdict(item.geometry)
    keys = architectures.row(item.architecture).config_keys
    values = {key: stated[name] for name, key in keys.items()}
    if item.slug in TIED:
        values["tie_word_embeddings"] = True
    values |= UNSAID.get(item.slug, {})
    return transformers.AutoConfig.for_model(item.architecture, **values)


def loader(item: Entry) -> Any:
    """The class of transformers that a model is published for."""
    if item.slug in BARE:
        return transformers.AutoModel
    if architectures.kind(item.architecture) == "encoder":
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForCausalLM


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
    counted = {id(tensor): tensor.numel() for tensor in model.parameters()}  # tied ones once
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
        families.setdefault(ENTRIES[slug].family, set()).add(ENTRIES[slug].architecture)
    assert all(len(found) == 1 for found in families.values()), families
    sizes = {name: sum(ENTRIES[slug].family == name for slug in PROMISED) for name in families}
    assert sizes == {
        **{"gpt2": 4, "pythia": 8, "phi": 1, "llama-3": 2, "llama-3.1": 4, "qwen3": 11},
        **{"qwen2.5": 4, "gemma-2": 2, "mistral": 1, "olmo-2": 1, "smollm2": 3, "minilm": 1},
        **{"gpt-oss": 2, "qwen3-moe": 2, "mixtral": 1, "smollm3": 1, "mistral-small": 1},
        **{"gemma-3": 1},
    }


def test_each_analysis_of_each_model_states_memory_and_time() -> None:
    chosen = [ENTRIES[slug] for slug in sorted(PROMISED)]
    jobs = plan.jobs(PROJECT, chosen, settings.load(PROJECT))
    for item in chosen:
        kind = architectures.kind(item.architecture)
        found = {job.analysis for job in jobs if job.slug == item.slug}
        stated = [statement.of(name) for name in statement.names()]
        fitting = [about for about in stated if kind in about.kinds]
        assert found == {about.name for about in fitting if item.base or not about.needs}
    assert all(job.bytes and job.bytes > 1e6 and job.seconds for job in jobs)
    memory = {(job.slug, job.analysis): job.bytes or 0 for job in jobs}
    # The unembedding of a vocabulary of 256 thousand, 2304 wide, is 2.4 GB in float32 alone.
    assert memory["gemma-2-2b", "functions"] > 2.4e9
    assert memory["llama-3.1-70b", "functions"] > memory["llama-3.1-8b", "functions"]
