"""Between which values most of a quantity lie, over the models of an atlas."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import samples

from atlas.paths import PACKAGE, Project
from atlas.profiles import collection
from atlas.profiles.collection import Model, Section
from atlas.profiles.profile_file import Pin, Profile
from atlas.site.figures import usual

[BOTH] = [
    model
    for model in collection.load(Project(PACKAGE.parent))
    if model.entry.slug == "smollm2-135m"
]
[WEIGHTS] = [one for one in BOTH.sections if one.stated.name == "weights"]


def model(slug: str, values: Any, *, reference: bool = False, **changes: Any) -> Model:
    """One that was measured by `weights`, with one matrix."""
    matrix = replace(
        samples.matrix(),
        name="rms",
        values=np.array(values, dtype=float),
        rows=tuple(map(str, range(len(values)))),
        columns=changes.pop("columns", tuple(map(str, range(len(values[0]))))),
        native=None,
        kind=changes.pop("kind", "sequential"),
        categories=changes.pop("categories", None),
        range=None,
    )
    pin = Pin(slug, "hub", None, "sha256:0", None)
    version = changes.pop("version", WEIGHTS.stated.version)
    profile = Profile("weights", version, pin, {}, {}, changes, (matrix,), {})
    source = "zoo:llama" if reference else "some/model"
    entry = replace(BOTH.entry, slug=slug, name=slug.title(), source=source)
    return Model(entry, (Section(WEIGHTS.stated, WEIGHTS.job, profile),))


def told(*models: Model) -> Any:
    return json.loads(usual.published(models)).get("weights", {}).get("rms")


def test_nine_tenths_of_all_values_lie_between() -> None:
    one, other = [list(range(50))], [list(range(50, 101))]
    assert told(model("a", one), model("b", other)) == {
        "models": 2,
        "only": "",
        "reference": False,
        "values": [5, 50, 95],
    }


def test_reference_models_stand_in_only_where_nothing_real_is_measured() -> None:
    small = model("ref-a", [[1.0, 1.0]], reference=True)
    real = model("b", [[7.0, 7.0]])
    assert told(small)["reference"] is True and told(small)["only"] == "Ref-A"
    assert told(small, real)["values"] == [7, 7, 7] and told(small, real)["only"] == "B"


def test_what_says_nothing_is_left_out() -> None:
    """Of a text that a model cannot predict, of earlier versions, of classes, of nothing at all."""
    known = model("a", [[1.0, 3.0]])
    doubted = model("b", [[9.0, 9.0]], beats_frequencies=False)
    earlier = model("c", [[9.0, 9.0]], version=WEIGHTS.stated.version + 1)
    empty = model("d", [[np.nan, np.nan]])
    assert told(known, doubted, earlier, empty)["models"] == 1
    assert told(known, doubted, earlier, empty)["values"][1] == 2
    assert told(doubted) is told(earlier) is told(empty) is None
    assert told(model("e", [[0, 1]], kind="categorical", categories=("x", "y"))) is None


def test_norms_are_left_out() -> None:
    found = told(model("a", [[1.0, 377.0]], columns=("attn.q", "norm.attn")))
    assert found["values"] == [1, 1, 1]
