"""The tokenizer of a GGUF file, written once as files of transformers into the file's folder.

transformers makes it of the metadata. How a text is cut before the vocabulary is used is not stored
but named, in `tokenizer.ggml.pre`; a name for which transformers has other rules than llama.cpp is
refused, for the model would read tokens that it was not trained on.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from atlas.checkpoints import gguf_folder
from atlas.checkpoints.gguf_header import Header
from atlas.errors import AtlasError, from_os, short

FILE = "tokenizer.json"

LIKE_GPT2 = ("gpt-2", "phi-2")
DIGITS_APART = ("smollm",)
"""Cut like GPT-2's, after every digit was set apart, which transformers does not do."""

SPACED = "a space before"
"""SentencePiece's own way of putting a space before a text: one more, though it begins with one,
where transformers puts none."""

CUT = {
    *LIKE_GPT2,
    *DIGITS_APART,
    *("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0"),
    *("dbrx", "smaug-bpe", "tekken"),
    *("qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "qwen35"),
    *("gpt-4o", "llama4", "kanana2"),
}
"""Names of rules for cutting texts that transformers has, or that are mended here."""

REMEDY = "take the original weights, which come with their tokenizer"


def write(folder: Path) -> None:
    """Write the tokenizer of a folder's GGUF file into it, unless it is there.

    Raises `AtlasError` for one that transformers would make otherwise than llama.cpp, and whatever
    transformers raises where it can make none.
    """
    if (folder / FILE).is_file():
        return
    rules = _rules(gguf_folder.header(folder))
    import transformers

    made = transformers.PreTrainedTokenizerFast.from_pretrained(
        folder, gguf_file=gguf_folder.NAME, local_files_only=True
    )
    if rules in DIGITS_APART:
        _set_digits_apart(made.backend_tokenizer)
    if rules == SPACED:
        _set_space_before(made.backend_tokenizer)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            made.save_pretrained(place)
            # That it is there is written last.
            for file in sorted(Path(place).iterdir(), key=lambda file: file.name == FILE):
                file.replace(folder / file.name)
    except OSError as error:
        raise from_os(error, "cannot be written", file=folder) from error


def _rules(header: Header) -> str:
    """The name of the rules that texts are cut by; `AtlasError` for those that are not had."""
    said = header.metadata
    kind = said.get("tokenizer.ggml.model")
    if kind == "llama":  # SentencePiece: nothing is cut before
        spaced = said.get("tokenizer.ggml.add_space_prefix")
        usual = not str(said["general.architecture"]).startswith("gemma")
        if spaced not in (None, usual):
            raise _refused(header, "add_space_prefix", f"{spaced} is not what transformers does")
        return SPACED if usual else "default"
    if kind != "gpt2":
        raise _refused(header, "model", f"{short(kind)} is not read; gpt2 and llama are")
    rules = said.get("tokenizer.ggml.pre", "default")
    if rules == "default" and said["general.architecture"] == "gpt2":
        return LIKE_GPT2[0]
    if rules not in CUT:
        raise _refused(header, "pre", f"rules {short(rules)} for cutting texts are not known")
    return str(rules)


def _set_digits_apart(backend: Any) -> None:
    from tokenizers import pre_tokenizers

    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )


def _set_space_before(backend: Any) -> None:
    from tokenizers import normalizers

    backend.pre_tokenizer = None
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )


def _refused(header: Header, key: str, problem: str) -> AtlasError:
    return AtlasError(problem, file=header.file, place=f"tokenizer.ggml.{key}", remedy=REMEDY)
