"""The pinned corpus: enough passages, none twice, and always the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from atlas.errors import AtlasError
from atlas.pinned import corpus

PINNED = "sha256:2e3bead92b90ba325a669dbb85625b6bd87e08606a7493878f798e5ba527f77d"
"""A change of the corpus makes every profile stale that was measured on it: change this only with
that in mind."""

TOPICS = (
    *("code", "dialogue", "encyclopedia", "fiction", "finance", "french", "instructions", "law"),
    *("mathematics", "medicine", "news", "physics", "poetry", "recipes", "spanish", "tables"),
)


def test_the_corpus_is_pinned() -> None:
    assert corpus.digest() == PINNED


def test_there_are_28_passages_of_each_of_16_topics() -> None:
    assert corpus.topics() == TOPICS
    assert Counter(passage.topic for passage in corpus.load()) == dict.fromkeys(TOPICS, 28)
    assert len(corpus.load()) == 448 >= 400


@pytest.mark.parametrize("topic", TOPICS)
def test_passages_have_60_to_120_words_of_clean_text(topic: str) -> None:
    texts = [passage.text for passage in corpus.load() if passage.topic == topic]
    assert all(60 <= len(text.split()) <= 120 for text in texts)
    assert all(text == text.strip("\n") for text in texts)
    assert not any(corpus.SEPARATOR in text.splitlines() for text in texts)
    assert all(char.isprintable() or char in "\n\t" for text in texts for char in text)
    assert not any("\ufffd" in text or "\r" in text for text in texts)


def test_no_passage_stands_there_twice() -> None:
    texts = Counter(" ".join(passage.text.split()).casefold() for passage in corpus.load())
    assert texts.most_common(1)[0][1] == 1
    openings = Counter(" ".join(passage.text.split()[:12]) for passage in corpus.load())
    assert openings.most_common(1)[0][1] == 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of the test's own."""
    monkeypatch.setattr(corpus, "package_data", lambda: tmp_path)
    for cached in (corpus._passages, corpus.digest):
        monkeypatch.setattr(corpus, cached.__name__, cached.__wrapped__)
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


def test_the_digest_is_that_of_topics_and_texts(folder: Path) -> None:
    first, second = " ".join(["word"] * 60), " ".join(["other"] * 120)
    (folder / "a.txt").write_text(f"{first}\n===\n{second}\n")
    assert [passage.text for passage in corpus.load()] == [first, second]
    digest = corpus.digest()
    (folder / "a.txt").write_bytes(f"{first}\r\n===\r\n{second}\r\n".encode())
    assert corpus.digest() == digest
    (folder / "a.txt").write_text(f"{second}\n===\n{first}\n")
    assert corpus.digest() != digest
    (folder / "a.txt").rename(folder / "b.txt")
    assert corpus.topics() == ("b",)


@pytest.mark.parametrize("words", [0, 59, 121])
def test_passages_of_another_length_are_told_with_their_line(folder: Path, words: int) -> None:
    right = " ".join(["word"] * 60)
    (folder / "a.txt").write_text(f"{right}\n===\n{' '.join(['x'] * words)}\n===\n{right}\n")
    with pytest.raises(AtlasError) as caught:
        corpus.load()
    assert f"a.txt: line 3: passage of {words} words; a passage has 60" in str(caught.value)
