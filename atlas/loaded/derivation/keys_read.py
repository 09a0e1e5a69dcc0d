"""Keys of a config that the code of its class reads, by the code itself.

What a row does not read and the code does may change what a model computes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def of(files: Iterable[Path]) -> dict[str, Any]:
    """Attributes of a config that code reads -> the default that it gives, `...`: none."""
    found: dict[str, Any] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and _is_config(node.value):
                found.setdefault(node.attr, ...)
            elif isinstance(node, ast.Call):
                found |= _asked(node)
    return found


def shared() -> list[Path]:
    """What the modelling code of decoders calls with its config."""
    import transformers

    root = Path(transformers.__file__).parent
    return [root / name for name in ("masking_utils.py", "modeling_rope_utils.py")]


def _asked(call: ast.Call) -> dict[str, Any]:
    """The attribute and default of `getattr(config, "key", default)`."""
    named = isinstance(call.func, ast.Name) and call.func.id == "getattr"
    if not named or len(call.args) != 3 or not _is_config(call.args[0]):
        return {}
    _, key, default = call.args
    if not isinstance(key, ast.Constant) or not isinstance(default, ast.Constant):
        return {}
    return {str(key.value): default.value}


def _is_config(node: ast.expr) -> bool:
    """Whether an expression is `config` or `self.config`."""
    if isinstance(node, ast.Name):
        return node.id == "config"
    return isinstance(node, ast.Attribute) and node.attr == "config"
