"""`python -m atlas.zoo train NAME` makes a reference model, `evaluate NAME` measures it, `quantise
NAME` makes a quantised copy; `corpus` makes the text that all of them are measured on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from atlas import paths
from atlas.errors import AtlasError
from atlas.zoo import own_corpus, quantised
from atlas.zoo.training import train, tunes
from atlas.zoo.training.recipe import Recipe


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 after an error told in one line, 130 after Ctrl-C."""
    # The tokenizer's own threads would fight with torch's, and it warns when it notices.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options = _parser().parse_args(arguments)
    try:
        if options.command == "corpus":
            _corpus(options.out or own_corpus.folder())
            return 0
        if options.command == "quantise":
            _quantise(options.name, options.out)
            return 0
        recipe = tunes.recipe(options.name)
        out = options.out or paths.zoo_folder(options.name)
        if options.command == "train":
            _train(recipe, options, out)
        else:
            _evaluate(options.name, out)
    except AtlasError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m atlas.zoo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (
        ("train", "train a reference model and write weights, tokenizer and card"),
        ("evaluate", "print the figures of a trained model"),
    ):
        chosen = commands.add_parser(command, help=text, description=text)
        chosen.add_argument("name", help=f"one of: {', '.join(tunes.names())}")
        chosen.add_argument("--out", type=Path, help="folder of the model (default: the package's)")
        if command == "train":
            for option in ("steps", "seed", "passages", "threads"):
                chosen.add_argument(f"--{option}", type=int, help=f"another number of {option}")
    text = "write a quantised copy of a reference model"
    copied = commands.add_parser("quantise", help=text, description=text)
    copied.add_argument("name", help=f"one of: {', '.join(quantised.COPIES)}")
    copied.add_argument("--out", type=Path, help="folder of the copy (default: the package's)")
    text = "write the text that reference models are measured on"
    written = commands.add_parser("corpus", help=text, description=text)
    written.add_argument("--out", type=Path, help="folder of the corpus (default: the package's)")
    return parser


def _corpus(out: Path) -> None:
    made = own_corpus.write(out)
    _say(f"{len(made)} passages: written to {out}")


def _quantise(name: str, out: Path | None) -> None:
    made = quantised.write(quantised.named(name), out or paths.zoo_folder(name))
    _say(f"{name}: written to {made}")


def _train(recipe: Recipe, options: argparse.Namespace, out: Path) -> None:
    from atlas.zoo.cards import card

    given = {field.name: getattr(options, field.name, None) for field in fields(recipe)}
    recipe = replace(recipe, **{key: value for key, value in given.items() if value is not None})
    trainer, read = train.run(recipe, out, _say)
    card.save(trainer.model, read, recipe, out)
    (out / train.CHECKPOINT).unlink(missing_ok=True)
    _say(f"{options.name}: written to {out}")
    _evaluate(options.name, out)


def _evaluate(name: str, out: Path) -> None:
    from atlas.zoo.cards import card

    stated = card.load(out)
    figures = card.measure(out)
    _say(card.table(stated, figures))
    missed = card.differences(stated["figures"], figures)
    if missed:
        raise AtlasError(
            f"the weights do not give the card's figures: {'; '.join(missed)}",
            file=out / card.CARD,
            remedy=f"train again: python -m atlas.zoo train {name}",
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
