"""Take from transformers what configs can switch: writes `atlas/architectures/transformers.json`.

    python scripts/take_switches.py

Run it after a row was added or transformers was raised. What a key does is then to be looked up:
the row reads it, or `atlas/architectures/switches.py` lists it as harmless, or it stays in the
file, and configs with another value than the default are refused.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import transformers
from transformers.activations import ACT2FN
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.auto.configuration_auto import (
    CONFIG_MAPPING_NAMES,
    model_type_to_module_name,
)

from atlas import architectures
from atlas.architectures import switches
from atlas.loaded.derivation import keys_read

ROOT = Path(transformers.__file__).parent

SPELLINGS = ("linear", "dynamic", "yarn", "longrope", "llama3", "su", "mrope", "default")
"""Kinds of rotary embeddings under names that configs may also use: transformers renames them."""


def text() -> str:
    """The content of the file."""
    names = architectures.by_hand()
    held = {
        "transformers": transformers.__version__,
        "activations": sorted(ACT2FN),
        "rope_types": sorted({*ROPE_INIT_FUNCTIONS, *SPELLINGS}),
        "model_types": textwrap.wrap(
            " ".join(sorted(CONFIG_MAPPING_NAMES)), break_on_hyphens=False
        ),
        "switches": {name: _switches(name) for name in names},
    }
    return json.dumps(held, indent=1) + "\n"


def _switches(model_type: str) -> dict[str, Any]:
    """Keys that the class' code reads and its row does not, with the class' defaults."""
    row = architectures.row(model_type)
    config = transformers.AutoConfig.for_model(model_type)
    if row.part is not None:
        config = getattr(config, row.part.key)
        model_type = config.model_type
    defaults, found = config.to_dict(), {}
    for read, unsaid in _read_by(model_type, row.kind == "decoder").items():
        key = config.attribute_map.get(read, read)
        if key in defaults or unsaid is not ...:
            found[key] = defaults.get(key, unsaid)
    known = {*row.config_reads, *switches.HARMLESS}
    return {key: found[key] for key in sorted(found) if key not in known and key[0] != "_"}


def _read_by(model_type: str, masked: bool) -> dict[str, Any]:
    """Attributes of a config that a class' code reads -> the default that it gives, `...`: none."""
    folder = ROOT / "models" / model_type_to_module_name(model_type)
    shared = keys_read.shared() if masked else []
    return keys_read.of([*shared, *sorted(folder.glob("modeling_*.py"))])


if __name__ == "__main__":
    switches.TAKEN.write_text(text(), encoding="utf-8")
