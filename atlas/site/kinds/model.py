"""A page a model: its sections with their figures, and the previews of these."""

from __future__ import annotations

from atlas.entries.entry import Entry
from atlas.review import verdicts
from atlas.site.contents import Contents, Files
from atlas.site.figures import bokeh_figure


def files(contents: Contents) -> Files:
    """Pages of models, and the pictures on them."""
    for model, sections in contents.shown:
        for section in sections:
            for path, picture in section.pictures():
                yield f"{model.folder}/{path}", picture
            for path, drawing in section.stills():
                yield f"{model.folder}/{path}", drawing
        page = contents.page(
            "model.md.j2",
            root="../../",
            entry=model.entry,
            sections=sections,
            model=model,
            corpus=_corpus(model.entry),
            claims=verdicts.about(model.entry.slug, contents.verdicts),
            engine=bokeh_figure.script()[0],
        )
        yield f"{model.folder}/index.md", page


def _corpus(entry: Entry) -> str:
    """The name of what the model reads, where its entry chooses that for itself; each figure's
    conditions say what it is."""
    return str((entry.protocol or {}).get("corpus", ""))
