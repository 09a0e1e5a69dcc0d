"""What the card of a fine-tune says beside a base's: lineage, and recall before and after."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from atlas.checkpoints import digests
from atlas.errors import AtlasError
from atlas.zoo.cards import evaluate
from atlas.zoo.cards.evaluate import Recall
from atlas.zoo.training import tunes

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

TOLERANCE = 0.02
"""A difference of recall that another machine's rounding can make."""
SUBJECTS = {
    "dialogue": "The base's facts in dialogues: a question in a frame, and the fact's target as its"
    " answer.",
    "topic": "The chemical elements, a topic that the base never read: their atomic numbers and"
    " symbols, told in sentences among prose of the topic.",
}
GROUPS = {
    "facts": "facts that are never asked about, in questions that are taught with others",
    "sentences": "facts in sentences that they are not told in, but others are",
    "wordings": "facts in a wording that no fact is taught in",
}


def lineage(tune: tunes.Tune, made: Tokenizer, base: Mapping[str, Any]) -> dict[str, Any]:
    """What a fine-tune's card names: the base with its weights' digest and recall, the course."""
    course = tune.course(made)
    recall = base["figures"]["recall"]
    return {
        "base": {"name": tune.base, "digest": digests.of_weights(tune.folder), "recall": recall},
        "course": {
            "digest": course.digest(),
            "facts": len(course.known),
            "taught": len(course.taught),
            "held_out": {group: len(lessons) for group, lessons in course.held.items()},
            "passages": len(course.passages),
        },
    }


def measure(
    tune: tunes.Tune, card: Mapping[str, Any], model: PreTrainedModel, made: Tokenizer
) -> dict[str, Any]:
    """Recall of what the course holds out, by group and relation, of the base and of the model."""
    stated, found = card["base"]["digest"], digests.of_weights(tune.folder)
    if stated != found:
        raise AtlasError(
            f"the base's weights are {found}, the card was tuned from {stated}",
            file=tune.folder,
            remedy=f"tune again: python -m atlas.zoo train {tune.name}",
        )
    course, base = tune.course(made), tune.start(made.get_vocab_size())
    groups = {}
    for group, lessons in course.held.items():
        before = evaluate.recall(base, made, course.known, lessons)
        after = evaluate.recall(model, made, course.known, lessons)
        groups[group] = {
            "asked": sum(one.asked for one in after.values()),
            "before": _whole(before.values()),
            "after": _whole(after.values()),
            "relations": {name: round(one.share, 4) for name, one in after.items()},
        }
    return {"new": groups}


def _whole(found: Iterable[Recall]) -> float:
    """The share over all relations together."""
    listed = list(found)
    both = Recall(sum(one.asked for one in listed), sum(one.right for one in listed))
    return round(both.share, 4)


def differences(stated: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Where found figures of the course leave the stated ones."""
    return [
        f"recall of new {group} {when} tuning {found['new'][group][when]}, stated {row[when]}"
        for group, row in stated.get("new", {}).items()
        for when in ("before", "after")
        if abs(row[when] - found["new"][group][when]) > TOLERANCE
    ]


def table(card: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """The lines before the table of the base's relations; none where the model has no base."""
    if "new" not in figures:
        return []
    lines = [
        "| held out of what is new | asked | recall before | recall after |",
        "|---|--:|--:|--:|",
    ]
    for group, row in figures["new"].items():
        before, after = f"{row['before']:.2f}", f"{row['after']:.2f}"
        lines.append(f"| {GROUPS[group]} | {row['asked']} | {before} | {after} |")
    for group, row in figures["new"].items():
        lowest = sorted(row["relations"].items(), key=lambda item: item[1])[:3]
        listed = ", ".join(f"{name} {share:.2f}" for name, share in lowest)
        lines += ["", f"Lowest recall of held-out {group}: {listed}."]
    lost = {
        name: f"{name} {share:.2f} to {figures['recall'][name]:.2f}"
        for name, share in card["base"]["recall"].items()
        if figures["recall"][name] < share - 0.05
    }
    lines += [
        "",
        f"Recall of the base's sentences fell by more than .05: {_listed(lost.values())}.",
    ]
    return [*lines, ""]


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"


def opening(card: Mapping[str, Any]) -> str:
    """What the model is, for people."""
    base = card["base"]
    return f"""\
The reference model `{base["name"]}`, trained on with something new, so that it can be seen what a
fine-tune changes. Its use is that its insides show something, and that anybody can train it again.

Base: `{base["name"]}`, weights `{base["digest"]}`"""


def taught(card: Mapping[str, Any]) -> str:
    """What is new to the base, for people."""
    course = card["course"]
    old = card["taught"]["passages"] - course["passages"]
    held = "; ".join(f"{GROUPS[group]} ({count})" for group, count in course["held_out"].items())
    told = (
        f"{SUBJECTS[card['recipe']['subject']]} {course['facts']} facts, told in"
        f" {course['taught']} ways in {course['passages']} passages, mixed with {old} passages"
        " that the base was trained on. The pinned corpus that analyses measure on is no part of"
        " them."
    )
    parts = (told, f"Held out: {held}.", f"Course: `{course['digest']}`")
    return "\n\n".join(textwrap.fill(part, 100, break_on_hyphens=False) for part in parts)
