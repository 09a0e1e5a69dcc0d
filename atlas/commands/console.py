"""What the command line shows: progress with time left, tables, lines and JSON.

Everything that reports goes to standard error, so that `--json` on standard output stays clean.
Nothing moves where standard error is not a terminal: a line per finished analysis, and one a minute
of what takes longer. A report that cannot be shown, for its reader is gone, ends nothing; what was
asked for on standard output and cannot be written is an error.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from atlas import words
from atlas.commands import loudness
from atlas.errors import AtlasError, from_os
from atlas.profiles.plan import Job

NARROW = 60
"""Columns of a terminal below which a bar leaves out what can be spared."""

FOLDED = 12
"""Characters of a word that is not folded."""

SECONDS = 60.0
"""Between two lines about one analysis where there is no bar."""

err = Console(stderr=True)
out = Console()


def say(text: str) -> None:
    """A line of a report, which `-q` leaves out."""
    loudness.keep(text)
    if not loudness.is_quiet():
        show(text)


def warn(text: str) -> None:
    """A line of what is wrong, which is always told."""
    loudness.keep(text)
    show(text)


def show(text: str) -> None:
    """A line to standard error; on a terminal above the bar that is there, which goes on below."""
    with contextlib.suppress(OSError):
        if err.is_terminal:
            err.print(Text(text), soft_wrap=True)  # a command that is copied stays one line
        else:
            click.echo(text, err=True)


def write(text: str | bytes) -> None:
    """What a command was asked for, to standard output, as it is.

    Raises `AtlasError` where it cannot be written; a reader that has gone away ends the command.
    """
    if sys.stdout is None:
        raise AtlasError("standard output is closed", remedy="send it to a file, or leave it open")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon_output()
        raise from_os(error, "standard output cannot be written") from error


def abandon_output() -> None:
    """What is still to be written to standard output goes nowhere: as Python ends it tries again,
    and would complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_json(document: Any) -> None:
    """A JSON document to standard output."""
    write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], to: Console = err) -> None:
    """A table to standard error, or to `out` where it is what was asked for; plain tab-separated
    lines where that is not a terminal.

    Cells fold where the terminal is narrow; where it is too narrow for a word in each column, a row
    is a paragraph, and every cell a line with its column's name.
    """
    if not rows:
        return
    if not to.is_terminal:
        text = "".join("\t".join(row) + "\n" for row in rows)
        if to is out:
            write(text)
        else:
            show(text.removesuffix("\n"))
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    with contextlib.suppress(OSError):
        if _least(columns, rows) <= to.width:
            to.print(drawn)
            return
        for row in rows:
            to.print(Text(row[0], style="bold", overflow="fold"))
            for column, cell in zip(columns[1:], row[1:], strict=True):
                if cell:
                    to.print(Text(f"  {column}: {cell}", overflow="fold"))


def fields(rows: Sequence[tuple[str, str]]) -> None:
    """Names with what stands for each, to standard output; on a terminal its lines are wrapped
    below one another, and elsewhere there is a tab between the two."""
    wide = max((len(name) for name, _ in rows), default=0) + 2
    lines = []
    for name, value in rows:
        if out.is_terminal:
            room = max(out.width - wide, FOLDED)
            folded = textwrap.wrap(value, room, break_on_hyphens=False) or [""]
            lines += [f"{name:{wide}}{folded[0]}", *(" " * wide + part for part in folded[1:])]
        else:
            lines.append(f"{name}\t{value}")
    write("".join(f"{line.rstrip()}\n" for line in lines))


def _least(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Columns of a terminal that a table takes at least: a word in each of its own, most of a long
    one, and two blanks between."""
    words = (" ".join(cells).split() for cells in zip(columns, *rows, strict=True))
    return sum(min(FOLDED, max(map(len, held), default=0)) for held in words) + 2 * len(columns)


class _Rate(ProgressColumn):
    """Units a second, once there is something to divide."""

    def render(self, task: Task) -> Text:
        if task.speed is None:
            return Text("")
        rate = f"{task.speed:,.0f}" if task.speed >= 100 else f"{task.speed:.3g}"
        return Text(f"{rate}/s", style="dim")


def _in_lines(job: Job) -> Callable[[int, int], None]:
    """Progress of one analysis as lines: nothing of what is over within a minute."""
    started = told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= SECONDS and total:
            told = now
            share, took = done / total, words.duration(now - started)
            say(f"{job.slug} {job.analysis}: {share:.0%} ({done} of {total}) after {took}")

    return tell


@contextmanager
def watching() -> Iterator[Callable[[Job], Callable[[int, int], None]]]:
    """A bar for each analysis as it runs, with its rate and the time left; where standard error is
    no terminal, such as a log, a line now and then."""
    if loudness.is_quiet():
        yield lambda job: lambda done, total: None
        return
    if not err.is_terminal:
        yield _in_lines
        return
    name = TextColumn("{task.description}", markup=False)
    wide = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    columns = (name, *wide) if err.width >= NARROW else (MofNCompleteColumn(), name)
    bars = Progress(*columns, console=err, transient=True)

    def start(job: Job) -> Callable[[int, int], None]:
        for task in bars.task_ids:
            bars.remove_task(task)
        task = bars.add_task(f"{job.slug} {job.analysis}", total=None)
        return lambda done, total: bars.update(task, completed=done, total=total)

    with bars:
        yield start
