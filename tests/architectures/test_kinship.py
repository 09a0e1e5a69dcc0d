"""What is told of a model type without a row: kin by family and version, never by spelling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny

from atlas import architectures
from atlas.architectures import kinship, missing, switches
from atlas.errors import AtlasError

READ = ("bert", "gemma2", "gemma3_text", "gpt_neox", "llama", "mixtral", "qwen3", "qwen3_moe")


@pytest.mark.parametrize(
    ("model_type", "relative"),
    [
        ("gemma3", "gemma3_text"),
        ("qwen3_vl_text", "qwen3"),
        ("qwen3_vl_moe_text", "qwen3_moe"),
        *((name, None) for name in ("qwen4", "qwen3_5_text", "llama4", "gpt_neo", "falcon_mamba")),
        *((name, None) for name in ("mamba", "albert", "mllama", "pixtral", "granitemoe", "", "3")),
    ],
)
def test_kin_are_of_one_family_and_one_version(model_type: str, relative: str | None) -> None:
    assert kinship.relative(model_type, READ) == relative


@pytest.mark.parametrize(
    ("model_type", "told"),
    [
        ("gemma3", "its nearest relative with a row is 'gemma3_text'; known: bert, "),
        ("qwen3_vl_text", "its nearest relative with a row is 'qwen3'; known: bert, "),
        ("deepseek_v3", "missing: keys and values from a shared low-rank projection ("),
        ("deepseek_v4", "missing: several residual streams side by side, in which the value of "),
        ("t5", "missing: an encoder and a decoder that attends to it; "),
        ("gpt_neo", "known: bert, "),
        ("qwen4", "known: bert, "),
        (3, "known: bert, "),
        ("lama", "did you mean 'llama'? known: bert, "),
    ],
)
def test_an_unknown_type_is_told_what_is_known_of_it(model_type: object, told: str) -> None:
    assert kinship.advice(model_type, READ).startswith(told)


def test_no_name_of_transformers_is_taken_for_a_misspelt_one() -> None:
    """`albert` is no misspelt `bert`, nor `pixtral` a misspelt `mixtral`."""
    for name in switches.model_types() - set(architectures.known()):
        assert "did you mean" not in architectures.advice(name)


def test_what_is_missing_is_a_type_of_transformers_without_a_row() -> None:
    """A row came: delete the name in atlas/architectures/missing.py."""
    assert set(missing.WHY) <= switches.model_types()
    assert sorted(set(missing.WHY) & set(architectures.known())) == []
    assert sum(len(names.split()) for names in missing.REASONS.values()) == len(missing.WHY)


def test_at_most_so_many_known_types_are_listed() -> None:
    assert kinship.advice("t5", READ, 2).endswith("; known: bert, gemma2 and 6 more")


OWN: dict[str, Any] = {"auto_map": {"AutoModelForCausalLM": "modeling_own.OwnForCausalLM"}}


@pytest.mark.parametrize("model_type", ["internlm2", "Own", "", None])
def test_a_model_that_only_its_own_code_can_run_is_refused(model_type: str | None) -> None:
    with pytest.raises(AtlasError) as caught:
        architectures.lookup({**OWN, "model_type": model_type}, "m/config.json")
    said = str(caught.value)
    assert said.startswith(f"m/config.json: model_type: {model_type!r} comes with code of its own")
    assert "would have to run; the atlas runs no code from outside" in said
    assert "known:" not in said


def test_code_beside_a_type_of_transformers_does_not_matter(tmp_path: Path) -> None:
    stated = json.loads((tiny.make(tmp_path, "llama") / "config.json").read_text())
    assert architectures.lookup({**stated, **OWN}, tmp_path).row.model_type == "llama"
    with pytest.raises(AtlasError, match="no architecture 'deepseek_v3'; missing: keys and values"):
        architectures.lookup({**OWN, "model_type": "deepseek_v3"}, tmp_path)
