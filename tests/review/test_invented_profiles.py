"""Profiles that nobody measured: each is of the right form, means nothing, and is refused by name.

Every case spoils a committed profile of a reference model, or a part beside it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas import schemas
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.profiles import profile_file, side_files, soundness, statement
from atlas.review import check

COMMITTED = Project(PACKAGE.parent)
SLUG = "ref-llama"

Document = dict[str, Any]
Change = Callable[[Document], object]


def matrix(document: Document, name: str) -> Document:
    return next(one for one in document["matrices"] if one["name"] == name)


def put(name: str, **changes: Any) -> Change:
    return lambda document: matrix(document, name).update(changes)


def value(name: str, row: int, column: int, number: float | None) -> Change:
    def change(document: Document) -> None:
        matrix(document, name)["values"][row][column] = number

    return change


def without(*names: str) -> Change:
    def change(document: Document) -> None:
        left = [one for one in document["matrices"] if one["name"] not in names]
        document["matrices"] = left

    return change


def added(**changes: Any) -> Change:
    """One matrix more, the first one under another name."""
    return lambda document: document["matrices"].append({**document["matrices"][0], **changes})


def swapped(name: str, key: str, one: int = 0, other: int = 1) -> Change:
    def change(document: Document) -> None:
        labels = matrix(document, name)[key]
        labels[one], labels[other] = labels[other], labels[one]

    return change


def shorter(name: str) -> Change:
    """A matrix without its last row."""

    def change(document: Document) -> None:
        found = matrix(document, name)
        found["rows"].pop()
        found["values"].pop()

    return change


def item(part: str, at: int, **changes: Any) -> Change:
    return lambda document: document[part][at].update(changes)


NONSENSE: dict[str, tuple[str, Change, str]] = {
    # what is wrong: the file, how it is spoilt, what is told
    "another unit": ("weights", put("rms", unit="volts"), "unit is 'volts', and weights promises"),
    "another title": ("weights", put("alpha", title="Best α"), "title is 'Best α', and weights"),
    "direction turned": (
        "weights",
        put("kurtosis", direction="lighter tails"),
        "direction is 'lighter tails', and weights promises 'heavier tails'",
    ),
    "another kind": ("attention", put("sink", kind="diverging"), "kind is 'diverging'"),
    "another scale": ("weights", put("rms", scale="linear"), "scale is 'linear', and weights"),
    "a wider range": ("attention", put("sink", range=[0, 40]), "range is (0, 40), and attention"),
    "no range": ("residual", lambda d: matrix(d, "angular").pop("range"), "range is None, and"),
    "out of range": (
        "attention",
        value("sink", 0, 0, 1.7),
        "value 1.7 is above the promised range",
    ),
    "below the range": ("weights", value("alpha", 0, 0, 0.2), "value 0.2 is below the promised"),
    "another axis": ("weights", put("rms", axes=["layer", "head"]), "axes is ('layer', 'head'),"),
    "axes turned": ("attention", put("sink", axes=["head", "layer"]), "axes is ('head', 'layer')"),
    "layers out of order": ("weights", swapped("rms", "rows"), "layers are called ('1', '0', '2'"),
    "heads out of order": ("attention", swapped("sink", "columns"), "heads are called ('1', '0',"),
    "heads with names": (
        "attention",
        lambda d: matrix(d, "sink").update(
            columns=[f"head {at}" for at in matrix(d, "sink")["columns"]]
        ),
        "heads are called ('head 0', 'head 1'",
    ),
    "a layer too few": ("weights", shorter("rms"), "3 layers, and the entry says 4"),
    "modules out of order": ("weights", swapped("rms", "columns"), "are not in the order"),
    "a module of its own": (
        "weights",
        lambda d: matrix(d, "rms")["columns"].__setitem__(0, "attn.z"),
        "there is no module 'attn.z'; known: attn.q",
    ),
    "a module that it has not": (
        "weights",
        lambda d: matrix(d, "rms")["columns"].__setitem__(-1, "norm.k"),
        "llama has no module 'norm.k'",
    ),
    "native names exchanged": (
        "weights",
        swapped("rms", "native"),
        "llama calls 'attn.q' self_attn.q_proj, not 'self_attn.k_proj'",
    ),
    "native names of heads": (
        "attention",
        lambda d: matrix(d, "sink").update(native=matrix(d, "sink")["columns"]),
        "heads have no native names",
    ),
    "a matrix missing": ("weights", without("stable_rank"), "matrix 'stable_rank': is missing"),
    "half of the lens": ("residual", without("lens_kl"), "matrix 'lens_kl': is missing: its head"),
    "a matrix of its own": (
        "weights",
        added(name="goodness"),
        "matrix 'goodness': weights has no matrix of that name: known: rms",
    ),
    "a matrix of another analysis": ("weights", added(name="sink"), "weights has no matrix of"),
    "a relation of its own": (
        "functions",
        added(name="score:rhymes@10"),
        "matrix 'score:rhymes@10': functions has no matrix of that name",
    ),
    "experts without a mixture": (
        "weights",
        added(name="rms:max", title="Root mean square, largest among experts"),
        "matrix 'rms:max': ",
    ),
    "a sublayer missing": (
        "residual",
        lambda d: matrix(d, "angular").update(
            columns=["attn", "mlp"],
            **{
                key: [row[:2] for row in matrix(d, "angular")[key]]
                for key in ("values", "spread", "largest_share")
            },
        ),
        "matrix 'angular': has no sublayer 'block'",
    ),
    "sublayers out of order": ("residual", swapped("angular", "columns"), "are not in the order"),
    "categories missing": (
        "functions",
        lambda d: matrix(d, "categories")["categories"].__delitem__(slice(7, None)),
        "a categorical matrix of 7 categories holds",
    ),
    "categories renamed": (
        "functions",
        lambda d: matrix(d, "categories")["categories"].__setitem__(1, "Magic"),
        "categories is ('Unclassified', 'Magic'",
    ),
    "counts that are not whole": (
        "functions",
        value("relations", 0, 0, 1.5),
        "a counts matrix holds 1.5",
    ),
    "more in a mask than 0 and 1": ("masks", value("mask:attn", 0, 0, 2), "a binary matrix holds"),
    "a negative spread": (
        "attention",
        lambda d: matrix(d, "sink").update(
            spread=[[-0.1] * len(row) for row in matrix(d, "sink")["values"]]
        ),
        "spread holds -0.1, and a standard error is not negative",
    ),
    "another number of tokens": ("activations", put("rms", n=7), "n is 7, and conditions.tokens"),
    "another number of pairs": ("functions", put("score:year@10", n=44), "and facts.pairs:year is"),
    "a share of no number of pairs": (
        "functions",
        value("suppressive:year@10", 0, 0, 0.006),
        "holds 0.006, no share of",
    ),
    "more relations than categories give": (
        "functions",
        value("relations", 0, 0, 17),
        "matrix 'relations' is not the sum of those of each category",
    ),
    "another category": (
        "functions",
        lambda d: value("categories", 0, 0, (matrix(d, "categories")["values"][0][0] + 1) % 8)(d),
        "matrix 'categories' is not what the relations of each category say",
    ),
    "a relation without its suppression": (
        "functions",
        without("suppressive:year@10"),
        "and it has 5 maps, not 6",
    ),
    "a similarity that is none": ("residual", value("cka", 0, 1, -0.5), "'cka' is not symmetric"),
    "a layer unlike itself": ("residual", value("cka", 1, 1, 0.25), "a layer is not like itself"),
    "a lens that never ends": ("residual", value("lens_kl", 3, 0, 2.5), "2.5 at the last layer"),
    "no module the largest": (
        "importance",
        lambda d: matrix(d, "taylor").update(
            values=[[one / 2 for one in row] for row in matrix(d, "taylor")["values"]]
        ),
        "the largest value of matrix 'taylor' is 0.5, not 1",
    ),
    "blocks of another loss": (
        "importance",
        lambda d: matrix(d, "block")["values"].reverse(),
        "matrix 'block' is not matrix 'block_increase' scaled",
    ),
    "a mask of other losses": (
        "masks",
        lambda d: matrix(d, "mask:attn")["values"].__setitem__(3, [0, 0, 0, 0]),
        "masks do not prune the 2 blocks whose loss",
    ),
    "clusters exchanged in one": (
        "masks",
        swapped("mask:mlp", "rows"),
        "matrix 'mask:mlp' has other clusters than 'delta:attn'",
    ),
    "learned by nobody": (
        "masks",
        lambda d: d["protocol"].update(learned=True),
        "the protocol says learned: True, and there is not a matrix 'learned:attn'",
    ),
    "pruned by another sparsity": ("masks", lambda d: d["facts"].update(pruned=5), "pruned is 5"),
    "another mean sink": (
        "attention",
        lambda d: d["facts"].update(mean_sink=0.5),
        "the fact mean_sink is 0.5, and the mean of matrix 'sink' 0.03",
    ),
    "another least influence": (
        "residual",
        lambda d: d["facts"].update(least_influence=0.1),
        "the fact least_influence is 0.1, and the least of the layers 0.26",
    ),
    "a mark taken away": (
        "importance",
        lambda d: d["facts"].update(bits_per_byte=3.5),
        "the fact beats_frequencies is True, with 3.5 bits against",
    ),
    # parts
    "heads missing": ("functions.heads", lambda d: d["heads"].pop(), "not each of 4 layers of"),
    "heads exchanged": ("functions.heads", lambda d: d["heads"].reverse(), "in their order"),
    "a head's score of its own": (
        "functions.heads",
        item("heads", 0, relations={"score:year@10": [0.9, 0.8, 0.95, 0.01]}),
        "head 0.0: score:year@10 is 0.9, and 0.23",
    ),
    "a head's relation of its own": (
        "functions.heads",
        item("heads", 0, relations={"score:rhymes@10": [0.9, 0.8, 0.95, 0.01]}),
        "'score:rhymes@10' is no map of the profile",
    ),
    "a cluster renamed": (
        "masks.clusters",
        item("clusters", 2, label="nothing"),
        "cluster 2 is 'nothing' here",
    ),
    "a cluster missing": ("masks.clusters", lambda d: d["clusters"].pop(), "15 clusters, not the"),
    "losses of another model": (
        "masks.losses",
        lambda d: [one["increase"].reverse() for one in d["losses"]],
        "as in the profile, without layer",
    ),
    "another loss than that of the profile": (
        "masks.losses",
        lambda d: [one.update(loss=one["loss"] * 2) for one in d["losses"]],
        "the whole model loses 1.1",
    ),
    "passages missing": ("masks.losses", lambda d: d["losses"].pop(), "447 passages, not the 448"),
    "losses of fewer blocks": (
        "masks.losses",
        lambda d: d["losses"][3]["increase"].pop(),
        "passage 3 has 7 blocks, and the profile 8",
    ),
}


def spoilt(project: Project, name: str, change: Change) -> Path:
    """A copy of a reference model in which one file is spoilt."""
    for path in COMMITTED.folder(SLUG).glob("*"):
        if path.name == "model.yml" or path.name.startswith(f"{name.partition('.')[0]}."):
            project.folder(SLUG).mkdir(exist_ok=True)
            shutil.copy(path, project.folder(SLUG) / path.name)
    path = project.folder(SLUG) / f"{name}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_there_are_many_of_them() -> None:
    assert len(NONSENSE) >= 35


@pytest.mark.parametrize("name", [*statement.names(), "functions.heads", "masks.losses"])
def test_what_is_not_spoilt_is_no_problem(name: str, project: Project) -> None:
    if COMMITTED.profile(SLUG, name.partition(".")[0]).is_file():
        spoilt(project, name, lambda document: None)
        assert check.problems(project) == []


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused_with_a_line_that_says_why(case: str, project: Project) -> None:
    name, change, told = NONSENSE[case]
    path = spoilt(project, name, change)
    lines = [str(problem) for problem in check.problems(project)]
    assert any(told in line for line in lines), lines
    for line in lines:
        assert line.startswith(f"{path}: ") and "; " in line and line.isprintable(), line


@pytest.mark.parametrize("key", ["spread", "largest_share"])
@pytest.mark.parametrize("name", ["delta:attn", "delta:mlp"])
def test_errors_and_shares_follow_from_passages(key: str, name: str, project: Project) -> None:
    """Of the profile, which is told where its passages are."""

    def change(document: Document) -> None:
        held = matrix(document, name)
        held[key] = [[one / 2 for one in row] for row in held[key]]

    path = side_files.path(spoilt(project, "masks", change), "losses")
    lines = [str(problem) for problem in check.problems(project)]
    assert any(f"{key} of the losses of cluster 0 does not follow" in line for line in lines)
    assert all(line.startswith(f"{path}: ") for line in lines)


@pytest.mark.parametrize("part", ["heads"])
def test_a_profile_without_its_part_is_told(part: str, project: Project) -> None:
    path = spoilt(project, "functions", lambda document: None)
    side_files.path(path, part).unlink()
    [line] = map(str, check.problems(project))
    assert line == f"{path}: 'functions.heads.json' is missing; measure it again"


def test_every_committed_profile_is_what_its_analysis_promises() -> None:
    for item in entry.load_all(COMMITTED):
        for name in statement.names():
            path = COMMITTED.profile(item.slug, name)
            if not path.is_file():
                continue
            profile = profile_file.load(path)
            assert soundness.problems(profile, path, item) == []
            for part in statement.of(name).parts:
                where = side_files.path(path, part)
                items = side_files.load(where)[part]
                assert soundness.part_problems(profile, part, items, where) == []


def test_an_encoder_has_no_lens(project: Project) -> None:
    path = COMMITTED.profile(SLUG, "residual")
    encoder = entry.load(COMMITTED.entry("all-minilm-l6-v2"))
    lines = [str(one) for one in soundness.problems(profile_file.load(path), path, encoder)]
    assert any("matrix 'lens_kl': does not exist in encoders" in line for line in lines)


def test_an_older_version_is_held_to_the_shape_alone(project: Project) -> None:
    change = put("rms", unit="volts")
    spoilt(project, "weights", lambda d: (change(d), d.update(version=99)))
    assert check.problems(project) == []
    spoilt(project, "weights", lambda d: (shorter("rms")(d), d.update(version=99)))
    [line] = map(str, check.problems(project))
    assert "3 layers, and the entry says 4" in line


def test_what_is_wrong_is_told_at_most_a_hundred_times(project: Project) -> None:
    def change(document: Document) -> None:
        first = document["matrices"][0]
        document["matrices"] = [{**first, "name": f"x{at}"} for at in range(300)]

    spoilt(project, "weights", change)
    lines = [str(problem) for problem in check.problems(project)]
    assert len(lines) == 101 and "100 problems or more; mend these first" in lines[-1]


def test_a_million_unknown_keys_take_seconds_and_a_hundred_lines(tmp_path: Path) -> None:
    text = COMMITTED.profile(SLUG, "weights").read_text(encoding="utf-8")
    document = {**json.loads(text), **{f"key{at}": at for at in range(1_000_000)}}
    started = time.perf_counter()
    found = schemas.problems(document, "profile", tmp_path / "weights.json")
    assert time.perf_counter() - started < 20
    assert len(found) == schemas.MOST + 1


# Statements


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        ("", "states no MATRICES"),
        ("MATRICES = {}", "MATRICES: states {}"),
        ("MATRICES = {'a': {'title': 'A'}}", "MATRICES: 'a' states no unit"),
        (
            "MATRICES = {'a': {'title': 'A', 'unit': 'u', 'direction': 'd', 'axes': ('layer',)}}",
            "MATRICES: 'a' states a kind, scale, pair of axes or range that is none",
        ),
        (
            "MATRICES = {'a': {'title': 'A', 'unit': 'u', 'direction': 'd', 'axes': ('a', 'b'),"
            " 'constructed': 'all'}}",
            "MATRICES: 'a' states 'all' by construction",
        ),
        (
            "MATRICES = {'a': {'title': 'A', 'unit': 'u', 'direction': 'd', 'axes': ('a', 'b'),"
            " 'same_as': 'b'}}",
            "MATRICES: 'a' is the same as 'b', which is not stated",
        ),
        (
            "MATRICES = {'a': {'title': 'A', 'unit': 'u', 'direction': 'd', 'axes': 'layer'}}",
            "MATRICES: 'a' states a axes that is no tuple",
        ),
        (
            "MATRICES = {'a': {'title': 'A', 'unit': 'u', 'direction': 'd', 'axes': ('a', 'b'),"
            " 'units': 'x'}}",
            "MATRICES: 'a' states 'units'; known: axes, categories",
        ),
        ("MATRICES = {'a': 3}", "MATRICES: "),
        *(
            (
                "MATRICES = {'a': {'title': 'A', 'unit': 'u', 'direction': 'd', 'axes': ('a', 'b'),"
                f" {stated}}}}}",
                f"MATRICES: 'a' {problem}",
            )
            for stated, problem in (
                ("'of_size': 'loss'", "states a size 'loss' that is no number and no fact"),
                ("'scaled_by': 'b'", "rests on 'b', which is not stated"),
                ("'chosen_by': ('b',)", "rests on 'b', which is not stated"),
                ("'chosen_by': 'b'", "states a chosen_by that is no tuple"),
            )
        ),
    ],
)
def test_an_analysis_states_its_contract(
    state: Callable[..., Path], now: str, problem: str
) -> None:
    path = state("drift")
    text = path.read_text(encoding="utf-8")
    before, _, after = text.partition("MATRICES = {")
    path.write_text(f"{before}{now}\n\n\ndef cost{after.partition('def cost')[2]}")
    statement._stated.cache_clear()
    [error] = statement.broken()
    assert str(error).startswith("drift/__init__.py in atlas/analyses: ") and problem in str(error)
    with pytest.raises(AtlasError):
        statement.of("drift")


@pytest.mark.parametrize("analysis", ["functions", "masks"])
def test_what_a_rule_cannot_read_is_one_line_about_that_profile(
    tmp_path: Path, analysis: str
) -> None:
    committed = Project(PACKAGE.parent).profile("ref-llama", analysis)
    document = json.loads(committed.read_text(encoding="utf-8"))
    for key, value in document["protocol"].items():
        if isinstance(value, float):
            document["protocol"][key] = "x"
    file = tmp_path / "ref-llama" / committed.name
    file.parent.mkdir()
    file.write_text(json.dumps(document), encoding="utf-8")
    profile = profile_file.load(file)
    found = soundness.problems(profile, file)
    if analysis == "functions":  # whose rule is about a part
        beside = side_files.load(side_files.path(committed, "heads"))
        found = soundness.part_problems(profile, "heads", beside["heads"], file)
    assert [error.file for error in found] == [file] * len(found) != []
    assert "values that do not belong together" in str(found[0])
