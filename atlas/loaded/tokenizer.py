"""A model's tokenizer: loaded without the model, and checked against its embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from atlas.checkpoints import digests
from atlas.errors import AtlasError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ONE_MODEL = "tokenizer and weights must be those of one model"


def load(folder: Path) -> Tokenizer:
    """The tokenizer that lies beside a model's weights.

    Raises `AtlasError` where there is none that can be loaded.
    """
    try:
        if (folder / "tokenizer.json").is_file():
            import tokenizers

            return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        import transformers

        loaded = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        backend: Tokenizer = loaded.backend_tokenizer
        return backend
    except Exception as error:  # tokenizers raises plain Exceptions
        raise _not_loaded(error, folder) from error


def load_transformers(folder: Path) -> Any:
    """The same, wrapped by transformers: what a live model reads texts with.

    Raises `AtlasError` where there is none that can be loaded.
    """
    import transformers

    from atlas.loaded import loading  # which loads torch

    try:
        with loading.quiet():
            return transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # tokenizers raises plain Exceptions
        raise _not_loaded(error, folder) from error


def require_fitting(
    tokenizer: Any,
    kind: Literal["decoder", "encoder"],
    rows: int,
    texts: Callable[[], Iterable[str]],
    folder: Path,
) -> None:
    """Raise `AtlasError` where a tokenizer gives ids for which the embedding has no row.

    `tokenizer`: as `load_transformers` gives it; `rows`: how many the embedding has. A vocabulary
    may be larger than that as long as none of `texts` needs the surplus; where it is not larger,
    `texts` are not read.
    """
    _require_special_tokens(tokenizer, kind, rows, folder)
    if max(tokenizer.get_vocab().values(), default=0) < rows:
        return
    for number, text in enumerate(texts()):
        ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if max(ids, default=0) >= rows:
            beyond = tokenizer.convert_ids_to_tokens(max(ids))
            problem = f"token {beyond!r} of passage {number} has id {max(ids)}, the embedding "
            raise AtlasError(f"{problem}{rows} rows", file=folder, remedy=ONE_MODEL)


def _require_special_tokens(
    tokenizer: Any, kind: Literal["decoder", "encoder"], rows: int, folder: Path
) -> None:
    """The tokens that are put around every text need a row of the embedding as well."""
    for name in ("cls", "sep") if kind == "encoder" else ("bos",):
        text, token = getattr(tokenizer, f"{name}_token"), getattr(tokenizer, f"{name}_token_id")
        if text is None:
            continue
        if token is None or (token == tokenizer.unk_token_id and text != tokenizer.unk_token):
            problem = f"{name.upper()} token {text!r} is not in its vocabulary"
            raise AtlasError(problem, file=folder, remedy=ONE_MODEL)
        if token >= rows:
            problem = f"{name.upper()} token {text!r} has id {token}, the embedding {rows} rows"
            raise AtlasError(problem, file=folder, remedy=ONE_MODEL)


def _not_loaded(error: Exception, folder: Path) -> AtlasError:
    remedy = "put the model's tokenizer files beside its weights"
    if digests.tokenizer_files(folder):
        remedy = "fetch its tokenizer files and config.json again: they must be those of one model"
    return AtlasError(
        f"no tokenizer can be loaded: {str(error).partition(chr(10))[0] or type(error).__name__}",
        file=folder,
        remedy=remedy,
    )
