"""What a model's card says in its metadata, the YAML before the text of README.md.

Cards are written by many hands, so whatever in one is not as it should be is left out, and said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas.entries import licenses
from atlas.entries.relation import Relation
from atlas.entries.source import HUB_ID
from atlas.errors import AtlasError, short
from atlas.files import yaml_file

CARD = "README.md"
LONGEST = 128 * 1024
FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
TAG = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")

MOST_TAGS = 12
LONGEST_TAG = 40
TOOLS = {
    *("transformers", "safetensors", "pytorch", "tf", "jax", "onnx", "gguf", "mlx", "vllm"),
    *("text-generation", "text-generation-inference", "endpoints-compatible", "custom-code"),
}
"""Tags that say what a model can be loaded with, and nothing about the model."""


RELATIONS: Mapping[str, Relation] = {
    "finetune": "fine-tune",
    "quantized": "quantised",
    "merge": "merged",
    "adapter": "adapter",
}
"""How a model was made from its base, by the hub's names."""


@dataclass(frozen=True)
class Card:
    """License, base model (a hub id), how it was made from that, and tags as a card states them,
    None or empty where it does not; `unclear`: what it states and cannot be taken over, a line
    each; `by`: which of card and file it was read from."""

    license: str | None = None
    base: str | None = None
    relation: Relation | None = None
    tags: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    by: str = "card"


def read(folder: Path) -> Card:
    """The card of a model's folder; an empty one where there is none."""
    file = folder / CARD
    if not file.is_file():
        return Card(unclear=("there is no model card",))
    with file.open("rb") as stream:
        text = stream.read(LONGEST).decode("utf-8", errors="replace")
    front = FRONT.match(text)
    if front is None:
        return Card(unclear=("the model card has no metadata",))
    try:
        stated = yaml_file.parse(front[1], file).values
    except AtlasError as error:
        return Card(unclear=(f"the model card's metadata cannot be read: {error.problem}",))
    unclear: list[str] = []
    return Card(
        license=_license(stated.get("license"), stated.get("license_name"), unclear),
        base=_base(stated.get("base_model"), unclear),
        relation=_relation(stated.get("base_model_relation"), unclear),
        tags=_tags(stated.get("tags")),
        unclear=tuple(unclear),
    )


def of_gguf(said: Mapping[str, Any], quantised: str | None) -> Card:
    """What a GGUF file's metadata says of its model's license and base, in place of a card.

    `quantised`: the model's name without how it is stored, None where nothing is in blocks.
    """
    by = "file"
    unclear: list[str] = []
    base = _base(_hub_id(said.get("general.base_model.0.repo_url")), unclear, by)
    origin = _base(_hub_id(said.get("general.source.repo_url")), unclear, by)
    relation: Relation | None = None
    if quantised is not None and origin is not None:  # what was converted, whatever its own base is
        base, relation = origin, "quantised"
    elif quantised is not None and base is not None:
        if _letters(base.partition("/")[2]) == _letters(quantised):
            relation = "quantised"
        else:
            unclear.append(f"relation: fine-tune is a guess; quantised where this is {base} itself")
    return Card(
        license=_license(
            said.get("general.license"), said.get("general.license.name"), unclear, by
        ),
        base=base,
        relation=relation,
        unclear=tuple(unclear),
        by=by,
    )


def _license(stated: Any, own: Any, unclear: list[str], by: str = "card") -> str | None:
    """A license that an entry may name: `other` stands for the name beside it."""
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if stated == "other" and isinstance(own, str):
        stated = own if licenses.known(own) else licenses.own_name(own)
    if isinstance(stated, str) and licenses.known(stated):
        return stated
    if stated is not None:
        unclear.append(f"the {by}'s license {short(stated)} is not a known one")
    return None


def _base(stated: Any, unclear: list[str], by: str = "card") -> str | None:
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if stated is None or (isinstance(stated, str) and HUB_ID.fullmatch(stated)):
        return stated
    unclear.append(f"the {by}'s base model {short(stated)} is not one hub id")
    return None


def _hub_id(url: Any) -> str | None:
    return url.removeprefix("https://huggingface.co/") if isinstance(url, str) else None


def _letters(name: str) -> str:
    """A name by which two spellings of it are the same."""
    return re.sub(r"[\s._-]+", "", name.lower())


def _relation(stated: Any, unclear: list[str]) -> Relation | None:
    if isinstance(stated, str) and stated in RELATIONS:
        return RELATIONS[stated]
    if stated is not None:
        unclear.append(f"the card's relation {short(stated)} to its base model is not a known one")
    return None


def _tags(stated: Any) -> tuple[str, ...]:
    """The tags that an entry may have, in lower case, without those about tools."""
    if not isinstance(stated, list):
        return ()
    words = [re.sub(r"[\s_]+", "-", tag.lower()) for tag in stated if isinstance(tag, str)]
    fit = (tag for tag in words if len(tag) <= LONGEST_TAG and TAG.fullmatch(tag))
    return tuple(dict.fromkeys(tag for tag in fit if tag not in TOOLS))[:MOST_TAGS]
