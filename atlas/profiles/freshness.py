"""Whether a profile is fresh, and why it is not: the one place of the rule.

A profile is fresh where it was measured on the entry's source and revision, with the tokenizer, the
version of the analysis and the protocol that hold now; one that is held against a base model also
needs that base to be the same. A pinned revision stands for the weights and the tokenizer; without
one their digests must agree, as far as the files are on this machine.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from atlas.checkpoints import digests, locate
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, short
from atlas.paths import Project
from atlas.pinned.choices import Choices
from atlas.profiles import base_model, statement
from atlas.profiles.base_model import Ancestor
from atlas.profiles.profile_file import Profile, Scalars

State = Literal["fresh", "stale", "missing"]


@dataclass(frozen=True)
class Files:
    """An entry's model, and its base, as far as they are on this machine. Digests are taken when
    they are asked for: that of weights costs a read of every byte."""

    project: Project
    entry: Entry

    @functools.cached_property
    def digests(self) -> tuple[str | None, str | None]:
        """Of the weights, unless a revision stands for them, and of the tokenizer; None where they
        are not here or cannot be read."""
        try:
            if self.entry.revision is None:
                found = digests.find(self.project, self.entry)
                return (found.digest, found.tokenizer) if found else (None, None)
            folder = locate.of_entry(self.project, self.entry)
            return None, digests.of_tokenizer(folder) if folder else None
        except (AtlasError, OSError):
            return None, None

    @functools.cached_property
    def base(self) -> Ancestor | None:
        """The base model, None where there is none or it cannot be read: `check` tells what is
        wrong with its entry, `profile` with its files."""
        try:
            return base_model.find(self.project, self.entry)
        except AtlasError:
            return None


@dataclass(frozen=True)
class Wanted:
    """What a profile should have been measured on to be fresh; None where it cannot be known
    here, as when the weights are not on this machine."""

    source: str
    revision: str | None
    digest: str | None
    tokenizer: str | None
    version: int
    protocol: Scalars


def reasons(profile: Profile, files: Files, choices: Choices) -> tuple[str, ...]:
    """Why a profile is not fresh, a reason each; empty where it is."""
    digest, tokenizer = files.digests
    found = differences(profile, _wanted(files.entry, profile, choices, digest, tokenizer))
    needs_base = "base" in statement.of(profile.analysis).needs
    if needs_base and files.base is not None:
        found += of_base(profile.conditions, files.base)
    return found


def without_files(profile: Profile, entry: Entry, choices: Choices) -> tuple[str, ...]:
    """Why a profile is not fresh, as far as its entry and its analysis tell."""
    return differences(profile, _wanted(entry, profile, choices, None, None))


def _wanted(
    entry: Entry, profile: Profile, choices: Choices, digest: str | None, tokenizer: str | None
) -> Wanted:
    stated = statement.of(profile.analysis)
    return Wanted(
        source=entry.source,
        revision=entry.revision,
        digest=digest,
        tokenizer=tokenizer,
        version=stated.version,
        protocol=stated.protocol_under(choices.under(entry.protocol)),
    )


def differences(profile: Profile, wanted: Wanted) -> tuple[str, ...]:
    """What of a profile is not as wanted, a reason each."""
    found: list[str] = []
    model = profile.model
    if profile.version != wanted.version:
        found.append(f"measured with version {profile.version}, current {wanted.version}")
    if model.source != wanted.source:
        found.append(f"measured on source {model.source}, current {wanted.source}")
    if model.revision != wanted.revision:
        revisions = (model.revision or "none", wanted.revision or "none")
        found.append("measured on revision {}, current {}".format(*revisions))
    if wanted.revision is None and wanted.digest not in (None, model.digest):
        found.append("measured on other weights")
    # Without a revision, files at hand that hold no tokenizer say that there is none.
    at_hand = wanted.tokenizer is not None or (
        wanted.revision is None and wanted.digest is not None
    )
    if at_hand and wanted.tokenizer != model.tokenizer:
        found.append("measured with another tokenizer")
    for key in sorted({*profile.protocol, *wanted.protocol}):
        was, now = profile.protocol.get(key), wanted.protocol.get(key)
        if was != now:
            found.append(f"protocol {key}: measured with {short(was)}, current {short(now)}")
    return tuple(found)


def of_base(conditions: Scalars, ancestor: Ancestor) -> tuple[str, ...]:
    """Why a profile with these conditions is not of this base, a reason each; empty where it is.

    As for the model itself, a pinned revision stands for the weights; without one the digests must
    agree, as far as the files are at hand.
    """
    base = ancestor.entry
    if conditions.get("base") != base.slug:
        return (f"measured against base {conditions.get('base') or 'none'}, current {base.slug}",)
    found = []
    for key, now in (("source", base.source), ("revision", base.revision)):
        was = conditions.get(f"base_{key}")
        if was != now:
            found.append(f"measured against {key} {was or 'none'} of its base, current {now}")
    digest = ancestor.found.digest if ancestor.found else None
    if base.revision is None and digest not in (None, conditions.get("base_digest")):
        found.append("measured against other weights of its base")
    return tuple(found)
