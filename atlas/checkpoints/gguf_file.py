"""The tensors of a GGUF file under the names that transformers gives them.

Where their bytes lie and what was done to their values is said here; `loaded.gguf_values` undoes
it. A tensor that the architecture does not have is refused by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from atlas.checkpoints import gguf_config, gguf_header, gguf_rotation
from atlas.checkpoints.gguf_architectures import EXPERTS, GgufArchitecture
from atlas.checkpoints.gguf_header import Header, Stored
from atlas.checkpoints.gguf_pieces import AGAIN
from atlas.checkpoints.tensor import Tensor
from atlas.errors import AtlasError, short

IN_LAYER = re.compile(r"blk\.(0|[1-9][0-9]{0,3})\.(\w+)\.(weight|bias)", re.ASCII)
OUTSIDE = re.compile(r"(\w+)\.(weight|bias)", re.ASCII)


@dataclass(frozen=True)
class GgufTensor(Tensor):
    """A tensor of a GGUF file: `shape` and `dtype` are those of the values that it gives.

    `type`: how they are stored. `lies`: the shape that is stored. What is undone as it is read:
    `heads`, where each head's rows lie in pairs and not in halves, else 0; `raised`, what was added
    to every value; `transposed`, where the two axes are exchanged. `picked`: which entry of the
    first axis this is, None for all.
    """

    type: str
    lies: tuple[int, ...]
    heads: int = 0
    raised: float = 0.0
    transposed: bool = False
    picked: int | None = None

    @property
    def stored(self) -> str:
        return self.type

    def part(self, index: int) -> Tensor:
        """One entry of its first axis, a tensor of the other axes."""
        rest = self.shape[1:]
        if self.transposed or not rest:
            return replace(self, shape=rest, picked=index)
        row = _row_in_pairs(index, self.shape[0] // self.heads) if self.heads else index
        size = self.size // self.shape[0]
        start = self.start + row * size
        return replace(self, shape=rest, lies=rest, heads=0, start=start, stop=start + size)


def read_file(file: Path) -> dict[str, Tensor]:
    """The tensors of a GGUF file, by their native names."""
    header = gguf_header.read(file)
    row = gguf_config.architecture(header)
    config = gguf_config.config(header)
    heads = {"attn_q": config.get("num_attention_heads", 0)}
    heads["attn_k"] = config.get("num_key_value_heads", 0)
    tensors = [
        tensor
        for stored in header.tensors
        if (row.name, stored.name) != ("llama", gguf_rotation.FACTORS)  # read with the config
        for tensor in _native(header, row, stored, heads if row.permuted else {})
    ]
    return {tensor.name: tensor for tensor in tensors}


def _native(
    header: Header, row: GgufArchitecture, stored: Stored, heads: dict[str, int]
) -> Iterator[Tensor]:
    """One stored tensor as native ones: of experts that lie in one, as many as there are."""
    inside, outside = IN_LAYER.fullmatch(stored.name), OUTSIDE.fullmatch(stored.name)
    if inside and inside[2] in row.layer:
        part, kind, own = inside[2], inside[3], row.layer[inside[2]]
        name = f"{row.layers}.{inside[1]}.{own}.{kind}"
    elif outside and outside[1] in row.outside:
        part, kind, own = outside[1], outside[2], row.outside[outside[1]]
        name = f"{own}.{kind}"
    else:
        raise _not_of(header, row, stored)
    transposed = kind == "weight" and own in row.transposed
    whole = _checked(
        header,
        GgufTensor(
            name=name,
            dtype=stored.type.dtype or stored.type.name,
            shape=stored.shape[::-1] if transposed else stored.shape,
            file=header.file,
            start=stored.start,
            stop=stored.stop,
            type=stored.type.name,
            lies=stored.shape,
            heads=heads.get(part, 0),
            transposed=transposed,
        ),
    )
    if row.raised and part.endswith("norm"):  # the difference is not one of these halves
        whole = replace(whole, raised=row.raised, dtype="F32")
    if own.startswith(EXPERTS):
        experts = (whole.part(number) for number in range(whole.shape[0]))
        for number, expert in enumerate(experts):
            yield replace(expert, name=name.format(expert=number))
    else:
        yield whole


def _checked(header: Header, tensor: GgufTensor) -> GgufTensor:
    """The same tensor, where its shape lets it be read as it is to be."""
    fits = len(tensor.shape) == 2 if tensor.transposed else True
    if tensor.heads:
        fits = tensor.shape[0] % (2 * tensor.heads) == 0
    if "{expert}" in tensor.name:
        fits = len(tensor.shape) == 3
    if not fits:
        raise AtlasError(
            f"has shape {list(tensor.lies)}, which is none that {tensor.name!r} can have",
            file=header.file,
            place=tensor.name,
            remedy=AGAIN,
        )
    return tensor


def _row_in_pairs(row: int, width: int) -> int:
    """Where a row lies that llama.cpp has put beside the one that it is rotated with.

    `width`: rows of a head. Its halves (0, 1, ..; half, half + 1, ..) are stored as (0, half, 1,
    half + 1, ..).
    """
    head, inside = divmod(row, width)
    second, number = divmod(inside, width // 2)
    return head * width + 2 * number + second


def _not_of(header: Header, row: GgufArchitecture, stored: Stored) -> AtlasError:
    return AtlasError(
        f"is a tensor that architecture {row.name!r} does not have",
        file=header.file,
        place=short(stored.name),
        remedy=gguf_config.ORIGINAL,
    )
