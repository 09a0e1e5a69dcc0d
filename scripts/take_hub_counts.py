"""Take from TransformerLens how many models of each type the hub has: writes
`atlas/architectures/hub_counts.json`.

    pip download --no-deps transformer-lens==4.3.0
    python scripts/take_hub_counts.py transformer_lens-4.3.0-py3-none-any.whl

Its registry counts by class. transformers says which model type a class is of; classes that it does
not have come with code of their own on the hub, and are only added up.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path

import transformers
from transformers.models.auto import modeling_auto

from atlas.architectures import coverage

FOLDER = "transformer_lens/tools/model_registry/data/"

TASKS = ("CAUSAL_LM", "MASKED_LM", "SEQ_TO_SEQ_CAUSAL_LM", "IMAGE_TEXT_TO_TEXT")
"""What classes of transformers are language models, alone or with a picture before the text."""

SPELLINGS = {"MPTForCausalLM": "MptForCausalLM"}
"""Classes under the names that they had before transformers took them over."""


def text(wheel: Path) -> str:
    """The content of the file, from a wheel of transformer-lens."""
    with zipfile.ZipFile(wheel) as held:
        supported = json.loads(held.read(f"{FOLDER}supported_models.json"))
        gaps = json.loads(held.read(f"{FOLDER}architecture_gaps.json"))
    counts = Counter(
        SPELLINGS.get(one["architecture_id"], one["architecture_id"]) for one in supported["models"]
    )
    for one in gaps["gaps"]:  # of some, the registry has more under its gaps
        counts[one["architecture_id"]] = max(counts[one["architecture_id"]], one["total_models"])
    types = {name: _model_type(name) for name in counts}
    models: Counter[str] = Counter()
    for name, model_type in types.items():
        if model_type is not None:
            models[model_type] += counts[name]
    told = {
        "source": {
            "registry": "TransformerLens",
            "wheel": wheel.name,
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "folder": FOLDER,
            "supported_models.json": supported["generated_at"],
            "architecture_gaps.json": gaps["generated_at"],
            "least_downloads": gaps["scan_info"]["min_downloads"],
        },
        "own_code": {
            "classes": len(own := [name for name in counts if not hasattr(transformers, name)]),
            "models": sum(counts[name] for name in own),
        },
        "models": dict(models.most_common()),
    }
    return json.dumps(told, indent=1) + "\n"


def _model_type(name: str) -> str | None:
    """The model type of a class that is a language model of transformers."""
    listed = {
        one
        for task in TASKS
        for held in getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING_NAMES").values()
        for one in ([held] if isinstance(held, str) else held)
    }
    return str(getattr(transformers, name).config_class.model_type) if name in listed else None


if __name__ == "__main__":
    coverage.COUNTS.write_text(text(Path(sys.argv[1])), encoding="utf-8")
