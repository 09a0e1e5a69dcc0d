"""What errors advise can be done: every command, option, extra, module and argument is there."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import tomllib
from collections.abc import Iterator

from click.testing import CliRunner
from huggingface_hub.cli import hf
from transformers import PreTrainedModel

from atlas.commands import main
from atlas.paths import PACKAGE

COMMAND = re.compile(r"\batlas ([a-z][a-z-]+)((?: (?:<[^>]*>|[A-Z.]+))*)((?: --[a-z-]+)*)")
HUB = re.compile(r"\bhf ([a-z]+(?: [a-z]+)?)((?: <>)*)((?: --[a-z-]+)*)")
VERBS = {"to", "must", "ships", "again", "runs", "reads", "has"}
"""Words that follow the atlas in a sentence."""


def _advice() -> Iterator[tuple[str, str]]:
    """(file and line, text) of all that is given as `remedy`, and of constants that are."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if _is_advice(node):
                line = getattr(node, "lineno", 0)
                yield f"{path.relative_to(PACKAGE.parent)}:{line}", _text(node.value)  # type: ignore[attr-defined]


def _is_advice(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        names = [one.id.lower() for one in node.targets if isinstance(one, ast.Name)]
        return bool({"remedy", "again", "damaged"} & set(names))
    return isinstance(node, ast.keyword) and node.arg == "remedy"


def _text(node: ast.AST) -> str:
    """The words of an expression, `<>` for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.FormattedValue):
        return "<>"
    return "".join(map(_text, ast.iter_child_nodes(node)))


def _wrong(text: str, extras: set[str]) -> Iterator[str]:
    """What a text advises that is not there."""
    for name, _, options in COMMAND.findall(text):
        command = main.commands.get(name)
        if command is not None:
            known = {flag for one in command.params for flag in one.opts}
            yield from (f"atlas {name} {one}" for one in options.split() if one not in known)
        elif name not in VERBS:
            yield f"atlas {name}"
    for name, _, options in HUB.findall(text):
        told = CliRunner().invoke(hf.app, [*name.split(), "--help"])
        if told.exit_code:
            yield f"hf {name}"
        else:
            yield from (f"hf {name} {one}" for one in options.split() if one not in told.output)
    for names in re.findall(r"model-atlas\[([a-z,]+)\]", text):
        yield from set(names.split(",")) - extras
    for module in re.findall(r"python -m ([\w.]+)", text):
        if importlib.util.find_spec(module.rstrip(".")) is None:
            yield module
    for given in re.findall(r"save_pretrained\(([^)]*)\)", text):
        known = set(inspect.signature(PreTrainedModel.save_pretrained).parameters)
        yield from set(re.findall(r"(\w+)=", given)) - known


def test_what_is_advised_is_there() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(project["project"]["optional-dependencies"])
    advice = list(_advice())
    assert sum(bool(COMMAND.search(text)) for _, text in advice) > 10, "commands are found"
    assert {found[0] for _, text in advice for found in HUB.findall(text)} >= {
        "auth login",
        "download",
    }
    found = [(where, one) for where, text in advice for one in _wrong(text, extras)]
    assert found == []


def test_what_is_not_there_is_found() -> None:
    text = "atlas mend x --fast; pip install 'model-atlas[more]'; python -m atlas.no; "
    text += "hf fetch; hf auth forget; hf download <> --slowly; hf download <> --revision <>; "
    text += "atlas plan --fast; save_pretrained(folder, safe_serialization=True)"
    wrong = {"hf fetch", "hf auth forget", "hf download --slowly"}
    wrong |= {"atlas mend", "more", "atlas.no", "atlas plan --fast", "safe_serialization"}
    assert set(_wrong(text, {"profile"})) == wrong
