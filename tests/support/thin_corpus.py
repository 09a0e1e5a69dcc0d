"""A shipped corpus with most of its texts emptied: for tests of what analyses go through, whatever
the number of passages.

Digest, topics, places and clusters of all passages are those of the whole corpus. What is empty has
no token to score, which analyses leave out; of every cluster as many texts are left as both its
halves need one each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from atlas.pinned import clusters, corpus
from atlas.pinned.choices import DEFAULT, Choices

EACH = 2
"""Texts of a cluster that are left."""


def passages(choices: Choices = DEFAULT) -> tuple[corpus.Text, ...]:
    """Every passage of the corpus that was chosen, one that ships with atlas, the first of every
    cluster with their texts: what `corpus.chosen` may give instead."""
    name = choices.corpus
    assert isinstance(name, str), "a corpus of somebody's own has no clusters yet"
    met: Counter[int] = Counter()
    found = []
    for passage, cluster in zip(corpus.load(name), clusters.load(name).assignments, strict=True):
        met[cluster] += 1
        found.append(passage if met[cluster] <= EACH else replace(passage, text=""))
    return tuple(found)
