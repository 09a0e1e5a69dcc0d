"""How much a command says, and where that is kept: `-q`, `-v` and `--log-file` of every command.

What was asked for and what is wrong is always told. The rest is not told with `-q`, and more of it
is with `-v`: files written, requests, what libraries log. A log file gets all of it, with the time.
The choice lasts as long as the command: it lies in click's context.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import click

QUIET, VERBOSE, LOG = "atlas.quiet", "atlas.verbose", "atlas.log"


def is_quiet() -> bool:
    """Whether only what is wrong is to be told."""
    return _stated(QUIET) is True


def is_verbose() -> bool:
    """Whether everything is to be told."""
    return _stated(VERBOSE) is True


def keep(text: str) -> None:
    """A line for the log file, if there is one; a full disk ends nothing."""
    log = _stated(LOG)
    if log is not None:
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        with contextlib.suppress(OSError, ValueError):
            log.writelines(f"{now} {line}\n" for line in text.splitlines())
            log.flush()


def _stated(key: str) -> Any:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(key)


def given_to(command: click.Command) -> click.Command:
    """The same command with the three options, which stand last in its help."""
    command.params += [
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_quiet,
            help="Print only errors and what was asked for.",
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_verbose,
            help="Also print files written, requests and messages of libraries.",
        ),
        click.Option(
            ["--log-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            expose_value=False,
            callback=_log,
            help="Append all of this to a file, with the time of each line.",
        ),
    ]
    return command


def _quiet(ctx: click.Context, param: click.Parameter, on: bool) -> None:
    if on:
        ctx.meta[QUIET] = True
        _require_one(ctx)


def _verbose(ctx: click.Context, param: click.Parameter, on: bool) -> None:
    if on and VERBOSE not in ctx.meta:
        ctx.meta[VERBOSE] = True
        _require_one(ctx)
        _listen(ctx, _Told())


def _require_one(ctx: click.Context) -> None:
    if QUIET in ctx.meta and VERBOSE in ctx.meta:
        raise click.UsageError("-q and -v exclude each other: leave one out", ctx)


def _log(ctx: click.Context, param: click.Parameter, path: Path | None) -> None:
    if path is None:
        return
    try:
        log = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(f"{path} cannot be written: {reason}", ctx, param) from error
    ctx.meta[LOG] = log

    def close() -> None:
        with contextlib.suppress(OSError):  # what a full disk left to write
            log.close()

    ctx.find_root().call_on_close(close)
    _listen(ctx, _Kept())
    keep(f"$ {shlex.join(['atlas', *sys.argv[1:]])}")


class _Told(logging.Handler):
    """What is logged, told as a line of the command; above a bar, which takes over the stream."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            click.echo(self.format(record), err=True)


class _Kept(logging.Handler):
    """What is logged, into the log file."""

    def emit(self, record: logging.LogRecord) -> None:
        keep(self.format(record))


def _listen(ctx: click.Context, handler: logging.Handler) -> None:
    """Take what is logged until the command ends: all of ours, and of libraries what they think is
    worth a line."""
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    ours, root = logging.getLogger("atlas"), logging.getLogger()
    before = ours.level, root.level
    ours.setLevel(logging.DEBUG)
    root.setLevel(min(root.level or logging.INFO, logging.INFO))
    root.addHandler(handler)

    def stop() -> None:
        root.removeHandler(handler)
        ours.setLevel(before[0])
        root.setLevel(before[1])

    ctx.find_root().call_on_close(stop)
