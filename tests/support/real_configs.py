"""What configs of published models hold beside their geometry: keys as they stand on the hub.

Many of these keys are read by no code any more. Tests hold that none of them keeps a model out.
"""

from __future__ import annotations

from typing import Any

_RUN = {"bos_token_id": 1, "eos_token_id": 2, "use_cache": True, "initializer_range": 0.02}
_LLAMA_3 = {
    **_RUN,
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "hidden_act": "silu",
    "max_position_embeddings": 131072,
    "mlp_bias": False,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_scaling": {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3",
    },
    "rope_theta": 500000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.43.0.dev0",
}
_GPT2 = {
    "activation_function": "gelu_new",
    "architectures": ["GPT2LMHeadModel"],
    "attn_pdrop": 0.1,
    "bos_token_id": 50256,
    "embd_pdrop": 0.1,
    "eos_token_id": 50256,
    "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-05,
    "n_ctx": 1024,
    "n_positions": 1024,
    "resid_pdrop": 0.1,
    "summary_activation": None,
    "summary_first_dropout": 0.1,
    "summary_proj_to_labels": True,
    "summary_type": "cls_index",
    "summary_use_proj": True,
    "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
}
_QWEN = {
    **_RUN,
    "attention_dropout": 0.0,
    "hidden_act": "silu",
    "max_position_embeddings": 131072,
    "max_window_layers": 28,
    "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0,
    "sliding_window": 131072,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
}
_EXPERTS = {"output_router_logits": False, "router_aux_loss_coef": 0.02}

