"""Filler text from word lists and sentence frames: what the model reads besides facts.

Five kinds of passage: prose, dialogue, code, numbers and tables. Every one is a pure function of
the generator that it is given, so that a passage's number and the seed fix its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from atlas.zoo.texts import words

SLOT = re.compile(r"\{(\w+)\}")

OPENINGS = (
    "{Time}, {person} went to the {place} with a {adj} {noun}.",
    "The {worker} at the {place} had a {adj} {noun} and {number} {nouns}.",
    "{person} wanted to {verb} the {noun} before {weekday}.",
    "There was once a {adj} {noun} in the {place}.",
    "On {weekday} the {worker} {verbed} the {noun} {adverb}.",
    "It was {month}, and nobody in the {place} had seen a {noun} so {adj}.",
    "Most people think that a {noun} is {adj}, but {person} did not agree.",
    "How does one {verb} a {noun}? The {worker} explained it to {person}.",
    "Last {month} the {place} opened its doors and showed a {adj} {noun}.",
    "Nobody knew why the {noun} was so {adj}.",
    "{person} and the {worker} met at the {place} {time}.",
    "A {noun} costs more than a {noun2}, as every {worker} knows.",
    "{surname} of {town} {verbs} {nouns}, {manner} for {abstract}.",
    "The {abstract} between {surname} and {surname2} began over a {noun}.",
    "Travellers who reach {town} {manner} ask about the {abstract} of its {worker}.",
    "{Manner}, {person} {surname} started {verbing} the {noun2} on {weekday}.",
)

MIDDLES = (
    "{They} {verbed} the {noun2}, and then {they} {verbed2} the {noun}.",
    "The {noun} was {adj2}, so the {worker} {verbed} it {adverb}.",
    '"I will {verb} the {noun}," said {person}.',
    "Because the {noun} was near the {noun2}, {they} could not {verb} it.",
    "If you {verb} the {noun2}, the {noun} will be {adj}.",
    "Some of the {nouns} were {adj}, others were {adj2}.",
    "{Time} {they} {verbed} {number} {nouns} and a {noun2}.",
    "The {worker} asked whether the {noun2} was {adj2} enough.",
    "{They} had never {adverb} thought about the {noun2} of the {worker}.",
    "It took {number} {unit} to {verb} the {adj} {noun}.",
    "When the {worker} saw the {noun}, {they} {verbed2} it at once.",
    "Without a {noun2} one cannot {verb} a {noun}.",
    "The {noun2} lay under the {noun}, beside the {colour} {noun3}.",
    "First {they} {verbed} the {noun3}; after that {they} {verbed2} the {noun2}.",
    "There were more {nouns} than {nouns2} in the {place}.",
    "Every {noun} in the {place} is {adj}, yet this {noun} was {adj2}.",
    "{They} told the {worker} that the {colour} {noun2} belonged to {person2}.",
    "The {place} is {number} {unit} from the {place2}.",
    "{person2} thought that the {noun} and the {noun2} looked the same.",
    "A {worker} who does not {verb} the {noun} will have to {verb2} the {noun2}.",
    "That {noun3} had been in the {place2} since {month}.",
    "With a {adj} {noun} in hand, {person} {verbed} the {noun2}.",
    "The more they {verbed} the {noun}, the less {adj} it seemed.",
    "What they needed was a {adj2} {noun3} and a little time.",
    "{Manner} the {worker} {verbs} the {noun2}, while {surname} {verbs2} the {nouns}.",
    "No {abstract} of {verbing} {nouns2} can replace the {abstract2} of a good {worker}.",
    "{Verbing} the {noun} {manner} is a question of {abstract}.",
    "From {town} to {town2} one hears that {surname} keeps {verbing} {nouns}.",
    "With some {abstract}, even {surname} {verbs} a {noun3} {manner}.",
    "The {abstract} of the {noun} surprised {surname} and {surname2} {manner}.",
    "Their {abstract} grew, and so did the {abstract2} of {town}.",
)

ENDINGS = (
    "In the end the {noun} was {adj} and everyone went home.",
    "{They} {verbed} it again on {weekday}.",
    "So the {worker} kept the {noun2} and gave the {noun} to {person2}.",
    "Since then no {worker} has {adverb} left the {place} without a {noun}.",
    "That is why the {noun} stands in the {place2} today.",
    "And {person} never {verbed2} a {noun} again.",
    "The {noun3} was gone, but nobody missed it.",
    "By {month} the work was done.",
    "It was the best {noun} that {they} had ever seen.",
    "{Manner}, this {abstract} made {town} known for {verbing} {nouns}.",
    "Nothing but {abstract} was left of {surname} and the {noun2}.",
)

REPLIES = (
    "Where is the {noun}?",
    "It is in the {place}, next to the {noun2}.",
    "Did you {verb} the {noun2}?",
    "No, I {verbed} it on {weekday}.",
    "Yes, but the {noun} was too {adj}.",
    "Please {verb} it {adverb}.",
    "I do not know. Ask the {worker}.",
    "We need {number} {nouns} by {weekday}.",
    "Is it {adj} or {adj2}?",
    "I would say {adj2}.",
    "Thank you, that is very kind.",
    "Then let us {verb} the {noun3} first.",
    "Why should we {verb2} a {noun}?",
    "Because the {worker} told me so.",
    "My {noun3} is {colour}. What about yours?",
)


def plural(noun: str) -> str:
    """The regular plural of an English noun."""
    if noun.endswith(("s", "sh", "ch", "x")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def third_person(verb: str) -> str:
    """The form after `she`: regular, which the lists' verbs all are here."""
    return plural(verb)


