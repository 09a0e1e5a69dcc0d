"""Claims: sentences about models that the atlas holds against its own values.

`docs/claims/<name>.yml` states a sentence, the view that shows it, and what must hold in matrices
for it to be true. That is data and no code: quantities taken of matrices, compared and combined.
What becomes of a claim on the profiles that are there is told by `atlas/review/verdicts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from atlas import schemas
from atlas.errors import AtlasError, Problems, raise_all, suggest
from atlas.files import yaml_file
from atlas.paths import SLUG, Project, refuse_link
from atlas.profiles import statement as analysis

DEEPEST = 6
"""How many levels of `all`, `any` and `not` may lie inside each other."""

Keys = tuple[str | int, ...]
"""Where something stands in a file: `("holds", 0, "left")`."""

Relation = Literal["above", "at least", "below", "at most", "near", "same as"]


@dataclass(frozen=True)
class Quantity:
    """What a claim takes of one matrix: a number, or with argmax and argmin a cell.

    `rows` and `columns` are labels, None for all. `above` belongs to `count`; `times` is a factor.
    """

    model: str
    analysis: str
    matrix: str
    take: str
    rows: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    above: float | None = None
    times: float | None = None

    @property
    def is_place(self) -> bool:
        """Whether it is a cell and no number."""
        return self.take in ("argmax", "argmin")


Operand = Quantity | float | str


@dataclass(frozen=True)
class Comparison:
    """How one operand stands to another; `within` is the largest difference that is near."""

    left: Operand
    relation: Relation
    right: Operand
    within: float | None = None


@dataclass(frozen=True)
class Combination:
    """Statements of which all, any, or none has to be true."""

    how: Literal["all", "any", "not"]
    parts: tuple[Comparison | Combination, ...]


Statement = Comparison | Combination


@dataclass(frozen=True)
class Claim:
    """One claim. `name` is its file's name and its anchor on the page of claims; `view` an address
    below the site's root; `source` who published it, None where it was found in this atlas."""

    name: str
    sentence: str
    view: str
    holds: Combination
    source: str | None = None

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Everything that it takes of matrices, in the order of its file."""
        sides = (side for _, one in self.comparisons for side in (one.left, one.right))
        return tuple(side for side in sides if isinstance(side, Quantity))

    @property
    def comparisons(self) -> tuple[tuple[Keys, Comparison], ...]:
        """Every comparison, with the keys at which it stands in the file."""
        parts = enumerate(self.holds.parts)
        return tuple(
            found for index, part in parts for found in _comparisons(part, ("holds", index))
        )

    @property
    def models(self) -> tuple[str, ...]:
        """Slugs of the models that it is about, the first one named first."""
        return tuple(dict.fromkeys(item.model for item in self.quantities))


def load(path: Path) -> Claim:
    """Read one claim.

    Raises `AtlasError` or `Problems`: everything that is wrong with the file, a line each.
    """
    refuse_link(path)
    text = yaml_file.read(path)
    raise_all(
        [*_too_deep(text.values, path), *schemas.problems(text.values, "claim", path, text.lines)]
    )
    document = dict(text.values)
    found = list(_meaning_problems(document["holds"], ("holds",), path, text.lines))
    found += _view_problems(document["view"], path, text.lines)
    found += name_problems(path, "claim")
    raise_all(found)
    return Claim(
        name=path.stem,
        sentence=" ".join(document["sentence"].split()),
        view=document["view"],
        holds=Combination("all", tuple(map(_statement, document["holds"]))),
        source=document.get("source"),
    )


def load_each(project: Project) -> tuple[list[Claim], list[AtlasError]]:
    """The claims that can be read, by name, and everything wrong in all of them together."""
    claims: list[Claim] = []
    found: list[AtlasError] = []
    for path in sorted(project.claims.glob("[!.]*")):
        if path.name == "index.md":  # the page that `render` writes
            continue
        try:
            if path.suffix != ".yml":
                raise AtlasError(
                    f"{path.name!r} is not a claim, and would be published",
                    file=path,
                    remedy="a claim is a file <name>.yml; remove it",
                )
            claims.append(load(path))
        except AtlasError as error:
            found.append(error)
    return claims, Problems(found).problems


def load_all(project: Project) -> list[Claim]:
    """Every claim of a project, by name; `Problems` with everything wrong in all of them."""
    claims, found = load_each(project)
    raise_all(found)
    return claims


def name_problems(path: Path, what: str) -> Iterator[AtlasError]:
    """A file's name that cannot be that of a claim, or of what else `what` says."""
    if not SLUG.fullmatch(path.stem):
        yield AtlasError(
            f"{path.stem!r} is not a {what}'s name",
            file=path,
            remedy="name the file in lower-case letters and digits, parts joined by - or .",
        )


def unlisted(claims: list[Claim], slugs: list[str]) -> Iterator[str]:
    """A note for each model that claims are about and the atlas does not list (yet)."""
    for slug in dict.fromkeys(slug for claim in claims for slug in claim.models):
        if slug not in slugs:
            about = sum(slug in claim.models for claim in claims)
            several = "" if about == 1 else "s"
            yield (
                f"docs/claims: {about} claim{several} about {slug!r}, which the atlas does not list"
            )


