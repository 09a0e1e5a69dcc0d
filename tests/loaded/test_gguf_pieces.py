"""SentencePiece's tokenizers in GGUF files: ids are those of its rule, and of nothing near it."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import gguf_models
import pieces
import pytest
from pieces import SPACE, Vocabulary

from atlas.checkpoints import locate
from atlas.loaded import tokenizer
from atlas.paths import Project

LETTERS = ("a", "b", "c", "\u00e9", SPACE)
JOINED = (
    *(f"{SPACE}a", "ab", f"{SPACE}ab", "bc", "abc", f"{SPACE}{SPACE}", f"{SPACE}{SPACE}{SPACE}"),
    *("cb", "aa", "c\u00e9", f"{SPACE}abc", f"a{SPACE}b", "aabb", f"{SPACE}c"),
)
CONTROL = ("<s>", "</s>", "<turn>")
GEMMA_CONTROL = ("<bos>", "<eos>", "<pad>", "<mask>", "<turn>")
USER = ("\n\n", "<think>")

TEXTS = (
    *("", " ", "  ", "   ", "a", " a", "  a", "a ", "a  b", " a b  c ", "abcabc", "aabb", "\n"),
    *("\n\n\n", "\ta", "\u00e9", "e\u0301", "\U0001f600", "a\U0001f600 b", "\u65e5\u672c", "x"),
    *(
        "<s>",
        "<s>a",
        "a<s> b</s>",
        "a<turn>\n\n<think> ab",
        "<bos> a<eos>  ",
        "<unk>",
        "<0x41>",
        f"a{SPACE}b",
        "\0",
    ),
    *("  <think>  a", "A b C", "<s", "ab" * 30),
)


def vocabulary(gemma: bool) -> Vocabulary:
    """Spaces in a row are tokens of Gemma as they are, up to 31; others have them as pieces."""
    if not gemma:
        return pieces.made((*JOINED, *LETTERS), CONTROL, USER)
    best_first = [one for one in JOINED if one.strip(SPACE)]
    runs = [" " * count for count in range(2, 32)]
    return pieces.made((*best_first, *LETTERS), GEMMA_CONTROL, (*USER, *runs))


def converted(tmp_path: Path, model_type: str, held: Vocabulary) -> Path:
    model = gguf_models.make(tmp_path / "model", model_type, vocab_size=len(held.tokens))
    said: dict[str, Any] = {
        "model": "llama",
        "pre": "default",
        "tokens": list(held.tokens),
        "scores": list(held.scores),
        "token_type": list(held.types),
        "bos_token_id": 1,
        "eos_token_id": 2,
        "unknown_token_id": 0,
        "padding_token_id": 3 if model_type.startswith("gemma") else 0,
        "add_space_prefix": not model_type.startswith("gemma"),
    }
    file = gguf_models.convert(
        model,
        tmp_path / "x.gguf",
        leave=["tokenizer.ggml.merges"],
        **{f"tokenizer__ggml__{key}": value for key, value in said.items()},
    )
    folder = locate.folder(str(file), None, Project(tmp_path).root)
    assert folder is not None
    return folder


@pytest.mark.parametrize("model_type", ["llama", "mistral", "phi3", "gemma2", "gemma3_text"])
def test_ids_are_those_of_the_rule(tmp_path: Path, model_type: str) -> None:
    gemma = model_type.startswith("gemma")
    held = vocabulary(gemma)
    own = tokenizer.load_transformers(converted(tmp_path, model_type, held))
    drawn = random.Random(0)
    alphabet = ["a", "b", "c", "\u00e9", " ", "  ", "\n", "\U0001f600", "<s>", "<think>"]
    many = ["".join(drawn.choices(alphabet, k=drawn.randrange(1, 30))) for _ in range(300)]
    short = map("".join, itertools.product("abc ", repeat=4))
    for text in (*TEXTS, *many, *short):
        found = own(text, add_special_tokens=False)["input_ids"]
        assert found == held.ids(text, prefix=not gemma), (text, own.convert_ids_to_tokens(found))
    assert own("a")["input_ids"][0] == 1, "llama.cpp puts one first"
    assert len(own) == len(held.tokens)


def test_the_reference_joins_the_best_and_of_equals_the_leftmost() -> None:
    held = vocabulary(False)

    def told(text: str, prefix: bool = True) -> list[str]:
        return [held.tokens[number] for number in held.ids(text, prefix)]

    assert told("abc") == [f"{SPACE}abc"], "_a, then _ab; bc comes after, then nothing with c"
