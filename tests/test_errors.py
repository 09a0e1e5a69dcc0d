"""One problem, one line that a person can act on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from atlas.errors import AtlasError, Problems, cut, nearest, raise_all, short, shown, suggest


def test_one_line_has_file_place_problem_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = AtlasError(
        "0 heads", file=tmp_path / "a" / "model.yml", place="line 3: geometry.heads", remedy="mend"
    )
    assert str(error) == "a/model.yml: line 3: geometry.heads: 0 heads; mend"
    assert error.as_dict() == {
        "file": "a/model.yml",
        "place": "line 3: geometry.heads",
        "problem": "0 heads",
        "remedy": "mend",
    }
    assert str(AtlasError("0 heads")) == "0 heads"
    assert set(AtlasError("0 heads").as_dict().values()) == {"0 heads", None}


@pytest.mark.parametrize(
    "nasty", ["a\nb", "a\x1b[31mb", "a\rb", "a\u202eb", "a\u2028b", "a\x00b", "a\x9bb", "a\ud800b"]
)
def test_a_quoted_value_cannot_act_on_a_terminal(nasty: str) -> None:
    line = str(AtlasError(f"key {nasty}", file=f"{nasty}.yml", place=nasty, remedy=nasty))
    assert line.isprintable()
    line.encode()


def test_problems_are_flattened_and_told_a_line_each() -> None:
    inner = Problems([AtlasError("one"), AtlasError("two")])
    outer = Problems([inner, AtlasError("three")])
    assert [item.problem for item in outer.problems] == ["one", "two", "three"]
    assert str(outer) == "one\ntwo\nthree"


def test_raise_all_raises_what_there_is() -> None:
    raise_all([])
    single = AtlasError("one")
    with pytest.raises(AtlasError) as caught:
        raise_all([single])
    assert caught.value is single
    with pytest.raises(Problems, match="one\ntwo"):
        raise_all([single, AtlasError("two")])


def test_paths_are_shown_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "docs" / "x.md") == "docs/x.md"
    assert shown("docs/x.md") == "docs/x.md"
    assert shown(tmp_path.parent / "x.md") == str(tmp_path.parent / "x.md")


def test_suggest_names_the_nearest_and_all() -> None:
    assert suggest("licence", ["license", "name"]) == "did you mean 'license'? known: license, name"
    assert suggest("zzz", ["license", "name"]) == "known: license, name"
    assert suggest(7, ["license"]) == "known: license"
    assert suggest("x", []) == "known: none"
    assert suggest("x" * 10**6, ["license"]) == "known: license"


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("gemma3", ["gemma", "gemma2", "gemma3_text"], "gemma3_text"),
        ("gemma4", ["gemma", "gemma2", "gemma3_text"], None),
        ("mamba", ["gemma", "llama"], None),
        ("mpt", ["opt"], None),
        ("bart", ["bert"], None),
        ("llama4", ["llama"], None),
        ("granitemoe", ["granite"], None),
        ("gpt-neox", ["gpt_neox"], "gpt_neox"),
        ("gt2", ["gpt2", "gptj"], "gpt2"),
        ("rsm", ["rms"], "rms"),
        ("Lama", ["llama"], "llama"),
        ("apache2", ["mit", "apache-2.0"], "apache-2.0"),
        ("score:capitol@10", ["score:capital@25", "score:capital@10"], "score:capital@10"),
        ("score", ["score:capital@10"], "score:capital@10"),
        ("_", ["-"], None),
    ],
)
def test_what_is_suggested_is_near_in_spelling_or_of_the_same_family(
    word: str, known: list[str], near: str | None
) -> None:
    """A version is no misspelling of another one, nor is one short word of another."""
    assert nearest(word, known) == near
    assert suggest(word, known).startswith(f"did you mean {near!r}? " if near else "known: ")


def test_a_long_word_is_compared_with_many_at_once() -> None:
    many = [f"layer {layer}, head {head}" for layer in range(100) for head in range(100)]
    started = time.perf_counter()
    assert nearest("layer 1, haed 7", many) == "layer 1, head 7"
    assert time.perf_counter() - started < 3


def test_short_keeps_a_line_readable() -> None:
    assert short("abc") == "'abc'"
    assert short("x" * 100) == "'" + "x" * 58 + "…"
    assert "thousands of digits" in short(10**5000)
    assert cut("abcdef", 3) == "ab…"
    assert cut("abc", 3) == "abc"
