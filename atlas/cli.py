"""The command line: what every command is called, takes and prints; `steps` do the work.

Everything that ends a command is told here and nowhere else, in a line a problem on standard error,
with the exit status that STATUS lists. Heavy modules are imported by the command that needs them,
so that `atlas --help` is instant.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from atlas import __version__, options, steps
from atlas.errors import AtlasError, Problems, from_os

STATUS = """\
\b
Exit status:
  0    done; what is not possible on this machine has been told
  1    a problem of what is committed, a failed measurement, a difference, or
       something that was named and is not possible on this machine
  2    a command, option or argument that there is not
  130  stopped by Ctrl-C (143 by a termination signal); the same command goes on
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
            from atlas import console

            console.abandon_output()
            _tell(from_os(error, "standard output cannot be written"))
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _terminable():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt as stop:
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
    with contextlib.suppress(OSError):  # standard error can be full or gone
        for line in error.problems if isinstance(error, Problems) else [error]:
            click.echo(f"atlas: {line}", err=True)


def _tell_mistake(ctx: click.Context, error: Exception) -> None:
    from atlas import failures
    from atlas.paths import find_project

    log = Path(tempfile.gettempdir()) / "atlas-error.log"
    with contextlib.suppress(AtlasError, OSError):
        log = find_project(Path(ctx.params.get("project") or Path.cwd())).log
    told = failures.line(error, log)
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


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a new atlas in FOLDER, with one small reference model to look at."""
    from atlas import console, scaffold

    for path in scaffold.write(folder):
        console.say(f"wrote {path}")
    console.say(f"next: cd {shlex.quote(str(folder))} && atlas build")


@main.command()
@click.argument("source")
@click.option("--slug", help="The entry's folder name; otherwise made of the model's name.")
@click.option("--family", help="The family it belongs to; otherwise guessed by its name.")
@click.option("--revision", help="A branch, tag or commit of a hub id; otherwise main.")
@click.option("--dry-run", is_flag=True, help="Print the entry and write nothing.")
@options.project
@options.as_json
def new(
    source: str,
    slug: str | None,
    family: str | None,
    revision: str | None,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Write the entry of a model: SOURCE is a hub id (org/name) or a folder.

    Only config, card and safetensors headers are read, and no weights are fetched. HF_TOKEN opens
    gated models.
    """
    from atlas import console
    from atlas import new as drafting

    here = steps.here(project)
    draft = drafting.draft(here, source, slug=slug, family=family, revision=revision)
    path = here.entry(draft.slug) if dry_run else drafting.write(here, draft)
    if as_json:
        console.emit_json({"path": str(path), "text": draft.text, "notes": draft.notes})
    elif dry_run:
        console.write(draft.text)
    else:
        console.say(f"wrote {path}")
    for line in draft.notes:
        console.say(f"note: {line}")
    if not dry_run:
        console.say(f"next: complete it, atlas check, then atlas plan {draft.slug}")


@main.command()
@options.models
@click.option(
    "--dry-run",
    is_flag=True,
    help="Also run every analysis on a tiny random model like each MODEL's, or all of them.",
)
@options.project
@options.as_json
def check(models: Sequence[str], dry_run: bool, project: Path | None, as_json: bool) -> None:
    """Check settings, entries and profiles: every problem in one run, without torch.

    Always the whole project; MODELS only choose what a dry run is made for.
    """
    from atlas import check as checking
    from atlas import console

    here = steps.here(project)
    found = checking.findings(here)
    problems = [*found.problems, *found.contradictions]
    notes = found.notes
    if dry_run and not problems:
        failed, told = steps.dry_run(here, models)
        problems, notes = failed, [*notes, *told]
    if as_json:
        console.emit_json({"problems": [item.as_dict() for item in problems], "notes": notes})
    else:
        for note in notes:
            console.say(f"note: {note}")
        for item in problems:
            console.say(f"atlas: {item}")
        if not problems:
            console.say("all is well")
    if problems:
        sys.exit(1)


@main.command()
@options.models
@options.only
@options.project
@options.as_json
@click.option("--all", "everything", is_flag=True, help="List fresh ones as well.")
def plan(
    models: Sequence[str],
    only: Sequence[str],
    project: Path | None,
    as_json: bool,
    everything: bool,
) -> None:
    """List what is stale: why, and what it would take in memory and time.

    Time is an estimate for this machine's processor. What is not possible on this machine is told
    with the reason, and what failed when it was last tried.
    """
    from atlas import console

    here = steps.here(project)
    entries, jobs = steps.planned(here, models, only)
    prospects = steps.prospects(here, entries, jobs)
    if as_json:
        shown = [each for each in prospects if everything or each.job.state != "fresh"]
        console.emit_json([each.as_dict() for each in shown])
    else:
        steps.tell_prospects(here, entries, prospects, everything)


