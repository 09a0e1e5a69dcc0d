"""Small modules as the site's scripts are made of."""

from __future__ import annotations

MODULES = {
    "atlas.js": 'import { tell } from "./shell/engine.js";\ntell();\nimport("./one/mount.js");\n'
    '/** Or {@link import("./words.js")}. */\nimport("./two.js");\n',
    "shell/engine.js": "let told = 0;\nexport function tell() {\n  told += 1;\n  return told;\n}\n",
    "heatmap/heatmap.js": 'import { number } from "../shell/numbers.js";\n'
    "export const seven = number();\n",
    "shell/numbers.js": "export const number = () => 7;\n",
    "one/mount.js": 'import { tell as say } from "../shell/engine.js";\n'
    'import * as words from "../words.js";\nimport { own } from "./own.js";\n'
    "export default function mount() {\n  return [say(), words.name, own()];\n}\n",
    "two.js": 'import { name } from "./words.js";\nimport { number } from "./shell/numbers.js";\n'
    'export async function mount() {\n  const { later } = await import("./one/later.js");\n'
    "  return [name, number(), later];\n}\n",
    "one/later.js": 'export const later = "later";\n',
    "one/own.js": 'const name = "own";\nexport function own() {\n  return name;\n}\n',
    "words.js": 'export const name = /** @type {string} */ ("words");\n',
}
