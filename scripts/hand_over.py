"""Hand files over from the machine that measured to the branch that gets them.

    hand_over.py collect FOLDER SLUG...            copy profiles of this checkout to FOLDER
    hand_over.py accept FOLDER CHECKOUT            put what is in FOLDER into another checkout
    hand_over.py collect-records FOLDER SLUG...    the same of records of verification
    hand_over.py accept-records FOLDER CHECKOUT

FOLDER holds <slug>/<analysis>.json and their parts, or <slug>/verified.json. Accepting reads all of
it first: a file that is no sound profile of a model that the checkout lists, no record about the
profiles that the checkout has, or anything else, and nothing is written. A checkout may be a
contribution's, so that no link is followed, wherever it stands on the way.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable
from pathlib import Path

from atlas.entries import entry
from atlas.errors import AtlasError, Problems, raise_all
from atlas.files import json_file
from atlas.paths import SLUG, Project, refuse_link
from atlas.profiles import profile_file, side_files, statement, verified
from atlas.review import records as record_checks

RECORD = "verified.json"


def collect(
    project: Project, folder: Path, slugs: Iterable[str], *, records: bool = False
) -> list[Path]:
    """Copy the profiles of models into a folder, or their records; what was written."""
    written = []
    for slug in slugs:
        for path in sorted(project.folder(slug).glob("*.json")):
            if path.name == RECORD if records else _is_measured(path):
                _refuse_links(project.root, path)
                target = folder / slug / path.name
                json_file.write_atomic(target, path.read_bytes())
                written.append(target)
    if not written:
        problem, verb = ("verified", "verify") if records else ("measured", "profile")
        raise AtlasError(f"nothing was {problem}", remedy=f"atlas {verb} says why")
    return written


def accept(folder: Path, project: Project, *, records: bool = False) -> list[Path]:
    """Put profiles, or records, into a project; what was written. A record that was about another
    profile loses its line.

    Raises `AtlasError` or `Problems` before anything is written.
    """
    found = sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    targets = {path: project.folder(path.parent.name) / path.name for path in found}
    for path, target in targets.items():
        _require_place(path, folder)
        _refuse_links(project.root, target)
        if records:
            _require_record(path, project)
        else:
            _require_sound(path, project)
    for path, target in targets.items():
        json_file.write_atomic(target, path.read_bytes())
    for target in targets.values():
        if target.stem in statement.names():
            verified.forget(project, target, profile_file.load(target))
    return list(targets.values())


def _is_measured(path: Path) -> bool:
    name, _, part = path.stem.partition(".")
    return name in statement.names() and (path.stem == name or side_files.exists(name, part))


def _refuse_links(root: Path, path: Path) -> None:
    """Raise `AtlasError` where a path, or any folder on the way to it from `root`, is a link."""
    inside = path.relative_to(root)
    for here in (*reversed(inside.parents), inside):
        refuse_link(root / here)


def _require_place(path: Path, folder: Path) -> None:
    refuse_link(path)
    slug = path.parent.name
    if path.parent.parent != folder or not SLUG.fullmatch(slug) or path.suffix != ".json":
        raise AtlasError("is no <slug>/<analysis>.json", file=path)


def _require_record(path: Path, project: Project) -> None:
    if path.name != RECORD:
        raise AtlasError("is no record of verification", file=path)
    today = datetime.datetime.now(datetime.UTC).date()
    beside = project.folder(path.parent.name)
    raise_all(list(record_checks.against_files(path, today, beside)))


def _require_sound(path: Path, project: Project) -> None:
    item = entry.load(project.entry(path.parent.name))
    if not _is_measured(path):
        raise AtlasError("belongs to no analysis", file=path)
    if "." in path.stem:
        side_files.load(path)
        return
    pin = profile_file.load(path).model
    if (pin.source, pin.revision) != (item.source, item.revision):
        raise AtlasError(
            f"measured on {pin.source} at {pin.revision}, and the entry says {item.source} "
            f"at {item.revision}",
            file=path,
        )


def main() -> None:
    verb, folder, *rest = sys.argv[1:]
    records = verb.endswith("-records")
    try:
        if verb.removesuffix("-records") == "collect":
            written = collect(Project(Path.cwd()), Path(folder), rest, records=records)
        elif verb.removesuffix("-records") == "accept":
            written = accept(Path(folder), Project(Path(rest[0])), records=records)
        else:
            raise AtlasError(f"{verb!r} is neither collect nor accept")
    except AtlasError as error:
        sys.exit("\n".join(map(str, Problems([error]).problems)))
    sys.stdout.writelines(f"{path}\n" for path in written)


if __name__ == "__main__":
    main()
