"""A row of `architectures.py` resolved with a model's config: which tensors there are, and where.

No torch and no numpy: everything here works on names, shapes and configs. A weight is (out, in).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from atlas.entry import Geometry
from atlas.errors import AtlasError, short
from atlas.rows import CANONICAL, GEOMETRY_KEYS, OUTSIDE, SHAPES, Flag, Row, Source


@dataclass(frozen=True)
class Slot:
    """One tensor of a module under its canonical name, `attn.q.weight`, and where it is stored.

    `name` is the name on disk without the hub's prefix; `shape` is what is stored there, that of
    the whole projection where it is fused; -1 stands for any length.
    """

    module: str
    canonical: str
    name: str
    shape: tuple[int, ...]
    source: Source


@dataclass(frozen=True)
class Architecture:
    """A row resolved with one model's config."""

    row: Row
    geometry: Geometry
    modules: tuple[str, ...]
    activation: str
    norm_eps: float
    tied: bool | None
    flags: Mapping[str, bool] = field(repr=False)

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
        """Canonical module -> its native label, `self_attn.q_proj` or `attn.c_attn[q]`."""
        return {name: self.row.modules[name].label for name in self.modules}

    @property
    def live_blocks(self) -> str:
        """Path of the module list of blocks in the live model with its language-model head."""
        return self.row.live_prefix + (self.row.live_blocks or self.row.blocks)

    def live(self, module: str) -> str:
        """Live path of a canonical module, relative to its block; outside blocks: from the top."""
        if module in self.row.modules:
            return self.row.modules[module].live_name
        name = self.row.outside[module].live_name
        return name[1:] if name.startswith("/") else self.row.live_prefix + name

    def has(self, module: str) -> bool:
        """Whether this model has a canonical module, within its blocks or outside them."""
        return module in self.modules or (
            module in self.row.outside and self.flag(self.row.outside[module].present)
        )

    def flag(self, flag: Flag) -> bool:
        return self.flags[flag] if isinstance(flag, str) else flag

    def slots(self, layer: int) -> list[Slot]:
        """Every tensor of one block, in canonical order."""
        block = f"{self.row.blocks}.{layer}."
        return [
            slot
            for name in self.modules
            for slot in self._slots(name, self.row.modules[name], block)
        ]

    def outside(self, module: str) -> list[Slot]:
        """The tensors of one module outside the blocks; none where the model has no such module."""
        if not self.has(module):
            return []
        return self._slots(module, self.row.outside[module], "")

    def _slots(self, module: str, source: Source, block: str) -> list[Slot]:
        name = source.disk.removeprefix("/") if source.disk.startswith("/") else block + source.disk
        shape = self._shape(module, source)
        slots = [
            Slot(
                module,
                f"{module}.weight",
                f"{name}.weight",
                shape[::-1] if source.transposed else shape,
                source,
            )
        ]
        is_norm = "norm" in module
        if self.flag(self.row.norm.bias if is_norm else source.bias):
            slots.append(Slot(module, f"{module}.bias", f"{name}.bias", shape[:1], source))
        return slots

    def _shape(self, module: str, source: Source) -> tuple[int, ...]:
        """What is stored, as (out, in)."""
        words = self.row.shapes.get(module) or SHAPES.get(module, ("d_model",))
        shape = tuple(self.width(word) for word in words)
        if source.part in ("q", "k", "v"):
            return (self.width("q") + 2 * self.width("kv"), *shape[1:])
        if source.part in ("gate", "up"):
            return (2 * shape[0], *shape[1:])
        return shape

    def width(self, word: str) -> int:
        """A length in words (`q`: heads x d_head, `kv`: key/value heads x d_head) as a number."""
        shape = self.geometry
        widths = {
            "q": shape.heads * shape.d_head,
            "kv": shape.kv_heads * shape.d_head,
            "heads": shape.heads,
            "kv_heads": shape.kv_heads,
            "d_model": shape.d_model,
            "d_head": shape.d_head,
            "d_mlp": shape.d_mlp,
            "vocabulary": shape.vocabulary,
            "any": -1,
        }
        return widths[word]

    def plain_names(self, stored: Iterable[str]) -> dict[str, str]:
        """Plain name -> name on disk: hub prefixes dropped, names of older versions renamed."""
        plain: dict[str, str] = {}
        for name in stored:
            short_name = name
            for prefix in self.row.prefixes:
                if name.startswith(prefix):
                    short_name = name[len(prefix) :]
                    break
            for old, new in self.row.renamed.items():
                if short_name.endswith(old):
                    short_name = short_name[: -len(old)] + new
            plain[short_name] = name
        return plain

    def known_names(self) -> set[str]:
        """Every plain name that this row reads."""
        slots = [slot for layer in range(self.geometry.layers) for slot in self.slots(layer)]
        slots += [slot for name in OUTSIDE for slot in self.outside(name)]
        return {slot.name for slot in slots}

    def buffer_names(self) -> set[str]:
        """Plain names of what older versions stored beside the weights: masks, frequencies."""
        return {
            pattern.replace("{i}", str(layer))
            for pattern in self.row.buffers
            for layer in range(self.geometry.layers)
        }

    def parameters(self, stored: Mapping[str, int]) -> int:
        """How many parameters the model has, from the number of elements by name on disk.

        Buffers do not count, nor does a tied matrix that is stored a second time.
        """
        plain = self.plain_names(stored)
        skipped = self.buffer_names()
        if self.tied:
            embedding, unembedding = self.row.outside["embedding"], self.row.outside["unembedding"]
            twins = {f"{unembedding.disk[1:]}.weight": f"{embedding.disk}.weight", **self.row.twins}
            skipped |= {copy for copy, original in twins.items() if original in plain}
        return sum(stored[name] for short_name, name in plain.items() if short_name not in skipped)


