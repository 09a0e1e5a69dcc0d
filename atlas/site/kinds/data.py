"""The index of data, its tables, schemas and notebook, and the page that tells of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from atlas import schemas
from atlas.paths import template_dirs
from atlas.profiles import tidy
from atlas.site import data_index
from atlas.site.contents import Contents, Files


def published_schemas() -> Files:
    """The schemas of what atlas reads."""
    for name in schemas.names():
        text = json.dumps(schemas.load(name), indent=1, ensure_ascii=False) + "\n"
        yield f"data/schemas/{name}.schema.json", text.encode()


def tables(contents: Contents) -> Files:
    """The matrices of all models as tidy CSV, a file for each analysis."""
    models = sorted(contents.models, key=lambda model: model.entry.slug)
    for stated in contents.statements:
        profiles = [found for model in models if (found := model.profile(stated.name))]
        if profiles:
            yield f"data/{stated.name}.csv.gz", tidy.packed(tidy.cells(profiles))


def notebook(contents: Contents) -> Files:
    """A notebook that shows how the numbers are read, as people download it."""
    name = "numbers.ipynb"
    folders = template_dirs(contents.project)
    yield f"data/{name}", next(one / name for one in folders if (one / name).is_file()).read_bytes()


def files(contents: Contents, planned: Mapping[str, bytes]) -> Files:
    """The index of profiles and of the planned files, and the page."""
    index = data_index.index(contents.project, contents.models, planned)
    yield "data/index.json", data_index.text(index)
    told = [schemas.load(name) for name in schemas.names()]
    page = contents.page(
        "data.md.j2", root="../", index=index, schemas=told, example=_example(contents)
    )
    yield "data/index.md", page


def _example(contents: Contents) -> str:
    """Model, analysis and name of the first matrix that there is; nothing where there is none."""
    for model in contents.models:
        for section in model.sections:
            if section.profile:
                named = section.profile.matrices[0].name
                return f"{model.entry.slug} {section.stated.name} {named}"
    return ""