def _statement(raw: Mapping[str, Any]) -> Statement:
    if "is" in raw:
        return Comparison(
            _operand(raw["left"]), raw["is"], _operand(raw["right"]), raw.get("within")
        )
    if "not" in raw:
        return Combination("not", (_statement(raw["not"]),))
    how: Literal["all", "any"] = "all" if "all" in raw else "any"
    return Combination(how, tuple(map(_statement, raw[how])))


def _operand(raw: Any) -> Operand:
    if not isinstance(raw, Mapping):
        return raw if isinstance(raw, str) else float(raw)
    labels = {
        key: tuple(str(label) for label in raw[key]) for key in ("rows", "columns") if key in raw
    }
    return Quantity(**{**raw, **labels})


def _comparisons(statement: Statement, here: Keys) -> Iterator[tuple[Keys, Comparison]]:
    if isinstance(statement, Comparison):
        yield here, statement
    elif statement.how == "not":
        yield from _comparisons(statement.parts[0], (*here, "not"))
    else:
        for index, part in enumerate(statement.parts):
            yield from _comparisons(part, (*here, statement.how, index))


def _too_deep(values: Mapping[str, Any], path: Path) -> Iterator[AtlasError]:
    """Refuse what lies too deep before anything walks down into it."""
    level: list[Any] = [values.get("holds")]
    for _ in range(2 * DEEPEST + 4):  # a statement, its list, the next statement
        inner = [item.values() if isinstance(item, dict) else item for item in level]
        level = [part for item in inner if not isinstance(item, str) for part in _parts(item)]
        if not level:
            return
    yield AtlasError(
        f"statements lie more than {DEEPEST} deep inside each other",
        file=path,
        place="holds",
        remedy="write two claims",
    )


def _parts(item: Any) -> Iterator[Any]:
    try:
        yield from item
    except TypeError:
        return


def _meaning_problems(
    statements: list[Any], keys: tuple[str | int, ...], file: Path, lines: schemas.Lines
) -> Iterator[AtlasError]:
    """What a schema cannot say of statements: which keys belong together."""
    for index, raw in enumerate(statements):
        here = (*keys, index)
        yield from _one_meaning(raw, here, file, lines)


def _one_meaning(
    raw: Mapping[str, Any], here: tuple[str | int, ...], file: Path, lines: schemas.Lines
) -> Iterator[AtlasError]:
    forms = ({"left", "is", "right"}, {"left", "is", "right", "within"}, {"all"}, {"any"}, {"not"})
    if set(raw) not in forms:
        yield AtlasError(
            f"{', '.join(raw)} do not make a statement",
            file=file,
            place=schemas.place(here, lines),
            remedy="write left, is and right; or one of all, any, not",
        )
    elif "is" in raw:
        yield from _comparison_problems(raw, here, file, lines)
    elif "not" in raw:
        yield from _one_meaning(raw["not"], (*here, "not"), file, lines)
    else:
        how = next(iter(raw))
        yield from _meaning_problems(raw[how], (*here, how), file, lines)


def _comparison_problems(
    raw: Mapping[str, Any], here: tuple[str | int, ...], file: Path, lines: schemas.Lines
) -> Iterator[AtlasError]:
    def problem(key: str, problem: str, remedy: str) -> AtlasError:
        place = schemas.place((*here, key), lines)
        return AtlasError(problem, file=file, place=place, remedy=remedy)

    sides = {key: raw[key] for key in ("left", "right")}
    if not any(isinstance(side, Mapping) for side in sides.values()):
        yield problem("left", "neither side is a quantity", "take one of a matrix")
    places = [_is_place(side) for side in sides.values()]
    if raw["is"] == "same as" and not all(places):
        yield problem("is", "'same as' compares cells", "take argmax or argmin; or use near")
    if raw["is"] != "same as" and any(places):
        yield problem("is", f"a cell cannot be {raw['is']!r}", "write is: same as")
    if (raw["is"] == "near") != ("within" in raw):
        yield problem("is", "'near' and 'within' belong together", "write both")
    for key, side in sides.items():
        if isinstance(side, Mapping):
            if side["analysis"] not in analysis.names():
                said = f"there is no analysis {side['analysis']!r}"
                yield problem(key, said, suggest(side["analysis"], analysis.names()))
            if (side["take"] == "count") != ("above" in side):
                yield problem(key, "'count' and 'above' belong together", "write both")
            if side["take"] in ("cell", "rank") and not all(
                len(side.get(axis, ())) == 1 for axis in ("rows", "columns")
            ):
                yield problem(key, f"{side['take']!r} needs one cell", "write one row, one column")
            if side["take"] in ("argmax", "argmin") and "times" in side:
                yield problem(key, "a cell cannot be multiplied", "leave times out")


def _is_place(side: Any) -> bool:
    if isinstance(side, Mapping):
        return side["take"] in ("argmax", "argmin")
    return isinstance(side, str)


def _view_problems(view: str, file: Path, lines: schemas.Lines) -> Iterator[AtlasError]:
    """An address whose analysis does not exist leads to nothing."""
    parts = urlsplit(view)
    query = dict(parse_qsl(parts.query))
    named = [query[key] for key in ("figure", "analysis") if key in query]
    named += [parts.path.split("/")[1]] if parts.path.startswith("survey/") else []
    for name in named:
        if name not in analysis.names():
            yield AtlasError(
                f"there is no analysis {name!r}",
                file=file,
                place=schemas.place(("view",), lines),
                remedy=suggest(name, analysis.names()),
            )
