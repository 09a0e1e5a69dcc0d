"""The Jinja environment of the pages, and how contributed text gets onto one.

Three layers keep contributed text inert. Autoescape turns its markup into characters. Every value
is folded to one line without control characters as it is put out. The filter `html` joins a raw
HTML block into one line that begins with a tag, so that Markdown never sees a line that somebody
else began. Front matter goes through `front`: escaped, because themes put it out as it stands, and
then quoted as JSON, which is YAML.
"""

from __future__ import annotations

import functools
import json
import re
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from atlas import words
from atlas.entries import licenses
from atlas.entries.entry import Entry
from atlas.entries.presentation import Presentation
from atlas.errors import AtlasError
from atlas.paths import shipped_templates
from atlas.profiles import remarks, statement
from atlas.site.assets import FOLDER

UNSEEN = dict.fromkeys(
    [*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    " ",
)
"""Control characters, and those that turn the direction of the text that follows them."""

EARLY = f'<script src="{{root}}{FOLDER}/early.js"{{without}}></script>'
"""What has to run before the theme's own script, which stands below the content of a page. It tells
scripts which sections the atlas does not have."""


def environment(
    folders: Sequence[Path],
    families: Mapping[str, str] | None = None,
    presentation: Presentation | None = None,
    analyses: Collection[str] | None = None,
) -> jinja2.Environment:
    """Templates of the given folders, the first that has one wins; undefined names are errors.
    `families`: the name of each, by the word that entries have for it. `presentation`: what the
    atlas says of itself, by default nothing. `analyses`: those that it is about, None for all."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=fold,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        html=html,
        json=as_json,
        front=front,
        link=link,
        bytes=words.size,
        duration=words.about,
        count=words.count,
        short=words.number,
        decimals=words.decimals,
        license=licenses.name,
        family=lambda word: (families or {}).get(word, word),
        scalar=words.scalar,
        not_offered=functools.partial(not_offered, among=analyses),
    )
    made.tests["of_language"] = remarks.of_language
    told = presentation or Presentation()
    made.globals.update(atlas=told, has=told.has)
    return made


def not_offered(entry: Entry, among: Collection[str] | None) -> list[tuple[str, str]]:
    """Titles of the analyses that a model cannot have, among those or all, and why."""
    reasons = statement.not_offered(entry.architecture, entry.geometry)
    return [
        (statement.of(name).title, why)
        for name, why in reasons.items()
        if among is None or name in among
    ]


MEND = "mend the template, or remove it to use the one that atlas ships"


def render(templates: jinja2.Environment, name: str, root: str, **values: Any) -> bytes:
    """One page; `root` is the way from it to the site's root, "../" for every folder.

    Raises `AtlasError` where a template is missing or broken.
    """
    try:
        text = templates.get_template(name).render(root=root, **values)
    except jinja2.TemplateNotFound as error:
        raise _broken(error, f"there is no template {error.name!r}", name) from error
    except jinja2.TemplateError as error:
        raise _broken(error, f"template fails: {error}", name) from error
    except UnicodeDecodeError as error:  # jinja2 does not say of which template
        raise _broken(
            error, "a template is not UTF-8, this one or one that it uses", name
        ) from error
    except Exception as error:
        if not _own_frames(error):
            raise
        problem = f"template fails: {type(error).__name__}: {error}"
        raise _broken(error, problem, name) from error
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    told = templates.globals["atlas"]
    left_out = " ".join(told.left_out) if isinstance(told, Presentation) else ""
    without = f' data-without="{left_out}"' if left_out else ""
    return f"{text}\n\n{EARLY.format(root=root, without=without)}\n".encode()


def fold(value: Any) -> Any:
    """Text as one line without control characters; anything else as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return re.sub(r"\s+", " ", value.translate(UNSEEN))
    return value


def html(block: str) -> Markup:
    """A raw HTML block as one line. What is inside has been escaped by autoescape."""
    return Markup(" ".join(line.strip() for line in block.splitlines() if line.strip()))


def _broken(error: Exception, problem: str, name: str) -> AtlasError:
    """An error in a template, with its file and line where these are known."""
    file: str | None = None
    line: int | None = None
    if isinstance(error, jinja2.TemplateSyntaxError):
        file, line = str(error.filename or name), error.lineno
    elif frames := [*_frames(error), *_own_frames(error)]:
        file, line = frames[-1].filename, frames[-1].lineno
    place = f"line {line}" if line else None
    return AtlasError(problem, file=file or name, place=place, remedy=MEND)


def _frames(error: Exception) -> list[traceback.FrameSummary]:
    """The lines of templates that led to an exception, the outermost first."""
    found = traceback.extract_tb(error.__traceback__)
    return [frame for frame in found if frame.filename.endswith(".j2")]


def _own_frames(error: Exception) -> list[traceback.FrameSummary]:
    """Those of the project's own templates, which are to blame for what a part of ours raises."""
    shipped = shipped_templates()
    return [one for one in _frames(error) if not Path(one.filename).is_relative_to(shipped)]


def front(value: str) -> Markup:
    """Text for a value of the front matter."""
    return Markup(json.dumps(str(escape(fold(value).strip())), ensure_ascii=False))


def as_json(value: Sequence[Any]) -> Markup:
    """Plain values, tuples and dataclasses of them as JSON for an attribute in single quotes."""
    text = json.dumps(value, separators=(",", ":"), default=asdict)
    return Markup(text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&'"}))


def link(url: str) -> str:
    """An http(s) address. Raises `AtlasError` for any other."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise AtlasError(f"{url!r} is not an http(s) address", remedy="write https://...")
    return url
