"""Clusters of passages by what they are about: which passage is in which, and what each is called.

The clusters of a corpus that atlas ships are data, `clusters.json`, so that every model is measured
on the same ones; `python -m atlas.passes.clustering` makes them. Somebody's own texts are clustered
as they are measured on (`atlas/passes/clustering.py`). Nothing here needs the embedding model or
scikit-learn.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atlas.errors import AtlasError
from atlas.files import json_file
from atlas.paths import package_data
from atlas.pinned import corpus
from atlas.pinned.choices import DEFAULT, PINNED, Choices

COUNT = 16
"""How many clusters a corpus falls into."""

LABEL = 3
"""Topic words of which a cluster's label is made."""

EMBEDDING = "sha256:046aa9125c3fc21fbe09ec5b9d7795d825642a88672cbbe71fbb8eb891ebb4a0"
"""Digest of the weights of all-MiniLM-L6-v2, which passages are embedded with."""


@dataclass(frozen=True)
class Cluster:
    """A cluster: words that tell it from the others, its most central sentence, its size."""

    words: tuple[str, ...]
    sentence: str
    passages: int

    @property
    def label(self) -> str:
        """The first of its words: what rows of matrices are called."""
        return ", ".join(self.words[:LABEL])


@dataclass(frozen=True)
class Clusters:
    """The clusters of a corpus; `assignments`: the number of the cluster of every passage."""

    corpus: str
    embedding: str
    clusters: tuple[Cluster, ...]
    assignments: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(cluster.label for cluster in self.clusters)

    def text(self, made_with: dict[str, Any]) -> str:
        """As a file: a cluster a line."""
        head = {"corpus": self.corpus, "embedding": self.embedding, "made_with": made_with}
        lines = [
            f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},"
            for key, value in head.items()
        ]
        rows = ",\n".join(
            f"  {json.dumps(asdict(one), ensure_ascii=False)}" for one in self.clusters
        )
        last = f' "assignments": {json.dumps(self.assignments)}'
        return "\n".join(["{", *lines, ' "clusters": [', f"{rows}],", last, "}", ""])


def path_of(name: str) -> Path:
    """Where the clusters of a corpus that atlas ships lie."""
    return (package_data() if name == PINNED else corpus.folder(name)) / "clusters.json"


def load(name: str = PINNED) -> Clusters:
    """The clusters of a corpus that atlas ships.

    Raises `AtlasError` where they are not those of the corpus as it is.
    """
    return _held(name)


@functools.cache
def _held(name: str) -> Clusters:
    path = path_of(name)
    document = json_file.read_json(path)
    held = Clusters(
        corpus=document["corpus"],
        embedding=document["embedding"],
        clusters=tuple(
            Cluster(tuple(item["words"]), item["sentence"], item["passages"])
            for item in document["clusters"]
        ),
        assignments=tuple(document["assignments"]),
    )
    if held.corpus != corpus.digest(name) or len(held.assignments) != len(corpus.load(name)):
        raise AtlasError(
            "are the clusters of another corpus",
            file=path,
            place="corpus",
            remedy=f"make them again: python -m atlas.passes.clustering {name}",
        )
    return held


def digest(choices: Choices = DEFAULT) -> str:
    """`sha256:...` of the clusters of what was chosen, which protocols carry.

    Of a corpus of somebody's own, which is clustered only as it is measured on, it is that of what
    its clusters are made from: its texts, the embedding model and the rule.
    """
    if isinstance(choices.corpus, Path):
        stated: Sequence[Any] = (EMBEDDING, COUNT, corpus.chosen_digest(choices))
    else:
        held = load(choices.corpus)
        stated = (held.embedding, held.labels, held.assignments)
    return f"sha256:{hashlib.sha256(json.dumps(stated).encode()).hexdigest()}"
