"""The language part of models that also see, whose config describes each part under a key."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.row import Part, Row
from atlas.architectures.rows.gated_delta import QWEN3_5_MOE_TEXT, QWEN3_5_TEXT
from atlas.architectures.rows.llama_like import GEMMA3_TEXT, MISTRAL, QWEN3


def within(row: Row, model_type: str, *model_types: str) -> Row:
    """The row of a model one part of which is like a row: names as they are today and as they
    were, of the body and of the model with its head."""
    return replace(
        row,
        model_type=model_type,
        part=Part("text_config", model_types),
        prefixes=("language_model.model.", "model.language_model.", "language_model."),
        live_prefix="model.language_model.",
    )


GEMMA3 = replace(
    within(GEMMA3_TEXT, "gemma3", "gemma3_text"),
    defaults={**GEMMA3_TEXT.defaults, "num_attention_heads": 8, "vocab_size": 262208},
)

MISTRAL3 = replace(
    within(MISTRAL, "mistral3", "mistral", "ministral3"),
    defaults={**MISTRAL.defaults, "tie_word_embeddings": True},
)

QWEN3_VL = within(QWEN3, "qwen3_vl", "qwen3_vl_text")

QWEN3_5 = within(QWEN3_5_TEXT, "qwen3_5", "qwen3_5_text")

QWEN3_5_MOE = within(QWEN3_5_MOE_TEXT, "qwen3_5_moe", "qwen3_5_moe_text")
