"""Measured again with other instructions of the processor: what is sound verifies everywhere.

Other kernels sum in another order, which moves values in their last bits, or, where a model is
stored in bfloat16, by some percent of what was subtracted.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import atlases
import measured_anew
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from atlas.paths import PACKAGE, Project
from atlas.profiles import contract, profile_file, statement

MODELS = {"ref-llama": "llama", "ref-llama-topic": "llama-topic", "gpt2-bf16": "gpt2"}
"""Slugs, and the reference models that they are; a base for drift, and one with 16 bits."""

STEPS = ("gpt2-bf16", "spread of outlier")
"""The error of a median is read off values on either side of it, and in 16 bits these lie so far
apart that one of them is a sixth of it."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Reference models, measured with the instructions that the processor has."""
    root = tmp_path_factory.mktemp("kernels")
    made = atlases.project(root / "atlas")
    for slug, zoo in MODELS.items():
        committed = PACKAGE.parent / "docs" / "models" / f"ref-{zoo}" / "model.yml"
        stated = yaml.safe_load(committed.read_text())
        del stated["protocol"]  # on the pinned corpus, whatever the entry chooses
        if slug.endswith("bf16"):
            stated |= {"name": slug, "source": str(in_16_bits(zoo, root / slug))}
        if slug.endswith("topic"):
            stated["analyses"] = ["drift"]
        made.entry(slug).parent.mkdir(parents=True)
        made.entry(slug).write_text(yaml.safe_dump(stated))
    measured_anew.profile(made.root, "as they are")
    return made


def in_16_bits(zoo: str, folder: Path) -> Path:
    """A reference model with its weights rounded to bfloat16."""
    shutil.copytree(PACKAGE / "zoo" / "models" / zoo, folder)
    weights = {
        name: value.to(torch.bfloat16)
        for name, value in load_file(folder / "model.safetensors").items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config.pop("torch_dtype", None)
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}))
    return folder


@pytest.mark.parametrize(
    "kernels",
    [
        "without vector instructions",
        pytest.param("of an old processor", marks=pytest.mark.nightly),
    ],
)
def test_every_analysis_verifies_with_other_kernels(measured: Project, kernels: str) -> None:
    verdicts = measured_anew.verify(measured.root, kernels)
    wrong = [verdict for verdict in verdicts if not verdict["agrees"]]
    assert [one for one in wrong if (one["model"], one["matrix"]) != STEPS] == []
    told = {verdict["analysis"] for verdict in verdicts}
    assert told == set(statement.names()), "every analysis was compared"
    assert any(verdict["largest"] for verdict in verdicts), "and some values did move"
    path = measured.profile("gpt2-bf16", "masks")
    assert profile_file.load(path).conditions["dtype"] == "bfloat16"


def test_facts_that_a_statement_names_are_measured(measured: Project) -> None:
    """What values are differences of, and what names the leading cells."""
    for name in statement.names():
        slug = "ref-llama-topic" if name == "drift" else "ref-llama"
        profile = profile_file.load(measured.profile(slug, name))
        stated = statement.of(name).matrices
        quantities = [contract.find(stated, matrix.name) for matrix in profile.matrices]
        for quantity in quantities:
            assert quantity is not None
            if isinstance(quantity.of_size, str):
                size = profile.facts[quantity.of_size.removeprefix("facts.")]
                assert isinstance(size, float), quantity.name
            if quantity.leaders:
                none = isinstance(profile.facts.get(quantity.leaders.removesuffix("_head")), str)
                assert none or quantity.leaders in profile.facts, quantity.name
