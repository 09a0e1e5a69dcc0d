"""The columns of a row of `architectures`, and the canonical names that rows speak in.

Canonical modules of a layer: attn.q attn.k attn.v attn.o attn.gate attn.sinks router
router.correction mlp.up mlp.gate mlp.down shared.router shared.up shared.gate shared.down norm.attn
norm.attn_after norm.mlp norm.mlp_after norm.q norm.k (`after`: a norm of what a sublayer gives).
Outside the layers: embedding, unembedding, positions, token_types, embedding_norm, final_norm.

A mixer is what moves information between tokens. Where it is not attention, but a convolution,
linear attention or a state space, or stands beside attention, its modules are

mixer.in         what it reads of the stream: queries, keys and values, inputs and state matrices
mixer.gate       the gate on its output, where that is a projection of its own
mixer.rates      how much a token is written into the state and how fast that fades; where these
                 are two projections, mixer.write and mixer.decay
mixer.step       step sizes, from a narrower projection of them
mixer.step_bias  what is added to step sizes
mixer.conv       the convolution over neighbouring tokens, (channel, 1, width)
mixer.A          how fast the state fades, as a logarithm
mixer.D          the share of its input that goes past the state
mixer.norm       the norm before the output; mixer.norm_step, mixer.norm_B, mixer.norm_C within
mixer.out        what it writes to the stream

and `norm.attn` is the norm that it reads through.

In a mixture of experts the MLP keeps its three names: the experts' matrices stand stacked, `mlp.up`
is (expert, d_mlp, d_model) with d_mlp the width of one expert, whether they are stored one by one
or in one tensor; `router` is (expert, d_model). `Checkpoint.experts` reads them one at a time, so
that nothing has to hold all of them; a dense MLP comes out of it as one expert. What every token
goes through beside its experts is `shared.*`, where several stand stored as one wide MLP;
`shared.router` (1, d_model) says with what share a token takes it, all of it without one.
`act.alpha_p` and `act.alpha_n` bend the activation of a layer's MLP, above and below 0 (xIELU).
`router.correction` (expert,) is added to scores to choose the experts by, not to weight them with.

`attn.gate` reads what queries read; what it gives, through an activation, multiplies what the heads
give before `attn.o`, each value with its own or all of a head's with one. What a head writes then
depends on the token in more ways than its pattern. `index.q` and `index.k`, with norms of their
own, score keys, and attention looks at the blocks of keys that score highest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from atlas.architectures.layer_rules import Rule

CANONICAL = (
    "attn.q",
    "attn.k",
    "attn.v",
    "attn.o",
    "attn.gate",
    "attn.sinks",
    "index.q",
    "index.k",
    "mixer.in",
    "mixer.gate",
    "mixer.rates",
    "mixer.write",
    "mixer.decay",
    "mixer.step",
    "mixer.step_bias",
    "mixer.conv",
    "mixer.A",
    "mixer.D",
    "mixer.norm",
    "mixer.norm_step",
    "mixer.norm_B",
    "mixer.norm_C",
    "mixer.out",
    "router",
    "router.correction",
    "mlp.up",
    "mlp.gate",
    "mlp.down",
    "act.alpha_p",
    "act.alpha_n",
    "shared.router",
    "shared.up",
    "shared.gate",
    "shared.down",
    "norm.attn",
    "norm.mlp",
    "norm.attn_after",
    "norm.mlp_after",
    "norm.q",
    "norm.k",
    "norm.index_q",
    "norm.index_k",
)
OUTSIDE = (
    "embedding",
    "positions",
    "token_types",
    "embedding_norm",
    "final_norm",
    "unembedding",
)

Join = str | tuple[str, ...] | None
"""A live module whose output joins the residual stream, or several whose outputs are added; None
where a layer has no such block."""

Flag = bool | str
"""True, False, or the config key that says so."""

ScaleName = Literal["embedding", "attention", "residual", "logits"]

EXPERT_MODULES = ("mlp.up", "mlp.gate", "mlp.down")
"""What every expert of a mixture has its own of."""

NO_MAPS = ("mixer.A", "shared.router")
"""Weights with two axes that are a few numbers, or one vector, and no matrix that maps anything."""

CHOOSING = ("router.correction", "index.q", "index.k", "norm.index_q", "norm.index_k")
"""What only chooses experts or keys, and weights nothing: no gradient reaches it."""

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
    "attn.gate": ("q", "d_model"),
    "attn.sinks": ("heads",),
    **dict.fromkeys(("mixer.in", "mixer.gate", "mixer.write", "mixer.decay"), ("any", "d_model")),
    **dict.fromkeys(("mixer.rates", "mixer.step"), ("any", "any")),
    **dict.fromkeys(("mixer.step_bias", "mixer.A", "mixer.D", "mixer.norm"), ("any",)),
    **dict.fromkeys(("mixer.norm_step", "mixer.norm_B", "mixer.norm_C"), ("any",)),
    **dict.fromkeys(("index.q", "index.k"), ("any", "d_model")),
    **dict.fromkeys(("norm.index_q", "norm.index_k"), ("any",)),
    "mixer.conv": ("any", "one", "any"),
    "mixer.out": ("d_model", "any"),
    "router": ("experts", "d_model"),
    "router.correction": ("experts",),
    **dict.fromkeys(("act.alpha_p", "act.alpha_n"), ("one",)),
    "mlp.up": ("d_mlp", "d_model"),
    "mlp.gate": ("d_mlp", "d_model"),
    "mlp.down": ("d_model", "d_mlp"),
    "shared.router": ("one", "d_model"),
    "shared.up": ("d_shared", "d_model"),
    "shared.gate": ("d_shared", "d_model"),
    "shared.down": ("d_model", "d_shared"),
    "norm.q": ("d_head",),
    "norm.k": ("d_head",),
    "embedding": ("vocabulary", "d_model"),
    "unembedding": ("vocabulary", "d_model"),
    "positions": ("any", "d_model"),
    "token_types": ("any", "d_model"),
}
"""Shape of a module's weight in words; a norm that is not listed has (d_model,).

