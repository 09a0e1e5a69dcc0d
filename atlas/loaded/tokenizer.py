"""A model's tokenizer: loaded without the model, and checked against its embedding.

Both tiers read texts with the tokenizer that transformers makes of the model's files, since that is
what the model is run with. Of some architectures (`qwen2`, `gpt_neox`) transformers takes only the
vocabulary from tokenizer.json and cuts texts by rules of its own; `conditions` tells where these
give other tokens than the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from atlas.checkpoints import digests, gguf_folder
from atlas.errors import AtlasError
from atlas.pinned import corpus

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ONE_MODEL = "tokenizer and weights must be those of one model"


def load(folder: Path) -> Tokenizer:
    """The tokenizer that lies beside a model's weights, without what transformers wraps it in.

    Raises `AtlasError` where there is none that can be loaded.
    """
    backend: Tokenizer = load_transformers(folder).backend_tokenizer
    return backend


def load_transformers(folder: Path) -> Any:
    """The same, wrapped by transformers: what a live model reads texts with.

    Padding and truncation that its files switch on are off: they are how a text was prepared once,
    and would stand in every text here. Raises `AtlasError` where there is none that can be loaded.
    """
    if not digests.tokenizer_files(folder):  # of some architectures transformers makes an empty one
        raise _not_loaded("there are no files of one", folder)
    import transformers

    from atlas.loaded import gguf_tokenizer, loading  # which loads torch

    try:
        with loading.quiet():
            if gguf_folder.holds(folder):
                gguf_tokenizer.write(folder)
            loaded = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        loaded.backend_tokenizer.no_padding()
        loaded.backend_tokenizer.no_truncation()
    except AtlasError:
        raise
    except Exception as error:  # tokenizers raises plain Exceptions
        told = str(error).partition("\n")[0] or type(error).__name__
        raise _not_loaded(told, folder) from error
    return loaded


def conditions(tokenizer: Any, folder: Path) -> dict[str, str]:
    """What a profile records of the tokenizer that it was measured with.

    `tokenizer`: as `load_transformers` gives it. Nothing where the tokens are those of the folder's
    tokenizer.json; else which was used, and in how many passages of the pinned corpus they differ.
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        return {}
    import tokenizers

    stored = tokenizers.Tokenizer.from_file(str(file))
    stored.no_padding()
    stored.no_truncation()
    texts = [passage.text for passage in corpus.load()]
    pairs = zip(
        tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False),
        stored.encode_batch(texts, add_special_tokens=False),
        strict=True,
    )
    others = sum(one.ids != other.ids for one, other in pairs)
    if not others:
        return {}
    used = f"{type(tokenizer).__name__} of transformers"
    return {"tokenizer": f"{used}; tokenizer.json cuts {others} of {len(texts)} passages otherwise"}


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


def _not_loaded(told: str, folder: Path) -> AtlasError:
    remedy = "put the model's tokenizer files beside its weights"
    if digests.tokenizer_files(folder):
        remedy = "fetch its tokenizer files and config.json again: they must be those of one model"
    return AtlasError(f"no tokenizer can be loaded: {told}", file=folder, remedy=remedy)
