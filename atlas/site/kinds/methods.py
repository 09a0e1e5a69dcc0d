"""A page an analysis: how it measures, from its docstring, and what it was asked."""

from __future__ import annotations

from atlas.pinned import relations
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The list of methods and their pages."""
    listed = contents.statements
    yield "methods/index.md", contents.page("methods.md.j2", root="../", statements=listed)
    for stated in listed:
        asked = relations.load_all() if "relations" in stated.own_protocol else ()
        page = contents.page("method.md.j2", root="../../", stated=stated, asked=asked)
        yield f"methods/{stated.name}.md", page
