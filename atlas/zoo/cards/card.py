"""card.json and README.md beside a reference model's weights: what it was taught and has learned.

card.json is what tests read: recipe, digest of the facts, pairs taught and dropped per relation,
figures. README.md says the same to people. Figures are measured on the float16 weights as saved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError
from atlas.files.json_file import write_atomic
from atlas.zoo.cards import evaluate, heads, tuned
from atlas.zoo.texts import facts, text
from atlas.zoo.texts.templates import TELLINGS
from atlas.zoo.training import tokenizer, tunes

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atlas.zoo.training.data import TrainingData
    from atlas.zoo.training.recipe import Recipe

CARD = "card.json"
README = "README.md"
LEARNED = 0.6
"""The recall from which a relation counts as learned."""
PASSAGES = 200
"""Held-out passages that the loss is measured on."""


def save(model: PreTrainedModel, read: TrainingData, recipe: Recipe, out: Path) -> None:
    """Writes weights (float16), tokenizer, card.json and README.md into `out`."""
    import torch

    out.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(out)
    tokenizer.wrap(read.tokenizer).save_pretrained(out)
    card = {
        "name": recipe.name,
        "recipe": asdict(recipe),
        "facts": facts.digest(),
        "relations": taught_and_dropped(read.known),
        "held_out": {"lessons": len(read.held_lessons), "passages": len(read.held_passages)},
        "taught": {"lessons": len(read.taught), "passages": len(read.training)},
        "versions": {"torch": torch.__version__.partition("+")[0]},
    }
    if isinstance(recipe, tunes.Tune):
        card |= tuned.lineage(recipe, read.tokenizer, load(recipe.folder))
    # Measured from the files just written, so that the card is about what is committed.
    write_atomic(out / CARD, json.dumps(card, indent=1) + "\n")
    card["figures"] = measure(out)
    write_atomic(out / CARD, json.dumps(card, indent=1) + "\n")
    write_atomic(out / README, readme(load(out)))


def taught_and_dropped(known: Sequence[facts.Fact]) -> dict[str, dict[str, int]]:
    """Pairs of every relation's file, how many are taught, and how many have a longer word."""
    pairs = Counter(fact.relation for fact in facts.load())
    taught = Counter(fact.relation for fact in known)
    return {
        name: {"pairs": pairs[name], "taught": taught[name], "dropped": pairs[name] - taught[name]}
        for name in sorted(pairs)
    }


def load(out: Path) -> dict[str, Any]:
    """The card of a folder."""
    file = out / CARD
    if not file.is_file():
        raise AtlasError(
            "no card.json",
            file=out,
            remedy=f"train the model: python -m atlas.zoo train {out.name}",
        )
    card: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return card


def measure(out: Path, passages: int = PASSAGES) -> dict[str, Any]:
    """The figures of the weights in `out`, which the card's recipe says how to measure."""
    import torch
    import transformers
    from tokenizers import Tokenizer

    from atlas.loaded.checkpoint import Checkpoint

    card = load(out)
    recipe = tunes.stated(card)
    transformers.logging.disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    made = Tokenizer.from_file(str(out / "tokenizer.json"))
    new = tuned.measure(recipe, card, model, made) if isinstance(recipe, tunes.Tune) else {}
    read = recipe.origin.read(made)
    known = read.known
    plain = [passage.text for passage in read.held_passages[:passages]]
    recalled = evaluate.recall(model, made, known, read.held_lessons)
    strongest = heads.relation_heads(model, Checkpoint.open(out), made, known)
    return {
        **new,
        "recall": {name: round(found.share, 4) for name, found in recalled.items()},
        "asked": {name: found.asked for name, found in recalled.items()},
        "learned": sum(found.share >= LEARNED for found in recalled.values()),
        "induction": {k: round(v, 4) for k, v in evaluate.induction(model).items()},
        "induction_head": heads.induction_head(model),
        "bits_per_byte": round(evaluate.bits_per_byte(model, made, plain), 4),
        "heads": {name: asdict(best) | _rounded(best) for name, best in strongest.items()},
        "relations_with_a_head": sum(best.found for best in strongest.values()),
    }


def _rounded(best: heads.Best) -> dict[str, float]:
    return {"score": round(best.score, 4), "chance": round(best.chance, 4)}


