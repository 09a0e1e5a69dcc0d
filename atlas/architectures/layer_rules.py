"""Rules by which a config says which of its layers are of some kind, as data.

A rule reads config.json alone. `layers` gives the numbers of the layers, or None where the config
has none of the rule's keys, so that another rule may say it. It raises `UnreadableKeyError` for
values that say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Settings = Mapping[str, Any]
Layers = frozenset[int]


NEXT = "num_nextn_predict_layers"


class UnreadableKeyError(ValueError):
    """A key whose value is not what a rule expects."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key


class Rule(Protocol):
    """Which layers of a model are meant."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of a config that it reads."""

    def layers(self, settings: Settings, count: int) -> Layers | None:
        """The layers that are meant, of so many; None where no key of it is there."""


@dataclass(frozen=True)
class Words:
    """Layers whose word in the list at `key` is one of `chosen`; `others` are the words of the
    rest. The list may be a text with a letter for each layer; what `NEXT` says of further layers,
    that predict tokens after the next, is left out."""

    key: str
    chosen: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def layers(self, settings: Settings, count: int) -> Layers | None:
        listed = settings.get(self.key)
        if listed is None:
            return None
        further = settings.get(NEXT)
        if type(further) is int and isinstance(listed, list) and len(listed) == count + further:
            listed = listed[:count]
        if not isinstance(listed, list | str) or len(listed) != count:
            raise UnreadableKeyError(self.key, f"expected a word for each of {count} layers")
        for word in listed:
            if word not in (*self.chosen, *self.others):
                known = ", ".join((*self.chosen, *self.others))
                raise UnreadableKeyError(
                    self.key, f"no kind of layer {str(word)[:40]!r}; known: {known}"
                )
        return frozenset(at for at, word in enumerate(listed) if word in self.chosen)


@dataclass(frozen=True)
class First:
    """The first so many layers as `key` says."""

    key: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def layers(self, settings: Settings, count: int) -> Layers | None:
        if settings.get(self.key) is None:
            return None
        return frozenset(range(min(_natural(settings, self.key), count)))


@dataclass(frozen=True)
class Numbers:
    """The layers whose numbers are listed at `key`, counted from `start`; a text has commas."""

    key: str
    start: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def layers(self, settings: Settings, count: int) -> Layers | None:
        listed = settings.get(self.key)
        if listed is None:
            return None
        if isinstance(listed, str) and all(one.strip().isdecimal() for one in listed.split(",")):
            listed = [int(one) for one in listed.split(",")]
        if not isinstance(listed, list) or any(type(one) is not int for one in listed):
            raise UnreadableKeyError(self.key, "expected a list of layers")
        return frozenset(one - self.start for one in listed)


@dataclass(frozen=True)
class Flags:
    """The layers with a 1 in the list of 0 and 1 at `key`, in the mapping at `within` if any."""

    key: str
    within: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.within or self.key,)

    def layers(self, settings: Settings, count: int) -> Layers | None:
        held = settings.get(self.within) if self.within else settings
        listed = held.get(self.key) if isinstance(held, Mapping) else None
        if listed is None:
            return None
        if not isinstance(listed, list) or len(listed) != count or {*map(str, listed)} - {"0", "1"}:
            raise UnreadableKeyError(self.keys[0], f"expected 0 or 1 for each of {count} layers")
        return frozenset(at for at, flag in enumerate(listed) if flag)


@dataclass(frozen=True)
class Every:
    """One layer in so many as `period` says: layer `offset`, a number or a key, and on from it."""

    period: str
    offset: int | str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.period, *([self.offset] if isinstance(self.offset, str) else []))

    def layers(self, settings: Settings, count: int) -> Layers | None:
        if any(settings.get(key) is None for key in self.keys):
            return None
        step = _natural(settings, self.period, least=1)
        offset = self.offset
        start = _natural(settings, offset) if isinstance(offset, str) else offset
        return frozenset(at for at in range(count) if (at - start) % step == 0)


@dataclass(frozen=True)
class These:
    """Layers of these numbers, whatever the config says."""

    numbers: tuple[int, ...]
    keys: tuple[str, ...] = ()

    def layers(self, settings: Settings, count: int) -> Layers | None:
        return frozenset(self.numbers) & frozenset(range(count))


@dataclass(frozen=True)
class All:
    """Every layer, whatever the config says."""

    keys: tuple[str, ...] = ()

    def layers(self, settings: Settings, count: int) -> Layers | None:
        return frozenset(range(count))


@dataclass(frozen=True)
class Others:
    """The layers that a rule does not mean."""

    rule: Rule

    @property
    def keys(self) -> tuple[str, ...]:
        return self.rule.keys

    def layers(self, settings: Settings, count: int) -> Layers | None:
        meant = self.rule.layers(settings, count)
        return None if meant is None else frozenset(range(count)) - meant


@dataclass(frozen=True)
class Either:
    """The layers of the first of several rules that the config has the keys of."""

    rules: tuple[Rule, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return _keys(self.rules)

    def layers(self, settings: Settings, count: int) -> Layers | None:
        found = (rule.layers(settings, count) for rule in self.rules)
        return next((layers for layers in found if layers is not None), None)


@dataclass(frozen=True)
class AnyOf:
    """The layers that at least one of several rules means."""

    rules: tuple[Rule, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return _keys(self.rules)

    def layers(self, settings: Settings, count: int) -> Layers | None:
        found = [rule.layers(settings, count) for rule in self.rules]
        told = [layers for layers in found if layers is not None]
        return frozenset().union(*told) if told else None


def _keys(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(key for rule in rules for key in rule.keys)


def _natural(settings: Settings, key: str, least: int = 0) -> int:
    value = settings[key]
    if type(value) is not int or value < least:
        raise UnreadableKeyError(key, f"expected a number from {least}, found {str(value)[:40]}")
    return value
