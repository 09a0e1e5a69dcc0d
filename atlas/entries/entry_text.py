"""The text of an entry's file, as people would write it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from atlas.entries import entry, relation
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems


def checked(made: Entry) -> str:
    """The entry's text, which reads back as exactly this entry."""
    content = text(made)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / made.slug / "model.yml"
        path.parent.mkdir()
        path.write_text(content, encoding="utf-8")
        try:
            again = entry.load(path)
        except AtlasError as error:
            for problem in Problems([error]).problems:
                problem.file = f"the entry of {made.source}"
            raise
    assert again == made, "what is written reads back"
    return content


def text(made: Entry) -> str:
    """An entry as people would write it: keys in order, what is not known left out."""
    lines = [f"name: {_scalar(made.name)}", f"family: {_scalar(made.family)}"]
    lines += [f"architecture: {made.architecture}", f"source: {_scalar(made.source)}"]
    if made.revision is not None:
        lines.append(f'revision: "{made.revision}"')
    if made.file is not None:
        lines.append(f"file: {_scalar(made.file)}")
    lines.append(f"license: {_scalar(made.license)}")
    if made.released is not None:
        lines.append(f"released: {made.released}")
    if made.base is not None:
        lines.append(f"base: {_scalar(made.base)}")
        if made.relation != relation.USUAL:
            lines.append(f"relation: {made.relation}")
    if made.tags:
        lines.append(f"tags: [{', '.join(_scalar(tag) for tag in made.tags)}]")
    lines.append(f"summary: {_scalar(made.summary)}")
    if made.sources:
        lines += ["sources:", *(f"  - {_scalar(url)}" for url in made.sources)]
    if made.geometry is not None:
        shape = {key: value for key, value in asdict(made.geometry).items() if value}
        lines += ["geometry:", *(f"  {key}: {value}" for key, value in shape.items())]
    if made.protocol is not None:
        chosen = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in made.protocol.items()
        }
        lines += ["protocol:", *(f"  {key}: {value}" for key, value in chosen.items())]
    if made.analyses is not None:
        lines.append(f"analyses: [{', '.join(made.analyses)}]")
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """Text as a YAML scalar on one line, in quotes where it would be read as something else."""
    plain: Any = yaml.safe_dump([text], default_flow_style=True, width=10**6, allow_unicode=True)
    return str(plain).strip()[1:-1]


def printable(text: str) -> str:
    """Text without what acts on a terminal or a page: characters that cannot be shown."""
    return "".join(char for char in text if char.isprintable())
