"""Derive rows of the package: writes `atlas/architectures/derived/<model type>.json`.

    python scripts/derive_rows.py [MODEL_TYPE...]

Without names it derives all that are there again, which is to be done after transformers was
raised; a test holds the files to what is derived.
"""

from __future__ import annotations

import sys
from pathlib import Path

from atlas.architectures import row_file
from atlas.loaded.derivation import deriving
from atlas.paths import PACKAGE

FOLDER = PACKAGE / "architectures" / "derived"


def text(model_type: str) -> str:
    """The content of one file."""
    return row_file.text(deriving.derive({"model_type": model_type}).derived)


def names() -> list[str]:
    """The model types that have a file."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or names():
        Path(FOLDER / f"{name}.json").write_text(text(name), encoding="utf-8")
        sys.stdout.write(f"{name}\n")