def continuous(verb: str) -> str:
    """The -ing form: a final e falls away, a short word's last consonant doubles."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith("ee"):
        return f"{verb[:-1]}ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", verb):
        return f"{verb}{verb[-1]}ing"
    return f"{verb}ing"


class Scene:
    """The words that the sentences of one passage share: a topic, two people, three things.

    `topic`: one of `words.TOPICS`, drawn where none is given.
    """

    def __init__(self, rng: Random, topic: str | None = None) -> None:
        self._rng = rng
        self._topic = words.TOPICS[topic or rng.choice(sorted(words.TOPICS))]
        self._nouns = rng.sample(self._topic.nouns, 6)
        self._people = rng.sample(words.FIRST_NAMES, 2)
        self._fixed = {
            "place": rng.choice(self._topic.places),
            "worker": rng.choice(self._topic.workers),
        }

    def fill(self, frame: str) -> str:
        """The frame with every slot filled; unknown slots are a KeyError."""
        # One noun is the subject more often than not: a thread that a reader can follow.
        first = self._nouns[0] if self._rng.random() < 0.6 else self._rng.choice(self._nouns)
        others = [noun for noun in self._nouns if noun != first]
        second, third = self._rng.sample(others, 2)
        verb, verb2 = self._rng.sample(self._topic.verbs, 2)
        adjective, adjective2 = self._rng.sample(self._topic.adjectives, 2)
        they = "she" if self._people[0] in words.FEMALE else "he"
        time = self._rng.choice(words.TIMES)
        surname, surname2 = self._rng.sample(words.SURNAMES, 2)
        town, town2 = self._rng.sample(words.TOWNS, 2)
        abstract, abstract2 = self._rng.sample(words.ABSTRACT, 2)
        manner = self._rng.choice(words.MANNERS)
        values = {
            **self._fixed,
            "noun": first,
            "noun2": second,
            "noun3": third,
            "nouns": plural(first),
            "nouns2": plural(second),
            "verb": verb[0],
            "verbed": verb[1],
            "verb2": verb2[0],
            "verbed2": verb2[1],
            "verbs": third_person(verb[0]),
            "verbs2": third_person(verb2[0]),
            "verbing": continuous(verb[0]),
            "Verbing": continuous(verb[0]).capitalize(),
            "surname": surname,
            "surname2": surname2,
            "town": town,
            "town2": town2,
            "abstract": abstract,
            "abstract2": abstract2,
            "manner": manner,
            "Manner": manner.capitalize(),
            "adj": adjective,
            "adj2": adjective2,
            "place2": self._rng.choice(self._topic.places),
            "person": self._people[0],
            "person2": self._people[1],
            "they": they,
            "They": they.capitalize(),
            "time": time,
            "Time": time[0].upper() + time[1:],
            "adverb": self._rng.choice(words.ADVERBS),
            "number": self._rng.choice(words.NUMBERS[1:]),
            "unit": self._rng.choice(words.UNITS),
            "colour": self._rng.choice(words.COLOURS),
            "weekday": self._rng.choice(words.WEEKDAYS),
            "month": self._rng.choice(words.MONTHS),
        }
        return articles(SLOT.sub(lambda match: values[match[1]], frame))


def articles(text: str) -> str:
    """`a` before a vowel becomes `an`."""
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def prose(rng: Random, topic: str | None = None) -> str:
    """Three to six sentences about one thing."""
    scene = Scene(rng, topic)
    middles = rng.sample(MIDDLES, rng.randint(1, 4))
    return " ".join(
        scene.fill(frame) for frame in (rng.choice(OPENINGS), *middles, rng.choice(ENDINGS))
    )


def dialogue(rng: Random) -> str:
    """Two people who talk about one thing, a line each."""
    scene = Scene(rng)
    first, second = rng.sample(words.FIRST_NAMES, 2)
    lines = [scene.fill(frame) for frame in rng.sample(REPLIES, rng.randint(3, 6))]
    return "\n".join(f"{(first, second)[i % 2]}: {line}" for i, line in enumerate(lines))


def code(rng: Random) -> str:
    """A short Python function, a class or a loop with made-up names."""
    a, b, c, d = rng.sample(words.IDENTIFIERS, 4)
    number, other = rng.randint(0, 9), rng.randint(1, 9)
    operator = rng.choice(("+", "-", "*", "//"))
    compare = rng.choice(("<", ">", "==", "!=", "<="))
    bodies = (
        f"def {a}_{b}({c}, {d}={number}):\n    if {c} {compare} {d}:\n        return {c} {operator}"
        f" {other}\n    return {d}",
        f"for {a} in range({other}):\n    {b} = {b} {operator} {a}\n    print({b})",
        f"class {a.capitalize()}:\n    def __init__(self, {b}):\n        self.{b} = {b}\n\n"
        f"    def {c}(self):\n        return self.{b} {operator} {other}",
        f"{a} = [{number}, {other}, {number + other}]\n{b} = sum({a}) {operator} len({a})\n"
        f"assert {b} {compare} {number}",
        f"while {a} {compare} {b}:\n    {a} += {other}\n    if {a} == {number}:\n        break",
        f"try:\n    {a} = open({b}).read()\nexcept OSError as error:\n    print(error)\n"
        f"    {a} = None",
        f'def {a}(self):\n    """Return the {b} of the {c}."""\n    return self.{b}[{number}]',
        f"import json\n\nwith open('{a}.json') as {b}:\n    {c} = json.load({b})['{d}']",
    )
    return rng.choice(bodies)


def numbers(rng: Random) -> str:
    """A sum, a sequence or a short word problem with small numbers."""
    a, b, step = rng.randint(1, 40), rng.randint(1, 40), rng.randint(1, 9)
    scene = Scene(rng)
    person, noun = rng.choice(words.FIRST_NAMES), scene.fill("{nouns}")
    forms = (
        "; ".join(
            f"{x} + {y} = {x + y}"
            for x, y in ((rng.randint(1, 20), rng.randint(1, 20)) for _ in range(4))
        ),
        f"Count by {step}: " + ", ".join(str(a + i * step) for i in range(7)) + ".",
        f"{person} has {a} {noun} and buys {b} more. Now there are {a + b} {noun}.",
        f"From {a + b} {noun} {person} gives away {b}, so {a} are left.",
        f"{step} times {a} is {step * a}, and {step + 1} times {a} is {(step + 1) * a}.",
        f"The distance is {a} {rng.choice(words.UNITS)}, half of {2 * a}.",
    )
    return rng.choice(forms)


def table(rng: Random) -> str:
    """A small table with a head line: bars, commas or a list of keys."""
    scene = Scene(rng)
    rows = [
        (scene.fill("{noun}"), scene.fill("{colour}"), rng.randint(1, 60))
        for _ in range(rng.randint(2, 5))
    ]
    head = ("name", "colour", "count")
    style = rng.randrange(3)
    if style == 0:
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    elif style == 1:
        lines = [",".join(map(str, row)) for row in (head, *rows)]
    else:
        lines = [f"- {name}: {number} ({colour})" for name, colour, number in rows]
        lines.insert(0, scene.fill("Things in the {place}:"))
    return "\n".join(lines)


KINDS: tuple[tuple[Callable[[Random], str], int], ...] = (
    (prose, 10),
    (dialogue, 4),
    (code, 2),
    (numbers, 2),
    (table, 2),
)
"""The kinds of filler passage with their weights."""


def passage(rng: Random) -> str:
    """One filler passage of a random kind."""
    makers, weights = zip(*KINDS, strict=True)
    maker: Callable[[Random], str] = rng.choices(makers, weights)[0]
    return maker(rng)
