"""A finding's page: its steps, each with what became of its claim and with its figure, which is the
one of a model's page opened at another matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from atlas.profiles.collection import Model
from atlas.review import findings, verdicts
from atlas.review.findings import Finding
from atlas.review.verdicts import STATES, State, Verdict
from atlas.site.figures import heatmap
from atlas.site.model_page import Section

LAST = 3
"""Behind the ranks of models: of a finding about none that is listed."""


@dataclass(frozen=True)
class Place:
    """Where a figure stands that is not on its model's page.

    `key` names it in its page's address, `folder` is the way to that of its model, `name` the
    model's, and `cell` the labels of the row and the column of the cell that is marked, if one is.
    """

    key: str
    folder: str
    name: str
    cell: tuple[str, str] | None


@dataclass(frozen=True)
class Step:
    """A step as its page shows it: `section` has the figure, and `absent` says why where there is
    none."""

    stated: findings.Step
    verdict: Verdict
    model: Model | None
    section: Section | None
    place: Place | None
    absent: str

    @property
    def marked(self) -> str:
        """The cell that is marked, and its value, in words; empty where none is."""
        if not self.section or not self.section.figure or not self.place or not self.place.cell:
            return ""
        matrix = self.section.figure.named
        row, column = (
            labels.index(label)
            for labels, label in zip((matrix.rows, matrix.columns), self.place.cell, strict=True)
        )
        value = heatmap.of_cell(matrix, row, column)
        return f"{verdicts.cell(matrix, row, column)}: {value}"

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """The pictures of its figure: path below docs/, and SVG. They lie beside those of its
        model's page."""
        if self.model and self.section and self.section.figure:
            for path, picture in self.section.figure.pictures():
                yield f"{self.model.folder}/{path}", picture


@dataclass(frozen=True)
class Shown:
    """A finding as its page and the lists of findings show it."""

    finding: Finding
    steps: tuple[Step, ...]

    @property
    def folder(self) -> str:
        """Where its page lies, relative to the site's root."""
        return f"findings/{self.finding.name}"

    @property
    def state(self) -> State:
        """What becomes of it as a whole: it holds where all of its claims do."""
        states = {step.verdict.state for step in self.steps}
        worst: tuple[State, ...] = (STATES[1], STATES[2], STATES[0])
        return next(state for state in worst if state in states)

    @property
    def key(self) -> str:
        """The state as one word, for style sheets."""
        return next(one.verdict.key for one in self.steps if one.verdict.state == self.state)

    @property
    def counted(self) -> str:
        """How many of its claims are in each state that occurs, in words."""
        return verdicts.told([step.verdict for step in self.steps])

    @property
    def opening(self) -> Step | None:
        """The first step that has a figure."""
        return next((step for step in self.steps if step.section), None)

    @property
    def rank(self) -> int:
        """That of the first of its models in the order of all lists."""
        return min((step.model.rank for step in self.steps if step.model), default=LAST)

    def in_state(self, state: State) -> list[tuple[int, Step]]:
        """Its steps of that state, with their numbers from 1."""
        numbered = enumerate(self.steps, 1)
        return [(number, step) for number, step in numbered if step.verdict.state == state]


def shown(
    stated: Sequence[Finding], judged: Sequence[Verdict], models: Sequence[Model]
) -> tuple[Shown, ...]:
    """Findings with the verdicts of their claims, which are all there: those that hold first, then
    those that do no longer, then those that cannot be tested yet; of each, those about real models
    before those about reference models."""
    by_claim = {verdict.claim.name: verdict for verdict in judged}
    by_slug = {model.entry.slug: model for model in models}
    found = [Shown(one, tuple(_steps(one, by_claim, by_slug))) for one in stated]
    return tuple(sorted(found, key=lambda one: (STATES.index(one.state), one.rank)))


def _steps(
    finding: Finding, judged: Mapping[str, Verdict], models: Mapping[str, Model]
) -> Iterator[Step]:
    for number, step in enumerate(finding.steps, 1):
        wanted, verdict = step.shown, judged[step.claim]
        model = models.get(wanted.model)
        if absent := verdicts.absence(wanted, models):
            yield Step(step, verdict, model, None, None, absent)
            continue
        assert model is not None, "it is not absent"
        section = model.section(wanted.analysis)
        assert section is not None, "it is not absent"
        opened = Section(**vars(section), entry=model.entry, opens=wanted.matrix)
        cell = (wanted.rows[0], wanted.columns[0]) if wanted.rows and wanted.columns else None
        place = Place(f"step-{number}", f"../../{model.folder}/", model.entry.name, cell)
        yield Step(step, verdict, model, opened, place, "")
