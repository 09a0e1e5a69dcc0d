"""`atlas new model.gguf && atlas build`, and entries of GGUF files here and on the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atlases
import gguf_models
import pytest
import samples
import stand_in_hub
from click.testing import CliRunner, Result
from stand_in_hub import COMMIT, StandIn

from atlas.commands import main
from atlas.drafting import hollow_copy
from atlas.entries import entry
from atlas.paths import Project
from atlas.profiles import profile_file

ID = "some-org/Some-Model-135M-GGUF"


@pytest.fixture
def atlas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = atlases.project(tmp_path / "atlas")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    return made


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_in_hub.chosen(monkeypatch) as running:
        yield running


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def model(folder: Path, name: str, stored: str, **added: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder.parent / "plain"
    if not plain.exists():
        gguf_models.make(plain)
    return gguf_models.convert(plain, folder / name, stored, **added)


def test_new_and_build(atlas: Project, tmp_path: Path) -> None:
    """Three copies of one model, both tiers: what is measured differs as little as they do."""
    found: dict[str, Any] = {}
    for stored in ("F32", "Q8_0", "Q4_0"):
        model(atlas.root / "files", f"tiny-{stored}.gguf", stored)
        done = run("new", f"files/tiny-{stored}.gguf")
        assert done.exit_code == 0, done.output
        made = atlas.entry(f"tiny-{stored.lower().replace('_', '-')}")
        few = "analyses: [weights, activations]\n"
        made.write_text(made.read_text() + few)
    done = run("build", "--json")
    assert done.exit_code == 0, done.output
    for stored in ("F32", "Q8_0", "Q4_0"):
        slug = f"tiny-{stored.lower().replace('_', '-')}"
        assert (atlas.site / "models" / slug / "index.html").is_file()
        profiles = [
            profile_file.load(atlas.profile(slug, name)) for name in ("weights", "activations")
        ]
        types = "F32 (weights)" if stored == "F32" else f"{stored} (weights), F32"
        for made_profile in profiles:
            assert made_profile.conditions["format"] == "GGUF"
            assert made_profile.conditions["stored_dtype"] == types
            assert made_profile.model.digest is not None
        rms = next(matrix for matrix in profiles[0].matrices if matrix.name == "rms")
        found[stored] = rms.values
    scale = abs(found["F32"]).max()
    near, far = (abs(found[stored] - found["F32"]).max() for stored in ("Q8_0", "Q4_0"))
    assert near < 0.001 * scale and near < far < 0.05 * scale
    again = run("plan", "--json")
    assert json.loads(again.stdout) == []


def test_an_entry_says_what_the_file_says(atlas: Project) -> None:
    model(
        atlas.root / "files",
        "Some-Model_Q8_0.gguf",
        "Q8_0",
        general__license="apache-2.0",
        **{"general__base_model__0__repo_url": "https://huggingface.co/some-org/Base"},
    )
    done = run("new", "files/Some-Model_Q8_0.gguf", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    made = entry.load(Path(told["path"]))
    assert (made.slug, made.source, made.file) == (
        "some-model-q8-0",
        "./files/Some-Model_Q8_0.gguf",
        None,
    )
    assert (made.architecture, made.license) == ("llama", "apache-2.0")
    assert made.family == "some-model"
    assert "Read from GGUF, stored as Q8_0 (weights), F32." in made.summary
    assert made.geometry is not None and made.geometry.kv_heads == 2
    assert any("some-org/Base" in note for note in told["notes"])
    assert (
        "is the source of 'some-model-q8-0' already"
        in run("new", "files/Some-Model_Q8_0.gguf").output
    )


HUB = "https://huggingface.co/some-org"
PARENT, SOURCE = "general__base_model__0__repo_url", "general__source__repo_url"


@pytest.mark.parametrize(
    ("stored", "said", "base", "relation"),
    [
        ("Q8_0", {PARENT: f"{HUB}/Some-Model"}, "some-model", "quantised"),
        ("F16", {PARENT: f"{HUB}/Some-Model"}, "some-model", "fine-tune"),
        ("Q8_0", {PARENT: f"{HUB}/Older", SOURCE: f"{HUB}/Some-Model"}, "some-model", "quantised"),
        ("Q8_0", {PARENT: f"{HUB}/Older"}, "older", "fine-tune"),
    ],
)
def test_an_entry_says_how_a_file_was_made(
    atlas: Project, stored: str, said: dict[str, str], base: str, relation: str
) -> None:
    """Of the model that was converted a copy in blocks is a quantised one; what a file names as
    its parent may be that model, by its name, or what that model was tuned from."""
    for slug, name in (("some-model", "Some-Model"), ("older", "Older")):
        samples.write_entry(atlas, slug, name=name, source=f"some-org/{name}")
    model(atlas.root / "files", f"Some-Model-{stored}.gguf", stored, **said)
    done = run("new", f"files/Some-Model-{stored}.gguf", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    made = entry.load(Path(told["path"]))
    assert (made.base, made.relation) == (base, relation)
    guessed = any("quantised where this is some-org/Older itself" in note for note in told["notes"])
    assert guessed is (stored == "Q8_0" and base == "older")


def test_a_name_is_that_of_the_file_and_its_metadata(atlas: Project) -> None:
    said = {"general__name": "Tiny 1m", "general__size_label": "1M", "general__file_type": 7}
    model(atlas.root / "files", "tiny-1m-instruct.gguf", "Q8_0", **said)
    model(atlas.root / "files", "ggml-model.gguf", "Q8_0", **said)
    for file, name, family in (
        ("tiny-1m-instruct", "Tiny 1M instruct (Q8_0)", "tiny"),
        ("ggml-model", "Tiny 1M (Q8_0)", "tiny"),
    ):
        done = run("new", f"files/{file}.gguf")
        assert done.exit_code == 0, done.output
        made = entry.load(atlas.entry(file))
        assert (made.name, made.family, made.license) == (name, family, "unknown")
        assert "note: license: the file names none that is known; write it where" in done.stderr


def test_a_license_that_is_not_known_is_said_to_be_the_files(atlas: Project) -> None:
    model(atlas.root / "files", "x.gguf", "F32", general__license="do what you like")
    done = run("new", "files/x.gguf")
    assert "note: the file's license 'do what you like' is not a known one" in done.stderr


def test_a_file_that_is_no_model_is_told(atlas: Project) -> None:
    (atlas.root / "x.gguf").write_bytes(b"GGML" + bytes(100))
    done = run("new", "x.gguf")
    assert done.exit_code == 1 and "x.gguf: is no GGUF file" in done.output
    assert "neither a hub id nor a folder or GGUF file" in run("new", "none.gguf").output
    assert "leave it out" in run("new", "x.gguf", "--revision", "main").output


def test_a_file_on_the_hub(
    atlas: Project, stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its header is fetched and no weights, piece by piece until it is whole."""
    stand_in.folders[ID] = tmp_path / "hub"
    file = model(tmp_path / "hub", "model-Q8_0.gguf", "Q8_0")
    monkeypatch.setattr(hollow_copy, "GGUF_HEADERS", (100, 1000, 20_000))
    done = run("new", ID, "--file", "model-Q8_0.gguf")
    assert done.exit_code == 0, done.output
    made = entry.load(atlas.entry("model-q8-0"))
    assert (made.source, made.revision, made.file) == (ID, COMMIT, "model-Q8_0.gguf")
    assert made.sources[0].endswith(f"/{ID}/blob/{COMMIT}/model-Q8_0.gguf")
    assert stand_in.bytes_sent() < file.stat().st_size / 2
    told = run("plan").output
    assert "atlas fetch " in told


def test_files_on_the_hub_are_named(atlas: Project, stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.folders[ID] = tmp_path / "hub"
    model(tmp_path / "hub", "model-Q8_0.gguf", "Q8_0")
    assert "made from, or one of them with --file" in run("new", ID).output
    done = run("new", ID, "--file", "model-Q8_1.gguf")
    assert done.exit_code == 1 and "is not in that repository" in done.output


def test_a_damaged_file_on_the_hub(atlas: Project, stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.folders[ID] = tmp_path / "hub"
    file = model(tmp_path / "hub", "x.gguf", "F32")
    file.write_bytes(file.read_bytes()[:2000])
    done = run("new", ID, "--file", "x.gguf")
    assert done.exit_code == 1
    assert f"{ID}/x.gguf: truncated inside its header" in done.output
