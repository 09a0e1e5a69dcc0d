"""What a family is called: `qwen3` is Qwen3, `llama-3.1` is Llama 3.1.

An entry has the lower-case word that stands in addresses. Its proper spelling is in the names of
the models themselves, so nobody has to write it twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from atlas.entries.entry import Entry


def of(entries: Iterable[Entry]) -> Mapping[str, str]:
    """The name of every family, by the word that entries have for it."""
    names: dict[str, list[str]] = {}
    for one in entries:
        names.setdefault(one.family, []).append(one.name)
    return {family: spelt(family, listed) for family, listed in names.items()}


def spelt(family: str, names: Sequence[str]) -> str:
    """How most of a family's models spell it in their names; where none does, its own word with a
    capital."""
    letters = "[ ._-]?".join(re.sub(r"[.-]", "", family))
    found: list[str] = []
    for ends in (r"(?!\.?[0-9])", ""):  # Llama 3 is better told by Llama 3 8B than by Llama 3.1 8B
        word = re.compile(rf"(?<![A-Za-z0-9]){letters}{ends}(?![a-z])", re.IGNORECASE | re.ASCII)
        found = found or [match[0] for name in names if (match := word.search(name))]
    name = Counter(found).most_common(1)[0][0] if found else family.replace("-", " ")
    return name[0].upper() + name[1:] if name == name.lower() else name
