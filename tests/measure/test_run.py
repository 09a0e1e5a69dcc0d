"""The loop over analyses: each profile is written at once, and one failure costs one outcome."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import kinds
import numpy as np
import pytest
import thin_corpus
import tiny
import tokenizers
import torch
from letters import letters
from samples import GEOMETRY, matrix, write_entry

from atlas import __version__, architectures
from atlas.checkpoints import digests, headers
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.loaded import memory
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage
from atlas.measure import run as measuring
from atlas.passes import observing
from atlas.passes.observing import Tap
from atlas.paths import Project
from atlas.pinned import corpus
from atlas.pinned.choices import Choices
from atlas.profiles import account, plan, profile_file, statement
from atlas.profiles.account import Outcome
from atlas.profiles.plan import Job
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Measured, Progress

State = Callable[..., Path]


@pytest.fixture(autouse=True)
def empty_hub(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def measure(subject: object, progress: Progress) -> Measured:
    """What the tests' analyses do: a number of each layer's query weights."""
    assert isinstance(subject, Checkpoint)
    layers = subject.architecture.geometry.layers
    values = np.zeros((layers, 1))
    for layer in range(layers):
        held = subject.layer(layer, ["attn.q"])
        values[layer, 0] = float(held["attn.q.weight"].double().square().mean().sqrt())
        progress(layer + 1, layers)
    rows = tuple(map(str, range(layers)))
    made = matrix(values=values, rows=rows, columns=("attn.q",))
    return Measured((made,), facts={"layers": layers}, conditions={"device": "cpu"})


def add_model(project: Project, slug: str, seed: int = 0) -> Path:
    folder = tiny.make(project.root / "weights" / slug, "llama", seed=seed)
    write_entry(project, slug, name=slug, source=f"./weights/{slug}", revision=...)
    return folder


def jobs(project: Project) -> list[Job]:
    return plan.jobs(project, entry.load_all(project), Settings())


def unwatched(job: Job) -> Progress:
    return lambda done, total: None


def run(project: Project, **options: Any) -> list[Outcome]:
    entries = entry.load_all(project)
    return list(measuring.outcomes(project, entries, jobs(project), unwatched, **options))


def files(project: Project) -> list[str]:
    """What `profile` wrote, hidden files too."""
    found = (path for path in project.models.rglob("*") if path.is_file())
    return sorted(path.name for path in found if path.name != "model.yml")


def test_a_profile_is_pinned_to_what_was_read(project: Project, state: State) -> None:
    state("weights", measure, version=3, protocol={"tau": 0.123456})
    folder = add_model(project, "a")
    (folder / "tokenizer.json").write_text("{}")
    [outcome] = run(project)
    read = profile_file.load(project.profile("a", "weights"))
    assert outcome.profile is not None and profile_file.text(outcome.profile) == profile_file.text(
        read
    )
    assert read.model == profile_file.Pin(
        "a", "./weights/a", None, digests.of_weights(folder), digests.of_tokenizer(folder)
    )
    assert (read.version, read.protocol) == (3, {"tau": 0.123456})
    assert (read.facts, read.conditions) == ({"layers": 3}, {"device": "cpu"})
    assert read.made_by["atlas"] == __version__ and read.made_by["device"] == "cpu"
    assert isinstance(read.made_by["peak_bytes"], int) and read.made_by["peak_bytes"] > 10**6
    values = read.matrix("rms").values
    assert values.shape == (3, 1) and (values > 0).all()
    assert [job.state for job in jobs(project)] == ["fresh"]


def test_the_same_inputs_give_the_same_bytes(project: Project, state: State) -> None:
    state("weights", measure)
    add_model(project, "a")
    texts = []
    for _ in range(2):
        run(project)
        document = json.loads(project.profile("a", "weights").read_text())
        lines = project.profile("a", "weights").read_text().splitlines()
        assert document["made_by"] and lines[-2].startswith(' "made_by"')
        texts.append("\n".join(lines[:-2]))
    assert texts[0] == texts[1]


def test_each_profile_is_written_before_the_next_is_begun(project: Project, state: State) -> None:
    seen: list[list[str]] = []

    def look(subject: object, progress: Progress) -> Measured:
        seen.append(files(project))
        return measure(subject, progress)

    state("alpha", look)
    state("beta", look)
    add_model(project, "a")
    entries = entry.load_all(project)
    outcomes = measuring.outcomes(project, entries, jobs(project), unwatched)
    assert next(outcomes).job.analysis == "alpha"
    assert files(project) == ["alpha.json"]
    assert next(outcomes).job.analysis == "beta"
    assert files(project) == ["alpha.json", "beta.json"]
    assert seen == [[], ["alpha.json"]]


def test_an_interruption_loses_the_one_that_was_running(project: Project, state: State) -> None:
    def interrupted(subject: object, progress: Progress) -> Measured:
        progress(1, 2)
        raise KeyboardInterrupt

    state("alpha", measure)
    state("beta", interrupted)
    state("gamma", measure)
    add_model(project, "a")
    with pytest.raises(KeyboardInterrupt):
        run(project)
    assert files(project) == ["alpha.json"]
    assert [account.remembered(project, job) for job in jobs(project)] == [None] * 3
    profile_file.load(project.profile("a", "alpha"))
    assert [job.state for job in jobs(project)] == ["fresh", "missing", "missing"]


def test_an_interrupted_write_keeps_the_profile_that_was_there(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state("weights", measure)
    add_model(project, "a")
    run(project)
    before = project.profile("a", "weights").read_bytes()

    def interrupt(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(project)
    assert files(project) == ["weights.json"]
    assert project.profile("a", "weights").read_bytes() == before


def test_an_analysis_that_fails_yields_its_reason_and_the_next_goes_on(
    project: Project, state: State
) -> None:
    def fail(subject: object, progress: Progress) -> Measured:
        raise AtlasError("block 2 holds no finite number", file="model.safetensors", remedy="look")

    def infinite(subject: object, progress: Progress) -> Measured:
        return Measured((matrix(values=np.full((2, 3), np.inf), rows=("0", "0")),))

    state("alpha", fail)
    state("beta", infinite)
    state("gamma", measure)
    add_model(project, "a")
    outcomes = run(project)
    assert [outcome.profile is not None for outcome in outcomes] == [False, False, True]
    assert outcomes[0].reason == "model.safetensors: block 2 holds no finite number; look"
    assert outcomes[1].reason is not None and " | " in outcomes[1].reason
    assert "\n" not in outcomes[1].reason and "is inf, no finite number" in outcomes[1].reason
    assert files(project) == ["gamma.json"]


class Panic(BaseException):
    """What Rust code raises that was sure of itself: no `Exception`."""


class UnspeakableError(Exception):
    """An exception that raises as it is written."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("crash", "words"),
    [
        (MemoryError(), "MemoryError ("),
        (ZeroDivisionError("by nothing"), "ZeroDivisionError: by nothing ("),
        (Exception("a plain one"), "Exception: a plain one ("),
        (Panic("index out\nof bounds"), "Panic: index out of bounds ("),
        (SystemExit(3), "SystemExit: 3 ("),
        (GeneratorExit(), "GeneratorExit ("),
        (UnspeakableError(), "UnspeakableError: its message cannot be written ("),
        (OSError(28, "No space left on device", "/a/file"), "/a/file: No space left on device; m"),
    ],
)
def test_whatever_an_analysis_raises_is_its_outcome_alone(
    project: Project, state: State, crash: BaseException, words: str
) -> None:
    def crashes(subject: object, progress: Progress) -> Measured:
        raise crash

    state("alpha", crashes)
    state("beta", measure)
    add_model(project, "a")
    add_model(project, "b", seed=1)
    outcomes = run(project)
    assert [item.result for item in outcomes] == ["failed", "measured"] * 2
    reason, log = outcomes[0].reason or "", outcomes[0].log
    assert words in reason and "\n" not in reason
    assert log is not None and str(log) in reason
    assert "in crashes" in log.read_text() and "Traceback" in log.read_text()
    told = account.remembered(project, outcomes[0].job)
    assert told is not None and told.startswith("failed on 2") and words in told
    state("alpha", measure)
    assert {item.result for item in run(project)} == {"measured"}  # it is tried again
    assert account.remembered(project, outcomes[0].job) is None and not log.exists()


