"""The command line: atlas init | new | check | plan | profile | render | build | serve | verify.

AtlasError is caught here and nowhere else: a line a problem on standard error, exit 1.
Heavy modules are imported by the command that needs them, so that `atlas --help` is instant.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas import __version__
from atlas.errors import AtlasError, Problems
from atlas.paths import Project, find_project

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from atlas.entry import Entry
    from atlas.plan import Job


class _Commands(click.Group):
    """The commands in the order of the work, and AtlasErrors told in one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AtlasError as error:
            for line in error.problems if isinstance(error, Problems) else [error]:
                click.echo(f"atlas: {line}", err=True)
            ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
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


def _slugs(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    project = find_project(Path(ctx.params.get("project") or Path.cwd()))
    found = sorted(path.parent.name for path in project.models.glob("*/model.yml"))
    return [CompletionItem(slug) for slug in found if slug.startswith(typed)]


def _analyses(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from atlas import analysis

    return [CompletionItem(name) for name in analysis.names() if name.startswith(typed)]


_project = click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder; otherwise the nearest one upwards with a mkdocs.yml.",
)
_models = click.argument("models", nargs=-1, shell_complete=_slugs)
_only = click.option(
    "--analysis",
    "only",
    multiple=True,
    shell_complete=_analyses,
    help="Only this analysis; may be given several times.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
_corpus = click.option(
    "--corpus",
    type=click.Path(dir_okay=False, path_type=Path),
    help='Texts of your own to measure on: JSON Lines, {"text": "..."} a line.',
)
_fresh = click.option("--fresh", is_flag=True, help="Measure everything again, fresh or not.")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a new atlas in FOLDER, with one small reference model to look at."""
    from atlas import scaffold

    for path in scaffold.write(folder):
        click.echo(f"wrote {path}")
    click.echo(f"next: cd {folder} && atlas build")


@main.command()
@click.argument("source")
@click.option("--slug", help="The entry's folder name; otherwise made of the model's name.")
@click.option("--family", help="The family it belongs to; otherwise guessed by its name.")
@click.option("--revision", help="A branch, tag or commit of a hub id; otherwise main.")
@click.option("--dry-run", is_flag=True, help="Print the entry and write nothing.")
@_project
@_json
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

    here = _here(project)
    draft = drafting.draft(here, source, slug=slug, family=family, revision=revision)
    path = here.entry(draft.slug) if dry_run else drafting.write(here, draft)
    if as_json:
        console.emit_json({"path": str(path), "text": draft.text, "notes": draft.notes})
    elif dry_run:
        click.echo(draft.text, nl=False)
    else:
        console.say(f"wrote {path}")
    for line in draft.notes:
        console.say(f"note: {line}")
    if not dry_run:
        console.say(f"next: complete it, atlas check, then atlas plan {draft.slug}")


@main.command()
@_models
@click.option(
    "--dry-run",
    is_flag=True,
    help="Also run every analysis on a tiny random model like each MODEL's, or all of them.",
)
@_project
@_json
def check(models: Sequence[str], dry_run: bool, project: Path | None, as_json: bool) -> None:
    """Check settings, entries and profiles: every problem in one run, without torch.

    Always the whole project; MODELS only choose what a dry run is made for.
    """
    from atlas import check as checking
    from atlas import console

    here = _here(project)
    found = checking.findings(here)
    problems = found.problems
    notes = [] if problems else found.notes
    if dry_run and not problems:
        failed, told = _dry_run(here, models)
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
@_models
@_only
@_project
@_json
@click.option("--all", "everything", is_flag=True, help="List fresh ones as well.")
def plan(
    models: Sequence[str],
    only: Sequence[str],
    project: Path | None,
    as_json: bool,
    everything: bool,
) -> None:
    """List what is stale: why, and what it would take in memory and time.

    Time is an estimate for this machine's processor.
    """
    from dataclasses import asdict

    from atlas import console

    here = _here(project)
    _, jobs = _jobs(here, models, only)
    shown = [job for job in jobs if everything or job.state != "fresh"]
    if as_json:
        console.emit_json([asdict(job) for job in shown])
        return
    console.table(
        ("model", "analysis", "state", "why", "memory", "time"),
        [
            (
                job.slug,
                job.analysis,
                job.state,
                "; ".join(job.reasons),
                console.size(job.bytes),
                console.duration(job.seconds),
            )
            for job in shown
        ],
    )
    fresh = sum(job.state == "fresh" for job in jobs)
    console.say(f"{len(jobs) - fresh} to measure, {fresh} fresh")


@main.command()
@_models
@_only
@_fresh
@_corpus
@_project
@_json
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

    here = _here(project)
    entries, jobs = _jobs(here, models, only, corpus)
    failed = _measure(here, entries, jobs, fresh)
    if as_json:
        console.emit_json(failed)
    if failed:
        sys.exit(1)


@main.command()
@_project
@_json
def render(project: Path | None, as_json: bool) -> None:
    """Write pages and site data from entries and profiles, without measuring anything."""
    from atlas import console

    count = _render(_here(project))
    if as_json:
        console.emit_json(count)


@main.command()
@_fresh
@click.option("--profile/--no-profile", "measuring", default=True, help="Measure what is stale.")
@click.option("--require-profiles", is_flag=True, help="Fail where a profile cannot be made here.")
@_project
@_json
def build(
    fresh: bool, measuring: bool, require_profiles: bool, project: Path | None, as_json: bool
) -> None:
    """Check, measure what is stale and fits this machine, render, and build the site.

    A model that cannot be measured here gets its page all the same, marked as awaiting a profile.
    """
    from atlas import building, console

    here = _here(project)
    _require_checked(here)
    entries, jobs = _jobs(here, (), ())
    unmeasured = _measure(here, entries, jobs, fresh) if measuring else []
    if require_profiles and not measuring:
        unmeasured = [_told(job, "; ".join(job.reasons)) for job in jobs if job.state != "fresh"]
    if require_profiles and unmeasured:
        raise Problems(
            AtlasError(f"{item['model']} {item['analysis']}: {item['reason']}")
            for item in unmeasured
        )
    pages = _render(here)
    building.mkdocs(here)
    console.say(f"built {here.site}")
    if as_json:
        console.emit_json({"site": str(here.site), "pages": pages, "unmeasured": unmeasured})


@main.command()
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Where to serve.")
@_project
def serve(address: str, project: Path | None) -> None:
    """Preview the site, and render again as entries, profiles and templates change."""
    from atlas import building

    here = _here(project)
    _require_checked(here)
    _render(here)
    building.serve(here, address, lambda: _render(here))


@main.command()
@_models
@_only
@click.option(
    "--record/--no-record", "recording", default=True, help="Note what came out in verified.json."
)
@_project
@_json
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
    import datetime
    from dataclasses import asdict

    from atlas import console, store, verified
    from atlas import profile as profiling
    from atlas import verify as verifying

    here = _here(project)
    entries, jobs = _jobs(here, models, only)
    verdicts: list[dict[str, Any]] = [
        {**_told(job, f"stale: {'; '.join(job.reasons)}"), "agrees": False}
        for job in jobs
        if job.state == "stale"
    ]
    fresh = [job for job in jobs if job.state == "fresh"]
    with console.watching() as watch:
        for outcome in profiling.run(here, entries, fresh, watch, save=False):
            job = outcome.job
            if outcome.profile is None:
                verdicts.append({**_told(job, outcome.reason or ""), "agrees": False})
                continue
            path = here.profile(job.slug, job.analysis)
            found = verifying.compare(store.load(path), outcome.profile)
            found += verifying.compare_parts(path, outcome.profile, outcome.parts)
            verdicts += [
                {"model": job.slug, **asdict(verdict), "agrees": verdict.agrees}
                for verdict in found
            ]
            if recording:
                today = datetime.datetime.now(datetime.UTC).date()
                verified.update(here, outcome.profile, found, today)
    if as_json:
        console.emit_json(verdicts)
    else:
        _tell_verdicts(verdicts)
    if not all(verdict["agrees"] for verdict in verdicts):
        sys.exit(1)


@main.command()
@click.argument("before")
@click.option(
    "--markdown",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write comment.md for a pull request into this folder, with previews beside it.",
)
@_project
@_json
def diff(before: str, folder: Path | None, project: Path | None, as_json: bool) -> None:
    """What changed since BEFORE, a git revision or another atlas' folder.

    Models added and removed, entries, values beyond the tolerance of `atlas verify`, and claims
    that no longer come out as they did.
    """
    from atlas import console, diff_report, revisions
    from atlas import diff as differing

    here = _here(project)
    with revisions.opened(here, before) as then:
        changes = differing.between(then, here)
    if folder is not None:
        console.say(f"wrote {diff_report.write(folder, changes)}")
    if as_json:
        console.emit_json(diff_report.document(changes))
    else:
        for line in diff_report.lines(changes):
            click.echo(line)


@main.command()
@click.argument("model", shell_complete=_slugs)
@click.argument("analysis", shell_complete=_analyses)
@click.argument("matrix")
@_project
def csv(model: str, analysis: str, matrix: str, project: Path | None) -> None:
    """Print a matrix as CSV, the same bytes as a figure's CSV button gives."""
    from atlas import spreadsheet, store

    here = _here(project)
    _jobs(here, (model,), (analysis,))  # unknown names are told with the known ones
    text = spreadsheet.of(store.load(here.profile(model, analysis)), matrix)
    sys.stdout.buffer.write(text.encode())


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes commands, options and models.

    For bash, in ~/.bashrc: eval "$(atlas completion bash)"
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None, "Choice allows only shells that click knows"
    click.echo(found(main, {}, "atlas", "_ATLAS_COMPLETE").source())


def _here(project: Path | None) -> Project:
    """The project that was named, which must be one itself, or the nearest one upwards."""
    here = find_project(project or Path.cwd())
    if project is not None and here.root != project.resolve():
        raise AtlasError(
            "holds no mkdocs.yml", file=project, remedy="name a project's own folder with --project"
        )
    return here


def _dry_run(project: Project, models: Sequence[str]) -> tuple[list[AtlasError], list[str]]:
    """What fails on tiny models like those named, or like all; and a line about what was run."""
    from importlib.util import find_spec

    entries, _ = _jobs(project, models, ())
    if find_spec("torch") is None or find_spec("transformers") is None:
        return [], ["dry run skipped: it needs pip install 'model-atlas[profile]'"]
    from atlas import console, dry_run
    from atlas import profile as profiling

    def measure(
        tiny: Project, made: Sequence[Entry], jobs: Sequence[Job]
    ) -> Iterator[tuple[str, str, str | None]]:
        with console.watching() as watch:
            for outcome in profiling.run(tiny, made, jobs, watch, save=False):
                yield outcome.job.slug, outcome.job.analysis, outcome.reason

    chosen = [item for item in entries if not models or item.slug in models]
    verdicts = list(dry_run.run(project, chosen, measure))
    return dry_run.problems(project, verdicts), [dry_run.summary(verdicts)]


def _require_checked(project: Project) -> None:
    from atlas import check as checking
    from atlas.errors import raise_all

    raise_all(checking.problems(project))


def _jobs(
    project: Project, models: Sequence[str], only: Sequence[str], corpus: Path | None = None
) -> tuple[list[Entry], list[Job]]:
    """The entries of a project and the plan for those named, or for all.

    What the project chose to measure on holds from here to the command's end.
    """
    from dataclasses import replace

    from atlas import analysis, choices, entry, settings
    from atlas import plan as planning
    from atlas.errors import suggest

    entries = entry.load_all(project)
    slugs = [item.slug for item in entries]
    for slug in models:
        if slug not in slugs:
            raise AtlasError(f"there is no model {slug!r}", remedy=suggest(slug, slugs))
    for name in only:
        analysis.statement(name)
    chosen = [item for item in entries if not models or item.slug in models]
    stated = settings.load(project)
    made = replace(stated.choices, corpus=corpus) if corpus else stated.choices
    click.get_current_context().with_resource(choices.made(made))
    jobs = planning.jobs(project, chosen, stated)
    return entries, [job for job in jobs if not only or job.analysis in only]


def _measure(
    project: Project, entries: list[Entry], jobs: list[Job], fresh: bool
) -> list[dict[str, Any]]:
    """Measure what is not fresh; the analyses that could not be measured, with the reason."""
    from atlas import absent, console
    from atlas import profile as profiling

    todo = [job for job in jobs if fresh or job.state != "fresh"]
    here, away = absent.apart(project, entries, todo)
    for line in absent.lines(away):
        console.say(line)
    failed = [_told(job, str(item.problem)) for item in away for job in item.jobs]
    rows = []
    with console.watching() as watch:
        for outcome in profiling.run(project, entries, here, watch):
            job = outcome.job
            told = outcome.reason or "measured"
            console.say(f"{job.slug} {job.analysis}: {told} ({console.duration(outcome.seconds)})")
            rows.append((job.slug, job.analysis, told, console.duration(outcome.seconds)))
            if outcome.profile is None:
                failed.append(_told(job, told))
    if console.err.is_terminal and len(rows) > 1:
        console.table(("model", "analysis", "outcome", "time"), rows)
    fresh_count = len(jobs) - len(todo)
    measured = len(todo) - len(failed)
    console.say(f"{measured} measured, {fresh_count} fresh, {len(failed)} not measured here")
    return failed


def _render(project: Project) -> dict[str, int]:
    from atlas import console, pages

    done = pages.render(project)
    count = {key: len(getattr(done, key)) for key in ("written", "kept", "removed")}
    console.say("rendered: " + ", ".join(f"{number} {key}" for key, number in count.items()))
    for path in done.left:
        console.say(f"left alone: {path}: no longer planned, but changed by hand since")
    return count


def _told(job: Job, reason: str) -> dict[str, str]:
    return {"model": job.slug, "analysis": job.analysis, "reason": reason}


def _tell_verdicts(verdicts: list[dict[str, Any]]) -> None:
    from atlas import console

    for verdict in verdicts:
        if "reason" in verdict:
            console.say(f"{verdict['model']} {verdict['analysis']}: {verdict['reason']}")
        elif not verdict["agrees"]:
            why = verdict["problem"] or (
                f"differs by {verdict['largest']:.2g}, tolerance {verdict['tolerance']:.2g}"
            )
            where = f" at {verdict['where']}" if verdict["where"] else ""
            console.say(
                f"{verdict['model']} {verdict['analysis']} {verdict['matrix']}: {why}{where}"
            )
    agree = [verdict["largest"] for verdict in verdicts if verdict["agrees"]]
    console.say(
        f"{len(agree)} of {len(verdicts)} agree; "
        f"largest difference among them {max(agree, default=0.0):.2g}"
    )
