"""What changed, for people and for scripts: lines of text, Markdown for a comment, JSON.

What a contribution wrote stands in Markdown only as HTML code with every sign written as an
entity, so that nothing of it is markup, a link, a mention or a reference.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from atlas import words
from atlas.files import json_file
from atlas.profiles.matrix import Matrix
from atlas.review.changes import Changes, Flipped, Moved
from atlas.site import templates
from atlas.site.figures import previews

LONGEST = 65_536
"""Characters that GitHub takes in one comment."""

ROOM = 400
"""Characters kept free for the line that says what is left out."""

PICTURES = 24
"""Moved matrices that are shown as pictures."""

WIDE = 240
"""Pixels that a picture is at least wide."""

COMMENT = "comment.md"


def lines(changes: Changes) -> list[str]:
    """The changes as lines for a terminal."""
    said = [f"added: {slug}" for slug in changes.added]
    said += [f"removed: {slug}" for slug in changes.removed]
    said += [
        f"entry {one.model}: {one.key}: {one.before} -> {one.after}" for one in changes.entries
    ]
    said += [f"measured: {slug} {name}" for slug, name in changes.measured]
    said += [f"no longer measured: {slug} {name}" for slug, name in changes.dropped]
    said += [f"{slug} {name}: {what}" for slug, name, what in changes.other]
    said += [f"{one.model} {one.analysis} {one.matrix}: {_moved(one)}" for one in changes.moved]
    said += [f"claim {one.claim}: {_flip(one)}: {one.sentence}" for one in changes.claims]
    return [templates.fold(line) for line in said] or ["nothing changed"]


def document(changes: Changes) -> dict[str, Any]:
    """The changes as JSON; matrices by name, without their values."""
    kept = ("model", "analysis", "matrix", "cells", "of", "largest", "where", "problem")
    return {
        "format": 1,
        "added": list(changes.added),
        "removed": list(changes.removed),
        "entries": [vars(one) for one in changes.entries],
        "measured": [{"model": slug, "analysis": name} for slug, name in changes.measured],
        "dropped": [{"model": slug, "analysis": name} for slug, name in changes.dropped],
        "profiles": [
            {"model": slug, "analysis": name, "change": what} for slug, name, what in changes.other
        ],
        "moved": [
            {**{key: getattr(one, key) for key in kept}, **_values(one)} for one in changes.moved
        ],
        "claims": [{**vars(one), "why": list(one.why)} for one in changes.claims],
    }


def write(folder: Path, changes: Changes) -> Path:
    """Write the Markdown and its pictures into a folder; where the Markdown lies."""
    pictures: dict[int, tuple[str | None, str | None]] = {}
    for number, one in enumerate(changes.moved[:PICTURES]):
        pictures[number] = (
            _picture(folder, f"{number:03}-before.png", one.old),
            _picture(folder, f"{number:03}-after.png", one.new),
        )
    path = folder / COMMENT
    json_file.write_atomic(path, markdown(changes, pictures))
    return path


def markdown(
    changes: Changes, pictures: dict[int, tuple[str | None, str | None]] | None = None
) -> str:
    """The changes as Markdown of at most `LONGEST` characters.

    `pictures`: addresses of the pictures before and after, by place in `changes.moved`.
    """
    kept: list[str] = []
    length = 0
    every = list(_markdown(changes, pictures or {}))
    for number, line in enumerate(every):
        if length + len(line) + 1 > LONGEST - ROOM:
            left = len(every) - number
            kept.append(f"\n{left} more lines are left out; `atlas diff --json` shows everything.")
            break
        kept.append(line)
        length += len(line) + 1
    return "\n".join(kept) + "\n"


def _markdown(
    changes: Changes, pictures: dict[int, tuple[str | None, str | None]]
) -> Iterator[str]:
    yield "## What this pull request changes in the atlas"
    yield ""
    if changes.is_empty:
        yield "Nothing: models, values and claims are the same."
        return
    yield _summary(changes)
    yield from _list("Models added", [code(slug) for slug in changes.added])
    yield from _list("Models removed", [code(slug) for slug in changes.removed])
    yield from _list("Claims", [_claim_line(one) for one in changes.claims])
    yield from _list(
        "Entries",
        [
            f"{code(one.model)} {code(one.key)}: {code(one.before)} → {code(one.after)}"
            for one in changes.entries
        ],
    )
    yield from _list(
        "Profiles",
        [f"{code(slug)} {code(name)} measured" for slug, name in changes.measured]
        + [f"{code(slug)} {code(name)} gone" for slug, name in changes.dropped]
        + [f"{code(slug)} {code(name)}: {code(what)}" for slug, name, what in changes.other],
    )
    if changes.moved:
        yield from ("", "### Values beyond the tolerance", "")
        yield "| model | analysis | matrix | change |"
        yield "|---|---|---|---|"
        for one in changes.moved:
            names = " | ".join(map(code, (one.model, one.analysis, one.matrix)))
            yield f"| {names} | {code(_moved(one))} |"
    for number, (before, after) in pictures.items():
        one = changes.moved[number]
        yield from ("", f"#### {code(one.model)} {code(one.matrix)}", "")
        yield "| before | after |"
        yield "|---|---|"
        yield f"| {_image('before', before)} | {_image('after', after)} |"


def code(text: str) -> str:
    """Text that is shown as it stands, whatever it holds."""
    plain = templates.fold(text).strip()
    safe = "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in plain)
    return f"<code>{safe}</code>"


def _summary(changes: Changes) -> str:
    untrue = [one.before is None for one in changes.claims if one.after == "no longer holds"]
    new = f", {sum(untrue)} new and failing" if any(untrue) else ""
    cells = sum(one.cells for one in changes.moved)
    return (
        f"{len(changes.added)} models added, {len(changes.removed)} removed; "
        f"{cells} cells of {len(changes.moved)} matrices moved beyond tolerance; "
        f"{len(changes.claims)} claims changed, {untrue.count(False)} of them overturned{new}."
    )


def _list(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from ("", f"### {title}", "")
        yield from (f"- {item}" for item in items)


def _claim_line(one: Flipped) -> str:
    why = "".join(f" {code(reason)}" for reason in one.why[:3])
    return f"**{html.escape(_flip(one))}** {code(one.claim)}: {code(one.sentence)}{why}"


def _flip(one: Flipped) -> str:
    if one.before is None:
        return "new, does not hold" if one.after == "no longer holds" else f"new, {one.after}"
    return f"{one.before} -> {one.after or 'withdrawn'}"


def _moved(one: Moved) -> str:
    if one.values is None:
        return str(one.problem)
    was, now = map(_told, one.values)
    far = str(one.problem)
    if one.largest is not None:
        far = f"by {words.written(words.significant(one.largest, 2))}"
    return f"{one.cells} of {one.of} cells; furthest {one.where}: {was} -> {now} ({far})"


def _told(value: float) -> str:
    return "none" if value != value else words.written(words.significant(value, 4))


def _values(one: Moved) -> dict[str, float | None]:
    """The two values of the cell that moved furthest; NaN is null."""
    pair = one.values or (float("nan"), float("nan"))
    before, after = (value if value == value else None for value in pair)
    return {"before": before, "after": after}


def _picture(folder: Path, name: str, matrix: Matrix | None) -> str | None:
    """Write a matrix' preview below `previews/`; its address relative to the Markdown."""
    if matrix is None:
        return None
    address = f"previews/{name}"
    json_file.write_atomic(folder / address, previews.png(matrix, WIDE))
    return address


def _image(alt: str, address: str | None) -> str:
    return f"![{alt}]({address})" if address else "none"