def test_whatever_opening_a_model_raises_is_that_models_outcome(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Checkpoint.open

    def odd(folder: Path, choices: Choices) -> Checkpoint:
        if folder.name == "a":
            raise KeyError("foo")
        return really(folder, choices)

    monkeypatch.setattr(Checkpoint, "open", odd)
    state("alpha", measure)
    state("beta", measure)
    add_model(project, "a")
    add_model(project, "b", seed=1)
    outcomes = run(project)
    assert [item.result for item in outcomes] == ["failed", "failed", "measured", "measured"]
    assert "KeyError: 'foo' (" in str(outcomes[1].reason)


def test_an_analysis_that_cannot_be_imported_is_one_outcome(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state("alpha", measure)
    state("beta", measure)
    monkeypatch.delitem(sys.modules, "atlas.analyses.alpha.run")
    add_model(project, "a")
    outcomes = run(project)
    assert [item.result for item in outcomes] == ["failed", "measured"]
    assert "analysis 'alpha' needs" in str(outcomes[0].reason)


def test_a_profile_that_cannot_be_written_is_one_outcome(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = profile_file.save

    def full(path: Path, made: profile_file.Profile) -> None:
        if path.name == "alpha.json":
            raise OSError(28, "No space left on device", str(path))
        really(path, made)

    monkeypatch.setattr(profile_file, "save", full)
    state("alpha", measure)
    state("beta", measure)
    add_model(project, "a")
    assert [item.result for item in run(project)] == ["failed", "measured"]


def test_a_process_that_was_killed_leaves_word(project: Project, state: State) -> None:
    """In a process of its own, which ends as one does that memory runs out for."""
    state("alpha", measure)
    add_model(project, "a")
    [job] = jobs(project)
    pid = os.fork()
    if pid == 0:
        with account.begun(project, [job]):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    told = account.remembered(project, job)
    assert told is not None and "killed on 2" in told and "while it was being measured" in told
    with account.begun(project, [job]):
        assert f"being measured now, by process {os.getpid()}" in str(
            account.remembered(project, job)
        )


# What a model's tokenizer has to be, seen before the model is loaded


def with_tokenizer(project: Project, state: State, protocol: dict[str, object]) -> Path:
    """A model whose tokenizer has one token a letter; `alpha` reads what the protocol says."""

    def unmeasured(subject: object, progress: Progress) -> Measured:
        return Measured((matrix(),), conditions={"device": "cpu"})

    state("alpha", unmeasured, tier="forward", protocol=protocol)
    state("beta", measure)
    folder = add_model(project, "a")
    letters(folder)
    return folder


def more_tokens(folder: Path, words: list[str]) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(words)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("reads", ["corpus", "relations"])
def test_a_tokenizer_that_cannot_be_loaded_bars_only_what_reads_with_it(
    project: Project, state: State, reads: str
) -> None:
    folder = with_tokenizer(project, state, {reads: "digest"})
    written = json.loads((folder / "tokenizer.json").read_text())
    written["model"]["type"] = "NewBPE"
    (folder / "tokenizer.json").write_text(json.dumps(written))
    found = {item.job.analysis: item for item in run(project)}
    assert (found["alpha"].result, found["beta"].result) == ("unavailable", "measured")
    assert "no tokenizer can be loaded" in str(found["alpha"].reason)


def test_a_special_token_without_a_row_is_told_before_a_model_is_loaded(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = with_tokenizer(project, state, {"corpus": "digest"})
    more_tokens(folder, [f"WORD{number}" for number in range(70)])
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "bos_token": "BEYOND"}))
    monkeypatch.setattr(LiveModel, "open", None)
    found = {item.job.analysis: item for item in run(project)}
    assert found["alpha"].result == "unavailable" and found["beta"].result == "measured"
    reason = str(found["alpha"].reason)
    beyond = re.search("BOS token 'BEYOND' has id ([0-9]+), the embedding 61 rows;", reason)
    assert beyond is not None and int(beyond[1]) > 70


def test_a_token_beyond_the_embedding_matters_where_a_text_has_it(
    project: Project, state: State
) -> None:
    folder = with_tokenizer(project, state, {"corpus": "digest"})
    more_tokens(folder, [f"WORD{number}" for number in range(70)])
    assert [item.result for item in run(project)] == ["measured"] * 2
    more_tokens(folder, [" the "])
    found = {item.job.analysis: item for item in run(project)}
    assert "token ' the ' of passage 0 has id " in str(found["alpha"].reason)


def gone(project: Project) -> None:
    write_entry(project, "a", name="a", source="./nowhere", revision=...)


def untrained(project: Project) -> None:
    write_entry(project, "a", name="a", source="zoo:nothing", revision=...)


def offline(project: Project) -> None:
    write_entry(project, "a", name="a")


def unpinned(project: Project) -> None:
    write_entry(project, "a", name="a", revision=None)


def truncated(project: Project) -> None:
    weights = add_model(project, "a") / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-1])


