"""Families and licenses by the names that people know them by."""

from __future__ import annotations

from pathlib import Path

import own_atlas
import pytest

from atlas.entries import entry, family_names, licenses


@pytest.mark.parametrize(
    ("family", "names", "wanted"),
    [
        ("qwen3", ["Qwen3 0.6B", "Qwen3 8B Base"], "Qwen3"),
        ("gemma-3", ["Gemma 3 270M (Q4_K_M)"], "Gemma 3"),
        ("gpt2", ["GPT-2 XL"], "GPT-2"),
        ("minilm", ["all-MiniLM-L6-v2"], "MiniLM"),
        ("llama-3", ["Llama 3.1 8B", "Llama 3 8B"], "Llama 3"),
        ("stories", ["stories260K"], "Stories"),
        ("phi", ["Morphism", "Phi-2"], "Phi"),
        ("some-model", ["Model waiting"], "Some model"),
        ("some-model", [], "Some model"),
        ("tower", ["Tower 2B", "tower 4B", "TOWER 8B", "Tower 8B"], "Tower"),
        ("phi", ["ＰＨＩ 2"], "Phi"),
    ],
)
def test_a_family_is_spelt_as_its_models_are(family: str, names: list[str], wanted: str) -> None:
    assert family_names.spelt(family, names) == wanted


def test_every_family_of_this_atlas_has_a_name_with_a_capital() -> None:
    entries = entry.load_all(own_atlas.OURS)
    found = family_names.of(entries)
    assert set(found) == {one.family for one in entries}
    assert found["smollm2"] == "SmolLM2" and found["llama-3.1"] == "Llama 3.1"
    assert [name for name in found.values() if name == name.lower()] == []


@pytest.mark.parametrize(
    ("license", "wanted"),
    [
        ("mit", "MIT"),
        ("apache-2.0", "Apache 2.0"),
        ("Apache-2.0", "Apache 2.0"),
        ("llama3.1", "Llama 3.1"),
        ("gemma", "Gemma"),
        ("bsd-3-clause", "BSD 3-Clause"),
        ("cc-by-nc-4.0", "CC BY-NC 4.0"),
        ("gpl-3.0-only", "GPL-3.0-only"),
        ("mit or apache-2.0", "MIT or Apache 2.0"),
        ("LicenseRef-qwen-research", "Qwen research"),
        ("LicenseRef-MyOwn", "MyOwn"),
        ("no such license", "no such license"),
    ],
)
def test_a_license_is_told_by_its_name(license: str, wanted: str) -> None:
    assert licenses.name(license) == wanted


def test_every_license_of_this_atlas_has_a_name_with_a_capital(tmp_path: Path) -> None:
    told = {licenses.name(one.license) for one in entry.load_all(own_atlas.OURS)}
    assert [name for name in told if name == name.lower()] == []
