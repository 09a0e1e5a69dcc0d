"""Clusters of a corpus: which passages are about the same, and in which words.

    python -m atlas.passes.clustering NAME    writes the clusters.json of a corpus that atlas ships

Passages are embedded (`loaded.sentence_embedding`) and fall into 16 clusters by k-means
(scikit-learn's, k-means++ starts, Lloyd's iterations). It is run from many seeded starts, and of
the outcomes in which every cluster has passages enough for a mean, the one with the least inertia
is taken. Clusters are numbered from the largest. Topic words are those that set a cluster apart, in
the manner of a class-based TF-IDF (Grootendorst 2022): passages of the cluster that have the word,
times ln of how much more often they have it than passages in general; of the best of these, those
near in meaning to the cluster, its weight times the cosine of the word's embedding and the mean of
the cluster's. The central sentence is the one nearest to that mean.
"""

from __future__ import annotations

import functools
import importlib.metadata
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atlas.errors import AtlasError
from atlas.files import json_file
from atlas.loaded import sentence_embedding
from atlas.paths import package_data
from atlas.pinned import clusters, corpus
from atlas.pinned.choices import Choices
from atlas.pinned.clusters import COUNT, EMBEDDING, Cluster, Clusters

Vectors = NDArray[np.float64]

STARTS, FEW_STARTS, EASY = 400, 10, 1000
"""Starts of k-means up to so many passages; for more of them fewer, but never fewer than some."""

SMALLEST, SHARE = 12, 32
"""A cluster's passages at least, or of a small corpus one in so many."""

WORDS = 8
"""Topic words of a cluster."""

CANDIDATES, OFTEN = 40, 3
"""Words of a cluster that are embedded, and passages that such a word should stand in."""

CENTRAL = 5
"""Passages nearest to the mean, whose sentences may stand for a cluster."""

WORD = re.compile(r"[^\W\d_]{3,}")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
FEWEST_WORDS, LONGEST = 5, 200
"""A sentence that stands for a cluster: words at least, characters at most."""


def of(choices: Choices) -> Clusters:
    """The clusters of the texts that were chosen: those that ship with them, or made now.

    Raises `AtlasError` where the embedding model or scikit-learn is missing, with the command that
    installs them.
    """
    if not isinstance(choices.corpus, Path):
        return clusters.load(choices.corpus)
    texts = tuple(one.text for one in corpus.chosen(choices))
    return _made(corpus.chosen_digest(choices), texts)


@functools.lru_cache(maxsize=1)
def _made(digest: str, texts: tuple[str, ...]) -> Clusters:
    return make(digest, texts, embed)[0]


def embed(texts: Sequence[str]) -> Vectors:
    """Texts as vectors of length 1: (text, width)."""
    vectors: Vectors = sentence_embedding.embed(texts).numpy()
    return vectors


def make(
    digest: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]
) -> tuple[Clusters, dict[str, str | int | float]]:
    """The clusters of texts, and with what they were made.

    `digest`: that of the corpus. Raises `AtlasError` as `of` does, and where no start of
    k-means gives clusters that are all large enough.
    """
    require_scikit_learn()
    vectors = embed(texts)
    found, seed, inertia = assign(vectors)
    words = topic_words(texts, vectors, found, embed)
    named = []
    for number in range(COUNT):
        inside = np.flatnonzero(found == number).tolist()
        sentence = central_sentence([texts[row] for row in inside], vectors[inside], embed)
        named.append(Cluster(words[number], sentence, len(inside)))
    made_with: dict[str, str | int | float] = {
        "scikit-learn": importlib.metadata.version("scikit-learn"),
        "starts": starts(len(texts)),
        "seed": seed,
        "inertia": round(inertia, 3),
    }
    assignments = tuple(int(number) for number in found)
    return Clusters(digest, EMBEDDING, tuple(named), assignments), made_with


def require_scikit_learn() -> None:
    """Raise `AtlasError` where scikit-learn is missing."""
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError as error:
        raise AtlasError(
            "scikit-learn, which clusters texts, is not installed", remedy=sentence_embedding.REMEDY
        ) from error


