"""Opening a model: what the analyses of a tier read, the digest that pins it, and its tokenizer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas import architectures
from atlas.checkpoints import digests, headers, locate
from atlas.entries.entry import Entry
from atlas.loaded import memory
from atlas.paths import Project
from atlas.pinned.choices import Choices
from atlas.profiles import base_model, profile_file, remarks
from atlas.profiles.base_model import Ancestor
from atlas.profiles.statement import Progress, Tier


@dataclass(frozen=True)
class OpenModel:
    """A model opened for one tier.

    `pin`: its source and digests. `remarks`: conditions that its files give every profile.
    `against`: finds the base that it was made from.
    """

    pin: profile_file.Pin
    remarks: Mapping[str, str]
    subject: object
    against: Callable[[], tuple[Ancestor, digests.Found]]


def open_model(
    project: Project, entry: Entry, tier: Tier, choices: Choices, progress: Progress
) -> OpenModel:
    """The model of an entry, opened for a tier. Its digest, which reads every byte, comes last."""
    folder = locate.of_entry(project, entry)
    assert folder is not None, "its files were read"
    opened = subject(folder, tier, choices)
    found = digests.find(project, entry, _in_megabytes(progress))
    assert found is not None, "it was opened"
    pin = profile_file.Pin(entry.slug, entry.source, entry.revision, found.digest, found.tokenizer)
    said = remarks.of_folder(folder)
    return OpenModel(pin, said, opened, functools.partial(base_model.require, project, entry))


def _in_megabytes(progress: Progress) -> Progress:
    """Progress over bytes, told in millions of them."""
    return lambda done, total: progress(-(-done // 10**6), -(-total // 10**6))


def subject(folder: Path, tier: Tier, choices: Choices) -> object:
    """What analyses of a tier read: streamed weights, or the live model."""
    if tier == "weights":
        from atlas.loaded.checkpoint import Checkpoint

        return Checkpoint.open(folder, choices)
    from atlas.loaded.live import LiveModel

    return LiveModel.open(folder, choices=choices)


def release(subject: object) -> None:
    """Hand back the memory that a failed analysis had taken."""
    from atlas.loaded.live import LiveModel

    if isinstance(subject, LiveModel):
        memory.release(subject.device)


def require_tokenizer(project: Project, entry: Entry, reads: str, choices: Choices) -> None:
    """Raise `AtlasError` for a tokenizer that cannot be loaded or is not of this model."""
    from atlas.loaded import tokenizer
    from atlas.pinned import corpus

    folder = locate.of_entry(project, entry)
    assert folder is not None, "its files were read"
    if reads == "words":
        tokenizer.load(folder)
        return
    shape = architectures.lookup(headers.config(folder), folder / "config.json")

    def texts() -> Iterator[str]:
        return (one.text for one in corpus.chosen(choices))

    own = tokenizer.load_transformers(folder)
    tokenizer.require_fitting(own, shape.kind, shape.geometry.vocabulary, texts, folder)
