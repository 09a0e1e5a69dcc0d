"""Findings: the list of them, and a page each with its claims and their live figures."""

from __future__ import annotations

from atlas.site.contents import Contents, Files
from atlas.site.figures import bokeh_figure


def files(contents: Contents) -> Files:
    """The list, the pages, and the previews of their figures."""
    listed = contents.findings
    yield "findings/index.md", contents.page("findings.md.j2", root="../", findings=listed)
    for shown in listed:
        for step in shown.steps:
            yield from step.pictures()
        page = contents.page(
            "finding.md.j2", root="../../", shown=shown, engine=bokeh_figure.script()[0]
        )
        yield f"{shown.folder}.md", page
