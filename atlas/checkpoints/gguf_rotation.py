"""How the rotation of positions is stretched in a GGUF file, in transformers' keys.

Linear stretching stands in the metadata. That of Llama 3 does not: the converter writes the factor
of every frequency as a tensor, `rope_freqs.weight`, from which the config is found again; factors
that are not Llama 3's are refused.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from atlas.checkpoints.gguf_header import Header, Stored
from atlas.checkpoints.tensor import chunks
from atlas.errors import AtlasError

FACTORS = "rope_freqs.weight"
LLAMA3 = {
    "rope_type": "llama3",
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""What all models of Llama 3.1 to 3.3 have; how far each is stretched is its own."""


def stretched(header: Header, d_head: int, theta: float) -> dict[str, Any] | None:
    """`rope_scaling` of a file with factors; None where it has none. `theta`: the base of the
    rotation. Raises `AtlasError` for other factors than Llama 3's."""
    stored = next((tensor for tensor in header.tensors if tensor.name == FACTORS), None)
    if stored is None:
        return None
    if stored.type.name == "F32" and stored.shape == (d_head // 2,):
        held = _values(header, stored)
        factor = max(held)
        if all(
            math.isclose(one, other, rel_tol=1e-4)
            for one, other in zip(held, factors(d_head, theta, factor), strict=True)
        ):
            return {**LLAMA3, "factor": factor}
    raise AtlasError(
        "these factors of the rotation are not those of Llama 3",
        file=header.file,
        place=FACTORS,
        remedy="take the original weights, whose config says how positions are stretched",
    )


def factors(d_head: int, theta: float, factor: float) -> list[float]:
    """Llama 3's factor of each frequency, (d_head / 2): 1 for those that turn fast, `factor` for
    slow ones, and what leads from one to the other between."""
    length = LLAMA3["original_max_position_embeddings"]
    low, high = LLAMA3["low_freq_factor"], LLAMA3["high_freq_factor"]
    assert isinstance(length, int) and isinstance(low, float) and isinstance(high, float)
    found = []
    for pair in range(d_head // 2):
        turns = length / (2 * math.pi * theta ** (2 * pair / d_head))
        share = min(1.0, max(0.0, (turns - low) / (high - low)))
        found.append(1 / ((1 - share) / factor + share))
    return found


def _values(header: Header, stored: Stored) -> Sequence[float]:
    content = b"".join(chunks(header.file, stored.start, stored.stop))
    return struct.unpack(f"<{len(content) // 4}f", content)
