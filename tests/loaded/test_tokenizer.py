"""Tokenizers loaded from a model's folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import tiny
from tokenizers import Tokenizer

from atlas import paths
from atlas.analyses.functions import run as functions
from atlas.checkpoints import locate
from atlas.errors import AtlasError
from atlas.loaded import tokenizer
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.loaded.token_text import TokenTexts
from atlas.pinned import corpus, relations
from atlas.pinned.choices import DEFAULT


def test_a_tokenizer_without_its_own_file_comes_through_transformers(tmp_path: Path) -> None:
    """As repositories have it that hold vocab.json and merges.txt alone."""
    whole = tokenizer.load(paths.zoo_folder("llama"))
    folder = tiny.make(tmp_path, "gpt2")
    whole.model.save(str(folder))
    assert {"vocab.json", "merges.txt"} <= {file.name for file in folder.iterdir()}
    loaded = tokenizer.load(folder)
    for word in ("France", "Paris", "xylophone"):
        assert relations.single_word(loaded, word) == relations.single_word(whole, word)


def test_no_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"no tokenizer can be loaded: .*those of one model"):
        tokenizer.load(tmp_path)


def beside(folder: Path, model_type: str) -> Path:
    """A tiny model with the tokenizer.json of a reference model, and nothing that names a class."""
    tiny.make(folder, model_type, vocab_size=8192)
    shutil.copy(paths.zoo_folder("llama") / "tokenizer.json", folder)
    return folder


def test_padding_and_truncation_that_are_saved_are_off(tmp_path: Path) -> None:
    """As sentence embeddings have them: every text would be 128 tokens long."""
    folder = beside(tmp_path, "llama")
    whole = tokenizer.load(folder)
    padded = Tokenizer.from_file(str(folder / "tokenizer.json"))
    padded.enable_truncation(max_length=4)
    padded.enable_padding(length=4)
    padded.save(str(folder / "tokenizer.json"))
    assert tokenizer.load(folder).padding is None and tokenizer.load(folder).truncation is None
    assert relations.single_word(tokenizer.load(folder), "France") is not None
    text = "France and Spain and Italy and Portugal"
    ids = whole.encode(text, add_special_tokens=False).ids
    assert tokenizer.load(folder).encode(text, add_special_tokens=False).ids == ids
    wrapped = tokenizer.load_transformers(folder)
    assert wrapped(text, add_special_tokens=False)["input_ids"] == ids
    assert len(wrapped("a", add_special_tokens=False)["input_ids"]) == 1


@pytest.mark.parametrize("model_type", ["llama", "qwen2", "gpt_neox"])
def test_both_tiers_read_texts_alike(tmp_path: Path, model_type: str) -> None:
    """`qwen2` cuts texts by rules of its own, whatever tokenizer.json says."""
    folder = beside(tmp_path, model_type)
    streamed, live = tokenizer.load(folder), LiveModel.open(folder, "cpu").tokenizer
    for passage in corpus.load()[:40]:
        ids = live(passage.text, add_special_tokens=False)["input_ids"]
        assert streamed.encode(passage.text, add_special_tokens=False).ids == ids


def test_a_profile_says_where_tokenizer_json_was_not_followed(tmp_path: Path) -> None:
    plain = LiveModel.open(beside(tmp_path / "llama", "llama"), "cpu")
    assert "tokenizer" not in plain.conditions
    own = LiveModel.open(beside(tmp_path / "qwen2", "qwen2"), "cpu")
    told = own.conditions["tokenizer"]
    assert told.startswith("Qwen2Tokenizer of transformers; tokenizer.json cuts ")
    assert re.search(rf" [1-9]\d* of {len(corpus.load())} passages otherwise", told)
    measured = functions.measure(Checkpoint.open(own.folder), [], DEFAULT, lambda done, total: None)
    assert measured.conditions["tokenizer"] == told


@pytest.mark.parametrize("model_type", ["qwen2", "gpt2", "bert"])
def test_transformers_makes_no_tokenizer_of_nothing(tmp_path: Path, model_type: str) -> None:
    with pytest.raises(AtlasError, match="put the model's tokenizer files beside its weights"):
        tokenizer.load(tiny.make(tmp_path, model_type))


@pytest.mark.parametrize(
    "name", sorted(path.name for path in paths.zoo_folder("llama").parent.iterdir())
)
def test_reference_models_have_the_tokens_of_their_file(name: str, tmp_path: Path) -> None:
    """So that profiles which were measured with the file's own tokenizer still hold."""
    folder = locate.folder(f"zoo:{name}", None, tmp_path)
    assert folder is not None
    own = tokenizer.load_transformers(folder)
    assert tokenizer.conditions(own, folder) == {}
    file = Tokenizer.from_file(str(folder / "tokenizer.json"))
    words = {word for one in relations.load_all() for pair in one.pairs for word in pair}
    for word in words:
        assert relations.single_word(own.backend_tokenizer, word) == relations.single_word(
            file, word
        )
    texts = [TokenTexts(held) for held in (own.backend_tokenizer, file)]
    assert all(texts[0](token) == texts[1](token) for token in range(len(own)))
