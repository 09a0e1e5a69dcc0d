"""Scripts and style as they are published: what they say to a browser is what was written."""

from __future__ import annotations

import re

from atlas.paths import static
from atlas.site import assets, script_bundles
from atlas.site.figures import bokeh_figure


def _published() -> dict[str, str]:
    found = {path.removeprefix(f"{assets.FOLDER}/"): text for path, text in assets.files()}
    assert {bokeh_figure.script()[0], "heatmap.json", assets.STYLE} <= set(found)
    return {name: text.decode() for name, text in found.items() if name != bokeh_figure.script()[0]}


def test_every_module_is_published_once_and_whole() -> None:
    scripts = {name: text for name, text in _published().items() if name.endswith(".js")}
    home = {}
    for path in static().rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        given = re.search(r"^export ", text, re.MULTILINE)
        place = path.relative_to(static()).as_posix()
        value = re.sub("[/-]", "_", place.removesuffix(".js"))
        begin = f"const ${value} = (() => {{\n" if given else "\n(() => {\n"
        found = [name for name, script in scripts.items() if begin in f"\n{script}"]
        found = found if given else [name for name in found if name == path.name]
        assert len(found) == 1, place
        home[place] = found[0]
        body = f"\n{scripts[found[0]]}".split(begin)[1].split("\n})();\n")[0].splitlines()
        kept = [_bare(line) for line in (body[:-1] if given else body)]
        lines = [_bare(_published_import(line, place)) for line in _undocumented(text)]
        assert [line for line in lines if line] == [line for line in kept if line]
    everywhere = {name for name, file in home.items() if file == "atlas.js"}
    shell = {"address", "bokeh", "dom", "embedded", "fetch", "idle", "lazy", "tabs"}
    assert everywhere == {"atlas.js", *(f"shell/{name}.js" for name in shell)}
    assert home["shell/linked-figures.js"] == home["heatmap/cursor.js"] == "heatmap.js"
    assert home["masks/words.js"] == "masks-words.js"  # the comparison says them too


def _undocumented(text: str) -> list[str]:
    """The lines of a module without what stands between /** and */, told sign by sign."""
    kept, inside = "", False
    while text:
        mark = "*/" if inside else "/**"
        before, _, text = text.partition(mark)
        kept += "" if inside else before
        inside = not inside
    return kept.splitlines()


def _published_import(line: str, place: str) -> str:
    """A line with the published name of what it imports later."""
    named = re.search(r'import\("(\.[^"]*)"\)', line)
    if named is None:
        return line
    path = (static() / place).parent / named[1]
    name = script_bundles.published(path.resolve().relative_to(static()).as_posix())
    return line.replace(named[0], f'import("./{name}")')


def _bare(line: str) -> str:
    """A line without what joining changes: imports, exports, space around it."""
    line = line.strip().removeprefix("export ").removeprefix("default ")
    isolated = line.startswith("import ") or re.fullmatch(r"const .* = \$\w+;", line)
    return "" if isolated else line


def test_the_style_keeps_every_rule() -> None:
    text = _published()[assets.STYLE]
    assert "/*" not in text and "*/" not in text
    for path in static().rglob("*.css"):
        plain = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "".join(plain.split()) in "".join(text.split()), path.name


def test_figures_and_pages_may_change_what_they_build_on() -> None:
    """Colours come first, then what pages share, panels, the heatmap; last what is one page's."""
    text = _published()[assets.STYLE]
    begun = [":root,", ".md-typeset .atlas-crumbs {", "\n.atlas-marks {", ".atlas-frame {"]
    places = [text.index(rule) for rule in (*begun, ".atlas-compare:not(")]
    assert places == sorted(places)
    assert places[0] == 0
