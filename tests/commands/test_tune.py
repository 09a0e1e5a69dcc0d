"""How a tune differs from its base: by `new --base` and `build`, and by `diff-models`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import atlases
import gguf_models
import pytest
import tiny
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file

from atlas.commands import main
from atlas.paths import Project, zoo_folder

LAYER = "model.layers.2.self_attn.q_proj.weight"


def run(*words: str) -> Result:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done


def tune(base: Path, folder: Path, name: str, rows: slice) -> Path:
    """A copy whose rows of one weight are others."""
    shutil.copytree(base, folder)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    tensors[name][rows] = tensors[name][rows].flip(0) * 1.5
    save_file(tensors, file, metadata={"format": "pt"})
    return folder


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a base and a tune of it, in which we are."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    tune(tiny.make(work / "base", "llama"), work / "tune", LAYER, slice(None))
    return work


def test_new_with_a_base_and_build(folders: Path) -> None:
    made = atlases.project(folders / "atlas")
    text = made.mkdocs_yml.read_text(encoding="utf-8")
    few = text.replace("atlas: {}", "atlas: {analyses: [drift]}")
    made.mkdocs_yml.write_text(few, encoding="utf-8")
    run("new", "./tune", "--base", "./base", "--project", "atlas")
    run("build", "--project", "atlas")
    page = (made.site / "models" / "tune" / "index.html").read_text(encoding="utf-8")
    assert 'data-atlas="tune"' in page.replace("data-atlas=tune", 'data-atlas="tune"')
    told = json.loads((made.site / "data" / "from-base" / "tune.json").read_text(encoding="utf-8"))
    assert (told["model"], told["base"]) == ("tune", "base")
    assert [(one["layer"], one["module"]) for one in told["moved"]] == [("2", "attn.q")]
    lines = {line["about"]: line["text"] for line in told["lines"]}
    assert lines["Moved most"].startswith("attn.q in layer 2 by ")
    assert "Not compared" not in lines, "the atlas has chosen to measure nothing else"
    assert not (made.site / "data" / "from-base" / "base.json").exists()
    assert "data/from-base/tune.json" in (made.site / "data" / "index.json").read_text()


def test_two_folders_outside_of_any_atlas(folders: Path) -> None:
    done = run("diff-models", "base", "./tune", "--analysis", "drift", "--into", "kept")
    assert "How it differs from base\nDrift: The blocks' weights moved by " in done.stdout
    assert "\nMoved most: attn.q in layer 2 by " in done.stdout
    page = Path("kept/site/models/tune/index.html")
    assert page.is_file() and f"its page: {page}" in done.stderr
    assert sorted(one.name for one in folders.iterdir()) == ["base", "kept", "tune"]
    again = run("diff-models", "base", "tune", "--analysis", "drift", "--into", "kept", "--no-site")
    assert again.stdout == done.stdout and "0 measured, 1 fresh" in again.stderr


def test_a_copy_in_fewer_bits_and_folders_of_one_name(folders: Path) -> None:
    gguf_models.make(folders / "plain")
    gguf_models.convert(folders / "plain", folders / "base.gguf", "Q8_0")
    words = ("--analysis", "drift", "--no-site", "--json", "--into", "kept")
    told = json.loads(run("diff-models", "plain", "base.gguf", *words).stdout)
    assert 0 < told["relative_change"] < 0.02 and told["model"] == "base"
    other = tune(folders / "base", folders / "other" / "base", LAYER, slice(None))
    told = json.loads(run("diff-models", "base", str(other), *words[:-1], "two").stdout)
    assert (told["base"], told["model"]) == ("base", "base-tune")


def test_models_of_an_atlas_bring_their_profiles(folders: Path) -> None:
    made = atlases.project(folders / "atlas")
    run("new", "./tune", "--base", "./base", "--project", "atlas")
    run("profile", "tune", "--analysis", "drift", "--project", "atlas")
    before = sorted(made.docs.rglob("*"))
    options = ("--analysis", "drift", "--no-site", "--project", "atlas", "--json")
    told = json.loads(run("diff-models", "base", "tune", *options).stdout)
    assert told["moved"][0]["module"] == "attn.q"
    assert sorted(made.docs.rglob("*")) == before, "nothing is added to the atlas"
    assert made.cache in Path(told["project"]).parents
    assert (Path(told["project"]) / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere", "tune"), "there is no model 'nowhere' in an atlas around here"),
        (("base", "./wide"), "./wide cannot be made from base: d_model 64 instead of 32"),
        (("base", "base"), "a model does not differ from itself"),
        (("base", "tune", "--analysis", "drfit"), "there is no analysis 'drfit'"),
    ],
)
def test_what_cannot_be_compared(folders: Path, words: tuple[str, ...], said: str) -> None:
    tiny.make(folders / "wide", "llama", hidden_size=64)
    done = CliRunner().invoke(main, ["diff-models", *words, "--into", "kept"])
    assert done.exit_code == 1 and said in done.stderr, done.output


@pytest.mark.nightly
def test_exactly_the_head_whose_weights_changed_is_named(folders: Path) -> None:
    """Measured, on a trained model: head 2 of the last layer asks otherwise, and no other does."""
    shutil.copytree(zoo_folder("llama"), folders / "real")
    name = "model.layers.3.self_attn.q_proj.weight"
    tune(folders / "real", folders / "changed", name, slice(64, 96))
    words = ("diff-models", "real", "changed", "--no-site", "--json", "--into", "kept")
    told = json.loads(run(*words).stdout)
    assert {one["analysis"]: one["changed"] for one in told["heads"]} == {
        "attention": 1,
        "functions": 0,  # what it writes is as it was
    }
    [attention, _] = told["heads"]
    assert [(one["layer"], one["head"]) for one in attention["most"]] == [("3", "2")]
    assert [(one["layer"], one["module"]) for one in told["moved"]] == [("3", "attn.q")]


@pytest.mark.nightly
def test_of_a_copy_measured_again_nothing_moved(folders: Path) -> None:
    shutil.copytree(zoo_folder("llama"), folders / "real")
    shutil.copytree(zoo_folder("llama"), folders / "copy")
    told = json.loads(run("diff-models", "real", "copy", "--no-site", "--json").stdout)
    assert told["relative_change"] == 0 and not any(one["changed"] for one in told["heads"])
    assert Project(Path(told["project"])).models.is_dir()
