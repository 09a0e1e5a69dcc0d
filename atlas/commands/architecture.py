"""`atlas architecture`: the row of an architecture that atlas cannot read, derived and proved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.commands import options
from atlas.commands.project import opened
from atlas.errors import AtlasError, cut, short

if TYPE_CHECKING:
    from atlas.architectures.row_file import DerivedRow

NOT_YET = "such a model cannot be measured yet"

LONGEST_TYPE = 60
"""Characters of a model type that an error tells."""


@click.command("architecture")
@click.argument("source")
@click.option("--revision", help="The branch, tag or commit of a hub id (default: main).")
@click.option("--dry-run", is_flag=True, help="Print the row and write nothing.")
@options.project
@options.as_json
def command(
    source: str, revision: str | None, dry_run: bool, project: Path | None, as_json: bool
) -> None:
    """Learn to read an architecture: SOURCE is a config.json, a folder or a hub id.

    Only the config is read. A tiny random model of the same kind is run, and what flows where in
    it tells which weights are queries, keys, values and so on. What is found is proved on several
    tiny models and written to architectures/ as data; models of that type can then be measured.
    This takes a few seconds.
    """
    from atlas.architectures import row_file
    from atlas.commands import console
    from atlas.drafting import config_alone
    from atlas.files import json_file

    atlas = opened(project)
    derived = _derived(config_alone.of(source, revision), source)
    path = atlas.architectures / f"{derived.row.model_type}.json"
    content = row_file.text(derived)
    if not dry_run:
        json_file.write_atomic(path, content)
    if as_json:
        console.emit_json({"path": str(path), "text": content})
    elif dry_run:
        console.write(content)
    else:
        console.say(f"wrote {path}: {derived.origin}; {len(derived.proved)} proofs hold")
        model = "the model's folder or hub id" if Path(source).is_file() else source
        console.say(f"next: atlas new {model}, then atlas check --dry-run")


def _derived(config: Mapping[str, Any], source: str) -> DerivedRow:
    """The row of a config; what keeps it from being derived is told with where it stands."""
    from atlas import architectures
    from atlas.architectures import kinship, missing
    from atlas.commands import console
    from atlas.loaded.derivation import deriving

    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        told = f"{short(model_type)} is no model type"
        raise AtlasError(told, file=source, place="model_type", remedy="name a model's config")
    if model_type in architectures.shipped():
        raise AtlasError(
            f"atlas reads {model_type} already",
            file=source,
            place="model_type",
            remedy="atlas new makes an entry of the model",
        )
    kinship.refuse_own_code(config, source)
    place = f"model_type {cut(model_type, LONGEST_TYPE)}"
    if model_type in missing.WHY:  # a derivation may take minutes to fail, and say less
        raise AtlasError(missing.WHY[model_type], file=source, place=place, remedy=NOT_YET)
    try:
        return deriving.derive(config, lambda step: console.say(f"deriving: {step}")).derived
    except AtlasError as error:
        error.file, error.place = source, place
        error.remedy = error.remedy or NOT_YET
        raise
