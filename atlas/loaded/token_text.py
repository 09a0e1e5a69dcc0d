"""A model's tokenizer without the model, and its tokens as text that can be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from atlas.checkpoints import digests
from atlas.errors import AtlasError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SIGN = "␣"
"""Stands for a blank in the text of a token."""

LONGEST = 60


def load(folder: Path) -> Tokenizer:
    """The tokenizer that lies beside a model's weights.

    Raises `AtlasError` where there is none that can be loaded.
    """
    try:
        if (folder / "tokenizer.json").is_file():
            import tokenizers

            return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        import transformers

        wrapped = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        backend: Tokenizer = wrapped.backend_tokenizer
        return backend
    except Exception as error:  # tokenizers raises plain Exceptions
        raise _none(error, folder) from error


def wrapped(folder: Path) -> Any:
    """The transformers tokenizer that lies beside a model's weights, which a live model reads with.

    Raises `AtlasError` where there is none that can be loaded.
    """
    import transformers

    from atlas.loaded import loading

    try:
        with loading.quiet():
            return transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # tokenizers raises plain Exceptions
        raise _none(error, folder) from error


def require_fitting(
    tokenizer: Any,
    kind: Literal["decoder", "encoder"],
    rows: int,
    texts: Callable[[], Iterable[str]],
    folder: Path,
) -> None:
    """Raise `AtlasError` where a tokenizer gives ids for which the embedding has no row.

    `tokenizer` as `wrapped` gives it, `rows` of the embedding. A vocabulary may hold more tokens
    than that as long as none of `texts` uses one, so these are only looked at where it does.
    """
    remedy = "tokenizer and weights must be those of one model"
    for name in ("cls", "sep") if kind == "encoder" else ("bos",):
        text, token = getattr(tokenizer, f"{name}_token"), getattr(tokenizer, f"{name}_token_id")
        if text is None:
            continue
        if token is None or (token == tokenizer.unk_token_id and text != tokenizer.unk_token):
            problem = f"{name.upper()} token {text!r} is not in its vocabulary"
            raise AtlasError(problem, file=folder, remedy=remedy)
        if token >= rows:
            problem = f"{name.upper()} token {text!r} has id {token}, the embedding {rows} rows"
            raise AtlasError(problem, file=folder, remedy=remedy)
    if max(tokenizer.get_vocab().values(), default=0) < rows:
        return
    for number, text in enumerate(texts()):
        ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if max(ids, default=0) >= rows:
            beyond = tokenizer.convert_ids_to_tokens(max(ids))
            problem = f"token {beyond!r} of passage {number} has id {max(ids)}, the embedding "
            raise AtlasError(f"{problem}{rows} rows", file=folder, remedy=remedy)


def _none(error: Exception, folder: Path) -> AtlasError:
    remedy = "put the model's tokenizer files beside its weights"
    if digests.tokenizer_files(folder):
        remedy = "fetch its tokenizer files and config.json again: they must be those of one model"
    return AtlasError(
        f"no tokenizer can be loaded: {str(error).partition(chr(10))[0] or type(error).__name__}",
        file=folder,
        remedy=remedy,
    )


class Texts:
    """How tokens are written: as they follow other text, a blank as a sign of its own."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.before: list[int] = tokenizer.encode("a", add_special_tokens=False).ids
        self.prefix: str = tokenizer.decode(self.before, skip_special_tokens=False)
        self.known: dict[int, str] = {}

    def __call__(self, token: int) -> str:
        if token not in self.known:
            self.known[token] = self._text(token)
        return self.known[token]

    def _text(self, token: int) -> str:
        piece = self.tokenizer.id_to_token(token) or f"<{token}>"
        if self.tokenizer.decoder is None:  # it would put a blank before everything
            return visible(piece)
        whole = self.tokenizer.decode([*self.before, token], skip_special_tokens=False)
        text = whole[len(self.prefix) :] if whole.startswith(self.prefix) else ""
        # Part of a character, or nothing that can be seen: as the tokenizer writes it.
        return visible(text if text and "\ufffd" not in text else piece)


def visible(text: str) -> str:
    """A text of at most `LONGEST` characters in which nothing is invisible."""
    shown = (
        SIGN
        if sign in (" ", "\u2581")
        else sign
        if sign.isprintable() and not sign.isspace()
        else sign.encode("unicode_escape").decode()
        for sign in text
    )
    written = "".join(shown)
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 1]}…"
