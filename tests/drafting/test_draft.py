"""Entries drafted from a model's own files: what they say, leave open and refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gguf_models
import pytest
import tiny
from click.testing import CliRunner, Result
from samples import write_entry
from stand_in_hub import COMMIT, StandIn

from atlas.checkpoints import fetching, locate
from atlas.commands import main
from atlas.drafting import draft as drafting
from atlas.drafting import model_card
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.review import check

NAME = "some-org/Some-Model-8B-Base"
CARD = """---
license: apache-2.0
tags: [Text Generation, pytorch, base_model, Multi Lingual]
language: [en, no]
base_model: some-org/Older-8B
---
# A card
"""


def model(folder: Path, card: str | None = CARD, **changes: Any) -> Path:
    tiny.make(folder, "llama", **changes)
    if card is not None:
        (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


def told(project: Project, source: str, **options: Any) -> str:
    with pytest.raises(AtlasError) as caught:
        drafting.of(project, source, **options)
    return str(caught.value)


def run(project: Project, *words: object) -> Result:
    return CliRunner().invoke(main, ["new", *map(str, words), "--project", str(project.root)])


# What it writes


def test_a_model_of_the_hub_becomes_an_entry(
    project: Project, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.folders[NAME] = model(tmp_path / "model")
    result = run(project, NAME)
    assert result.exit_code == 0, result.output
    read = entry.load(project.entry("some-model-8b-base"))
    assert (read.name, read.family, read.architecture) == (
        "Some Model 8B Base",
        "some-model",
        "llama",
    )
    assert (read.source, read.revision, read.license) == (NAME, COMMIT, "apache-2.0")
    assert read.tags == ("base-model", "multi-lingual") and read.base is None
    assert read.sources == (f"https://huggingface.co/{NAME}/blob/{COMMIT}/config.json",)
    shape = read.geometry
    assert shape is not None
    sizes = (shape.layers, shape.heads, shape.kv_heads, shape.d_model, shape.d_head, shape.d_mlp)
    assert sizes == (3, 4, 2, 32, 6, 48) and shape.vocabulary == 61
    live = sum(parameter.numel() for parameter in tiny.build("llama").parameters())
    assert shape.parameters == live and f"{live:,} parameters" in read.summary
    assert read.released is None, "the files do not say"
    for words in (
        "wrote ",
        "note: base: some-org/Older-8B by its card, which this atlas does not list",
        "note: family: 'some-model' is a guess by its name",
        "note: released: ",
        "note: summary: ",
        "next: complete it, atlas check, then atlas plan some-model-8b-base",
    ):
        assert words in result.stderr, words
    assert [str(problem) for problem in check.problems(project)] == []


def test_its_base_is_found_among_the_entries(
    project: Project, stand_in: StandIn, tmp_path: Path
) -> None:
    write_entry(project, "older-8b", name="Older", family="some", source="some-org/Older-8B")
    stand_in.folders[NAME] = model(tmp_path / "model")
    draft = drafting.of(project, NAME)
    assert "family: some\n" in draft.text and "base: older-8b\n" in draft.text
    assert not any("base:" in note or "family:" in note for note in draft.notes)


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ("finetune", None),
        ("quantized", "quantised"),
        ("merge", "merged"),
        ("adapter", "adapter"),
        ("something", None),
        ("[merge]", None),
    ],
)
def test_how_it_was_made_from_its_base(
    project: Project, tmp_path: Path, stated: str, written: str | None
) -> None:
    write_entry(project, "older-8b", name="Older", source="some-org/Older-8B")
    card = CARD.replace("base_model:", f"base_model_relation: {stated}\nbase_model:")
    draft = drafting.of(project, str(model(tmp_path / "model", card)))
    assert f"relation: {written}\n" in draft.text if written else "relation:" not in draft.text
    told = [note for note in draft.notes if "relation" in note]
    assert bool(told) is (stated not in model_card.RELATIONS)


def test_a_relation_to_a_base_that_is_not_listed_is_left_out(
    project: Project, tmp_path: Path
) -> None:
    card = CARD.replace("base_model:", "base_model_relation: merge\nbase_model:")
    assert "relation:" not in drafting.of(project, str(model(tmp_path / "model", card))).text


def test_the_address_of_a_page_is_as_good_as_the_id(
    project: Project, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.folders[NAME] = model(tmp_path / "model")
    draft = drafting.of(project, f"{stand_in.endpoint}/{NAME}/tree/main", slug="x", family="y")
    assert draft.slug == "x" and "family: y\n" in draft.text


def test_a_folder_becomes_an_entry_of_the_project(project: Project) -> None:
    model(project.root / "weights" / "Mine 2", CARD.replace("apache-2.0", "other"))
    draft = drafting.of(project, str(project.root / "weights" / "Mine 2"))
    assert draft.slug == "mine-2" and "source: ./weights/Mine 2\n" in draft.text
    assert "revision" not in draft.text and "license: unknown\n" in draft.text
    assert any("the card's license 'other' is not a known" in note for note in draft.notes)
    assert any(note.startswith("source: the folder ./weights/Mine 2 is") for note in draft.notes)
    path = drafting.write(project, draft)
    assert [str(problem) for problem in check.problems(project)] == []
    assert path.read_text(encoding="utf-8") == draft.text


def test_a_folder_behind_a_link_is_called_what_was_typed(project: Project, tmp_path: Path) -> None:
    model(tmp_path / "store" / "0f3a-blob")
    (project.root / "weights").mkdir()
    (project.root / "weights" / "Tiny-Llama").symlink_to(tmp_path / "store" / "0f3a-blob")
    draft = drafting.of(project, f"{project.root}/weights/Tiny-Llama/")
    assert draft.slug == "tiny-llama" and "name: Tiny Llama\n" in draft.text
    assert "source: ./weights/Tiny-Llama\n" in draft.text and "0f3a" not in draft.text
    drafting.write(project, draft)
    assert locate.of_entry(project, entry.load(project.entry("tiny-llama"))) is not None
    inside = drafting.of(project, f"{project.root}/weights/Tiny-Llama/../0f3a-blob", slug="x")
    assert "name: 0f3a blob\n" in inside.text, "the folder beside what the link leads to"


def test_a_snapshot_of_the_hub_is_called_as_its_repository(project: Project) -> None:
    snapshot = project.root / "hub" / "models--some-org--Some-Model-8B" / "snapshots" / COMMIT
    draft = drafting.of(project, str(model(snapshot)))
    assert draft.slug == "some-model-8b" and "name: Some Model 8B\n" in draft.text
    assert "source: ./hub/models--some-org--Some-Model-8B/snapshots/" in draft.text
    wanted = f"source: this is some-org/Some-Model-8B; atlas new that --revision {COMMIT} pins it"
    assert wanted in draft.notes


def test_a_snapshot_in_the_hub_s_cache_is_that_model_at_that_revision(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As transformers and `hf download` print it: an entry that anybody can measure."""
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    snapshot = project.root / "hub" / "models--some-org--Some-Model-8B" / "snapshots" / COMMIT
    draft = drafting.of(project, str(model(snapshot)))
    assert (draft.entry.source, draft.entry.revision) == ("some-org/Some-Model-8B", COMMIT)
    assert draft.entry.sources == (
        f"https://huggingface.co/some-org/Some-Model-8B/blob/{COMMIT}/config.json",
    )
    assert not any(note.startswith("source: ") for note in draft.notes)
    drafting.write(project, draft)
    assert locate.of_entry(project, entry.load(project.entry(draft.slug))) == snapshot
    assert [str(problem) for problem in check.problems(project)] == []