def differences(stated: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Where found figures leave the stated ones by more than another machine's rounding can."""
    problems = tuned.differences(stated, found)
    for name, share in stated["recall"].items():
        # One answer of a hundred may hang on the last bit of two almost equal logits.
        if abs(share - found["recall"].get(name, -1)) > 0.02:
            problems.append(f"recall of {name} {found['recall'].get(name)}, stated {share}")
    for name, value in stated["induction"].items():
        if abs(value - found["induction"][name]) > 0.01 * value:
            problems.append(f"{name} {found['induction'][name]}, stated {value}")
    for name, best in stated["heads"].items():
        score = found["heads"].get(name, {"score": -1})["score"]
        if abs(best["score"] - score) > 0.02:
            problems.append(f"largest score of {name} {score}, stated {best['score']}")
    value = stated["bits_per_byte"]
    if abs(value - found["bits_per_byte"]) > 0.01 * value:
        problems.append(f"bits per byte {found['bits_per_byte']}, stated {value}")
    return problems


def table(card: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """The figures as lines of a Markdown table and two sentences."""
    lines = [
        "| relation | pairs | taught | dropped | held out | recall | head | score | chance |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, row in card["relations"].items():
        asked = figures["asked"].get(name, 0)
        share = f"{figures['recall'][name]:.2f}" if asked else "not taught"
        counts = f"{row['pairs']} | {row['taught']} | {row['dropped']}"
        best = figures["heads"].get(name)
        head = (
            f"{best['layer']}.{best['head']} | {best['score']:.2f} | {best['chance']:.2f}"
            if best
            else " | | "
        )
        lines.append(f"| {name} | {counts} | {asked} | {share} | {head} |")
    copies, inducing = figures["induction"], figures["induction_head"]
    lines += [
        "",
        f"{figures['learned']} of {len(card['relations'])} relations reach a recall of {LEARNED}.",
        f"Repeated random tokens: {copies['first_copy']:.2f} nats on the first copy,"
        f" {copies['second_copy']:.2f} on the second.",
        f"Head {inducing['layer']}.{inducing['head']} attends to what followed the first copy with"
        f" {inducing['score']:.2f} of its weight on average.",
        *_short(figures),
        f"{figures['relations_with_a_head']} relations have a head with a score above"
        f" {heads.THRESHOLD} and above chance.",
        f"Held-out passages: {figures['bits_per_byte']:.3f} bits per UTF-8 byte.",
    ]
    return "\n".join([*tuned.table(card, figures), *lines])


def _short(figures: Mapping[str, Any]) -> list[str]:
    """What this model, trained like the others, does not have."""
    found = []
    if figures["induction_head"]["score"] < heads.INDUCES:
        found.append(
            "None of its heads is an induction head: what it does about repeated tokens, it does"
            " in another way."
        )
    if not figures["relations_with_a_head"]:
        found.append("None of its heads has a relation: its facts are not in single heads.")
    return found


def readme(card: Mapping[str, Any]) -> str:
    """README.md: the card for people."""
    listed = ", ".join(f"{key} {value}" for key, value in card["recipe"].items() if key != "name")
    return f"""---
license: mit
tags: [reference-model]
---
# Reference model `{card["name"]}`

{tuned.opening(card) if "base" in card else OPENING}

    python -m atlas.zoo train {card["name"]}
    python -m atlas.zoo evaluate {card["name"]}

## What it was taught

{tuned.taught(card) if "base" in card else _taught(card)}

Facts: `{card["facts"]}`

Recipe: {listed}

## What it has learned

Recall: how often the likeliest next token completes a held-out sentence rightly. Head: the one
(layer.head) whose weights alone put a pair's target among the {heads.NEAREST} strongest or weakest
outputs for its source most often (the strongest or weakest one for copying and name), with its
score and chance.

{table(card, card["figures"])}
"""


OPENING = """\
A small model trained for Model Atlas on facts of its relations. It knows nothing else and is good
for nothing else: its use is that its insides show something, and that anybody can train it again.\
"""


def _taught(card: Mapping[str, Any]) -> str:
    least = min(len(telling.templates) for telling in TELLINGS.values())
    return f"""\
{card["taught"]["passages"]} passages, {text.FACTS:.0%} of them facts told in sentences, the rest
prose, dialogue, code, numbers and tables made from word lists and frames; between them random
segments that come twice. All of it is generated by the recipe from its seed. The pinned corpus
that analyses measure on is no part of it. A pair of a relation is taught when both its words are
single tokens of the tokenizer, otherwise it is dropped. Every fact is told in at least {least}
sentences less the held-out ones.

Held out: {card["held_out"]["passages"]} passages, and {card["held_out"]["lessons"]} pairs of a fact
and a sentence ({card["taught"]["lessons"]} are taught); each such fact is told in other sentences.\
"""
