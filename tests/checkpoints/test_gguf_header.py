"""Headers of GGUF files read by hand: what is believed, and what is refused."""

from __future__ import annotations

import io
import itertools
import random
import struct
import time
from pathlib import Path
from typing import Any

import gguf
import gguf_models
import numpy as np
import pytest

from atlas.checkpoints import gguf_header
from atlas.checkpoints.gguf_pieces import Array
from atlas.checkpoints.gguf_types import TYPES
from atlas.errors import AtlasError

STRING, ARRAY, U32, BOOL = 8, 9, 4, 7


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key.encode()) + struct.pack("<I", kind) + value


def line(
    name: str = "a.weight", shape: tuple[int, ...] = (8,), kind: int = 0, offset: int = 0
) -> bytes:
    axes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name.encode()) + axes + struct.pack("<IQ", kind, offset)


def written(
    file: Path,
    pairs: tuple[bytes, ...] = (),
    lines: tuple[bytes, ...] = (line(),),
    content: int = 32,
    *,
    start: bytes = b"GGUF" + struct.pack("<I", 3),
    counts: tuple[int, int] | None = None,
) -> Path:
    numbers = struct.pack("<QQ", *(counts or (len(lines), len(pairs))))
    head = start + numbers + b"".join(pairs) + b"".join(lines)
    file.write_bytes(head + bytes(-len(head) % 32) + bytes(content))
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_types_are_those_of_the_gguf_package() -> None:
    """Only types that it can dequantise, or that are plain numbers, are known."""
    for number, kind in TYPES.items():
        theirs = gguf.GGMLQuantizationType(number)
        assert (theirs.name, gguf.GGML_QUANT_SIZES[theirs]) == (
            kind.name,
            (kind.values, kind.bytes),
        )
        if kind.quantised:
            block = np.zeros((1, kind.bytes), np.uint8)
            assert gguf.dequantize(block, theirs).shape == (1, kind.values)