@main.command()
@options.models
@options.only
@options.fresh
@options.corpus
@options.project
@options.as_json
def profile(
    models: Sequence[str],
    only: Sequence[str],
    fresh: bool,
    corpus: Path | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Measure what is stale, of all models or of those named, and write their profiles.

    Each analysis is written as soon as it is done; after Ctrl-C the next run goes on from there.
    With --corpus everything that reads texts reads those; to keep it so, name the file in
    mkdocs.yml, `extra.atlas.corpus`.
    """
    from atlas import console

    here = steps.here(project)
    entries, jobs = steps.planned(here, models, only, corpus)
    outcomes = steps.measure(here, entries, jobs, fresh)
    if as_json:
        console.emit_json([outcome.as_dict() for outcome in outcomes])
    if any(one.result == "failed" or (models and one.obstacle) for one in outcomes):
        sys.exit(1)


@main.command()
@options.project
@options.as_json
def render(project: Path | None, as_json: bool) -> None:
    """Write pages and site data from entries and profiles, without measuring anything."""
    from atlas import console

    count = steps.render(steps.here(project))
    if as_json:
        console.emit_json(count)


@main.command()
@options.fresh
@click.option("--profile/--no-profile", "measuring", default=True, help="Measure what is stale.")
@click.option("--require-profiles", is_flag=True, help="Fail where a profile cannot be made here.")
@options.project
@options.as_json
def build(
    fresh: bool, measuring: bool, require_profiles: bool, project: Path | None, as_json: bool
) -> None:
    """Check, measure what is stale and fits this machine, render, and build the site.

    A model that cannot be measured here gets its page all the same, marked as awaiting a profile;
    so does one whose measuring failed, and then the exit status is 1.
    """
    from atlas import building, console

    here = steps.here(project)
    steps.require_checked(here)
    entries, jobs = steps.planned(here, (), ())
    outcomes = steps.measure(here, entries, jobs, fresh) if measuring else []
    unmeasured = [
        steps.told(one.job, one.reason or "")
        for one in outcomes
        if one.result in ("failed", "unavailable")
    ]
    if not measuring:
        unmeasured = [
            steps.told(job, "; ".join(job.reasons)) for job in jobs if job.state != "fresh"
        ]
    if require_profiles and unmeasured:
        raise Problems(
            AtlasError(f"{item['model']} {item['analysis']}: {item['reason']}")
            for item in unmeasured
        )
    pages = steps.render(here)
    building.mkdocs(here)
    console.say(f"built {here.site}")
    if as_json:
        told = [outcome.as_dict() for outcome in outcomes]
        console.emit_json(
            {"site": str(here.site), "pages": pages, "unmeasured": unmeasured, "outcomes": told}
        )
    if any(outcome.result == "failed" for outcome in outcomes):
        sys.exit(1)


@main.command()
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Where to serve.")
@options.project
def serve(address: str, project: Path | None) -> None:
    """Preview the site, and render again as entries, profiles and templates change."""
    from atlas import building

    here = steps.here(project)
    building.require_free(address)
    steps.require_checked(here)
    steps.render(here)
    building.serve(here, address, lambda: steps.render(here))


@main.command()
@options.models
@options.only
@click.option(
    "--record/--no-record", "recording", default=True, help="Note what came out in verified.json."
)
@options.project
@options.as_json
def verify(
    models: Sequence[str],
    only: Sequence[str],
    recording: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Measure again and compare with the committed values, within the tolerance of the dtype.

    What comes out the same is noted in the model's verified.json, and its page says so. Exit 1
    where a value differs or a committed profile is stale.
    """
    from atlas import console

    here = steps.here(project)
    entries, jobs = steps.planned(here, models, only)
    verdicts = steps.verify(here, entries, jobs, recording)
    if as_json:
        console.emit_json(verdicts)
    else:
        steps.tell_verdicts(verdicts)
    # What is not possible on this machine is a problem only of a model that was named.
    if any(not one["agrees"] and (models or not one.get("kind")) for one in verdicts):
        sys.exit(1)


@main.command()
@click.argument("before")
@click.option(
    "--markdown",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write comment.md for a pull request into this folder, with previews beside it.",
)
@options.project
@options.as_json
def diff(before: str, folder: Path | None, project: Path | None, as_json: bool) -> None:
    """What changed since BEFORE, a git revision or another atlas' folder.

    Models added and removed, entries, values beyond the tolerance of `atlas verify`, and claims
    that no longer come out as they did.
    """
    from atlas import console, diff_report, revisions
    from atlas import diff as differing

    here = steps.here(project)
    with revisions.opened(here, before) as then:
        changes = differing.between(then, here)
    if folder is not None:
        console.say(f"wrote {diff_report.write(folder, changes)}")
    if as_json:
        console.emit_json(diff_report.document(changes))
    else:
        console.write("".join(f"{line}\n" for line in diff_report.lines(changes)))


@main.command()
@click.argument("model", shell_complete=options.slugs)
@click.argument("analysis", shell_complete=options.analyses)
@click.argument("matrix")
@options.project
def csv(model: str, analysis: str, matrix: str, project: Path | None) -> None:
    """Print a matrix as CSV, the same bytes as a figure's CSV button gives."""
    from atlas import console, spreadsheet, store

    here = steps.here(project)
    steps.planned(here, (model,), (analysis,))  # unknown names are told with the known ones
    text = spreadsheet.of(store.load(here.profile(model, analysis)), matrix)
    console.write(text)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes commands, options and models.

    For bash, in ~/.bashrc: eval "$(atlas completion bash)"
    """
    from click.shell_completion import get_completion_class

    from atlas import console

    found = get_completion_class(shell)
    assert found is not None, "Choice allows only shells that click knows"
    console.write(found(main, {}, "atlas", "_ATLAS_COMPLETE").source() + "\n")
