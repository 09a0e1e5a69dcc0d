"""How to contribute a model, and what an entry may say."""

from __future__ import annotations

from atlas import schemas
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    schema = schemas.load("entry")
    fields = [
        {**stated, "name": name, "required": name in schema["required"]}
        for name, stated in schema["properties"].items()
    ]
    yield "contributing.md", contents.page("contributing.md.j2", root="../", fields=fields)
