"""Tokenizers loaded from a model's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from atlas import paths
from atlas.errors import AtlasError
from atlas.loaded import tokenizer
from atlas.pinned import relations


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
