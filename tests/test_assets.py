"""Scripts and style as they are published: what they say to a browser is what was written."""

from __future__ import annotations

import re

from atlas import assets, figures
from atlas.paths import static


def _published() -> dict[str, str]:
    whole = {path.name for path in static().glob("*.js")} | {assets.STYLE}
    found = {path.removeprefix(f"{assets.FOLDER}/"): text for path, text in assets.files()}
    assert set(found) == whole | {figures.script()[0], "heatmap.json"}
    return {name: found[name].decode() for name in whole}


def test_scripts_are_published_without_their_documentation() -> None:
    for name, text in _published().items():
        if name == assets.STYLE:
            continue
        written = (static() / name).read_text(encoding="utf-8")
        kept = iter(text.splitlines())
        inside = False
        for line in written.splitlines():  # the same, told line by line
            inside = inside or (line.lstrip().startswith("/**") and not _goes_on(line))
            if not inside:
                assert line == next(kept), name
            inside = inside and not line.rstrip().endswith("*/")
        assert next(kept, None) is None, name


def _goes_on(line: str) -> bool:
    """Whether code follows a comment in its line, as a cast's does."""
    return "*/" in line and not line.rstrip().endswith("*/")


def test_the_style_keeps_every_rule() -> None:
    text = _published()[assets.STYLE]
    assert "/*" not in text and "*/" not in text
    for path in static().glob("*.css"):
        plain = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "".join(plain.split()) in "".join(text.split()), path.name