def pickled(project: Project) -> None:
    weights = add_model(project, "a") / headers.SINGLE
    weights.rename(weights.with_name("pytorch_model.bin"))


def otherwise(project: Project) -> None:
    add_model(project, "a")
    write_entry(project, "a", name="a", source="./weights/a", revision=..., architecture="gpt2")


def spoilt(project: Project) -> None:
    (add_model(project, "a") / "config.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (gone, "source: source './nowhere' is not on this machine; put the model's folder there"),
        (offline, "is not on this machine; atlas fetch a"),
        (untrained, "is not on this machine; train it: python -m atlas.zoo train nothing"),
        (unpinned, "revision: revision is null, still to be pinned; write the full commit hash"),
        (truncated, "model.safetensors: truncated: "),
        (pickled, "only pickled weights here ('pytorch_model.bin'), which can run code when"),
        (otherwise, "'gpt2', and the model's config says 'llama'; write architecture: llama"),
        (spoilt, "config.json: "),
    ],
)
def test_a_model_that_cannot_be_measured_yields_reasons_and_the_next_is_taken(
    project: Project, state: State, spoil: Callable[[Project], None], reason: str
) -> None:
    state("alpha", measure)
    state("beta", measure)
    spoil(project)
    add_model(project, "b", seed=1)
    outcomes = run(project)
    assert [(item.job.slug, item.profile is not None) for item in outcomes] == [
        ("a", False),
        ("a", False),
        ("b", True),
        ("b", True),
    ]
    for item in outcomes[:2]:
        assert item.reason is not None and reason in item.reason and "\n" not in item.reason
    assert files(project) == ["alpha.json", "beta.json"]


