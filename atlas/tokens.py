"""A model's tokenizer without the model, and its tokens as text that can be shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
        raise AtlasError(
            f"no tokenizer can be loaded: {str(error).partition(chr(10))[0]}",
            file=folder,
            remedy="put the model's tokenizer files beside its weights",
        ) from error


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
