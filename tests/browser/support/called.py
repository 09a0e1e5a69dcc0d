"""Functions of the site's scripts, called one by one in the browser that runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np
import samples
from served import Site

from atlas.profiles import profile_file
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile


def caller(page: Any, site: Site) -> Callable[..., Any]:
    """What calls an exported function of a script: its path without `.js`, its name, arguments as
    Python has them."""
    page.goto(f"{site.url}methods/")

    def act(script: str, name: str, *arguments: Any) -> Any:
        return page.evaluate(
            """async ([url, name, given]) => {
              const found = (await import(url))[name](...given);
              const plain = (key, value) => (ArrayBuffer.isView(value) ? [...value] : value);
              return found === undefined ? null : JSON.parse(JSON.stringify(found, plain));
            }""",
            [f"{site.modules}{script}.js", name, [plain(item) for item in arguments]],
        )

    return act


def plain(value: Any) -> Any:
    """A value as a script has it: matrices and profiles as their JSON, null for NaN."""
    if isinstance(value, Matrix):
        return json.loads(value.json_text())
    if isinstance(value, Profile):
        return json.loads(profile_file.text(value))
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def of(values: Any, **changes: Any) -> Matrix:
    """A matrix of layers and heads that are called by their numbers."""
    values = np.array(values, dtype=float)
    rows, columns = (tuple(str(at) for at in range(count)) for count in values.shape)
    parts = {"rows": rows, "columns": columns, "axes": ("layer", "head"), **changes}
    return samples.matrix(values=values, **parts)


KINDS = {
    "absent": of([[1.0, np.nan], [3.0, 2.0]]),
    "nothing": of([[np.nan, np.nan]]),
    "diverging": of([[0.5, -0.5, 0.25]], kind="diverging"),
    "categories": of([[0.0, 1.0, 1.0]], kind="categorical", categories=("a", "b", "c")),
    "binary": of([[0.0, 1.0]], kind="binary"),
    "binary with names": of([[0.0, 1.0]], kind="binary", unit="1 kept, 0 pruned"),
    "counts": of([[12340.0, 7.0]], kind="counts"),
    "possible": of([[0.25, 0.75]], range=(0, 1)),
    "modules": samples.matrix(),
    "undefined": of([[1.0, np.nan], [np.nan, 2.0]], undefined=(("0", "1"),)),
    "all undefined": of([[np.nan, np.nan]], undefined=(("0", "0"), ("0", "1"))),
    "neither": of([[np.nan, np.nan]], undefined=(("0", "1"),)),
}
"""A matrix of every kind."""