def test_a_model_too_large_for_this_machine_is_not_opened(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state("weights", measure, bytes=3e9)
    add_model(project, "a")
    shape = {**GEOMETRY, "d_head": 6}
    write_entry(project, "a", name="a", source="./weights/a", revision=..., geometry=shape)
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    monkeypatch.setattr(Checkpoint, "open", None)
    [outcome] = run(project)
    assert outcome.reason is not None
    assert outcome.obstacle is not None and outcome.obstacle.kind == "memory"
    assert "needs about 3.0 GB of memory; free: 1.0 GB on cpu; measure it on" in outcome.reason


def test_a_model_is_opened_once_for_a_tier(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    really = Checkpoint.open

    def count(folder: Path, choices: Choices) -> Checkpoint:
        opened.append(folder)
        return really(folder, choices)

    monkeypatch.setattr(Checkpoint, "open", count)
    state("alpha", measure)
    state("beta", measure)
    folders = [add_model(project, "a"), add_model(project, "b", seed=1)]
    run(project)
    assert opened == folders


def test_nothing_is_written_where_nothing_shall_be_saved(project: Project, state: State) -> None:
    state("weights", measure)
    add_model(project, "a")
    [outcome] = run(project, save=False)
    assert outcome.profile is not None and files(project) == []


def test_progress_reaches_the_one_who_watches(project: Project, state: State) -> None:
    state("weights", measure)
    add_model(project, "a")
    seen: list[tuple[str, int, int]] = []

    def watch(job: Job) -> Progress:
        return lambda done, total: seen.append((job.analysis, done, total))

    list(measuring.outcomes(project, entry.load_all(project), jobs(project), watch))
    opening = [item for item in seen if item[0] == "opening the model"]
    assert opening[-1] == ("opening the model", 1, 1)  # megabytes
    assert seen[len(opening) :] == [("weights", 1, 3), ("weights", 2, 3), ("weights", 3, 3)]


def measured_all(project: Project, model_type: str) -> dict[str, Outcome]:
    """What becomes of every analysis that ships and takes a tiny model of that type: all of them
    measured, and fresh after it."""
    letters(tiny.make(project.root / "weights", model_type))
    write_entry(project, "a", source="./weights", revision=..., architecture=model_type)
    found = {item.job.analysis: item for item in run(project)}
    assert {name: item.reason for name, item in found.items()} == dict.fromkeys(found)
    row, stated = architectures.row(model_type), map(statement.of, statement.names())
    alone = [about for about in stated if row.kind in about.kinds and not about.needs]
    none_of = {count for count, key in row.keys.items() if key == 0}
    fitting = {
        about.name
        for about in alone
        if not row.modules.keys() & about.unless.keys() and not none_of & about.only_with.keys()
    }
    assert set(found) == fitting > {"weights"}
    assert [job.state for job in jobs(project)] == ["fresh"] * len(found)
    return found


@pytest.mark.parametrize("model_type", kinds.each(architectures.known()))
def test_the_analyses_that_ship_measure_every_architecture(
    project: Project, model_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "chosen", thin_corpus.passages)
    assert "activations" in measured_all(project, model_type)


@pytest.mark.nightly
def test_the_analyses_that_ship_read_the_whole_corpus(project: Project) -> None:
    found = measured_all(project, "llama")
    profiles = [outcome.profile for outcome in found.values() if outcome.profile is not None]
    read = {each.analysis: each.conditions.get("passages") for each in profiles}
    assert {"attention", "importance", "masks"} <= set(read)
    assert {read[name] for name in read if read[name] is not None} == {len(corpus.load())}


# Analyses that share a pass


class Watcher:
    """An observer that notes what it sees, and reads again on its own."""

    def __init__(self, name: str, log: list[str], fails: str | None = None) -> None:
        self.name, self.log, self.fails = name, log, fails
        self.seen = 0

    def observe(self, model: LiveModel, passages: Sequence[Passage]) -> Watcher:
        if self.fails == "observe":
            raise AtlasError(f"{self.name} cannot begin")
        self.model, self.seen = model, 0
        return self

    @property
    def taps(self) -> list[Tap]:
        return [Tap(0, "attn.q", self)]

    def reduce(self, x: torch.Tensor, batch: Batch) -> int:
        if self.fails == "pass":
            raise AtlasError(f"{self.name} cannot go on")
        return len(batch.passages)

    def add(self, reduced: int) -> None:
        self.seen += reduced

    def measured(self, progress: Progress) -> Measured:
        self.log.append(f"{self.name} {self.seen}")
        progress(1, 1)
        if self.fails == "measured":
            raise AtlasError(f"{self.name} cannot end")
        if self.fails == "interrupt":
            raise KeyboardInterrupt
        return Measured((matrix(),), facts={"seen": self.seen}, conditions={"device": "cpu"})

    def run(self, model: LiveModel, progress: Progress) -> Measured:
        self.log.append(f"{self.name} alone")
        return Measured((matrix(),))


@pytest.fixture
def watchers(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """Analyses `alpha`, `beta`, `gamma` of the forward tier; how each of them fails, by name. Gives
    the log that they write."""
    few = corpus.load()[:5]
    monkeypatch.setattr(corpus, "load", lambda name="pinned": few)
    log: list[str] = []
    really = observing.run

    def run(*arguments: Any, **options: Any) -> None:
        log.append("pass")
        really(*arguments, **options)

    monkeypatch.setattr(observing, "run", run)

    def put(names: str = "alpha beta gamma", **fails: str) -> list[str]:
        for name in names.split():
            watcher = Watcher(name, log, fails.get(name))
            state(name, watcher.run, tier="forward")
            module = sys.modules[f"atlas.analyses.{name}.run"]
            module.observe = watcher.observe  # type: ignore[attr-defined]
        letters(add_model(project, "a"))
        return log

    return put


def test_analyses_that_watch_share_a_pass(
    project: Project, watchers: Callable[..., list[str]]
) -> None:
    log = watchers()
    outcomes = run(project)
    assert log == ["pass", "alpha 5", "beta 5", "gamma 5"]
    assert [outcome.profile is not None for outcome in outcomes] == [True] * 3
    read = profile_file.load(project.profile("a", "beta"))
    assert read.facts == {"seen": 5} and read.analysis == "beta"
    assert isinstance(read.made_by["peak_bytes"], int) and read.made_by["peak_bytes"] > 10**6
    seconds = [outcome.seconds for outcome in outcomes]
    assert min(seconds) > 0.3 * max(seconds)  # the shared pass, split evenly


def test_only_what_is_asked_for_takes_part(
    project: Project, watchers: Callable[..., list[str]]
) -> None:
    log = watchers()
    chosen = [job for job in jobs(project) if job.analysis == "beta"]
    list(measuring.outcomes(project, entry.load_all(project), chosen, unwatched))
    assert log == ["beta alone"] and files(project)[0] == "beta.json"


@pytest.mark.parametrize("when", ["observe", "measured"])
def test_what_fails_for_one_costs_the_others_nothing(
    project: Project, watchers: Callable[..., list[str]], when: str
) -> None:
    log = watchers(beta=when)
    found = {outcome.job.analysis: outcome.reason for outcome in run(project)}
    end = {"observe": "begin", "measured": "end"}[when]
    assert found == {"alpha": None, "beta": f"beta cannot {end}", "gamma": None}
    assert log.count("pass") == 1
    assert files(project) == ["alpha.json", "gamma.json"]


def test_what_fails_in_the_pass_shows_whose_fault_it_was(
    project: Project, watchers: Callable[..., list[str]]
) -> None:
    log = watchers(beta="pass")
    found = {outcome.job.analysis: outcome.reason for outcome in run(project)}
    assert found == {"alpha": None, "beta": "beta cannot go on", "gamma": None}
    assert log == ["pass", "pass", "alpha 5", "pass", "pass", "gamma 5"]
    assert files(project) == ["alpha.json", "gamma.json"]


def test_what_fails_for_every_analysis_is_told_of_every_one(
    project: Project, watchers: Callable[..., list[str]]
) -> None:
    watchers(alpha="pass", beta="pass", gamma="pass")
    outcomes = run(project)
    names = ("alpha", "beta", "gamma")
    assert [outcome.reason for outcome in outcomes] == [f"{name} cannot go on" for name in names]


def test_a_profile_is_written_before_the_next_is_computed(
    project: Project, watchers: Callable[..., list[str]]
) -> None:
    watchers(gamma="interrupt")
    with pytest.raises(KeyboardInterrupt):
        run(project)
    assert files(project) == ["alpha.json", "beta.json"]


def test_progress_of_a_shared_pass_has_all_names(
    project: Project, watchers: Callable[..., list[str]]
) -> None:
    watchers()
    seen: list[tuple[str, int, int]] = []

    def watch(job: Job) -> Progress:
        return lambda done, total: seen.append((job.analysis, done, total))

    list(measuring.outcomes(project, entry.load_all(project), jobs(project), watch))
    seen = [item for item in seen if item[0] != "opening the model"]
    shared = [item for item in seen if item[0] == "alpha, beta, gamma"]
    assert shared and shared[-1][1:] == (5, 5)
    assert seen[len(shared) :] == [(name, 1, 1) for name in ("alpha", "beta", "gamma")]
