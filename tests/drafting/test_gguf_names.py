"""Names of models that are GGUF files: the file's own, or what its metadata says."""

from __future__ import annotations

from typing import Any

import gguf
import pytest

from atlas.drafting import gguf_names

SMOL = {
    "name": "Smollm2 135M 8k Lc100K Mix1 Ep2",
    "basename": "smollm2",
    "size_label": "135M",
    "finetune": "8k-lc100k-mix1-ep2",
    "file_type": 3,
}
GEMMA = {"name": "Gemma 3 270m", "basename": "gemma-3", "size_label": "270M", "file_type": 15}
PARTS = {"basename": "Llama-3.1", "size_label": "8B", "finetune": "Instruct"}

NAMES: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("SmolLM2-135M-Instruct.Q4_1", SMOL, "SmolLM2 135M Instruct", "Q4_1"),
    ("gemma-3-270m-q4_k_m", GEMMA, "Gemma 3 270M", "Q4_K_M"),
    ("gemma3-270m", GEMMA, "gemma3 270M", "Q4_K_M"),
    ("model", GEMMA, "Gemma 3 270M", "Q4_K_M"),
    ("ggml-model-q8_0", PARTS, "Llama 3.1 8B Instruct", "Q8_0"),
    ("llama-3.1-8b-instruct-Q6_K", PARTS, "Llama 3.1 8B Instruct", "Q6_K"),
    ("Some-Model_Q8_0", {}, "Some Model", "Q8_0"),
    ("some-model", {}, "some model", None),
    ("x-bf16", {"name": "", "basename": 7, "file_type": True}, "x", "BF16"),
    ("x.F32", {"name": "y" * 201, "file_type": 4096}, "x", "F32"),
    ("iq4-nl", {}, "iq4 nl", None),
    ("-Q8_0", {}, "Q8 0", "Q8_0"),
    ("wenxin", {"name": "\u6587\u5fc3"}, "wenxin", None),
]


@pytest.mark.parametrize(("stem", "said", "name", "stored"), NAMES)
def test_names(stem: str, said: dict[str, Any], name: str, stored: str | None) -> None:
    metadata = {f"general.{key}": value for key, value in said.items()}
    assert gguf_names.plain(stem, metadata) == name
    assert gguf_names.stored_as(stem, metadata) == stored


def test_file_types_are_those_of_the_gguf_package() -> None:
    theirs = {int(one): one.name.partition("_")[2] for one in gguf.LlamaFileType}
    for number, name in gguf_names.FILE_TYPES.items():
        assert theirs.get(number, name) == name
