"""What is read and what not is counted from the rows that there are: in code and in the README."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest

from atlas import architectures, schemas
from atlas.architectures import coverage, missing
from atlas.paths import PACKAGE

README = PACKAGE.parent / "README.md"


def script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, PACKAGE.parent / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_is_listed_once_and_nothing_else_is_read() -> None:
    listed = [one.name for types in coverage.read().values() for one in types]
    assert sorted(listed) == sorted(architectures.known())
    assert "llama" in [one.name for one in coverage.read()["decoder"]]
    assert "mixtral" in [one.name for one in coverage.read()["decoder, mixture of experts"]]


def test_an_entry_may_name_every_type_that_is_read() -> None:
    said = schemas.load("entry")["properties"]["architecture"]["pattern"]
    assert "xlm-roberta" in architectures.known()
    assert [name for name in architectures.known() if not re.fullmatch(said, name)] == []


def test_a_type_without_a_row_is_listed_under_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = coverage.counts()["models"]
    before = coverage.unread()
    assert before[coverage.TWO_STACKS][0] == coverage.Type("marian", held["marian"])
    monkeypatch.setattr(architectures, "known", lambda: ("llama", "marian"))
    lacking = {one.name: why for why, types in coverage.unread().items() for one in types}
    assert lacking["t5"] == missing.WHY["t5"] and lacking["gpt2"] == coverage.NO_ROW
    assert not {"llama", "marian"} & set(lacking)
    often = {name for name, models in held.items() if models >= coverage.LEAST}
    assert set(lacking) == often - {"llama", "marian"}
    listed = [one.models for one in coverage.unread()[coverage.NO_ROW]]
    assert listed == sorted(listed, reverse=True)


def test_shares_follow_from_rows_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"models": {"llama": 60, "t5": 20, "gpt_neo": 20}}
    monkeypatch.setattr(coverage, "counts", lambda: told)
    monkeypatch.setattr(architectures, "known", lambda: ("bert", "llama"))
    assert coverage.shares() == (0.6, 0.75)
    monkeypatch.setattr(architectures, "known", lambda: ("gpt_neo", "llama"))
    assert coverage.shares() == (0.8, 1.0)


def test_counts_name_their_source() -> None:
    source = coverage.counts()["source"]
    assert source["registry"] == "TransformerLens" and len(source["sha256"]) == 64
    assert coverage.counts()["models"]["llama"] > 4000  # the type that most models have


def test_the_readme_has_the_table_of_today() -> None:
    """A row came, or the counts changed: python scripts/table_of_types.py."""
    text = README.read_text(encoding="utf-8")
    assert script("table_of_types").text(text) == text
    assert text.count("| `llama`, ") == 1
