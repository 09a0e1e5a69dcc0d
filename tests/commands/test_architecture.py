"""`atlas architecture`, from a config to a measured model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import renamed_llama
from click.testing import CliRunner, Result

from atlas import architectures, commands
from atlas.architectures import missing
from atlas.loaded.derivation import deriving
from atlas.paths import Project, zoo_folder
from atlas.profiles import profile_file
from atlas.review import check

WORDS = 8192
"""As many as the tokenizer has that the model is given."""


@pytest.fixture(autouse=True)
def no_project_is_left() -> Iterator[None]:
    renamed_llama.register()
    yield
    architectures.use([])


@pytest.fixture
def atlas(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(project.root)
    return project


def run(*words: str) -> Result:
    return CliRunner().invoke(commands.main, list(words), catch_exceptions=False)


def weights(folder: Path) -> Path:
    """A model of a type that only tests know, with a tokenizer."""
    config = renamed_llama.RenamedConfig(words=WORDS, shifted=True)
    renamed_llama.RenamedForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(zoo_folder("llama") / name, folder / name)
    return folder


def test_an_invented_architecture_is_derived_proved_and_measured(atlas: Project) -> None:
    weights(atlas.root / "weights")
    refused = run("new", "./weights", "--slug", "mine")
    assert refused.exit_code == 1 and "atlas architecture" in refused.output

    told = run("architecture", "./weights")
    assert told.exit_code == 0, told.output
    path = atlas.architectures / "renamed_llama.json"
    assert f"wrote {path}: derived with transformers " in told.output
    assert "12 proofs hold" in told.output and "deriving: proofs by behaviour" in told.output
    held = json.loads(path.read_text(encoding="utf-8"))
    assert held["row"]["keys"]["d_model"] == "width" and len(held["proved"]) == 12

    assert run("new", "./weights", "--slug", "mine").exit_code == 0
    assert check.findings(atlas).problems == []
    measured = run("profile", "mine", "--analysis", "weights", "--analysis", "attention")
    assert measured.exit_code == 0, measured.output
    for analysis in ("weights", "attention"):
        profile = profile_file.load(atlas.profile("mine", analysis))
        assert profile.conditions["row"] == architectures.origin("renamed_llama")
    assert str(profile.conditions["row"]).startswith("a row of this project, derived with")


def test_a_dry_run_prints_the_row_and_writes_nothing(atlas: Project) -> None:
    config = atlas.root / "config.json"
    config.write_text(json.dumps({"model_type": renamed_llama.MODEL_TYPE}), encoding="utf-8")
    told = run("architecture", "config.json", "--dry-run", "--json")
    assert told.exit_code == 0, told.output
    printed = json.loads(told.stdout)
    assert printed["path"] == str(atlas.architectures / "renamed_llama.json")
    assert json.loads(printed["text"])["row"]["model_type"] == "renamed_llama"
    assert not atlas.architectures.exists()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"model_type": "llama"}, "model_type: atlas reads llama already; atlas new makes"),
        ({"model_type": 3}, "model_type: 3 is no model type; name a model's config"),
        ({}, "model_type: None is no model type"),
        ({"model_type": "bitnet"}, "bitnet: a norm between the heads and o; such a model"),
        ({"model_type": "deepseek_v3"}, "keys and values from a shared low-rank projection"),
        ({"model_type": "kimi_linear"}, "multi-head latent attention"),
        ({"model_type": "deepseek_v4"}, "several residual streams side by side"),
        ({"model_type": "phimoe_next", "num_hidden_layers": 10**9}, "more than any model has; c"),
        ({"model_type": "renamed_llama", "depth": 10**9}, "which key counts its layers?"),
        ({"model_type": "lama"}, "has no models of type 'lama'; did you mean 'llama'?"),
        ({"model_type": "nobody"}, "has no models of type 'nobody'"),
        ({"model_type": "arcee_next", "auto_map": {"AutoConfig": "x.Y"}}, "with code of its own"),
    ],
)
def test_what_cannot_be_derived(atlas: Project, config: dict[str, object], told: str) -> None:
    (atlas.root / "config.json").write_text(json.dumps(config), encoding="utf-8")
    done = run("architecture", "config.json")
    (line,) = [line for line in done.output.splitlines() if line.startswith("atlas: ")]
    assert done.exit_code == 1 and line.startswith("atlas: config.json: ") and told in line


def test_a_derivation_says_what_it_met(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a type that nobody has looked at."""
    monkeypatch.setattr(missing, "WHY", {})
    (atlas.root / "config.json").write_text('{"model_type": "bitnet"}', encoding="utf-8")
    done = run("architecture", "config.json")
    assert done.exit_code == 1
    assert "model_type bitnet: layer 0: a norm between the heads" in done.output


def test_what_is_known_to_be_missing_is_told_before_anything_is_tried(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A derivation of kimi_linear takes minutes to fail."""
    monkeypatch.setattr(deriving, "derive", lambda *_: pytest.fail("a derivation is tried"))
    (atlas.root / "config.json").write_text('{"model_type": "kimi_linear"}', encoding="utf-8")
    assert run("architecture", "config.json").exit_code == 1


def test_a_long_model_type_leaves_the_error_one_readable_line(atlas: Project) -> None:
    (atlas.root / "config.json").write_text(json.dumps({"model_type": "a" * 5000}))
    done = run("architecture", "config.json")
    assert done.exit_code == 1 and "a" * 100 not in done.output


def test_a_source_that_is_not_there(atlas: Project) -> None:
    done = run("architecture", "./nowhere")
    assert done.exit_code == 1 and "nowhere" in done.output