In a mixture the MLP's matrices have the experts before that. No geometry says how wide other
mixers than attention are.
"""

ATTENTION = ("attn.q", "attn.k", "attn.v", "attn.o", "attn.gate", "norm.q", "norm.k")
"""What a layer lacks whose mixer is not attention."""


@dataclass(frozen=True)
class Norm:
    """A row's norms: `layer` subtracts the mean, `rms` does not; the gain is offset + weight.

    `eps` is a config key, or a number where the config has none. Without `gain` nothing is stored,
    and the gain is 1.
    """

    kind: Literal["layer", "rms"]
    eps: str | float
    bias: Flag = False
    offset: float = 0.0
    gain: bool = True


@dataclass(frozen=True)
class Source:
    """Where one canonical module lies.

    `disk` and `live` are module names relative to the layer (outside layers: to the base model, or
    absolute with a leading `/`); `live` is only given where it differs: a name, or a source of its
    own where the live model also lays the values out otherwise. `{experts}`, `{heads}`,
    `{kv_heads}` in a name: numbered pieces, stacked along a new first axis. `bare`: the tensor is
    a parameter of that very name (its bias `name_bias`) and no module's `weight`.

    `bias` of a norm, where given, overrules that of the row's norms. `part` names the share of a
    fused projection, `split` how its output features are laid out: `stacked` (all of q, then k,
    then v), `grouped` (per key/value head: its queries, its key, its value; with as many key/value
    heads as heads that is q, k, v per head), `interleaved` (gate, up, gate, up) or `paired` (per
    head: its queries, its gate). `transposed`:
    stored as (in, out). `skip`: so many first rows belong to nothing. `present` False leaves the
    module out. `called` False: no hook sees what it gives of its input by its weights alone, for
    another module computes with them.
    """

    disk: str
    live: str | Source | None = None
    bias: Flag | None = None
    part: Literal["q", "k", "v", "gate", "up"] | None = None
    split: Literal["stacked", "grouped", "interleaved", "paired"] | None = None
    transposed: bool = False
    bare: bool = False
    skip: int = 0
    present: Flag = True
    called: bool = True

    @property
    def label(self) -> str:
        """As people know it: `self_attn.q_proj`, `attn.c_attn[q]`, `mlp.experts.*.up_proj`."""
        name = self.disk.replace(f"{{{self.pieces}}}", "*") if self.pieces else self.disk
        return f"{name}[{self.part}]" if self.part else name

    @property
    def when_live(self) -> Source:
        """The same module in the live model."""
        if isinstance(self.live, Source):
            return self.live
        return self if self.live is None else replace(self, disk=self.live, live=None)

    @property
    def pieces(self) -> str | None:
        """The word that counts the numbered pieces it is stored in, `experts`; None for one."""
        _, brace, rest = self.disk.partition("{")
        return rest.partition("}")[0] if brace else None

    def tensor(self, kind: Literal["weight", "bias"]) -> str:
        """The name of its weight or bias, relative like `disk`."""
        if self.bare:
            return self.disk if kind == "weight" else f"{self.disk}_bias"
        return f"{self.disk}.{kind}"


@dataclass(frozen=True)
class Scale:
    """A factor that the config states: the value of `key`, or number `at` of those that are listed
    there, to the power of `power`."""

    key: str
    power: float = 1.0
    at: int | None = None


@dataclass(frozen=True)
class Mixture:
    """A mixture of experts: a token goes to the `active` ones that the router scores highest.

    Their outputs are added with these scores as weights: the softmax over all experts, or the
    logistic function of each. They are divided by the sum of those chosen where `renormalised`,
    and multiplied with the value of `scale`. `groups`: how many groups the experts form, and in
    how many of them, those with the highest sum of two scores, experts are chosen. `shared`: the
    width of what every token goes through beside them, the product of these. All are config keys.
    """

    experts: str
    active: str
    renormalised: Flag
    scores: Literal["softmax", "sigmoid"] = "softmax"
    groups: tuple[str, str] | None = None
    scale: str | None = None
    shared: tuple[str, ...] = ()

    @property
    def keys(self) -> set[str]:
        """Every key of a config that it reads."""
        found = {self.experts, self.active, *(self.groups or ()), *self.shared}
        found |= {self.scale} if self.scale else set()
        return found | ({self.renormalised} if isinstance(self.renormalised, str) else set())


@dataclass(frozen=True)
class Clamp:
    """A gate with limits: (u + 1) g s(alpha g) with g = min(gate, limit), u = up within +-limit.

    s is the logistic function; both numbers are config keys.
    """

    alpha: str
    limit: str


@dataclass(frozen=True)
class Part:
    """The part of a model that a row describes, where it is one of several: that which the config
    describes under `key`, with one of these model types, the first of them if it does not say.

    What is stored below no prefix of the row belongs to other parts, but for its head.
    """

    key: str
    model_types: tuple[str, ...]


@dataclass(frozen=True)
class Rounded:
    """How the MLP's width follows from the one that a config states, where its key `where` is true:
    two thirds of that, times the value of `factor`, rounded up to a multiple of that of `multiple`.
    """

    where: str
    factor: str
    multiple: str


@dataclass(frozen=True)
class Key:
    """In `requires`: the value has to be that of another key."""

    name: str


@dataclass(frozen=True)
class Variant:
    """Columns that are others where the config has all of these values."""

    when: Mapping[str, object]
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class LayerKind:
    """What is otherwise in some of a model's layers, those that `where` means.

    `name`: what such a layer has, for people: `convolution`, `dense MLP`. `modules`: canonical
    module -> its source there, beside the row's own, or None where such a layer has none of it.
    `columns`: other columns of the row that are others there; `...` in `joins` leaves one as it is,
    and of `keys` those that are not named stay.
    Kinds that mean the same layer are applied in turn, so that one may choose its mixer and another
    its MLP.
    """

    name: str
    where: Rule
    modules: Mapping[str, Source | None]
    columns: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, row: Row) -> Row:
        """The row as it is of such a layer."""
        modules = {**row.modules, **self.modules}
        kept = {name: source for name, source in modules.items() if source is not None}
        columns = dict(self.columns)
        if "joins" in columns:
            both = zip(row.joins, columns["joins"], strict=True)
            columns["joins"] = tuple(own if new is ... else new for own, new in both)
        if "keys" in columns:
            columns["keys"] = {**row.keys, **columns["keys"]}
        return replace(row, modules=kept, **columns)


@dataclass(frozen=True)
class Row:
    """One family, as data. See `architectures` for what every column means."""

    model_type: str
    layers: str
    modules: Mapping[str, Source]
    outside: Mapping[str, Source]
    norm: Norm
    joins: tuple[Join, Join]
    prefixes: tuple[str, ...] = ()
    live_prefix: str = ""
    live_layers: str | None = None
    kind: Literal["decoder", "encoder"] = "decoder"
    part: Part | None = None
    keys: Mapping[str, str | int | None] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    activation: str = "hidden_act"
    mlp_unsaid: bool = False
    mlp_rounded: Rounded | None = None
    older_keys: Mapping[str, str] = field(default_factory=dict)
    meant: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mixture: Mixture | None = None
    clamp: Clamp | None = None
    gate: Literal["sigmoid", "softplus"] | None = None
    scales: Mapping[ScaleName, Scale] = field(default_factory=dict)
    reads: Mapping[str, Scale] = field(default_factory=dict)
    gives: Mapping[str, Scale] = field(default_factory=dict)
    residual: Literal["sequential", "parallel", "post-norm"] = "sequential"
    attn_input: str | None = "norm.attn"
    mlp_input: str | None = "norm.mlp"
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    requires: Mapping[str, object] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    layer_kinds: tuple[LayerKind, ...] = ()
    heads_by_layer: str | None = None
    limits_by_layer: tuple[str, str] | None = None

    @property
    def config_reads(self) -> frozenset[str]:
        """Every key of a config that the row reads."""
        sources = [*self.modules.values(), *self.outside.values()]
        flags: list[object] = [flag for one in sources for flag in (one.bias, one.present)]
        flags += [self.norm.bias, self.norm.eps]
        found = {flag for flag in flags if isinstance(flag, str)}
        found |= {"tie_word_embeddings", self.activation, *self.config_keys.values()}
        found |= {*self.defaults, *self.meant, *self.requires}
        found |= {self.heads_by_layer} if self.heads_by_layer else set()
        found |= {*(self.limits_by_layer or ())}
        found |= {*self.older_keys, *self.older_keys.values()}
        scales = [*self.scales.values(), *self.reads.values(), *self.gives.values()]
        found |= {scale.key for scale in scales}
        found |= {key for variant in self.variants for key in variant.when}
        for kind in self.layer_kinds:
            found |= {*kind.where.keys, *replace(kind.applied(self), layer_kinds=()).config_reads}
        if self.mixture is not None:
            found |= self.mixture.keys
        if (held := self.mlp_rounded) is not None:
            found |= {held.where, held.factor, held.multiple}
        if self.clamp is not None:
            found |= {self.clamp.alpha, self.clamp.limit}
        return frozenset(found)

    def may_lack(self, module: str) -> bool:
        """Whether models of this row may have a canonical module in no layer."""
        return module not in self.modules or any(
            kind.modules.get(module, ...) is None for kind in self.layer_kinds
        )

    def never_has(self, count: str) -> bool:
        """Whether no model of this row has any of what a count or width of geometry counts."""
        return self.keys.get(count) == 0

    @property
    def config_keys(self) -> dict[str, str]:
        """Geometry's fields -> the key of the config that says each, where a key does."""
        keys = {**GEOMETRY_KEYS, **self.keys}
        return {name: key for name, key in keys.items() if isinstance(key, str)}
