"""SentencePiece's BPE by its rule alone, a slow reference, and a tiny vocabulary for it.

The rule, as SentencePiece and llama.cpp have it: spaces become U+2581, one more stands before the
text; beginning with single characters, the two neighbours are joined whose piece has the highest
score, the leftmost of equal ones, until no two make a piece. What is no piece then is told byte by
byte. Control tokens, the unknown one and those that users defined are cut out of the text before,
as llama.cpp does, and a space stands before each part.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

SPACE = "\u2581"
NORMAL, UNKNOWN, CONTROL, USER, BYTE = 1, 2, 3, 4, 6
"""Types of tokens, as GGUF numbers them."""


@dataclass(frozen=True)
class Vocabulary:
    """Tokens with their scores and types, by id."""

    tokens: tuple[str, ...]
    scores: tuple[float, ...]
    types: tuple[int, ...]

    def ids(self, text: str, prefix: bool) -> list[int]:
        """The ids of a text; `prefix`: whether a space is put before it."""
        special = [
            token
            for token, kind in zip(self.tokens, self.types, strict=True)
            if kind in (CONTROL, USER, UNKNOWN)
        ]
        cut = "|".join(re.escape(token) for token in sorted(special, key=len, reverse=True))
        found: list[int] = []
        for part in re.split(f"({cut})", text):
            if part in special:
                found.append(self.tokens.index(part))
            elif part:
                found += self._plain(f" {part}" if prefix else part)
        return found

    def _plain(self, text: str) -> list[int]:
        symbols = list(text.replace(" ", SPACE))
        scores = {
            token.replace(" ", SPACE): score
            for token, score, kind in zip(self.tokens, self.scores, self.types, strict=True)
            if kind == NORMAL
        }
        while True:
            pairs = [
                (scores[left + right], -at)
                for at, (left, right) in enumerate(itertools.pairwise(symbols))
                if left + right in scores
            ]
            if not pairs:
                break
            at = -max(pairs)[1]
            symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
        spelled = {token.replace(" ", SPACE): at for at, token in enumerate(self.tokens)}
        return [
            number
            for symbol in symbols
            for number in (
                [spelled[symbol]]
                if symbol in scores
                else [spelled[f"<0x{byte:02X}>"] for byte in symbol.encode()]
            )
        ]


def made(pieces: Sequence[str], control: Sequence[str], user: Sequence[str] = ()) -> Vocabulary:
    """A vocabulary: one unknown token, special ones, all bytes, then pieces, the best first."""
    every = [("<unk>", 0.0, UNKNOWN)]
    every += [(token, 0.0, CONTROL) for token in control]
    every += [(token, 0.0, USER) for token in user]
    every += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    every += [(piece, -float(rank), NORMAL) for rank, piece in enumerate(pieces)]
    tokens, scores, types = zip(*every, strict=True)
    return Vocabulary(tokens, scores, types)
