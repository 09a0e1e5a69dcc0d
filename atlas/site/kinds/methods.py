"""A page an analysis: how it measures, from its docstring, and what it was asked."""

from __future__ import annotations

from atlas.pinned import corpus, relations
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The list of methods and their pages."""
    listed = contents.statements
    yield "methods/index.md", contents.page("methods.md.j2", root="../", statements=listed)
    for stated in listed:
        asked = relations.load_all() if "relations" in stated.own_protocol else ()
        read = _corpora() if "corpus" in stated.own_protocol else ()
        page = contents.page("method.md.j2", root="../../", stated=stated, asked=asked, read=read)
        yield f"methods/{stated.name}.md", page


def _corpora() -> list[tuple[str, str, str]]:
    """The corpora that atlas ships: name, what it is, digest."""
    return [(name, about, corpus.digest(name)) for name, about in corpus.SHIPPED.items()]
