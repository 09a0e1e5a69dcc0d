"""The command line: one file a command, found below; here is what all of them have in common.

Everything that ends a command is told here and nowhere else, in a line a problem on standard error,
with the exit status that STATUS lists. Heavy modules are imported by the command that needs them,
so that `atlas --help` is instant.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import click

from atlas import __version__
from atlas.commands import (
    architecture,
    build,
    card,
    check,
    completion,
    csv,
    diff,
    diff_models,
    export,
    fetch,
    init,
    listing,
    loudness,
    new,
    pin,
    plan,
    profile,
    publish,
    rename,
    render,
    rm,
    serve,
    show,
    verify,
)
from atlas.errors import AtlasError, Problems, from_os

STATUS = """\
\b
Exit status:
  0    done; anything impossible on this machine has been listed
  1    a problem in committed files, a failed measurement, a value that
       differs, or something you named that this machine cannot do
  2    an unknown command, option or argument
  130  stopped by Ctrl-C (143: by a termination signal); run it again to go on
"""


class _Terminated(KeyboardInterrupt):
    """A termination signal, which ends a command as Ctrl-C does."""


class _Commands(click.Group):
    """The commands in the order of the work, and all that ends one told in one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def main(self, *args: Any, **options: Any) -> Any:
        _settle_home()
        try:
            return super().main(*args, **options)
        except OSError as error:  # help and completion are written before a command is invoked
            from atlas.commands import console

            console.abandon_output()
            _tell(from_os(error, "standard output cannot be written"))
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _terminable():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort) as stop:  # the latter at a question
            _tell(AtlasError("stopped"))
            ctx.exit(143 if isinstance(stop, _Terminated) else 130)
        except AtlasError as error:
            _tell(error)
        except OSError as error:
            _tell(from_os(error, ""))
        except Exception as error:  # a mistake of ours: a line is told, and the rest is kept
            _tell_mistake(ctx, error)
        return ctx.exit(1)


def _settle_home() -> None:
    """Give a user that has no home folder one that is not there: libraries ask for it as they are
    loaded, and would end in an error."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a termination signal end the command in order, with what it started."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread, as where another program runs commands
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(error: AtlasError) -> None:
    for line in error.problems if isinstance(error, Problems) else [error]:
        loudness.keep(f"atlas: {line}")
        with contextlib.suppress(OSError):  # standard error can be full or gone
            click.echo(f"atlas: {line}", err=True)


def _tell_mistake(ctx: click.Context, error: Exception) -> None:
    from atlas import failures
    from atlas.paths import find_project

    log = Path(tempfile.gettempdir()) / "atlas-error.log"
    with contextlib.suppress(AtlasError, OSError):
        log = find_project(Path(ctx.params.get("project") or Path.cwd())).log
    told = failures.line(error, log)
    whole = "".join(traceback.format_exception(error))
    loudness.keep(whole)
    if loudness.is_verbose():
        with contextlib.suppress(OSError):
            click.echo(whole, err=True, nl=False)
    _tell(AtlasError(f"this is a mistake of atlas itself, please report it: {told}"))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=STATUS)
@click.version_option(__version__, prog_name="atlas")
def main() -> None:
    """Profile language models and publish what is inside them as a static site.

    \b
    A new atlas:        atlas init demo && cd demo && atlas build
    After a change:     atlas build      measures what is stale, then renders and builds site/
    What would it do?   atlas plan       with reasons, memory and time
    Look at it:         atlas serve      a live preview on http://127.0.0.1:8000

    Commands work on the project around the current folder, or on --project FOLDER.
    """


for _module in (
    init,
    new,
    listing,
    show,
    pin,
    fetch,
    rename,
    rm,
    architecture,
    check,
    plan,
    profile,
    render,
    build,
    serve,
    publish,
    verify,
    diff,
    diff_models,
    csv,
    card,
    export,
    completion,
):
    main.add_command(loudness.given_to(_module.command))

loudness.given_to(main)
