"""Modules joined to files: what stands where, and what cannot be joined."""

from __future__ import annotations

import pytest
from script_modules import MODULES

from atlas.errors import AtlasError
from atlas.site import script_bundles


def test_modules_are_where_they_are_asked_for() -> None:
    """With the base that needs them, else with the only entry that does, else on their own."""
    files = script_bundles.joined(MODULES)
    assert set(files) == {
        *("atlas.js", "heatmap.js", "one.js", "one-later.js", "two.js", "words.js")
    }
    place = {
        name: [file for file, text in files.items() if f"const ${name} = " in text]
        for name in ("shell_engine", "shell_numbers", "one_own", "words")
    }
    assert place == {
        "shell_engine": ["atlas.js"],
        "shell_numbers": ["heatmap.js"],
        "one_own": ["one.js"],
        "words": ["words.js"],
    }
    assert "/**" not in "".join(files.values())


def test_joining_is_the_same_for_any_order() -> None:
    assert script_bundles.joined(dict(reversed(MODULES.items()))) == script_bundles.joined(MODULES)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"words.js": 'import { own } from "./one/own.js";\n',
          "one/own.js": 'import { name } from "../words.js";\n'}, "imports itself"),
        ({"one/own.js": 'import { gone } from "./gone.js";\n'}, "imports one/gone.js, which is n"),
        ({"one/own.js": "const own = 1;\nexport { own };\n"}, "is not read"),
        ({"one/own.js": 'import own from "../words.js";\n'}, "is not read"),
        ({"one/own.js": "export let own = 1;\n"}, "is not read"),
    ],
    ids=["circle", "missing", "list", "default", "variable"],
)  # fmt: skip
def test_what_cannot_be_joined_is_told(changed: dict[str, str], told: str) -> None:
    with pytest.raises(AtlasError, match=told):
        script_bundles.joined(MODULES | changed)
