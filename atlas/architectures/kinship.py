"""What to tell of a model type that has no row: its nearest relative, what is missing, or nothing.

Names are kin where the family and the version are the same: `qwen3_vl_text` and `qwen3`. Spelling
says nothing about a name that transformers knows, for `gpt_neo` is no misspelt `gpt_neox`; of any
other, a name that is spelt almost so was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from atlas.architectures import missing, switches
from atlas.errors import LISTED, AtlasError, list_known, nearest, short


def advice(model_type: object, known: Sequence[str], most: int = LISTED) -> str:
    """What helps against a model type without a row, and those that have one, at most so many."""
    name = str(model_type)[:100]
    kin = relative(name, known)
    near = nearest(name, known) if name not in switches.model_types() else None
    if name in missing.WHY and kin != f"{name}_text":
        told = f"missing: {missing.WHY[name]}; "
    elif near is not None:
        told = f"did you mean {near!r}? "
    elif kin is not None:
        told = f"its nearest relative with a row is {kin!r}; "
    else:
        told = ""
    return told + list_known(known, most)


def relative(name: str, known: Sequence[str]) -> str | None:
    """The known model type of the same family and version that shares most words with a name, of
    several the one with the fewest words more; None without any."""
    words = _words(name)
    kin = [
        one for one in known if _family(_words(one)) == _family(words) and len(_family(words)) > 1
    ]
    return min(kin, key=lambda one: _distance(words, _words(one)), default=None)


def refuse_own_code(config: Mapping[str, Any], where: Path | str) -> None:
    """Raise `AtlasError` for a model that transformers lacks and that brings code of its own."""
    model_type = config.get("model_type")
    if config.get("auto_map") and str(model_type) not in switches.model_types():
        raise AtlasError(
            f"{short(model_type)} comes with code of its own (auto_map), which would have to run",
            file=where,
            place="model_type",
            remedy="the atlas runs no code from outside; transformers has no such model type",
        )


def _words(name: str) -> list[str]:
    """`qwen3_5_moe` as qwen, 3, 5, moe."""
    return re.findall(r"[a-z]+|[0-9]+", name.lower())


def _family(words: Sequence[str]) -> tuple[str, ...]:
    """The first word and the numbers behind it, qwen 3 5; no more than the word without any."""
    numbers = 1
    while numbers < len(words) and words[numbers].isdigit():
        numbers += 1
    return tuple(words[:numbers])


def _distance(words: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    return -len(set(words) & set(other)), len(other)