def test_a_dry_run_prints_and_writes_nothing(project: Project) -> None:
    folder = model(project.root / "weights")
    result = run(project, folder, "--dry-run")
    assert result.exit_code == 0 and result.stdout == drafting.of(project, str(folder)).text
    assert list(project.models.iterdir()) == []
    told = json.loads(run(project, folder, "--dry-run", "--json").stdout)
    assert told["text"] == result.stdout and told["path"].endswith("weights/model.yml")
    assert all(f"note: {note}" in result.stderr for note in told["notes"])


def test_an_entry_that_is_there_stays(project: Project) -> None:
    folder = model(project.root / "weights")
    mine = write_entry(project, "weights")
    before = mine.read_bytes()
    assert "there is an entry already, and it stays; give another name: --slug" in told(
        project, str(folder)
    )
    draft = drafting.of(project, str(folder), slug="other")
    write_entry(project, "other", name="Other")  # written meanwhile by somebody else
    with pytest.raises(AtlasError, match="and it stays"):
        drafting.write(project, draft)
    assert mine.read_bytes() == before


def test_the_same_source_is_not_listed_twice(
    project: Project, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.folders[NAME] = model(tmp_path / "model")
    drafting.write(project, drafting.of(project, NAME))
    line = told(project, NAME, slug="again")
    assert "is the source of 'some-model-8b-base' already" in line
    assert not any("resolve" in path for path, _, _ in stand_in.asked[-1:])


# Without the hub, or without its client


def test_the_core_lists_a_model_without_the_hub_s_client(
    project: Project, stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.folders[NAME] = model(tmp_path / "model")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    held = drafting.of(project, NAME).entry
    assert held.revision == COMMIT
    with pytest.raises(AtlasError) as caught:
        fetching.missing_bytes(held)
    assert str(caught.value).endswith("needs huggingface_hub; pip install 'model-atlas[profile]'")


def test_offline_says_what_to_do(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    assert "check the network, or name a folder with the downloaded model" in told(project, NAME)


def test_offline_the_cache_will_do(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    cached = project.root / "hub" / f"models--{NAME.replace('/', '--')}"
    model(cached / "snapshots" / COMMIT)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(COMMIT)
    draft = drafting.of(project, NAME)
    assert f'revision: "{COMMIT}"\n' in draft.text
    assert any(note.startswith("revision: the newest on this machine") for note in draft.notes)
    assert "HF_HUB_OFFLINE is set" in told(project, "some-org/Elsewhere")
    (cached / "snapshots" / COMMIT / "model.safetensors").unlink()
    line = told(project, NAME)
    assert line == (
        f"only a part of {NAME} is on this machine; hf download {NAME} --revision {COMMIT}"
    )


def test_offline_a_gguf_file_in_the_cache_will_do(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    cached = project.root / "hub" / f"models--{NAME.replace('/', '--')}" / "snapshots" / COMMIT
    cached.mkdir(parents=True)
    made = gguf_models.make(project.root / "made")
    gguf_models.convert(made, cached / "Some-Model-Q8_0.gguf")
    draft = drafting.of(project, NAME, revision=COMMIT, file="Some-Model-Q8_0.gguf")
    assert f'revision: "{COMMIT}"\n' in draft.text and "Some-Model-Q8_0.gguf" in draft.text


# What it refuses


def test_errors_name_the_repository_and_never_a_temporary_folder(
    project: Project, stand_in: StandIn, tmp_path: Path
) -> None:
    folder = stand_in.folders[NAME] = model(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "lama"}))
    line = told(project, NAME)
    assert line.startswith(f"{NAME}/config.json: model_type: no architecture 'lama'")
    assert "did you mean 'llama'?" in line and "write a row in atlas/architectures" in line
    (folder / "config.json").write_text("{")
    assert told(project, NAME).startswith(f"{NAME}/config.json: line 1: is not valid JSON")
    (folder / "config.json").write_text(json.dumps({**config, "quantization_config": {}}))
    assert "the weights are quantised; list the model with its original" in told(project, NAME)


def test_folders_that_are_no_models(project: Project) -> None:
    folder = project.root / "weights"
    assert "is not a folder" in told(project, "./nowhere")
    assert "'nowhere' is neither a hub id nor a folder" in told(project, "nowhere")
    folder.mkdir()
    assert "has no config.json" in told(project, str(folder))
    model(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "only pickled weights here ('pytorch_model.bin')" in told(project, str(folder))
    (folder / "adapter_config.json").write_text("{}")
    assert "is an adapter" in told(project, str(folder))
    assert "revision 'main' of a folder" in told(project, str(folder), revision="main")


@pytest.mark.parametrize("slug", ["../evil", "a/b", "UPPER", "a b", "-a", "x" * 81])
def test_slugs_that_are_none(project: Project, slug: str) -> None:
    folder = model(project.root / "weights")
    assert "slug" in told(project, str(folder), slug=slug)
    assert list(project.models.iterdir()) == []


def test_a_family_that_is_none(project: Project) -> None:
    folder = model(project.root / "weights")
    assert "'Some Family' does not have the right form" in told(
        project, str(folder), family="Some Family"
    )


# Cards


HOSTILE = {
    "bomb": "---\na: &a [x, x]\nb: [*a, *a]\nlicense: mit\n---\n",
    "object": "---\nlicense: !!python/object/apply:os.system [id]\n---\n",
    "twice": "---\nlicense: mit\nlicense: gpl-3.0\n---\n",
    "list": "---\n- license\n---\n",
    "endless": "---\nlicense: mit\n" + "x" * 300_000,
    "none": "# No metadata\n",
    "deep": "---\n" + "[" * 5000 + "\n---\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_cards_that_cannot_be_read_are_said_and_left(project: Project, name: str) -> None:
    folder = model(project.root / "weights", HOSTILE[name])
    draft = drafting.of(project, str(folder))
    assert "license: unknown\n" in draft.text
    assert any("card" in note for note in draft.notes)


@pytest.mark.parametrize(
    ("stated", "license"),
    [
        ("license: MIT", "MIT"),
        ("license: [llama3.1]", "llama3.1"),
        ("license: other\nlicense_name: Some Research (v2)", "LicenseRef-Some-Research-v2"),
        ("license: other\nlicense_name: gemma", "gemma"),
        ("license: no-such-thing", None),
        ("license: [mit, gpl-3.0]", None),
        ("license: 3", None),
        ('license: "<script>alert(1)</script>"', None),
        ("license: other\nlicense_name: ['a']", None),
    ],
)
def test_licenses_of_cards(tmp_path: Path, stated: str, license: str | None) -> None:
    (tmp_path / "README.md").write_text(f"---\n{stated}\n---\n")
    card = model_card.read(tmp_path)
    assert card.license == license and bool(card.unclear) is (license is None)


def test_what_a_card_says_is_text_and_no_more(project: Project) -> None:
    """Nothing of a card acts on a terminal, and of its words only tame ones are taken over."""
    tags = ["<script>", "a: b", "]", "\u202eevil", "fine", "x" * 41, "{#id}", "*a", "no", "012"]
    card = f'---\ntags: {json.dumps(tags)}\nbase_model: "x/y\\e[31m"\nlicense: "\\a"\n---\n'
    folder = model(project.root / "weights", card)
    draft = drafting.of(project, str(folder))
    read = entry.load(drafting.write(project, draft))
    assert read.tags == ("fine", "no", "012")
    assert all(note.isprintable() for note in draft.notes) and draft.text.isascii()


def test_names_that_yaml_would_misread_stay_names(project: Project) -> None:
    for name in ("012", "1e3", "null", "no", "2025-01-01", "a, b", "'quoted'", "x #y"):
        model(project.root / name)
        draft = drafting.of(
            project, str(project.root / name), slug=f"s{len(list(project.models.iterdir()))}"
        )
        read = entry.load(drafting.write(project, draft))
        assert read.name == name.replace("-", " ")
        assert read.source == f"./{name}"
