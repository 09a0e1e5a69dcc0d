"""What the atlas cannot read yet, and the concept that is missing, in plain words.

An error about one of these model types and the page of what is read tell the same reason. A type
with a row has no place here: delete its name when its row comes.
"""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "an encoder and a decoder that attends to it; the atlas reads models of one stack": (
        "bart bigbird_pegasus blenderbot blenderbot-small encoder-decoder florence2 fsmt led "
        "longt5 m2m_100 marian mbart mt5 mvp nllb-moe pegasus pegasus_x plbart prophetnet "
        "switch_transformers t5 t5gemma t5gemma2 umt5 vision-encoder-decoder"
    ),
    "keys and values from a shared low-rank projection (multi-head latent attention)": (
        "axk1 axk2 deepseek_v2 deepseek_v3 deepseek_v32 glm4_moe_lite glm_moe_dsa hy_v4 "
        "kimi_k25 kimi_linear longcat_flash minicpm3 youtu"
    ),
    "several residual streams side by side, in which the value of one block, the logit lens and "
    "contributions to the stream have no meaning": ("deepseek_v4 gemma3n gemma3n_text"),
    "keys that serve as values, keys and values shared by layers, and an embedding of the token "
    "that every layer adds again": ("gemma4 gemma4_text"),
    "a draft model, which reads the states of another one and computes nothing alone": (
        "gemma4_assistant gemma4_unified_assistant"
    ),
    "layers that mix tokens by state spaces, recurrence or linear attention of another kind": (
        "bailing_hybrid bamba minimax olmo_hybrid recurrent_gemma rwkv zamba zamba2"
    ),
    "experts that are given the token times its weight": "llama4 llama4_text",
    "a router that chooses one expert after the other": "phimoe",
    "queries and values of different widths": "mimo_v2_flash",
    "one weight for queries, values and keys, in parts that each hold some of all heads": "codegen",
    "a norm between the heads and o": "bitnet",
    "attention that is itself a mixture of experts": "jetmoe",
    "attention as the difference of two": "diffllama",
    "text that is made by removing noise from whole blocks": "diffusion_gemma",
    "two streams that take turns": "reformer xlnet",
    "layers that attend to pictures": "idefics mllama",
    "the same layers gone through several times": "hrm_text",
    "pictures or sound before the text, around a language part": (
        "audioflamingo3 emu3 emu3_text_model gemma4_unified glm4v glmasr hunyuan_vl idefics3 llava "
        "llava_next llava_onevision musicflamingo qwen2_5_vl qwen2_audio qwen2_vl qwen3_asr "
        "qwen3_vl_moe"
    ),
}
"""Reason -> model types."""

WHY: Mapping[str, str] = {
    name: reason for reason, names in REASONS.items() for name in names.split()
}
"""Model type -> reason."""
