"""The kinds of pages, a file each: `files(contents)` yields its pages and what they load.

To add one: a template, a file here, a line below, its name in `SECTIONS` of
`atlas/entries/presentation.py`, what it makes in `GENERATED` of `atlas/paths.py` (git leaves that
out), and where readers should find it a line of `nav` in mkdocs.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atlas.site.contents import Contents, Files
from atlas.site.kinds import (
    architectures,
    claims,
    compare,
    contributing,
    families,
    findings,
    heads,
    home,
    methods,
    model,
    models,
    recipe,
    reference,
    surveys,
)

KINDS: Mapping[str, Callable[[Contents], Files]] = {
    "model": model.files,
    "home": home.files,
    "models": models.files,
    "contributing": contributing.files,
    "recipe": recipe.files,
    "reference": reference.files,
    "architectures": architectures.files,
    "claims": claims.files,
    "findings": findings.files,
    "survey": surveys.files,
    "families": families.files,
    "compare": compare.files,
    "heads": heads.files,
    "methods": methods.files,
}
"""All but `data`, which lists the files of the others. Sections that an atlas can leave out have
the same names in `atlas/entries/presentation.py`."""
