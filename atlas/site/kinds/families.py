"""A page a family: its sizes side by side, who was made from whom, and its ladder."""

from __future__ import annotations

from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The list of families, their pages and ladders."""
    listed = contents.families
    yield "families/index.md", contents.page("families.md.j2", root="../", families=listed)
    for family in listed:
        page = contents.page("family.md.j2", root="../../", family=family)
        yield f"{family.folder}/index.md", page
        yield f"{family.folder}/ladder.json", family.ladder
