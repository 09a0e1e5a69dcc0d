"""The relations' files, how they are read, and which of their words are one token."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizer_families import FAMILIES, byte_level, metaspace_bpe, metaspace_unigram, word_piece
from tokenizers import (
    Tokenizer,
    models,
    pre_tokenizers,
    processors,
)

from atlas import paths
from atlas.errors import AtlasError, Problems
from atlas.pinned import relations

TITLES = {
    "copying": "Copying",
    "first-letter": "Word to first letter",
    "last-letter": "Word to last letter",
    "name": "Name copying",
    "year": "Year to following year",
    "capital": "Country to capital",
    "language": "Country to language",
    "location": "Work to location",
    "product": "Product to company",
    "superclass": "Object to superclass",
    "antonym": "Adjective to antonym",
    "comparative": "Adjective to comparative",
    "compound": "Word to compound",
    "homophone": "Word to homophone",
    "past-tense": "Verb to past tense",
    "pronoun": "Noun to pronoun",
    "superlative": "Adjective to superlative",
    "synonym": "Word to synonym",
    "french": "English to French",
    "spanish": "English to Spanish",
}

COPYING = {"copying", "name"}


def pairs(name: str) -> tuple[tuple[str, str], ...]:
    return relations.load(name).pairs


# The files


def test_the_twenty_relations_of_the_method() -> None:
    found = relations.load_all()
    assert {relation.name: relation.title for relation in found} == TITLES
    assert [relation.name for relation in found] == list(TITLES) == list(relations.names())
    assert list(dict.fromkeys(relation.category for relation in found)) == [*relations.CATEGORIES]


def test_the_readme_states_each_relation_and_its_pairs() -> None:
    text = (paths.package_data() / "README.md").read_text(encoding="utf-8")
    for relation in relations.load_all():
        row = f"| {relation.category} | `{relation.name}` | {relation.title} |"
        assert f"{row} {len(relation.pairs)} |" in text


@pytest.mark.parametrize("name", TITLES)
def test_pairs_are_many_and_single_valued(name: str) -> None:
    sources = [source for source, _ in pairs(name)]
    assert len(sources) >= 180
    assert len(sources) == len(set(sources))


@pytest.mark.parametrize("name", TITLES)
def test_only_copying_repeats_its_source(name: str) -> None:
    for source, target in pairs(name):
        assert (source == target) == (name in COPYING), (source, target)


def test_letters_and_years_are_what_the_source_says() -> None:
    assert all(target == source[0] for source, target in pairs("first-letter"))
    assert all(target == source[-1] for source, target in pairs("last-letter"))
    assert pairs("year") == tuple((str(year), str(year + 1)) for year in range(1850, 2050))


@pytest.mark.parametrize("name", ["first-letter", "last-letter"])
def test_no_letter_fills_a_tenth_of_its_relation(name: str) -> None:
    letters = [target for _, target in pairs(name)]
    assert max(letters.count(letter) for letter in letters) < len(letters) / 10


def test_comparative_and_superlative_are_of_the_same_adjectives() -> None:
    superlatives = dict(pairs("superlative"))
    assert list(superlatives) == [source for source, _ in pairs("comparative")]
    irregular = set()
    for source, target in pairs("comparative"):
        stems = {target.removesuffix("er"), superlatives[source].removesuffix("est")}
        if len(stems) > 1:
            irregular.add(source)
    assert irregular == {"bad", "good", "little", "many"}


def test_the_antonym_of_an_antonym_is_mutual() -> None:
    antonyms = dict(pairs("antonym"))
    for source, target in antonyms.items():
        assert antonyms[antonyms[target]] == target, (source, target)


def test_no_pair_is_synonym_and_antonym() -> None:
    opposite = set(pairs("antonym"))
    assert not opposite & {pair for s, t in pairs("synonym") for pair in ((s, t), (t, s))}


def test_homophones_point_both_ways() -> None:
    homophones = dict(pairs("homophone"))
    assert set(homophones.values()) <= set(homophones)


def test_a_compound_begins_with_its_word() -> None:
    for source, target in pairs("compound"):
        assert target.startswith(source), (source, target)
        assert len(target) >= len(source) + 2, (source, target)


def test_pronouns_and_superclasses_are_few_and_common() -> None:
    pronouns = [target for _, target in pairs("pronoun")]
    assert set(pronouns) == {"he", "she", "it", "they"}
    for name, least in (("pronoun", 40), ("superclass", 4)):
        targets = [target for _, target in pairs(name)]
        assert min(targets.count(target) for target in targets) >= least


@pytest.mark.parametrize(
    ("name", "letters"), [("french", "a-zàâçéèêëîïôœùûü'"), ("spanish", "a-záéíñóúü")]
)
def test_translations_are_written_in_the_language(name: str, letters: str) -> None:
    for source, target in pairs(name):
        assert re.fullmatch("[A-Z]?[a-z]+", source), source
        assert re.fullmatch(f"[{letters}]+", target.lower()), target
        # Months, days and languages take no capital there; countries do.
        assert target.islower() or source[0].isupper(), (source, target)


# Reading


def written(folder: Path, content: str | bytes, name: str = "knowledge/capital") -> Path:
    path = folder / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_small_file_is_read(tmp_path: Path) -> None:
    written(tmp_path, "# title: Country to capital\n# as of 2026\nFrance\tParis\nMali\tBamako\n")
    relation = relations.load("capital", tmp_path)
    assert relation.pairs == (("France", "Paris"), ("Mali", "Bamako"))
    assert (relation.title, relation.category) == ("Country to capital", "knowledge")


def test_the_digest_is_of_the_pairs_alone(tmp_path: Path) -> None:
    texts = {
        "one": "# title: A\nx\ty\n",
        "other": "# title: B\n# remark\nx\ty\n",
        "third": "# title: A\nx\tz\n",
    }
    for name, text in texts.items():
        written(tmp_path, text, f"linguistic/{name}")
    one, other, third = (relations.load(name, tmp_path).digest for name in texts)
    # printf 'x\ty\n' | sha256sum
    assert one == "sha256:2c2d61aa4b1b2e46cebc5507010bd5ca482763e103de850c8930b91ab4725788"
    assert one == other != third


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("France\tParis\n", "line 1: no title in 'France\\tParis'"),
        ("# title: \nFrance\tParis\n", "line 1: no title in '# title: '"),
        ("", "line 1: no title in ''"),
        ("# title: A\n", "no pairs"),
        ("# title: A\nFrance Paris\n", "line 2: 'France Paris' is not source<TAB>target"),
        ("# title: A\nFrance\t\n", "line 2: 'France\\t' is not source<TAB>target"),
        ("# title: A\na\tb\tc\n", "line 2: 'a\\tb\\tc' is not source<TAB>target"),
        ("# title: A\na\tb \n", "line 2: 'a\\tb ' is not source<TAB>target"),
        ("# title: A\r\na\tb\r\n", "line 2: 'a\\tb\\r' is not source<TAB>target"),
        ("# title: A\na\tb\n\nc\td\n", "line 3: '' is not source<TAB>target"),
        ("# title: A\na\tb\n# late\n", "line 3: '# late' is not source<TAB>target"),
        ("# title: A\nb\tb\na\tb\n", "line 3: 'a\\tb' is out of order; sort the pairs"),
        ("# title: A\na\tb\na\tb\n", "line 3: 'a\\tb' stands twice; remove it"),
        ("# title: A\na\tb", "the last line has no end; end every line with a newline"),
        (b"# title: A\na\t\xff\n", "not UTF-8: invalid start byte at byte 13; save the file"),
    ],
)
def test_a_bad_line_is_told(tmp_path: Path, content: str | bytes, expected: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(AtlasError) as caught:
        relations.load("capital", tmp_path)
    assert f"{path}: {expected}" in str(caught.value)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, "# title: A\na\n")
    written(tmp_path, "nothing\n", "translation/french")
    with pytest.raises(Problems) as caught:
        relations.load_all(tmp_path)
    assert len(caught.value.problems) == 3


def test_a_name_that_is_not_there_is_suggested() -> None:
    with pytest.raises(AtlasError, match=r"unknown relation 'capitol'; did you mean 'capital'\?"):
        relations.load("capitol")


def test_folders_are_categories_and_names_are_unique(tmp_path: Path) -> None:
    written(tmp_path, "# title: A\na\tb\n", "biology/genus")
    written(tmp_path, "# title: A\na\tb\n", "knowledge/x")
    written(tmp_path, "# title: A\na\tb\n", "linguistic/x")
    with pytest.raises(Problems) as caught:
        relations.names(tmp_path)
    assert "unknown category 'biology'" in str(caught.value)
    assert "a second relation called 'x', beside knowledge/x.tsv" in str(caught.value)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="no relations here"):
        relations.names(tmp_path)


# Tokenizers: one of every family, trained on the spot


PREFIX = {byte_level: "Ġ", metaspace_bpe: "▁", metaspace_unigram: "▁", word_piece: ""}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_single_word_is_the_token_that_stands_in_text(family: Callable[[], Tokenizer]) -> None:
    tokenizer = family()
    for word in ["France", "Madrid", "bigger"]:
        found = relations.single_word(tokenizer, word)
        assert found is not None
        assert found == tokenizer.token_to_id(PREFIX[family] + word)
        assert found in tokenizer.encode(f"a small {word} a", add_special_tokens=False).ids


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("word", ["Francebig", "New Spain", "xylophone", "𒀀", "bigŵ", "ŵ"])
def test_what_is_not_one_token_is_none(family: Callable[[], Tokenizer], word: str) -> None:
    assert relations.single_word(family(), word) is None


def test_special_tokens_do_not_count() -> None:
    tokenizer = word_piece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A", special_tokens=[("[CLS]", tokenizer.token_to_id("[CLS]"))]
    )
    assert len(tokenizer.encode("a France").ids) == 3
    assert relations.single_word(tokenizer, "France") == tokenizer.token_to_id("France")


def test_a_tokenizer_that_merges_a_with_the_word_has_no_single_words() -> None:
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "a b": 1, "c": 2}, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\n", "removed")
    assert relations.single_word(tokenizer, "b") is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pair_counts_when_both_words_are_single(
    family: Callable[[], Tokenizer], tmp_path: Path
) -> None:
    text = "# title: A\nFrance\tParis\nFrance\tParisparis\nItaly\tMadrid\nSpain\tMadrid\n"
    written(tmp_path, text)
    tokenizer = family()
    found = relations.measurable(relations.load("capital", tmp_path), tokenizer)
    assert [(pair.source, pair.target) for pair in found] == [
        ("France", "Paris"),
        ("Spain", "Madrid"),
    ]
    for pair in found:
        assert pair.source_id == relations.single_word(tokenizer, pair.source)
        assert pair.target_id == relations.single_word(tokenizer, pair.target)


def test_a_tokenizer_that_knows_the_words_can_measure_every_relation() -> None:
    words = {word for name in relations.names() for pair in pairs(name) for word in pair}
    vocabulary = {word: at for at, word in enumerate(sorted(words | {"a", "[UNK]"}))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    for relation in relations.load_all():
        found = relations.measurable(relation, tokenizer)
        several = sum(" " in source or " " in target for source, target in relation.pairs)
        assert len(found) == len(relation.pairs) - several > relations.MINIMUM_PAIRS