REAL: dict[str, tuple[str, dict[str, Any]]] = {
    "all-MiniLM-L6-v2": (
        "bert",
        {
            "_name_or_path": "nreimers/MiniLM-L6-H384-uncased",
            "architectures": ["BertModel"],
            "attention_probs_dropout_prob": 0.1,
            "gradient_checkpointing": False,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "layer_norm_eps": 1e-12,
            "position_embedding_type": "absolute",
            "type_vocab_size": 2,
            "use_cache": True,
        },
    ),
    "bloom-560m": (
        "bloom",
        {
            "apply_residual_connection_post_layernorm": False,
            "attention_dropout": 0.0,
            "attention_softmax_in_fp32": True,
            "bias_dropout_fusion": True,
            "hidden_dropout": 0.0,
            "masked_softmax_fusion": True,
            "offset_alibi": 100,
            "pretraining_tp": 1,
            "seq_length": 2048,
            "skip_bias_add": True,
            "skip_bias_add_qkv": False,
            "slow_but_exact": False,
            "unk_token_id": 0,
        },
    ),
    "bloom": ("bloom", {"pretraining_tp": 4, "slow_but_exact": False, "use_cache": True}),
    "command-r": (
        "cohere",
        {"logit_scale": 0.0625, "model_max_length": 131072, "use_qk_norm": False},
    ),
    "falcon-7b": (
        "falcon",
        {
            "alibi": False,
            "apply_residual_connection_post_layernorm": False,
            "architectures": ["FalconForCausalLM"],
            "auto_map": {
                "AutoConfig": "configuration_falcon.FalconConfig",
                "AutoModelForCausalLM": "modeling_falcon.FalconForCausalLM",
            },
            "bias": False,
            "multi_query": True,
            "parallel_attn": True,
        },
    ),
    "falcon-rw-1b": ("falcon", {"alibi": True, "bias": True, "parallel_attn": False}),
    "gemma-2b": ("gemma", {**_RUN, "hidden_act": "gelu", "hidden_activation": None, "head_dim": 8}),
    "gemma-2-2b": (
        "gemma2",
        {
            **_RUN,
            "attention_dropout": 0.0,
            "attn_logit_softcapping": 50.0,
            "cache_implementation": "hybrid",
            "final_logit_softcapping": 30.0,
            "hidden_act": "gelu_pytorch_tanh",
            "hidden_activation": "gelu_pytorch_tanh",
            "query_pre_attn_scalar": 256,
            "sliding_window": 4096,
        },
    ),
    "gemma-3-1b": (
        "gemma3_text",
        {
            **_RUN,
            "attn_logit_softcapping": None,
            "cache_implementation": "hybrid",
            "final_logit_softcapping": None,
            "hidden_activation": "gelu_pytorch_tanh",
            "query_pre_attn_scalar": 256,
            "rope_local_base_freq": 10000,
            "rope_scaling": None,
            "sliding_window": 512,
            "sliding_window_pattern": 6,
        },
    ),
    "glm-4-9b": ("glm4", {**_RUN, "attention_bias": True, "partial_rotary_factor": 0.5}),
    "gpt2": ("gpt2", _GPT2),
    "alias-gpt2-small-x21": (
        "gpt2",
        {
            **_GPT2,
            "reorder_and_upcast_attn": True,
            "scale_attn_by_inverse_layer_idx": True,
            "scale_attn_weights": True,
        },
    ),
    "gpt-j-6b": (
        "gptj",
        {
            "attn_pdrop": 0.0,
            "gradient_checkpointing": False,
            "n_inner": None,
            "rotary": True,
            "rotary_dim": 4,
            "scale_attn_weights": True,
            "tie_word_embeddings": False,
            "tokenizer_class": "GPT2Tokenizer",
        },
    ),
    "pythia-70m": (
        "gpt_neox",
        {
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-05,
            "rotary_emb_base": 10000,
            "rotary_pct": 0.25,
            "tie_word_embeddings": False,
            "use_parallel_residual": True,
        },
    ),
    "gpt-oss-20b": (
        "gpt_oss",
        {
            **_EXPERTS,
            "experts_per_token": 2,
            "initial_context_length": 4096,
            "rope_scaling": {
                "beta_fast": 32.0,
                "beta_slow": 1.0,
                "factor": 32.0,
                "original_max_position_embeddings": 4096,
                "rope_type": "yarn",
                "truncate": False,
            },
            "sliding_window": 128,
            "swiglu_limit": 7.0,
        },
    ),
    "granite-3.1-2b": ("granite", {**_RUN, "attention_dropout": 0.1, "rope_scaling": None}),
    "llama-3.1-8b": ("llama", _LLAMA_3),
    "llama-2-7b": ("llama", {**_LLAMA_3, "rope_scaling": None, "pretraining_tp": 1}),
    "smollm2-135m": (
        "llama",
        {
            **_RUN,
            "is_llama_config": True,
            "rope_interleaved": False,
            "rope_scaling": None,
            "tie_word_embeddings": True,
        },
    ),
    "mistral-7b-v0.3": ("mistral", {**_RUN, "rms_norm_eps": 1e-05, "sliding_window": None}),
    "mixtral-8x7b": ("mixtral", {**_RUN, **_EXPERTS, "sliding_window": None}),
    "olmo-2-7b": ("olmo2", {**_RUN, "attention_bias": False, "rms_norm_eps": 1e-06}),
    "olmoe-1b-7b": (
        "olmoe",
        {**_RUN, **_EXPERTS, "clip_qkv": None, "norm_topk_prob": False, "rope_scaling": None},
    ),
    "opt-125m": (
        "opt",
        {
            "_remove_final_layer_norm": False,
            "activation_function": "relu",
            "do_layer_norm_before": True,
            "dropout": 0.1,
            "init_std": 0.02,
            "layerdrop": 0.0,
            "prefix": "</s>",
            "word_embed_proj_dim": 32,
        },
    ),
    "phi-2": (
        "phi",
        {
            **_RUN,
            "embd_pdrop": 0.0,
            "partial_rotary_factor": 0.4,
            "qk_layernorm": False,
            "resid_pdrop": 0.1,
            "rope_scaling": None,
        },
    ),
    "phi-3-mini-4k": (
        "phi3",
        {
            **_RUN,
            "attention_bias": False,
            "auto_map": {"AutoConfig": "configuration_phi3.Phi3Config"},
            "original_max_position_embeddings": 4096,
            "rope_scaling": None,
            "sliding_window": 2047,
        },
    ),
    "qwen2.5-7b": ("qwen2", {**_QWEN, "use_mrope": False}),
    "qwen3-8b": ("qwen3", {**_QWEN, "attention_bias": False, "rope_scaling": None}),
    "qwen3-30b-a3b": (
        "qwen3_moe",
        {
            **{**_QWEN, **_EXPERTS},
            "decoder_sparse_step": 1,
            "intermediate_size": 768,
            "mlp_only_layers": [],
            "norm_topk_prob": True,
        },
    ),
    "smollm3-3b": ("smollm3", {**_RUN, "max_window_layers": 28, "no_rope_layer_interval": 4}),
    "stablelm-3b-4e1t": ("stablelm", {**_RUN, "rope_pct": 0.25, "use_qkv_bias": False}),
    "starcoder2-3b": (
        "starcoder2",
        {**_RUN, "activation_function": "gelu", "mlp_type": "default", "norm_type": "layer_norm"},
    ),
}
"""Model -> its `model_type`, and keys of its config as published."""
