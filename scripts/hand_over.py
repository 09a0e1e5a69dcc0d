"""Hand profiles over from the machine that measured to the branch that gets them.

    hand_over.py collect FOLDER SLUG...    copy the profiles of models in this checkout to FOLDER
    hand_over.py accept FOLDER CHECKOUT    put what is in FOLDER into another checkout

FOLDER holds <slug>/<analysis>.json and their parts. Accepting reads all of it first: a file that is
no sound profile of a model that the checkout lists, or anything else, and nothing is written.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from atlas.entries import entry
from atlas.errors import AtlasError, Problems
from atlas.paths import SLUG, Project, refuse_link
from atlas.profiles import profile_file, side_files, statement


def collect(project: Project, folder: Path, slugs: Iterable[str]) -> list[Path]:
    """Copy the profiles of models into a folder; what was written."""
    written = []
    for slug in slugs:
        for path in sorted(project.folder(slug).glob("*.json")):
            name, _, part = path.stem.partition(".")
            if name in statement.names() and (not part or side_files.exists(name, part)):
                target = folder / slug / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                written.append(target)
    if not written:
        raise AtlasError("nothing was measured", remedy="atlas profile says why")
    return written


def accept(folder: Path, project: Project) -> list[Path]:
    """Put profiles into a project; what was written. Raises `AtlasError` or `Problems`."""
    found = sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    for path in found:
        _require_sound(path, folder, project)
    written = []
    for path in found:
        target = project.folder(path.parent.name) / path.name
        refuse_link(target)
        shutil.copyfile(path, target)
        written.append(target)
    return written


def _require_sound(path: Path, folder: Path, project: Project) -> None:
    refuse_link(path)
    slug = path.parent.name
    if path.parent.parent != folder or not SLUG.fullmatch(slug) or path.suffix != ".json":
        raise AtlasError("is no <slug>/<analysis>.json", file=path)
    item = entry.load(project.entry(slug))
    name, _, part = path.stem.partition(".")
    if name not in statement.names() or (part and not side_files.exists(name, part)):
        raise AtlasError("belongs to no analysis", file=path)
    if part:
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
    try:
        if verb == "collect":
            written = collect(Project(Path.cwd()), Path(folder), rest)
        elif verb == "accept":
            written = accept(Path(folder), Project(Path(rest[0])))
        else:
            raise AtlasError(f"{verb!r} is neither collect nor accept")
    except AtlasError as error:
        sys.exit("\n".join(map(str, Problems([error]).problems)))
    sys.stdout.writelines(f"{path}\n" for path in written)


if __name__ == "__main__":
    main()
