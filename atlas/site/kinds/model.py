"""A page a model: its sections with their figures, and the previews of these."""

from __future__ import annotations

import json

from atlas.entries.entry import Entry
from atlas.review import tuned, tuned_words, verdicts
from atlas.review.tuned import Answer
from atlas.site.contents import Contents, Files
from atlas.site.figures import bokeh_figure


def files(contents: Contents) -> Files:
    """Pages of models, and the pictures on them; of a model that was made from another, how it
    differs from that one."""
    models = {model.entry.slug: model for model in contents.models}
    for model, sections in contents.shown:
        for section in sections:
            for path, picture in section.pictures():
                yield f"{model.folder}/{path}", picture
            for path, drawing in section.stills():
                yield f"{model.folder}/{path}", drawing
        answer = tuned.of(model, models.get(model.entry.base or ""))
        if answer:
            yield f"data/from-base/{model.entry.slug}.json", _document(answer)
        page = contents.page(
            "model.md.j2",
            root="../../",
            entry=model.entry,
            sections=sections,
            model=model,
            answer=answer,
            corpus=_corpus(model.entry),
            claims=verdicts.about(model.entry.slug, contents.verdicts),
            engine=bokeh_figure.script()[0],
        )
        yield f"{model.folder}/index.md", page


def _document(answer: Answer) -> bytes:
    """The answer as its file has it; numbers as profiles have them."""
    return (json.dumps(tuned_words.document(answer), ensure_ascii=False) + "\n").encode()


def _corpus(entry: Entry) -> str:
    """The name of what the model reads, where its entry chooses that for itself; each figure's
    conditions say what it is."""
    return str((entry.protocol or {}).get("corpus", ""))
