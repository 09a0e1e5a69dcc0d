"""Which part of a text is scored: the same bytes, whatever tokenizer reads it.

A text is cut after at most `BYTES` bytes, so that it fits into the context of every reference model
and, a token a byte at worst, into 512 tokens. Its first word is context: a model without a BOS
token needs something to predict from, and what it reads then no model is scored on.
"""

from __future__ import annotations

import re

BYTES = 352
"""UTF-8 bytes of a text that are read at most."""

LONGEST_WORD = 64
"""Bytes of a word at most: in scripts without spaces a whole text would be one. A first word of
more ends there, and a cut is made in the middle of one."""


def cut(text: str, most: int = BYTES) -> str:
    """The text as far as the last word's end within `most` bytes, or the last whole character where
    no white space is in reach: within `LONGEST_WORD` bytes of the end. White space at its end is
    left out."""
    if len(text.encode()) <= most:
        return text.rstrip()
    head = _within(text, most)
    if not text[len(head)].isspace():
        ends = [found.start() for found in re.finditer(r"\s+", head)]
        end = ends[-1] if ends else 0
        if head[:end].strip() and len(head[end:].encode()) <= LONGEST_WORD:
            head = head[:end]
    return head.rstrip()


def context(text: str) -> int:
    """How many characters of a text are context: its first word, with white space before it."""
    word = re.match(r"\s*\S+", text)
    first = text if word is None else word.group()
    if len(first.encode()) <= LONGEST_WORD:
        return len(first)
    return max(1, len(_within(first, LONGEST_WORD)))


def _within(text: str, most: int) -> str:
    """The longest beginning of whole characters within `most` bytes."""
    return text[:most].encode()[:most].decode(errors="ignore")
