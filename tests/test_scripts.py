"""Modules joined to files: what stands where, and what cannot be joined."""

from __future__ import annotations

import pytest

from atlas.errors import AtlasError
from atlas.site import script_bundles

MODULES = {
    "atlas.js": 'import { tell } from "./engine.js";\ntell();\nimport("./one.js");\n'
    '/** Or {@link import("./words.js")}. */\nimport("./two.js");\n',
    "engine.js": "let told = 0;\nexport function tell() {\n  told += 1;\n  return told;\n}\n",
    "heatmap.js": 'import { number } from "./numbers.js";\nexport const seven = number();\n',
    "numbers.js": "export const number = () => 7;\n",
    "one.js": 'import { tell as say } from "./engine.js";\nimport * as words from "./words.js";\n'
    'import { own } from "./own.js";\n'
    "export default function mount() {\n  return [say(), words.name, own()];\n}\n",
    "two.js": 'import { name } from "./words.js";\nimport { number } from "./numbers.js";\n'
    "export async function mount() {\n  return [name, number()];\n}\n",
    "own.js": 'const name = "own";\nexport function own() {\n  return name;\n}\n',
    "words.js": 'export const name = /** @type {string} */ ("words");\n',
}


def test_modules_are_where_they_are_asked_for() -> None:
    """With the base that needs them, else with the only entry that does, else on their own."""
    files = script_bundles.joined(MODULES)
    assert set(files) == {"atlas.js", "heatmap.js", "one.js", "two.js", "words.js"}
    place = {
        name: [file for file, text in files.items() if f"const ${name} = " in text]
        for name in ("engine", "numbers", "own", "words")
    }
    assert place == {
        "engine": ["atlas.js"],
        "numbers": ["heatmap.js"],
        "own": ["one.js"],
        "words": ["words.js"],
    }
    assert "/**" not in "".join(files.values())


def test_joining_is_the_same_for_any_order() -> None:
    assert script_bundles.joined(dict(reversed(MODULES.items()))) == script_bundles.joined(MODULES)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"words.js": 'import { own } from "./own.js";\n',
          "own.js": 'import { name } from "./words.js";\n'}, "imports itself"),
        ({"own.js": 'import { gone } from "./gone.js";\n'}, "imports gone.js, which is not there"),
        ({"own.js": "const own = 1;\nexport { own };\n"}, "is not read"),
        ({"own.js": 'import own from "./words.js";\n'}, "is not read"),
        ({"own.js": "export let own = 1;\n"}, "is not read"),
    ],
    ids=["circle", "missing", "list", "default", "variable"],
)  # fmt: skip
def test_what_cannot_be_joined_is_told(changed: dict[str, str], told: str) -> None:
    with pytest.raises(AtlasError, match=told):
        script_bundles.joined(MODULES | changed)
