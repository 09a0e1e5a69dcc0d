"""The site's scripts as they are published: modules that load together are one file.

Modules are written for people, a small file for each matter; a page that asked for each of them
would wait for thirty answers, several in a row because one module names the next. Here they become
the few files that pages ask for. A module is a function in its file, so that its names stay its
own, and stands in one file only, so that what it remembers is remembered once.

Modules lie in folders; what is published lies flat, for scripts find files relative to themselves.
A folder's `mount.js` is published under the folder's name.

Modules keep to what can be read here: imports by name or as a whole and exports of declarations,
each at the beginning of a line, no circles, and no string that looks like a comment.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from atlas.errors import AtlasError

BASES = ("atlas.js", "heatmap/heatmap.js")
"""What every page loads, and what nearly every other part of a page builds on: modules that these
import are in their files, whoever else imports them."""

DOCUMENTATION = re.compile(
    r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n|/\*\*.*?\*/", re.DOTALL | re.MULTILINE
)
"""Types and words for those who work on a module, a quarter of what a page would load."""

NAMES = {
    "attention/mount.js": "heads.js",
    "attention/scatter.js": "scatter.js",
    "attention/top-heads.js": "top-heads.js",
    "functions/head-panel.js": "head-panel.js",
    "functions/maps.js": "functional-maps.js",
    "functions/words.js": "head-words.js",
    "heads/bundle.js": "head-bundle.js",
    "heads/mount.js": "head-page.js",
    "heads/nearest.js": "head-nearest.js",
    "heatmap/data-table.js": "table.js",
    "heatmap/folded-parts.js": "origin.js",
    "masks/comparison.js": "compare-masks.js",
    "matrix/align.js": "align.js",
    "matrix/block-masks.js": "masks-order.js",
    "panels/canvas.js": "panels.js",
    "panels/legend.js": "key.js",
    "plots/lines.js": "trend.js",
    "plots/points.js": "scatter-plane.js",
    "residual/mount.js": "layer-curves.js",
}
"""Files whose place would give them another name than they have been published under: a page that
a browser still holds asks for them by that."""

IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "(\.[\w./-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(
    r"^export (default )?(?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE
)
LATER = re.compile(r'\bimport\("(\.[\w./-]+\.js)"\)')
UNREAD = re.compile(r"^(?:import|export)\b(?!\().*", re.MULTILINE)


def joined(modules: Mapping[str, str]) -> dict[str, str]:
    """Text of every published file by its name, from the text of every module by its path.

    Raises AtlasError where a module imports one that is not there, itself by way of others, or in a
    way that is not read.
    """
    modules = {name: DOCUMENTATION.sub("", text) for name, text in modules.items()}
    imported = {
        name: [_path(name, named) for _, named in IMPORT.findall(text)]
        for name, text in modules.items()
    }
    order = list(_in_order(imported))
    home = _homes(modules, imported, order)
    shared = {other for name in order for other in imported[name] if home[other] != home[name]}
    files = {}
    for file in sorted(set(home.values())):
        members = [name for name in order if home[name] == file]
        others = {other for name in members for other in imported[name] if home[other] != file}
        text = [
            *_imports(others, home),
            *(_function(name, modules[name]) for name in members),
            *(f"export {{ {_value(name)} }};\n" for name in members if name in shared),
            *_exports(file, modules[file]),
        ]
        files[published(file)] = "".join(text)
    return files


def published(path: str) -> str:
    """The name of the file that a module is published as where it is the one that is asked for."""
    folder, _, name = path.rpartition("/")
    own = {"mount.js": f"{folder}.js", f"{folder}.js": name}
    return NAMES.get(path, own.get(name, path.replace("/", "-")))


def _path(module: str, named: str) -> str:
    """The path of a module that another names relative to itself."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), named))


def _in_order(imported: Mapping[str, list[str]]) -> Iterator[str]:
    """Every module after those that it imports."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> Iterator[str]:
        if name in way:
            circle = " and ".join(way[way.index(name) :])
            raise AtlasError(f"imports itself by way of {circle}", file=name)
        if name not in imported:
            raise AtlasError(f"imports {name}, which is not there", file=way[-1])
        if name in done:
            return
        for other in imported[name]:
            yield from visit(other, (*way, name))
        done.add(name)
        yield name

    for name in sorted(imported):
        yield from visit(name, ())


def _homes(
    modules: Mapping[str, str], imported: Mapping[str, list[str]], order: list[str]
) -> dict[str, str]:
    """The file that each module is in: that of the base or of the only entry that leads to it, else
    its own. Entries are what the site or another module asks for when it is needed."""
    asked = (_path(name, other) for name, text in modules.items() for other in LATER.findall(text))
    leading: dict[str, set[str]] = {name: set() for name in modules}
    for name in {*BASES, *asked} & set(modules):
        leading[name].add(name)
    entries = {name for name in modules if leading[name]}
    for name in reversed(order):  # whoever imports a module stands before it
        for other in imported[name]:
            leading[other] |= leading[name]

    def home(name: str) -> str:
        if name in entries:
            return name
        for base in BASES:
            if base in leading[name]:
                return base
        return next(iter(leading[name])) if len(leading[name]) == 1 else name

    return {name: home(name) for name in modules}


def _function(name: str, text: str) -> str:
    """A module as a function that has run, its value being what the module exports by name."""
    names = ", ".join(
        f"default: {exported}" if default else exported
        for default, exported in EXPORT.findall(text)
    )

    def taken(found: re.Match[str]) -> str:
        """What an import becomes where the module's exports are a value."""
        exported = found[1].removeprefix("* as ").replace(" as ", ": ")
        return f"const {exported} = {_value(_path(name, found[2]))};\n"

    def later(found: re.Match[str]) -> str:
        return f'import("./{published(_path(name, found[1]))}")'

    text = LATER.sub(later, EXPORT.sub("", IMPORT.sub(taken, text)))
    if unread := UNREAD.search(text):
        raise AtlasError(
            f"{unread.group()!r} is not read",
            file=name,
            remedy="import by name, export declarations",
        )
    if not names:  # without a name of its own a script can run twice
        return f"(() => {{\n{text.strip()}\n}})();\n"
    return f"const {_value(name)} = (() => {{\n{text.strip()}\nreturn {{ {names} }};\n}})();\n"


def _value(name: str) -> str:
    return "$" + re.sub(r"[/-]", "_", name.removesuffix(".js"))


def _imports(names: set[str], home: Mapping[str, str]) -> Iterator[str]:
    """What a file takes from others: the values of the modules that are there."""
    for file in sorted({home[name] for name in names}):
        values = sorted(_value(name) for name in names if home[name] == file)
        yield f'import {{ {", ".join(values)} }} from "./{published(file)}";\n'


def _exports(name: str, text: str) -> Iterator[str]:
    """What a file exports under the names that the module has for it after which it is called."""
    for default, exported in EXPORT.findall(text):
        if default:
            yield f"export default {_value(name)}.default;\n"
        else:
            yield f"export const {exported} = {_value(name)}.{exported};\n"
