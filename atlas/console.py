"""What the command line shows: progress with time left, tables, sizes and durations.

Everything that reports goes to standard error, so that `--json` on standard output stays clean.
Nothing moves where standard error is no terminal: a line per finished analysis is all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from atlas.plan import Job

err = Console(stderr=True)


def say(text: str) -> None:
    """A line to standard error."""
    click.echo(text, err=True)


def emit_json(document: Any) -> None:
    """A JSON document to standard output."""
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


def size(count: float | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return "unknown"
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} B"


def duration(seconds: float | None) -> str:
    """Seconds as people read them."""
    if seconds is None:
        return "unknown"
    for unit, scale in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table to standard error; plain tab-separated lines where that is no terminal."""
    if not err.is_terminal:
        for row in rows:
            say("\t".join(row))
        return
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*row)
    err.print(drawn)


@contextmanager
def watching() -> Iterator[Callable[[Job], Callable[[int, int], None]]]:
    """A bar for each analysis as it runs, with its rate and the time left."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.speed:.3g}/s", style="dim"),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
        transient=True,
    )

    def start(job: Job) -> Callable[[int, int], None]:
        for task in bars.task_ids:
            bars.remove_task(task)
        task = bars.add_task(f"{job.slug} {job.analysis}", total=None)
        return lambda done, total: bars.update(task, completed=done, total=total)

    with bars:
        yield start