@pytest.mark.parametrize("stored", ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0"])
def test_what_the_gguf_package_reads_is_read(tmp_path: Path, file: Path, stored: str) -> None:
    gguf_models.convert(gguf_models.make(tmp_path / "model"), file, stored)
    found, theirs = gguf_header.read(file), gguf.GGUFReader(file)
    assert [
        (tensor.name, tensor.type.name, tensor.shape, tensor.start, tensor.stop - tensor.start)
        for tensor in found.tensors
    ] == [
        (
            tensor.name,
            tensor.tensor_type.name,
            tuple(tensor.shape[::-1].tolist()),
            int(tensor.data_offset),
            int(tensor.n_bytes),
        )
        for tensor in theirs.tensors
    ]
    fields = {key: field for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
    assert list(found.metadata) == list(fields)
    for key, field in fields.items():
        value = found.metadata[key]
        if isinstance(value, Array):
            contents = field.contents()
            assert value.count == len(contents)
            assert value.values is None or list(value.values) == contents
        else:
            assert value == field.contents()


def test_every_kind_of_value(file: Path) -> None:
    packed = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
    pairs = [pair(f"x.{kind}", kind, struct.pack(form, 7)) for kind, form in packed.items()]
    pairs += [pair("x.6", 6, struct.pack("<f", 0.5)), pair("x.12", 12, struct.pack("<d", 0.1))]
    pairs += [pair("x.7", BOOL, b"\x01"), pair("x.8", STRING, text("ä".encode()))]
    words = struct.pack("<IQ", STRING, 2) + text(b"a") + text(b"")
    numbers = struct.pack("<IQ", U32, 2) + struct.pack("<II", 3, 4)
    pairs += [pair("x.words", ARRAY, words), pair("x.numbers", ARRAY, numbers)]
    many = struct.pack("<IQ", 0, 5000) + bytes(5000)
    pairs.append(pair("x.many", ARRAY, many))
    found = gguf_header.read(written(file, tuple(pairs))).metadata
    assert all(found[f"x.{kind}"] == 7 for kind in packed)
    assert (found["x.6"], found["x.12"], found["x.7"], found["x.8"]) == (0.5, 0.1, True, "ä")
    assert found["x.words"] == Array(2, None)
    assert found["x.numbers"] == Array(2, (3, 4))
    assert found["x.many"] == Array(5000, None)


def test_the_digest_is_of_the_metadata_that_begins_so(file: Path) -> None:
    one = pair("tokenizer.a", U32, struct.pack("<I", 1))
    other = pair("llama.a", U32, struct.pack("<I", 1))
    changed = pair("tokenizer.a", U32, struct.pack("<I", 2))
    digests = [
        gguf_header.read(written(file, pairs)).digest("tokenizer.")
        for pairs in ((one, other), (other, one), (one,), (changed,))
    ]
    assert digests[0] == digests[1] == digests[2] != digests[3]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "magic": ({"start": b"GGML\3\0\0\0"}, r"is no GGUF file: it begins with b'GGML'"),
    "LFS": ({"start": b"version https"}, "is a Git LFS pointer.*git lfs pull"),
    "version 1": ({"start": b"GGUF\1\0\0\0"}, "GGUF version 1; versions 2 and 3 are read; convert"),
    "version 4": ({"start": b"GGUF\4\0\0\0"}, "GGUF version 4"),
    "big-endian": ({"start": b"GGUF\0\0\0\3"}, "is big-endian; convert it anew"),
    "tensors": ({"counts": (2**40, 0)}, "corrupt: 1,099,511,627,776 tensors in 96 bytes"),
    "pairs": ({"counts": (1, 2**63)}, "corrupt: 9,223,372,036,854,775,808 pairs of metadata in"),
    "more pairs": ({"counts": (1, 2)}, "corrupt|truncated"),
    "key": ({"pairs": (struct.pack("<Q", 2**40),)}, "corrupt: key of 1,099,511,627,776 bytes"),
    "key utf-8": ({"pairs": (text(b"\xff") + bytes(5),)}, r"key before byte 33 is not UTF-8"),
    "twice": (
        {"pairs": (pair("a", 0, b"\0"), pair("a", 0, b"\0"))},
        "corrupt: key 'a' is there twice",
    ),
    "kind": ({"pairs": (pair("a", 13, b""),)}, "'a' has values of type 13, which is not known"),
    "bool": ({"pairs": (pair("a", BOOL, b"\2"),)}, "'a' is neither true nor false"),
    "string": (
        {"pairs": (pair("a", STRING, struct.pack("<Q", 2**25)),)},
        "corrupt: value of 'a' of 33,554,432 bytes, at most 16,777,216 are read",
    ),
    "nested": (
        {"pairs": (pair("a", ARRAY, struct.pack("<IQ", ARRAY, 1)),)},
        "'a' has values of type 9",
    ),
    "strings": (
        {"pairs": (pair("a", ARRAY, struct.pack("<IQ", STRING, 2**50)),)},
        "'a' has 1,125,899,906,842,624 strings in",
    ),
    "string in array": (
        {"pairs": (pair("a", ARRAY, struct.pack("<IQQ", STRING, 1, 2**62)),)},
        "a string of 'a' has 4,611,686,018,427,387,904 bytes",
    ),
    "numbers": (
        {"pairs": (pair("a", ARRAY, struct.pack("<IQ", U32, 2**60)),)},
        "truncated inside its header",
    ),
    "few": (
        {"pairs": (pair("a", ARRAY, struct.pack("<IQ", U32, 2000)),)},
        "truncated inside its header",
    ),
    "alignment": (
        {"pairs": (pair("general.alignment", U32, struct.pack("<I", 24)),)},
        "general.alignment: corrupt: alignment 24 is not a power of two",
    ),
    "alignment 0": (
        {"pairs": (pair("general.alignment", U32, struct.pack("<I", 0)),)},
        "alignment 0 is not",
    ),
    "alignment a word": (
        {"pairs": (pair("general.alignment", STRING, text(b"32")),)},
        "alignment '32' is not",
    ),
    "name": ({"lines": (line("a" * 65),)}, "name of a tensor of 65 bytes, at most 64"),
    "axes": ({"lines": (line(shape=()),)}, "'a.weight': corrupt: 0 axes, from 1 to 4"),
    "5 axes": ({"lines": (line(shape=(2,) * 5),)}, "corrupt: 5 axes"),
    "empty": ({"lines": (line(shape=(8, 0)),)}, r"corrupt: shape \[0, 8\]"),
    "huge": ({"lines": (line(shape=(2**30, 2**30)),)}, "corrupt: shape"),
    "wide": ({"lines": (line(shape=(2**40,)),)}, "corrupt: shape"),
    "type": ({"lines": (line(kind=4),)}, "stored as type 4, which is not known; known are F32"),
    "type 99": ({"lines": (line(kind=99),)}, "stored as type 99.*another quantisation"),
    "block": ({"lines": (line(shape=(48,), kind=8),)}, "rows of 48 values, Q8_0 has blocks of 32"),
    "same": (
        {"lines": (line(), line(offset=32)), "content": 64},
        "'a.weight': corrupt: is there twice",
    ),
    "overlap": (
        {"lines": (line(), line("b", offset=16)), "content": 64},
        "'b': corrupt: starts at offset 16, expected 32",
    ),
    "gap": (
        {"lines": (line(), line("b", offset=64)), "content": 96},
        "'b': corrupt: starts at offset 64, expected 32",
    ),
    "beyond": ({"lines": (line(offset=2**63),)}, "starts at offset 9,223,372,036,854,775,808"),
    "short": ({"content": 31}, "truncated: 95 bytes of 96; the download was cut short"),
    "long": ({"content": 64}, "corrupt: 32 bytes after the last tensor"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(file: Path, case: str) -> None:
    changes, message = REFUSED[case]
    written(file, **changes)
    with pytest.raises(AtlasError, match=rf"model\.gguf: .*({message})") as caught:
        gguf_header.read(file)
    assert caught.value.remedy


def test_the_last_tensor_may_end_the_file_or_be_filled_up(file: Path) -> None:
    for content in (4, 31, 32):
        lines = (line(shape=(1,)),)
        assert gguf_header.read(written(file, lines=lines, content=content)).tensors


def test_alignment_is_that_of_the_file(file: Path) -> None:
    aligned = pair("general.alignment", U32, struct.pack("<I", 8))
    lines = (line(shape=(2,)), line("b", shape=(2,), offset=8))
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 1) + aligned + b"".join(lines)
    file.write_bytes(head + bytes(-len(head) % 8) + bytes(16))
    assert [tensor.stop - tensor.start for tensor in gguf_header.read(file).tensors] == [8, 8]


def test_every_truncation_is_an_error_that_says_so(tmp_path: Path, file: Path) -> None:
    made = gguf_models.convert(gguf_models.make(tmp_path / "model", num_hidden_layers=1), file)
    header = gguf_header.read(made)
    first, last = header.tensors[0].start, header.tensors[-1].stop
    whole = made.read_bytes()
    for keep in itertools.chain(range(first), range(first, last, 997)):
        with pytest.raises(AtlasError, match=r"cut\.gguf: .*(truncated|corrupt)"):
            gguf_header.parse(io.BytesIO(whole[:keep]), keep, Path("cut.gguf"))


def test_flipped_bytes_are_errors_or_other_values(tmp_path: Path, file: Path) -> None:
    """No byte of a header can be changed so that anything but an `AtlasError` comes out."""
    made = gguf_models.convert(gguf_models.make(tmp_path / "model", num_hidden_layers=1), file)
    whole = made.read_bytes()
    drawn = random.Random(0)
    refused = 0
    for place in range(gguf_header.read(made).tensors[0].start):
        for value in (whole[place] ^ 0xFF, drawn.randrange(256)):
            changed = io.BytesIO(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                gguf_header.parse(changed, len(whole), made)
            except AtlasError:
                refused += 1
    assert refused > 1000


def test_a_long_vocabulary_is_passed_over_fast(file: Path) -> None:
    words = struct.pack("<IQ", STRING, 250_000) + text(b"token") * 250_000
    written(file, (pair("tokenizer.ggml.tokens", ARRAY, words),))
    start = time.perf_counter()
    assert gguf_header.read(file).metadata["tokenizer.ggml.tokens"] == Array(250_000, None)
    assert time.perf_counter() - start < 2  # a tenth of that on a machine of its own


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"none\.gguf: cannot be read"):
        gguf_header.read(tmp_path / "none.gguf")
