"""What the model of a GGUF file is called, by the file's name and by what its metadata says.

People rename files for readers; converters fill the metadata from wherever a model lay, which may
be the folder of a training run. So a file that is called after its model keeps its own name, in the
metadata's spelling, and another (`model.gguf`) is called what the metadata says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

STORED_AS = re.compile(
    r"[-_.](I?Q[0-9]\w*|TQ[0-9]\w*|MXFP4|NVFP4|BF16|F16|F32)$", re.ASCII | re.IGNORECASE
)
"""What the name of a GGUF file ends with beside the model's."""

FILE_TYPES = {
    **{0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K"},
    **{11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S"},
    **{17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS"},
    **{23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S"},
    **{29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0"},
    **{38: "MXFP4_MOE", 39: "NVFP4"},
}
"""How most tensors of a file are stored, by the number in `general.file_type` (`enum llama_ftype`
of llama.cpp); a test holds them to those of the `gguf` package."""


def stored_as(stem: str, said: Mapping[str, Any]) -> str | None:
    """`Q4_1`, by the metadata or else by the end of the file's name; None where neither says."""
    stated = said.get("general.file_type")
    if type(stated) is int and stated in FILE_TYPES:
        return FILE_TYPES[stated]
    found = STORED_AS.search(stem)
    return found[1].upper() if found else None


def plain(stem: str, said: Mapping[str, Any]) -> str:
    """The model's name without how it is stored: `SmolLM2 135M Instruct`, `Gemma 3 270M`."""
    name, basename, size, finetune = (
        _text(said, key) for key in ("name", "basename", "size_label", "finetune")
    )
    stated = name or " ".join(filter(None, (basename, size, finetune)))
    own = STORED_AS.sub("", stem) or stem
    begins = _letters(basename or name)
    words = _words(own if not begins or _letters(own).startswith(begins) else stated)
    spelled = {
        word.lower(): word for text in (basename, finetune, name, size) for word in _words(text)
    }
    return " ".join(spelled.get(word, word) for word in words)  # only of those in lower case


def _text(said: Mapping[str, Any], key: str) -> str:
    """A word or a few of the metadata; nothing where there is something else."""
    found = said.get(f"general.{key}")
    return found.strip() if isinstance(found, str) and len(found) <= 200 else ""


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s_-]+", text) if word]


def _letters(text: str) -> str:
    """What two spellings of a name have in common; nothing of one that no slug can be made of."""
    return "".join(char for char in text.lower() if char.isascii() and char.isalnum())
