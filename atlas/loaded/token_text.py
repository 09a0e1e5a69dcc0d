"""Tokens as text that can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPACE = "␣"
"""Stands for a space in the text of a token."""

LONGEST = 60
"""Characters of a text that are shown."""


class TokenTexts:
    """The text of each token of a tokenizer, as it reads after other text; see `visible`."""

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
        SPACE
        if sign in (" ", "\u2581")
        else sign
        if sign.isprintable() and not sign.isspace()
        else sign.encode("unicode_escape").decode()
        for sign in text
    )
    written = "".join(shown)
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 1]}…"
