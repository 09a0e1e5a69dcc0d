"""Bundles: what pages of many models load, as a description in JSON and bytes in parts beside it.

`templates/parts/formats/` tells readers what is in each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from atlas.profiles.matrix import Matrix, rounded
from atlas.site.across.shared_scale import Scale


class Parts:
    """Bytes in parts of about one size, so that a reader of one quantity of a large atlas need not
    fetch all of them.

    most: bytes beyond which a part does not grow; what is larger alone has one of its own.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._parts: list[bytearray] = []

    def add(self, raw: bytes) -> tuple[int, int]:
        """Add bytes: the part that they lie in, and their offset in it."""
        if not self._parts or (self._parts[-1] and len(self._parts[-1]) + len(raw) > self.most):
            self._parts.append(bytearray())
        part = self._parts[-1]
        part += raw
        return len(self._parts) - 1, len(part) - len(raw)

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Each part's file name beside the description, and its bytes."""
        return [(f"bundle.{at}.bin", bytes(part)) for at, part in enumerate(self._parts)]


def dumped(index: dict[str, Any]) -> bytes:
    """A description as JSON: an element of its lists a line, so that a diff can be read."""
    lines = []
    for key, value in index.items():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if isinstance(value, list) and value and not isinstance(value[0], str):
            items = (json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in value)
            text = "[\n" + ",\n".join(items) + "]"
        lines.append(f"{json.dumps(key)}:{text}")
    return ("{" + ",\n".join(lines) + "}\n").encode()


def told_scale(scale: Scale, matrices: Iterable[Matrix]) -> dict[str, Any]:
    """The scale that matrices share as `static/panels/canvas.js` reads it, and whether some of what
    has no step on it cannot be defined."""
    return {
        "kind": scale.kind,
        "transform": scale.transform,
        "low": rounded(scale.low),
        "high": rounded(scale.high),
        "below": scale.below,
        "above": scale.above,
        "text": scale.text,
        "categories": list(scale.categories),
        **({"undefined": True} if any(one.undefined for one in matrices) else {}),
    }
