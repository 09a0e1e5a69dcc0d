"""The types that GGUF stores values in: how many values a block holds, and in how many bytes.

The numbers are ggml's own (`enum ggml_type`); a test holds them to those of the `gguf` package.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoredType:
    """A type by its name in ggml. `dtype`: what its values are read as, None where nothing is
    measured in it. Blocks lie within a row, so that a row is a whole number of them."""

    name: str
    values: int
    bytes: int
    dtype: str | None

    @property
    def quantised(self) -> bool:
        """Whether a block has to be dequantised, to float32."""
        return self.values > 1


def _plain(name: str, size: int, dtype: str | None) -> StoredType:
    return StoredType(name, 1, size, dtype)


def _blocks(name: str, values: int, size: int) -> StoredType:
    return StoredType(name, values, size, "F32")


TYPES = {
    0: _plain("F32", 4, "F32"),
    1: _plain("F16", 2, "F16"),
    2: _blocks("Q4_0", 32, 18),
    3: _blocks("Q4_1", 32, 20),
    6: _blocks("Q5_0", 32, 22),
    7: _blocks("Q5_1", 32, 24),
    8: _blocks("Q8_0", 32, 34),
    10: _blocks("Q2_K", 256, 84),
    11: _blocks("Q3_K", 256, 110),
    12: _blocks("Q4_K", 256, 144),
    13: _blocks("Q5_K", 256, 176),
    14: _blocks("Q6_K", 256, 210),
    16: _blocks("IQ2_XXS", 256, 66),
    17: _blocks("IQ2_XS", 256, 74),
    18: _blocks("IQ3_XXS", 256, 98),
    19: _blocks("IQ1_S", 256, 50),
    20: _blocks("IQ4_NL", 32, 18),
    21: _blocks("IQ3_S", 256, 110),
    22: _blocks("IQ2_S", 256, 82),
    23: _blocks("IQ4_XS", 256, 136),
    24: _plain("I8", 1, None),
    25: _plain("I16", 2, None),
    26: _plain("I32", 4, None),
    27: _plain("I64", 8, None),
    28: _plain("F64", 8, None),
    29: _blocks("IQ1_M", 256, 56),
    30: _plain("BF16", 2, "BF16"),
    34: _blocks("TQ1_0", 256, 54),
    35: _blocks("TQ2_0", 256, 66),
    39: _blocks("MXFP4", 32, 17),
}
"""By the number that a file names them with. Q8_1 and Q8_K are not among them: no weights are
stored in these, they are how ggml holds activations while it multiplies."""