def starts(passages: int) -> int:
    """How often k-means starts on so many passages."""
    return max(FEW_STARTS, min(STARTS, STARTS * EASY // passages))


def assign(vectors: Vectors) -> tuple[NDArray[np.int64], int, float]:
    """(passage, width) -> the number of each passage's cluster, the seed and the inertia."""
    from sklearn.cluster import KMeans

    fewest = min(SMALLEST, len(vectors) // SHARE)
    best: tuple[float, int, NDArray[np.int64]] | None = None
    for seed in range(starts(len(vectors))):
        # Until nothing moves: a tolerance would leave passages that are nearer to another mean.
        fitted = KMeans(COUNT, n_init=1, random_state=seed, tol=0).fit(vectors)
        smallest = np.bincount(fitted.labels_, minlength=COUNT).min()
        if smallest >= fewest and (best is None or fitted.inertia_ < best[0]):
            best = float(fitted.inertia_), seed, fitted.labels_.astype(np.int64)
    if best is None:
        raise AtlasError(
            f"{len(vectors)} texts do not fall into {COUNT} clusters of {fewest} or more",
            remedy="take more texts, or texts about more different things",
        )
    inertia, seed, found = best
    return _by_size(found), seed, inertia


def topic_words(
    texts: Sequence[str],
    vectors: Vectors,
    assignments: NDArray[np.int64],
    embed: Callable[[Sequence[str]], Vectors],
) -> tuple[tuple[str, ...], ...]:
    """Of each cluster the words that tell it from the others, the most telling first.

    No two clusters begin with the same words, since these are what they are called.
    """
    words = [frozenset(WORD.findall(text.lower())) - _function_words() for text in texts]
    everywhere = Counter(word for some in words for word in some)
    found: list[tuple[str, ...]] = []
    for number in range(COUNT):
        inside = np.flatnonzero(assignments == number)
        count = Counter(word for row in inside for word in words[row])
        lift = {
            word: times * math.log(times / len(inside) * len(texts) / everywhere[word])
            for word, times in count.items()
        }
        often = {word: weight for word, weight in lift.items() if count[word] >= OFTEN}
        chosen = _ranked(often if len(often) >= WORDS else lift)[:CANDIDATES]
        if chosen:
            near = embed(chosen) @ vectors[inside].mean(0)
            meant = {word: lift[word] * max(near[row], 0) for row, word in enumerate(chosen)}
            chosen = _distinct(_ranked(meant))
        found.append(_unlike(chosen or [f"cluster {number}"], found))
    return tuple(found)


def _ranked(weights: Mapping[str, float]) -> list[str]:
    return sorted(weights, key=lambda word: (-weights[word], word))


def _unlike(words: Sequence[str], others: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first of these words, and others in front where a cluster before begins alike."""
    taken = [other[: clusters.LABEL] for other in others]
    for start in range(max(1, len(words) - clusters.LABEL)):
        if tuple(words[start : start + clusters.LABEL]) not in taken:
            return tuple(words[start : start + WORDS])
    return (f"cluster {len(others)}", *words[: WORDS - 1])


def central_sentence(
    texts: Sequence[str], vectors: Vectors, embed: Callable[[Sequence[str]], Vectors]
) -> str:
    """The sentence nearest to the mean, of those in the passages nearest to it."""
    mean = vectors.mean(0)
    nearest = np.argsort(-(vectors @ mean), kind="stable")[:CENTRAL]
    sentences = [piece for row in nearest for piece in _sentences(texts[row])]
    if not sentences:  # tables and code may have none
        return _line(texts[nearest[0]])
    return sentences[int(np.argmax(embed(sentences) @ mean))]


def _sentences(text: str) -> list[str]:
    pieces = [_line(piece) for piece in SENTENCE.split(text)]
    return [
        piece
        for piece in pieces
        if len(WORD.findall(piece)) >= FEWEST_WORDS and not piece.endswith("…")
    ]


def _line(text: str) -> str:
    """A text as one line that can be shown, cut where it is too long."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1].rstrip()}…"


def _distinct(ranked: Sequence[str]) -> list[str]:
    """Without words that are a form of one before them: the plural of a singular and such."""
    kept: list[str] = []
    for word in ranked:
        forms = {word, word.removesuffix("s"), word.removesuffix("es"), f"{word}s", f"{word}es"}
        if not forms & set(kept):
            kept.append(word)
    return kept


@functools.cache
def _function_words() -> frozenset[str]:
    lines = (package_data() / "function-words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _by_size(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers from the largest cluster on, of equal ones the one that comes first."""
    sizes = np.bincount(found, minlength=COUNT)
    first = [int(np.argmax(found == number)) for number in range(COUNT)]
    order = sorted(range(COUNT), key=lambda number: (-sizes[number], first[number]))
    rank = np.empty(COUNT, dtype=np.int64)
    rank[order] = np.arange(COUNT)
    return rank[found]


def write(name: str) -> Clusters:
    """Cluster a corpus that atlas ships and write its clusters."""
    texts = [passage.text for passage in corpus.load(name)]
    made, with_what = make(corpus.digest(name), texts, embed)
    json_file.write_atomic(clusters.path_of(name), made.text(with_what))
    return made


if __name__ == "__main__":
    for cluster in write(*sys.argv[1:]).clusters:
        sys.stdout.write(f"{cluster.passages:4}  {', '.join(cluster.words)}\n")
