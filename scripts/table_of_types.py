"""Write the README's table of the model types that atlas reads, and of those that it does not.

python scripts/table_of_types.py
"""

from __future__ import annotations

from pathlib import Path

from atlas.architectures import coverage
from atlas.architectures.coverage import Type

README = Path(__file__).resolve().parents[1] / "README.md"

BEGIN, END = "<!-- table_of_types -->\n", "<!-- end of table_of_types -->\n"


def text(readme: str) -> str:
    """The README with the table of today between its marks."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}{_table()}{END}{rest.partition(END)[2]}"


def _table() -> str:
    read, unread = coverage.read(), coverage.unread()
    types = sum(map(len, read.values()))
    every, of_one_stack = coverage.shares()
    told = (
        f"The atlas reads {types} model types (`model_type` in config.json), "
        f"{every:.0%} of the language models on\nthe hub that transformers has a class for, "
        f"{of_one_stack:.0%} without encoder-decoders.\n\n| read | model types |\n|---|---|\n"
    )
    lines = [_line(kind, types) for kind, types in read.items()]
    lines += ["\n| not read: what is missing | model types |\n|---|---|\n"]
    lines += [_line(reason, types) for reason, types in unread.items()]
    return told + "".join(lines)


def _line(said: str, types: list[Type]) -> str:
    return f"| {said} | {', '.join(f'`{one.name}`' for one in types)} |\n"


if __name__ == "__main__":
    README.write_text(text(README.read_text(encoding="utf-8")), encoding="utf-8")
