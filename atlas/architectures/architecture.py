"""A row of `architectures` resolved with a model's config: which tensors there are, and where.

No torch and no numpy: everything here works on names, shapes and configs. A weight is (out, in).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from atlas.architectures.row import EXPERT_MODULES, OUTSIDE, SHAPES, Flag, Row, Source
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError


@dataclass(frozen=True)
class Slot:
    """One tensor of a module under its canonical name, `attn.q.weight`, and where it is stored.

    `names` are the names on disk without the hub's prefix: one, or those of the numbered pieces
    that stand stacked along the first axis. `shape` is what is stored under each, that of the whole
    projection where it is fused; -1 stands for any length.
    """

    module: str
    canonical: str
    names: tuple[str, ...]
    shape: tuple[int, ...]
    source: Source

    @property
    def axis(self) -> int:
        """Along which axis the output features of a fused projection lie."""
        return -1 if self.canonical.endswith("bias") else -2


@dataclass(frozen=True)
class Routing:
    """How a mixture chooses: see `row.Mixture`, here with the config's numbers."""

    experts: int
    active: int
    renormalised: bool
    scores: Literal["softmax", "sigmoid"] = "softmax"
    groups: int = 1
    active_groups: int = 1
    scale: float = 1.0
    shared: int = 0


@dataclass(frozen=True)
class Architecture:
    """A row resolved with one model's config.

    The scales are factors: of the embedding's rows on their way into the first layer, of queries
    times keys, of what joins the residual stream, of the logits, and of what single modules read or
    give (that of keys is in `attention_scale`). `clamp` has alpha and limit of a
    gate with limits, None for act(gate) * up (`row.Clamp`). `limits`: of act(gate) and up, of an
    expert and of any other MLP. Where layers differ (`row.LayerKind`),
    `modules` are those of any layer, `routing` is that of the mixtures, and `views` has of every
    layer what this model would be if all were like it; `kinds` are the names of that layer's.
    """

    row: Row
    geometry: Geometry
    modules: tuple[str, ...]
    activation: str
    norm_eps: float
    routing: Routing | None
    clamp: tuple[float, float] | None
    embedding_scale: float
    attention_scale: float
    residual_scale: float
    logits_scale: float
    tied: bool
    flags: Mapping[str, bool] = field(repr=False)
    reads: Mapping[str, float] = field(default_factory=dict, repr=False)
    gives: Mapping[str, float] = field(default_factory=dict, repr=False)
    limits: tuple[float, float] = (math.inf, math.inf)
    views: tuple[Architecture, ...] = field(default=(), repr=False)
    kinds: tuple[str, ...] = ()

    def layer(self, number: int) -> Architecture:
        """What this model is in one layer: all that depends on it is to be asked of this."""
        return self.views[number] if self.views else self

    @property
    def attending(self) -> tuple[int, ...]:
        """The layers that have attention, and so heads."""
        layers = range(self.geometry.layers)
        return tuple(at for at in layers if "attn.q" in self.layer(at).modules)

    def require_attention(self) -> None:
        """Raise `AtlasError` where no layer has attention, for what is measured of heads."""
        if not self.attending:
            told = "no layer of this model has attention, so that it has no heads to measure"
            raise AtlasError(told, remedy="measure other analyses of it: atlas profile --analysis")

    @property
    def heads(self) -> tuple[int, ...]:
        """How many heads every layer has, 0 where it has no attention."""
        attending, layers = {*self.attending}, range(self.geometry.layers)
        return tuple(self.layer(at).geometry.heads if at in attending else 0 for at in layers)

    @property
    def told_kinds(self) -> str:
        """Which layers are of which kind, in words, `convolution in 0, 2; dense MLP in 0`; empty
        where all layers are alike and have attention."""
        return self._told([kind.name for kind in self.row.layer_kinds])

    @property
    def told_mixers(self) -> str:
        """The same of the kinds that have another mixer than attention, one beside it, or none."""
        mixing = ("attn.", "mixer.")
        kinds = [
            one for one in self.row.layer_kinds if any(n.startswith(mixing) for n in one.modules)
        ]
        return self._told([kind.name for kind in kinds])

    def _told(self, kinds: Sequence[str]) -> str:
        found: dict[str, list[str]] = {}
        for number, view in enumerate(self.views):
            for kind in view.kinds:
                found.setdefault(kind, []).append(str(number))
        told = (f"{kind} in {', '.join(found[kind])}" for kind in kinds if kind in found)
        return "; ".join(told)

    @property
    def blocks(self) -> tuple[Literal["attn", "mlp"], ...]:
        """What adds to the residual stream in a layer: attention or another mixer, and the MLP."""
        mixer, mlp = self.row.joins
        return (*(("attn",) if mixer else ()), *(("mlp",) if mlp else ()))

    def joins(self, block: Literal["attn", "mlp"]) -> Mapping[str, float]:
        """The live modules of a layer whose outputs, each times its factor, are what a block adds
        to the residual stream, but for the residual scale; none where there is no such block."""
        join = self.row.joins[block == "mlp"]
        modules = (join,) if isinstance(join, str) else join or ()
        factors = {
            self.live(module): factor
            for module, factor in self.gives.items()
            if module in self.row.modules
        }
        return {module: factors.get(module, 1.0) for module in modules}

    @property
    def model_type(self) -> str:
        return self.row.model_type

    @property
    def kind(self) -> Literal["decoder", "encoder"]:
        return self.row.kind

    @property
    def residual(self) -> Literal["sequential", "parallel", "post-norm"]:
        return self.row.residual

    @property
    def native(self) -> dict[str, str]:
        """Canonical module -> its native label, `self_attn.q_proj` or `attn.c_attn[q]`; where the
        layers have several, all of them, in the order of layers."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.modules}
        for view in self.views or (self,):
            for name in view.modules:
                found[name][view.row.modules[name].label] = None
        return {name: " or ".join(labels) for name, labels in found.items()}

    @property
    def live_layers(self) -> str:
        """Path of the module list of layers in the live model with its language-model head."""
        return self.row.live_prefix + (self.row.live_layers or self.row.layers)

    def live(self, module: str) -> str:
        """Live path of a canonical module, relative to its layer; outside layers: from the top.

        Where the live model has no single module for it, a bare parameter (`own_module` is False)
        or a list of pieces, the path of the module that holds these.
        """
        source = self.live_source(module)
        name = source.disk
        if source.pieces:
            name = name.partition(".{")[0]
        if source.pieces or source.bare:
            name = name.rpartition(".")[0]
        return self._from_the_top(module, name)

    def live_source(self, module: str) -> Source:
        """How the live model holds a canonical module: its name, and the share of what is there."""
        return (self.row.modules.get(module) or self.row.outside[module]).when_live

    def live_parameters(
        self, module: str, kind: Literal["weight", "bias"] = "weight"
    ) -> tuple[str, ...]:
        """Live paths of the parameter that holds a module's weight or bias, relative like `live`.

        Several where the live model has a list of pieces. Of a fused one `loaded.fused` takes the
        part that `live_source` names, of experts along axis -2 (bias: -1), after the last two axes
        of a transposed one have changed places.
        """
        source = self.live_source(module)
        name = self._from_the_top(module, source.tensor(kind))
        return numbered(name, source.pieces, self.width(source.pieces) if source.pieces else 1)

    def live_as_stored(self, slot: Slot) -> str | None:
        """Live path of the parameter that holds a tensor as it is stored, relative like `live`;
        None where the live model lays it out otherwise."""
        if slot.source.pieces or isinstance(slot.source.live, Source):
            return None
        kind: Literal["weight", "bias"] = "bias" if slot.canonical.endswith("bias") else "weight"
        (name,) = self.live_parameters(slot.module, kind)
        return name

    def own_module(self, module: str) -> bool:
        """Whether a live module computes this one alone, or fused, so that hooks see its output.

        Experts and attention sinks are parameters that other modules compute with.
        """
        source = self.live_source(module)
        return source.called and not source.bare

    def _from_the_top(self, module: str, name: str) -> str:
        if module in self.row.modules:
            return name
        return name[1:] if name.startswith("/") else self.row.live_prefix + name

    def has(self, module: str) -> bool:
        """Whether this model has a canonical module, within its layers or outside them."""
        return module in self.modules or (
            module in self.row.outside and self.flag(self.row.outside[module].present)
        )

    def flag(self, flag: Flag) -> bool:
        return self.flags[flag] if isinstance(flag, str) else flag

    def slots(self, layer: int) -> list[Slot]:
        """Every tensor of one layer, in canonical order."""
        place = f"{self.row.layers}.{layer}."
        view = self.layer(layer)
        return [
            slot
            for name in view.modules
            for slot in view._slots(name, view.row.modules[name], place)
        ]

    def stored(self, layer: int) -> tuple[str, ...]:
        """The modules of one layer that store a weight, which a norm need not."""
        return tuple(dict.fromkeys(slot.module for slot in self.slots(layer)))

    def outside(self, module: str) -> list[Slot]:
        """The tensors of one module outside the layers; none where the model has no such module."""
        if not self.has(module):
            return []
        return self._slots(module, self.row.outside[module], "")

    def _slots(self, module: str, source: Source, place: str) -> list[Slot]:
        shape = self._shape(module, source)
        is_norm = "norm" in module
        if is_norm and not self.row.norm.gain:
            return []
        bias = self.row.norm.bias if is_norm and source.bias is None else source.bias or False
        slots = [self._slot(module, "weight", source, place, shape)]
        if self.flag(bias):
            shape = shape if is_norm else shape[:1] if module == "mixer.conv" else shape[:-1]
            slots.append(self._slot(module, "bias", source, place, shape))
        return slots

    def _slot(
        self,
        module: str,
        kind: Literal["weight", "bias"],
        source: Source,
        place: str,
        shape: tuple[int, ...],
    ) -> Slot:
        """`shape` as (out, in), pieces stacked; the slot's is that of what is stored."""
        name = source.tensor(kind)
        name = name[1:] if name.startswith("/") else place + name
        names = numbered(name, source.pieces, shape[0])
        shape = shape[1:] if source.pieces else shape
        if source.transposed and kind == "weight":
            shape = (*shape[:-2], shape[-1], shape[-2])
        return Slot(module, f"{module}.{kind}", names, shape, source)

    def _shape(self, module: str, source: Source) -> tuple[int, ...]:
        """What is stored, as (out, in), experts before that."""
        words = self.row.shapes.get(module) or SHAPES.get(module, ("d_model",))
        if self.routing is not None and module in EXPERT_MODULES:
            words = ("experts", *words)
        *before, out, inputs = (1, *(self.width(word) for word in words))
        if source.split == "paired":
            out = 2 * self.width("q")
        elif source.part in ("q", "k", "v"):
            out = self.width("q") + 2 * self.width("kv")
        elif source.part in ("gate", "up"):
            out *= 2
        return (*before, out, inputs)[1:]

    def features(self, module: str) -> int:
        """How many values a module puts out at one position, all heads together."""
        if module in ("norm.q", "norm.k"):
            return self.width("q" if module == "norm.q" else "kv")
        words = self.row.shapes.get(module) or SHAPES.get(module, ("d_model",))
        return self.width(words[0])

    def width(self, word: str) -> int:
        """A length in words (`q`: heads x d_head, `kv`: key/value heads x d_head) as a number."""
        shape = self.geometry
        widths = {
            "q": shape.heads * shape.d_head,
            "kv": shape.kv_heads * shape.d_head,
            "heads": shape.heads,
            "kv_heads": shape.kv_heads,
            "experts": self.routing.experts if self.routing else 0,
            "d_model": shape.d_model,
            "d_head": shape.d_head,
            "d_mlp": shape.d_mlp,
            "d_shared": self.routing.shared if self.routing else 0,
            "vocabulary": shape.vocabulary,
            "one": 1,
            "any": -1,
        }
        return widths[word]

    def plain_names(self, stored: Iterable[str]) -> dict[str, str]:
        """Plain name -> name on disk: hub prefixes dropped, names of older versions renamed.

        Tensors of other parts of a model (`row.Part`) are left out.
        """
        plain: dict[str, str] = {}
        head = self.row.outside["unembedding"].disk[1:]
        for name in stored:
            prefix = next((one for one in self.row.prefixes if name.startswith(one)), "")
            short_name = name[len(prefix) :]
            if self.row.part and not prefix and not name.startswith(f"{head}."):
                continue
            for old, new in self.row.renamed.items():
                if short_name.endswith(old):
                    short_name = short_name[: -len(old)] + new
            plain[short_name] = name
        return plain

    def laid_out(self, stored: Iterable[str]) -> Architecture:
        """The same for weights with these plain names: some models are stored with their experts
        as the live model has them, stacked, and not one by one."""
        names = set(stored)
        first = next((at for at, view in enumerate(self._each()) if view.routing is not None), None)
        if first is None or all(slot.names[0] in names for slot in self.slots(first)):
            return self
        stacked = self._stacked()
        fits = all(slot.names[0] in names for slot in stacked.slots(first))
        return stacked if fits else self

    def _stacked(self) -> Architecture:
        """This architecture with all that is stored in pieces where the live model has it."""
        modules = {
            name: source.live if source.pieces and isinstance(source.live, Source) else source
            for name, source in self.row.modules.items()
        }
        views = {id(view): view._stacked() for view in self.views}
        return replace(
            self,
            row=replace(self.row, modules=modules),
            views=tuple(views[id(view)] for view in self.views),
        )

    def _each(self) -> Iterator[Architecture]:
        """What the model is in each of its layers."""
        return (self.layer(number) for number in range(self.geometry.layers))

    def known_names(self) -> set[str]:
        """Every plain name that this row reads."""
        slots = [
            slot
            for form in (self, self._stacked())
            for layer in range(self.geometry.layers)
            for slot in form.slots(layer)
        ]
        slots += [slot for name in OUTSIDE for slot in self.outside(name)]
        return {name for slot in slots for name in slot.names}

    def buffer_names(self) -> set[str]:
        """Plain names of what older versions stored beside the weights: masks, frequencies."""
        return {
            pattern.replace("{i}", str(layer))
            for pattern in self.row.buffers
            for layer in range(self.geometry.layers)
        }

    def unread(self, stored: Iterable[str]) -> tuple[str, ...]:
        """Names on disk that belong to nothing that this row knows: heads for other tasks, layers
        beyond those of the config, adapters."""
        known = self.known_names() | self.buffer_names() | set(self.row.twins)
        return tuple(
            disk
            for plain, disk in self.plain_names(stored).items()
            if plain not in known and not plain.startswith(self.row.beside)
        )

    def require_single(self, stored: Iterable[str], folder: Path) -> None:
        """Raise `AtlasError` where two stored tensors are one of the model's: which of them is
        meant, nothing says, and transformers may take the other one."""
        held: dict[str, str] = {}
        for disk in stored:
            plain = next(iter(self.plain_names([disk])), None)
            if plain is None:
                continue
            if plain in held:
                raise AtlasError(
                    f"tensors {held[plain]!r} and {disk!r} are both {plain!r} of the model",
                    file=folder,
                    remedy="save the model anew with the one that is meant",
                )
            held[plain] = disk

    def other_parts(self, stored: Mapping[str, int]) -> int:
        """Elements of the tensors of other parts, which are in memory all the same when it runs."""
        return sum(stored.values()) - sum(
            stored[disk] for disk in self.plain_names(stored).values()
        )

    def parameters(self, stored: Mapping[str, int]) -> int:
        """How many parameters the model has, from the number of elements by name on disk.

        Buffers do not count, nor does a tied matrix that is stored a second time, nor what is
        `unread`.
        """
        plain = self.plain_names(stored)
        unread = set(self.unread(stored))
        skipped = self.buffer_names() | {name for name, disk in plain.items() if disk in unread}
        if self.tied:
            embedding, unembedding = self.row.outside["embedding"], self.row.outside["unembedding"]
            twins = {f"{unembedding.disk[1:]}.weight": f"{embedding.disk}.weight", **self.row.twins}
            skipped |= {copy for copy, original in twins.items() if original in plain}
        return sum(stored[name] for short_name, name in plain.items() if short_name not in skipped)


def numbered(name: str, word: str | None, count: int) -> tuple[str, ...]:
    """The name, or those of its pieces: `norms.{heads}` gives `norms.0`, `norms.1`..."""
    if word is None:
        return (name,)
    return tuple(name.replace(f"{{{word}}}", str(number)) for number in range(count))
