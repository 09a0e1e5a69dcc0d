"""Quantised copies of a reference model: its values in blocks, in one GGUF file.

Written as llama.cpp's converter does it, with the `gguf` package: matrices in blocks of one type,
gains as float32, and the rows of queries and keys in pairs. The same weights give the same bytes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas import paths
from atlas.checkpoints import gguf_folder
from atlas.errors import AtlasError, suggest
from atlas.files import json_file

if TYPE_CHECKING:
    import torch

ORIGINAL, NORMAL, CONTROL = "llama", 1, 3
"""The model that is quantised; kinds of tokens, by llama.cpp's numbers."""


@dataclass(frozen=True)
class Quantised:
    """A copy of the reference Llama, stored in blocks of `type`, a type of ggml."""

    name: str
    type: str

    @property
    def original(self) -> Path:
        """The folder of the model whose values it has."""
        return paths.zoo_folder(ORIGINAL)


COPIES = {
    copy.name: copy for copy in (Quantised("llama-q8_0", "Q8_0"), Quantised("llama-q4_0", "Q4_0"))
}


def named(name: str) -> Quantised:
    """The copy of that name; `AtlasError` where there is none."""
    if name not in COPIES:
        problem = f"no quantised copy is called {name!r}"
        raise AtlasError(problem, remedy=suggest(name, sorted(COPIES)))
    return COPIES[name]


def write(copy: Quantised, out: Path) -> Path:
    """Quantise the original into `out`; the file that was written."""
    import gguf

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / gguf_folder.NAME
        writer = gguf.GGUFWriter(made, "llama")
        _describe(writer, copy)
        for name, values in _converted(copy.original):
            kind = gguf.GGMLQuantizationType[copy.type if values.ndim > 1 else "F32"]
            stored = gguf.quantize(values.float().numpy(), kind)
            writer.add_tensor(name, stored, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        json_file.write_atomic(out / gguf_folder.NAME, made.read_bytes())
    return out / gguf_folder.NAME


def _describe(writer: Any, copy: Quantised) -> None:
    """The file's metadata: what it is, the model's shape, its tokenizer."""
    import gguf

    config = json_file.read_object(copy.original / "config.json")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(f"Reference Llama {copy.type}")
    writer.add_license("mit")
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{copy.type}"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _describe_tokens(writer, copy.original, config)


def _describe_tokens(writer: Any, original: Path, config: Mapping[str, Any]) -> None:
    read = json.loads((original / "tokenizer.json").read_text(encoding="utf-8"))
    numbered = read["model"]["vocab"]
    special = {token["content"] for token in read["added_tokens"]}
    tokens = sorted(numbered, key=lambda token: int(numbered[token]))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if token in special else NORMAL for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in read["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(True)


def _converted(original: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Every stored tensor by its name in GGUF, as llama.cpp wants it."""
    import gguf
    from safetensors.torch import load_file

    config = json_file.read_object(original / "config.json")
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    known = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for native, tensor in sorted(load_file(original / "model.safetensors").items()):
        module = native.removesuffix(".weight")
        several = heads.get(module.rpartition(".")[2])
        yield f"{known.get_name(module)}.weight", _in_pairs(tensor, several) if several else tensor


def _in_pairs(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """(row, d_model) -> the same rows, those that one rotation turns side by side."""
    halves = rows.reshape(heads, 2, -1, rows.shape[-1])
    return halves.transpose(1, 2).reshape(rows.shape)
