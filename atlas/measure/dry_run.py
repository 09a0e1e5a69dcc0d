"""`atlas check --dry-run`: every analysis of an entry run on a tiny random model of its kind.

The model has the entry's architecture. Like the entry's model it shares key/value heads, has heads
of a width of their own and, where the config is at hand, the same tied matrices and biases. It is
made and measured in a temporary project, and nothing of it is published: all that counts is that
every analysis ends with a profile that may be saved.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas import architectures, failures
from atlas.architectures import from_config
from atlas.checkpoints import headers, locate
from atlas.entries import entry_text
from atlas.entries.entry import Entry
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded import loading
from atlas.loaded import tiny as tiny_models
from atlas.loaded.checkpoint import Checkpoint
from atlas.paths import Project, zoo_folder
from atlas.profiles import plan, settings
from atlas.profiles.plan import Job

TOKENIZER = "llama"
"""The reference model whose tokenizer tiny models have: it is in every installation."""

VOCABULARY = 8192
"""Rows of the embedding: as many as that tokenizer has tokens."""

JobResult = tuple[str, str, str | None]
"""Slug, analysis, and why it could not be measured, None where it could."""

Measure = Callable[[Project, Sequence[Entry], Sequence[Job]], Iterator[JobResult]]


@dataclass(frozen=True)
class Verdict:
    """The outcome of one analysis on the tiny model of some entries; `problem` is None where it
    ran."""

    slugs: tuple[str, ...]
    architecture: str
    analysis: str
    problem: str | None


def run(project: Project, entries: Sequence[Entry], measure: Measure) -> Iterator[Verdict]:
    """Run the analyses of the entries, once for those whose tiny models are the same.

    `measure` yields an outcome for each job of a project. Raises `AtlasError` for an entry whose
    architecture has no row.
    """
    chosen = settings.load(project)
    for (architecture, extras), alike in _groups(project, entries).items():
        slugs = tuple(item.slug for item in alike)
        stands_for = next((item for item in alike if item.base is not None), alike[0])
        with tempfile.TemporaryDirectory() as folder:
            tiny = Project(Path(folder))
            tiny.mkdocs_yml.write_text("site_name: Dry run\n", encoding="utf-8")
            make = functools.partial(_models, tiny, stands_for, architecture, dict(extras))
            made = failures.attempt(make, log(project, architecture, "model"))
            if isinstance(made, failures.Failed):
                yield Verdict(slugs, architecture, "any analysis", made.reason)
                continue
            jobs = plan.jobs(tiny, made, chosen)
            for slug, analysis, problem in measure(tiny, made, [j for j in jobs if j.slug == "a"]):
                assert slug == "a"
                yield Verdict(slugs, architecture, analysis, problem)


def log(project: Project, architecture: str, analysis: str) -> Path:
    """The file for the traceback of what an analysis raises on a tiny model."""
    return project.outcome(f"dry-run-{architecture}", analysis).with_suffix(".log")


def problems(project: Project, verdicts: Iterable[Verdict]) -> list[AtlasError]:
    """An error for each analysis that did not run."""
    return [
        AtlasError(
            f"dry run of {verdict.analysis} on a tiny {verdict.architecture}: {verdict.problem}",
            file=project.entry(verdict.slugs[0]),
            remedy="atlas must be able to measure what it lists: mend the analysis or the row",
        )
        for verdict in verdicts
        if verdict.problem is not None
    ]


def summary(verdicts: Sequence[Verdict]) -> str:
    """`dry run: 12 analyses on tiny models of gpt2, llama; 2 failed`."""
    names = ", ".join(sorted({verdict.architecture for verdict in verdicts})) or "none"
    failed = sum(verdict.problem is not None for verdict in verdicts)
    return f"dry run: {len(verdicts)} analyses on tiny models of {names}; {failed} failed"


def _groups(
    project: Project, entries: Sequence[Entry]
) -> Mapping[tuple[str, tuple[tuple[str, Any], ...]], list[Entry]]:
    """Entries by architecture and by the other values of their tiny config."""
    groups: dict[tuple[str, tuple[tuple[str, Any], ...]], list[Entry]] = {}
    for item in entries:
        plan.require_architecture(project, item)
        extras = tuple(sorted(_extras(project, item).items()))
        groups.setdefault((item.architecture, extras), []).append(item)
    return groups


def _extras(project: Project, item: Entry) -> dict[str, Any]:
    """Values of the tiny config that follow the entry: shared heads, their width, switches."""
    config = tiny_models.stated(item.architecture)
    keys = architectures.row(item.architecture).config_keys
    extras: dict[str, Any] = {}
    shape = item.geometry
    if shape is not None and keys.get("kv_heads") in config:
        heads = config[keys["heads"]]
        alone = heads if shape.kv_heads == shape.heads else heads // 2
        extras[keys["kv_heads"]] = 1 if shape.kv_heads == 1 else alone
    if shape is not None and keys.get("d_head") in config and _is_even(shape):
        extras[keys["d_head"]] = config[keys["d_model"]] // config[keys["heads"]]
    with contextlib.suppress(AtlasError):  # a damaged copy tells nothing; `check` notes it
        folder = locate.of_entry(project, item)
        if folder is not None:
            extras |= _switches(headers.config(folder), item.architecture)
    return extras


def _is_even(shape: Geometry) -> bool:
    """Whether the heads together are as wide as the model."""
    return shape.heads * shape.d_head == shape.d_model


def _switches(config: Mapping[str, Any], architecture: str) -> dict[str, bool]:
    """The switches of a config that its class of transformers knows: biases, norms, ties."""
    row = architectures.row(architecture)
    config = from_config.part(row, config, "config.json")
    known = from_config.part(row, tiny_models.config(architecture).to_dict(), "config.json")
    return {
        key: value
        for key, value in config.items()
        if isinstance(value, bool) and isinstance(known.get(key), bool) and key != "use_cache"
    }


def _models(
    project: Project, item: Entry, architecture: str, extras: dict[str, Any]
) -> list[Entry]:
    """The tiny model `a` and, where the entry has a base, the base `b` of it."""
    made = []
    for seed, slug in enumerate(("a", "b") if item.base is not None else ("a",)):
        folder = project.root / "weights" / slug
        _make(folder, architecture, seed, extras)
        tiny = Entry(
            slug=slug,
            name=slug,
            family="dry-run",
            architecture=architecture,
            source=f"./weights/{slug}",
            license="mit",
            summary="A tiny random model.",
            base="b" if slug == "a" and item.base is not None else None,
            geometry=Checkpoint.open(folder).geometry,
            analyses=item.analyses,
        )
        path = project.entry(slug)
        path.parent.mkdir(parents=True)
        path.write_text(entry_text.checked(tiny), encoding="utf-8")
        made.append(tiny)
    return made


def _make(folder: Path, architecture: str, seed: int, extras: dict[str, Any]) -> None:
    """A tiny model with a tokenizer; `AtlasError` where transformers makes none."""
    tokenizer = zoo_folder(TOKENIZER)
    extras = {architectures.row(architecture).config_keys["vocabulary"]: VOCABULARY, **extras}
    try:
        with loading.quiet():
            tiny_models.make(folder, architecture, seed=seed, **extras)
    except (ValueError, TypeError, RuntimeError) as error:
        raise AtlasError(
            f"transformers makes no tiny {architecture} with {extras}: {loading.first_line(error)}",
            remedy="is the config that of a published model?",
        ) from error
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer / name, folder / name)
