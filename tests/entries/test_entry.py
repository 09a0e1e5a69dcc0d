"""Entries: right ones are read, every wrong one is told with its line, all in one run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

import pytest
from samples import ENTRY, GEOMETRY, REVISION, entry_text, write_entry

from atlas import schemas
from atlas.entries import entry, relation
from atlas.entries import entry_text as entry_text_of
from atlas.entries.geometry import Geometry
from atlas.entries.source import kind_of
from atlas.errors import AtlasError, Problems
from atlas.files import yaml_file
from atlas.paths import Project


def told(project: Project, text: str = "", **changes: Any) -> list[str]:
    """What is wrong with an entry, without the path of its file."""
    path = write_entry(project, "some-model", text, **changes)
    try:
        entry.load(path)
    except AtlasError as error:
        return [str(item).replace(f"{path}: ", "") for item in Problems([error]).problems]
    return []


def test_an_entry_is_read(project: Project) -> None:
    path = write_entry(
        project,
        geometry={**GEOMETRY, "parameters": 1000},
        tags=["base", "multilingual"],
        analyses=["weights"],
        released="2025-04-29",
        base="other",
    )
    read = entry.load(path)
    assert read.slug == "some-model" and read.name == "Some Model 1B"
    assert read.geometry == Geometry(**GEOMETRY, parameters=1000)
    assert read.tags == ("base", "multilingual") and read.analyses == ("weights",)
    assert (read.revision, read.released, read.base) == (REVISION, "2025-04-29", "other")
    assert read.source_kind == "hub" and not read.is_reference


def test_only_what_is_required_is_required(project: Project) -> None:
    read = entry.load(write_entry(project, source="zoo:llama", revision=...))
    assert read.is_reference and read.source_kind == "zoo"
    assert read.geometry is None and read.analyses is None and read.tags == ()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("./weights", "folder"),
        ("../weights", "folder"),
        ("/srv/weights", "folder"),
        ("zoo:llama", "zoo"),
        ("zoo:gpt_neox", "zoo"),
        ("org/Name-1.5_b", "hub"),
    ],
)
def test_source_kinds(project: Project, source: str, kind: str) -> None:
    assert kind_of(source) == kind
    revision = None if kind == "hub" else ...
    assert told(project, source=source, revision=revision) == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            "llama",
            "is not a hub id, a folder or a reference model; write org/name, a folder beginning",
        ),
        ("https://example.org/x", "is not a hub id, a folder"),
        ("org/name/more", "is not a hub id, a folder"),
        ("-org/name", "is not a hub id, a folder"),
        ("org/../name", "is not a hub id, a folder"),
        ("C:\\weights", "is not a hub id, a folder"),
    ],
)
def test_sources_that_are_none(project: Project, source: str, problem: str) -> None:
    [line] = told(project, source=source)
    assert line.startswith("line 4: source: ") and problem in line


@pytest.mark.parametrize("source", ["zoo:", "zoo:../x", "zoo:Llama", "zoo:a/b"])
def test_reference_models_that_are_none(project: Project, source: str) -> None:
    [line] = told(project, source=source, revision=...)
    assert "names no reference model; write zoo:<name>" in line


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        (REVISION, "is not in quotes, and YAML may read it as a number; write revision: "),
        ('"main"', "'main' does not have the right form; write the full commit hash of 40"),
        (f'"{REVISION.upper()}"', "does not have the right form; write the full commit hash"),
        (f'"{REVISION[:12]}"', "does not have the right form; write the full commit hash"),
        ("1" * 40, "is not text or null; write the full commit hash of 40 lower-case"),
        (f'"{REVISION}\\n"', "does not have the right form: there is space around it"),
        (f"|\n  {REVISION}", "does not have the right form: there is space around it"),
    ],
)
def test_revisions_that_are_none(project: Project, stated: str, problem: str) -> None:
    text = entry_text(revision=...) + f"revision: {stated}\n"
    [line] = told(project, text)
    assert line.startswith("line 7: revision: ") and problem in line


def test_a_hub_id_needs_a_revision_or_null(project: Project) -> None:
    [line] = told(project, revision=...)
    assert "key 'revision' is missing, and a hub id needs it; add revision:" in line
    assert told(project, revision=None) == []
    [line] = told(project, source="./weights")
    assert "is set for a folder source; remove it: such a source is pinned by the digest" in line


@pytest.mark.parametrize("released", ["2025-02-30", "2025-13", "2025-00-10", "0000-01"])
def test_dates_are_in_the_calendar(project: Project, released: str) -> None:
    [line] = told(project, released=released)
    assert f"'{released}' is not a date of the calendar; write a date such as" in line


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ("2025-04-29", "2025-04-29"),
        ("no", "no"),
        ("On", "On"),
        ("012", "012"),
        ("1:30", "1:30"),
        ("0x10", "0x10"),
        ("1e3", "1e3"),
        ("=", "="),
        (".inf", ".inf"),
        ("<<", "<<"),
    ],
)
def test_words_stay_what_they_look_like(project: Project, stated: str, value: str) -> None:
    text = entry_text(name=...) + f"name: {stated}\n"
    assert entry.load(write_entry(project, text=text)).name == value


@pytest.mark.parametrize("stated", ["7", "true", "null", "1.5", "-1", "1_000", "False", "~", ""])
def test_names_that_yaml_reads_as_something_else(project: Project, stated: str) -> None:
    [line] = told(project, entry_text(name=...) + f"name: {stated}\n")
    assert line.startswith("line 7: name: ") and "is not text; write the model's name" in line
    assert line.endswith(", in quotes") == (stated not in ("null", "~", ""))


@pytest.mark.parametrize("stated", ["012", "0x20", "1:30", "32.0", "3e1", "true", "'32'", "0b1"])
def test_counts_are_plain_whole_numbers(project: Project, stated: str) -> None:
    text = entry_text(geometry=GEOMETRY).replace("layers: 3", f"layers: {stated}")
    [line] = told(project, text)
    assert "line 9: geometry.layers: " in line and "is not a whole number; write number of" in line


def test_digits_may_be_grouped(project: Project) -> None:
    text = entry_text(geometry={**GEOMETRY, "parameters": 7}).replace("7\n", "8_190_735_360\n")
    read = entry.load(write_entry(project, text=text))
    assert read.geometry is not None and read.geometry.parameters == 8190735360


BAD_YAML: dict[str, tuple[str, str]] = {
    "alias": ("name: &a x\nlicense: *a\n", "line 1: 'name: &a x' is not valid YAML here: anchors"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\n", "anchors and aliases are not allowed; write the"),
    "tag": (
        "name: !!python/object/apply:os.system [ls]\n",
        "is not allowed; write the value alone",
    ),
    "local tag": ("name: !x y\n", "tag '!x' is not allowed"),
    "int tag": ("name: !!int ''\n", "is not allowed"),
    "timestamp tag": ("name: !!timestamp x\n", "is not allowed"),
    "repeated": ("name: a\nname: b\n", "line 2: 'name: b' is not valid YAML here: key 'name' is"),
    "deep repeated": ("geometry: {heads: 1, heads: 2}\n", "key 'heads' is repeated; keep one"),
    "list as key": ("? [a, b]\n: c\n", "a key must be a word"),
    "mapping as key": ("? {a: b}\n: c\n", "a key must be a word"),
    "colon": ("summary: this: that\n", "line 1: 'summary: this: that' is not valid YAML here"),
    "tab": ("geometry:\n\tlayers: 3\n", "line 2: 'layers: 3' is not valid YAML here"),
    "control": ("name: a\nsummary: a\x1bb\n", "line 2: "),
    "two": ("name: a\n---\nname: b\n", "expected a single document"),
    "open": ('name: "a\n', "is not valid YAML here"),
    "digits": (f"name: {'1' * 5000}\n", "is not valid YAML"),
    "deep": ("[" * 5000, "is not valid YAML"),
    "deeper": ("a: " + "[" * 300 + "]" * 300, ""),
    "empty": ("", "None is not a mapping; write lines of `key: value`"),
    "only a comment": ("# nothing\n", "None is not a mapping"),
    "list": ("- a\n- b\n", "['a', 'b'] is not a mapping"),
    "word": ("hello\n", "'hello' is not a mapping"),
}


@pytest.mark.parametrize("case", BAD_YAML)
def test_yaml_that_is_refused(project: Project, case: str) -> None:
    text, problem = BAD_YAML[case]
    path = write_entry(project)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AtlasError) as caught:
        entry.load(path)
    for line in str(caught.value).splitlines():
        assert line.isprintable() and str(path) in line and "; " in line
    assert problem in str(caught.value)


def test_merge_keys_merge_nothing(project: Project) -> None:
    lines = told(project, entry_text(name=...) + "<<: {name: sneaked in}\n")
    assert any("unknown key '<<'" in line for line in lines)
    assert any("key 'name' is missing" in line for line in lines)


def test_files_of_other_systems_are_read(project: Project) -> None:
    text = entry_text(tags=["a"])
    path = write_entry(project)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert entry.load(path).tags == ("a",)


def test_bytes_that_are_not_utf8(project: Project) -> None:
    path = write_entry(project)
    path.write_bytes(b"family: x\nname: Gr\xf6\xdfe\n")
    with pytest.raises(AtlasError, match=r"line 2: byte 0xf6 is not UTF-8.*; save it as UTF-8"):
        entry.load(path)


def test_files_that_are_no_files(project: Project) -> None:
    project.entry("a").mkdir(parents=True)
    with pytest.raises(AtlasError, match=r"model.yml: cannot be read: Is a directory"):
        entry.load(project.entry("a"))
    with pytest.raises(AtlasError, match=r"model.yml: cannot be read: No such file"):
        entry.load(project.entry("b"))


def test_an_oversized_entry_is_not_read(project: Project) -> None:
    [line] = told(project, entry_text() + "#" * yaml_file.LARGEST)
    assert f"larger than {yaml_file.LARGEST} bytes; it should hold a few facts" in line


def test_a_link_is_not_followed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text(entry_text())
    (project.models / "a").mkdir()
    project.entry("a").symlink_to(tmp_path / "secret.yml")
    with pytest.raises(AtlasError, match=r"is a symbolic link to .*; put the file itself there"):
        entry.load(project.entry("a"))


def test_summaries_may_be_folded(project: Project) -> None:
    text = entry_text(summary=...) + "summary: >\n  Two lines\n  of text.\n"
    assert entry.load(write_entry(project, text=text)).summary == "Two lines of text."
    text = entry_text(summary=...) + "summary: |\n  One.\n\n  <b>Two</b>.\n"
    assert entry.load(write_entry(project, text=text)).summary == "One. <b>Two</b>."


def test_every_problem_of_a_file_in_one_run(project: Project) -> None:
    found = told(project, name=3, zzz=1, tags="a", revision=..., source="nothing")
    assert len(found) == 5


@pytest.mark.parametrize(
    "slug", ["Upper", "under_score", "-a", "a b", "a" * 81, "x\x1b[31m", "a--b"]
)
def test_a_bad_slug_is_told_beside_everything_else(project: Project, slug: str) -> None:
    write_entry(project, slug, name=3)
    write_entry(project, "fine", zzz=1)
    with pytest.raises(Problems) as caught:
        entry.load_all(project)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3 and all(line.isprintable() for line in lines)
    assert sum("is not a slug" in line or "slug of 81" in line for line in lines) == 1
    assert sum("3 is not text" in line for line in lines) == 1
    assert sum("unknown key 'zzz'" in line for line in lines) == 1


def test_all_entries_come_by_slug(project: Project) -> None:
    for slug in ("c", "a", "b"):
        write_entry(project, slug, name=f"Model {slug}")
    (project.models / "no-entry").mkdir()
    assert [item.slug for item in entry.load_all(project)] == ["a", "b", "c"]
    assert entry.load_all(Project(project.root / "nowhere")) == []


@pytest.mark.parametrize("other", ["Some Model 1B", "SOME model 1b", "Some  Model 1B"])
def test_names_are_told_apart_by_people(project: Project, other: str) -> None:
    write_entry(project, "a")
    write_entry(project, "b", name=other)
    with pytest.raises(AtlasError, match=r"b/model.yml: name: name .* is also that of 'a'; give"):
        entry.load_all(project)


def test_bases_are_other_models(project: Project) -> None:
    write_entry(project, "a", name="A", base="missing")
    write_entry(project, "b", name="B", base="b")
    with pytest.raises(Problems) as caught:
        entry.load_all(project)
    assert [item.problem for item in caught.value.problems] == [
        "base 'missing' is not another model of this atlas",
        "base 'b' is not another model of this atlas",
    ]


def test_a_base_whose_entry_is_broken_is_there_all_the_same(project: Project) -> None:
    write_entry(project, "a", name="A", base="b")
    write_entry(project, "b", name=3)
    with pytest.raises(AtlasError, match="3 is not text") as caught:
        entry.load_all(project)
    assert not isinstance(caught.value, Problems)


def test_bases_do_not_go_in_circles(project: Project) -> None:
    for slug, base in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        write_entry(project, slug, name=slug.upper(), base=base)
    with pytest.raises(Problems) as caught:
        entry.load_all(project)
    assert [item.problem for item in caught.value.problems] == [
        "base 'b' is itself fine-tuned from 'a'",
        "base 'c' is itself fine-tuned from 'b'",
        "base 'a' is itself fine-tuned from 'c'",
    ]


def test_a_circle_names_how_its_models_were_made(project: Project) -> None:
    """The word of its kind where all are of one; of several, none of them would be true."""
    for slug, base, how in (("a", "b", "merged"), ("b", "a", "quantised")):
        write_entry(project, slug, name=slug.upper(), base=base, relation=how)
    for slug, base in (("c", "d"), ("d", "e"), ("e", "c")):
        how = "quantised" if slug == "d" else "fine-tune"
        write_entry(project, slug, name=slug.upper(), base=base, relation=how)
    with pytest.raises(Problems) as caught:
        entry.load_all(project)
    assert [item.problem for item in caught.value.problems] == [
        "base 'b' is itself quantised from 'a'",
        "base 'a' is itself merged from 'b'",
        "base 'd' is itself made from 'c'",
        "base 'e' is itself fine-tuned from 'd'",
        "base 'c' is itself made from 'e'",
    ]


def test_a_model_with_a_base_is_a_fine_tune_or_says_what(project: Project) -> None:
    assert entry.load(write_entry(project, base="other")).made == "fine-tuned"
    keys = schemas.load("entry")["properties"]["relation"]["enum"]
    assert list(relation.MADE) == keys == list(get_args(relation.Relation))
    for how, made in relation.MADE.items():
        read = entry.load(write_entry(project, base="other", relation=how))
        assert (read.relation, read.made) == (how, made)
        again = write_entry(project, text=entry_text_of.checked(read))
        assert entry.load(again) == read
        assert ("relation:" in again.read_text()) == (how != "fine-tune")


def test_relations_that_are_none(project: Project) -> None:
    [line] = told(project, base="other", relation="quantized")
    assert "relation: 'quantized' is not one of the known values" in line
    assert "did you mean 'quantised'" in line and line.startswith("line ")
    [line] = told(project, relation="merged")
    assert line.startswith("line ") and "relation 'merged' is set, and no base" in line
    assert "add base: the slug of the model that this one was made from; or remove" in line


def test_the_sample_is_right() -> None:
    assert set(ENTRY) <= set(entry.Entry.__dataclass_fields__)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(project: Project) -> None:
    path = project.entry("a")
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(AtlasError, match="is not a plain file"):
        entry.load(path)
