"""Whoever writes a number for people has it from one module on either side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from atlas.paths import PACKAGE, static

SCRIPT = re.compile(
    r"\.to(?:Fixed|Precision|Exponential|LocaleString)\(|\bIntl\.NumberFormat|replace\(\"-\""
)
PYTHON = re.compile(r"\{[^{}\"]*:[,+]?(?:\.\d+)?[,gGfFeE]\}|%\.\d|\.replace\(\"-\", \"(?:−|\\N)")
TEMPLATE = re.compile(r"\| *(?:format|round)\b|\.format\(")


def _found(paths: Iterator[Path], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    found = {str(path): pattern.findall(path.read_text(encoding="utf-8")) for path in paths}
    return {path: lines for path, lines in found.items() if lines}


def test_scripts_have_numbers_from_their_module() -> None:
    own = static() / "matrix" / "numbers.js"
    assert SCRIPT.search(own.read_text(encoding="utf-8"))
    assert _found((path for path in static().rglob("*.js") if path != own), SCRIPT) == {}


def test_pages_and_reviews_have_numbers_from_words() -> None:
    assert PYTHON.search((PACKAGE / "words.py").read_text(encoding="utf-8"))
    for wing in ("site", "review"):
        assert _found((PACKAGE / wing).rglob("*.py"), PYTHON) == {}


def test_templates_have_numbers_from_filters() -> None:
    assert TEMPLATE.search('{{ "%.3f" | format(far) }}')
    assert _found((PACKAGE.parent / "templates").rglob("*.j2"), TEMPLATE) == {}