def resolve(row: Row, config: Mapping[str, Any], where: Path | str) -> Architecture:
    """A row with one model's config filled in; `where` is the config's file, for errors."""
    settings = {**row.defaults, **config}
    for variant in row.variants:
        if all(settings.get(key) == value for key, value in variant.when.items()):
            row = replace(row, **variant.columns)
    reader = Reader(row, settings, where)
    for key, wanted in row.requires.items():
        if settings.get(key, wanted) != wanted:
            raise reader.wrong(key, f"{key} is {short(settings[key])}, the row reads {wanted!r}")
    sources = [*row.modules.values(), *row.outside.values()]
    flags = {flag for source in sources for flag in (source.bias, source.present)}
    flags.add(row.norm.bias)
    resolved = {flag: reader.truth(flag) for flag in flags if isinstance(flag, str)}

    def present(name: str) -> bool:
        flag = row.modules[name].present
        return resolved[flag] if isinstance(flag, str) else flag

    tied = settings.get("tie_word_embeddings")
    return Architecture(
        row=row,
        geometry=reader.geometry(),
        modules=tuple(name for name in CANONICAL if name in row.modules and present(name)),
        activation=reader.text(row.activation),
        norm_eps=reader.number(row.norm.eps),
        tied=None if tied is None else reader.truth("tie_word_embeddings"),
        flags=resolved,
    )


@dataclass(frozen=True)
class Reader:
    """Typed reading of a config; every error names the file and the key."""

    row: Row
    settings: Mapping[str, Any]
    where: Path | str

    def wrong(self, key: str, problem: str) -> AtlasError:
        return AtlasError(
            problem,
            file=self.where,
            place=key,
            remedy=f"this model differs from what the row {self.row.model_type!r} in "
            "atlas/architectures.py describes: correct the config, or the row",
        )

    def truth(self, key: str) -> bool:
        value = self.settings.get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, f"expected true or false, found {short(value)}")
        return value

    def text(self, key: str) -> str:
        value = self.settings.get(key)
        if not isinstance(value, str):
            raise self.wrong(key, f"expected a word, found {short(value)}")
        return value

    def number(self, key: str) -> float:
        value = self.settings.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self.wrong(key, f"expected a number above 0, found {short(value)}")
        return float(value)

    def count(self, field_name: str, fallback: int | None = None) -> int:
        key = self.row.keys.get(field_name, GEOMETRY_KEYS[field_name])
        if isinstance(key, int):
            return key
        value = self.settings.get(key)
        if value is None and fallback is not None:
            return fallback
        if type(value) is not int or not 0 < value < 2**31:
            raise self.wrong(key, f"expected a count, found {short(value)}")
        return value

    def geometry(self) -> Geometry:
        """Counts and widths: as many key/value heads as heads, and d_model / heads, if unsaid."""
        heads, d_model = self.count("heads"), self.count("d_model")
        kv_heads = self.count("kv_heads", heads)
        if heads % kv_heads:
            key = self.row.keys.get("kv_heads", GEOMETRY_KEYS["kv_heads"])
            raise self.wrong(
                str(key), f"{heads} heads cannot share {kv_heads} key/value heads evenly"
            )
        return Geometry(
            layers=self.count("layers"),
            heads=heads,
            kv_heads=kv_heads,
            d_model=d_model,
            d_head=self.count("d_head", d_model // heads or None),
            d_mlp=self.count("d_mlp", 4 * d_model if self.row.mlp_unsaid else None),
            vocabulary=self.count("vocabulary"),
        )
