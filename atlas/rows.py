"""The columns of a row of `architectures.py`, and the canonical names that rows speak in.

Canonical modules of a block: attn.q attn.k attn.v attn.o mlp.up mlp.gate mlp.down norm.attn
norm.mlp norm.q norm.k (norms after a sublayer: norm.attn_after norm.mlp_after). Outside the blocks:
embedding, unembedding, positions, token_types, embedding_norm, final_norm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CANONICAL = (
    "attn.q",
    "attn.k",
    "attn.v",
    "attn.o",
    "mlp.up",
    "mlp.gate",
    "mlp.down",
    "norm.attn",
    "norm.mlp",
    "norm.attn_after",
    "norm.mlp_after",
    "norm.q",
    "norm.k",
)
OUTSIDE = (
    "embedding",
    "positions",
    "token_types",
    "embedding_norm",
    "final_norm",
    "unembedding",
)

Flag = bool | str
"""True, False, or the config key that says so."""

GEOMETRY_KEYS: Mapping[str, str] = {
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "d_model": "hidden_size",
    "d_head": "head_dim",
    "d_mlp": "intermediate_size",
    "vocabulary": "vocab_size",
}

SHAPES: Mapping[str, tuple[str, ...]] = {
    "attn.q": ("q", "d_model"),
    "attn.k": ("kv", "d_model"),
    "attn.v": ("kv", "d_model"),
    "attn.o": ("d_model", "q"),
    "mlp.up": ("d_mlp", "d_model"),
    "mlp.gate": ("d_mlp", "d_model"),
    "mlp.down": ("d_model", "d_mlp"),
    "norm.q": ("d_head",),
    "norm.k": ("d_head",),
    "embedding": ("vocabulary", "d_model"),
    "unembedding": ("vocabulary", "d_model"),
    "positions": ("any", "d_model"),
    "token_types": ("any", "d_model"),
}
"""Shape of a module's weight in words; a norm that is not listed has (d_model,)."""


@dataclass(frozen=True)
class Norm:
    """A row's norms: `layer` subtracts the mean, `rms` does not; the gain is offset + weight."""

    kind: Literal["layer", "rms"]
    eps: str
    bias: Flag = False
    offset: float = 0.0


@dataclass(frozen=True)
class Source:
    """Where one canonical module lies.

    `disk` and `live` are module names relative to the block (outside blocks: to the base model, or
    absolute with a leading `/`); `live` is only given where it differs. `part` names the share of
    a fused projection, `split` how its output features are laid out: `stacked` (all of q, then k,
    then v) or `grouped` (per key/value head: its queries, its key, its value; with as many
    key/value heads as heads that is q, k, v per head). `present` False leaves the module out.
    """

    disk: str
    live: str | None = None
    bias: Flag = False
    part: Literal["q", "k", "v", "gate", "up"] | None = None
    split: Literal["stacked", "grouped"] | None = None
    transposed: bool = False
    present: Flag = True

    @property
    def label(self) -> str:
        """The native name as people know it: `self_attn.q_proj`, `attn.c_attn[q]`."""
        return f"{self.disk}[{self.part}]" if self.part else self.disk

    @property
    def live_name(self) -> str:
        return self.disk if self.live is None else self.live


@dataclass(frozen=True)
class Variant:
    """Columns that are others where the config has all of these values."""

    when: Mapping[str, object]
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One family, as data. See `architectures.py` for what every column means."""

    model_type: str
    blocks: str
    modules: Mapping[str, Source]
    outside: Mapping[str, Source]
    norm: Norm
    joins: tuple[str, str]
    prefixes: tuple[str, ...] = ()
    live_prefix: str = ""
    live_blocks: str | None = None
    kind: Literal["decoder", "encoder"] = "decoder"
    keys: Mapping[str, str | int] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    activation: str = "hidden_act"
    mlp_unsaid: bool = False
    residual: Literal["sequential", "parallel", "post-norm"] = "sequential"
    attn_input: str | None = "norm.attn"
    mlp_input: str | None = "norm.mlp"
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    requires: Mapping[str, object] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
