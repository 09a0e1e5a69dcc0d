"""Model Atlas: profiles language models and publishes what it measured as a static site.

In Python, an atlas is a source of numbers:

    import atlas

    there = atlas.open("https://model-atlas.github.io/")   # or a project's folder, or its site/
    there.models                                           # a table of all models
    model = there.model("smollm2-135m-instruct")
    model.matrix("attention", "induction")                 # values with labels
    there.table("attention", "induction").to_pandas()      # the same of every model, tidy
    there.heads()                                          # all scores of all heads
    there.compare("ref-llama", "ref-llama-instruct", "attention", "induction")
    atlas.profile(live, tokenizer)                         # of a live model, nothing kept

What is listed in `__all__` is public, with the methods and properties that those classes document,
and stays as it is within a minor version. Every other module of this package is private, whatever
its name: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError

if TYPE_CHECKING:
    from atlas.library.labelled import LabelledArray
    from atlas.library.model import Model
    from atlas.library.opened import Atlas
    from atlas.library.tables import Table

__version__ = "0.1.0"

__all__ = ["Atlas", "AtlasError", "LabelledArray", "Model", "Table", "open", "profile"]

_CLASSES = {"Atlas": "opened", "LabelledArray": "labelled", "Model": "model", "Table": "tables"}
"""Where public classes lie: they load numpy, which the command line need not wait for."""


def open(source: str | Path, *, cache: str | Path | None = None) -> Atlas:
    """Open an atlas: a project's folder, a built site's folder, or the https address of one.

    Of an address, files are fetched when they are asked for, checked against the digests that the
    atlas lists, and kept in `cache` (by default a folder of the user's cache). http is read from
    this machine alone.

    Raises `AtlasError` for what is no atlas, cannot be reached, or is of a newer format.
    """
    from atlas.library.opened import opened

    return opened(source, None if cache is None else Path(cache))


def profile(
    model: Any, tokenizer: Any = None, analyses: Sequence[str] | None = None, *, name: str = "live"
) -> Model:
    """Measure a live transformers model as `atlas profile` would, and keep nothing.

    `model`: a `PreTrainedModel` of an architecture that atlas knows. `tokenizer`: its tokenizer;
    without one, only analyses that read no text can run. `analyses`: their names; None: all that
    fit. `name`: what the model is called in what is given, a slug.

    The weights pass through a temporary folder, from which they are measured as files would be; it
    is removed at the end. Needs torch and transformers: pip install 'model-atlas[profile]'.

    Raises `AtlasError` where the model cannot be measured, or one of the analyses failed.
    """
    from atlas.library.live import measured

    return measured(model, tokenizer, analyses, name)


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        import importlib

        return getattr(importlib.import_module(f"atlas.library.{_CLASSES[name]}"), name)
    raise AttributeError(f"module 'atlas' has no attribute {name!r}")
