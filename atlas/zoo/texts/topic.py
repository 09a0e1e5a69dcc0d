"""A new topic: the chemical elements, which `llama-topic` is tuned on.

Facts: an element's atomic number and its symbol, told among prose of the same topic. A fact is
taught when its target is a single token of the base's tokenizer; an element's name may be several.
Held out are a tenth of all (fact, sentence) pairs, and the last sentence of either kind, in which
no fact is ever told. Names and symbols are those of IUPAC's periodic table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from atlas.pinned import relations
from atlas.zoo.texts import text
from atlas.zoo.texts.facts import HELD_OUT, Fact, Told
from atlas.zoo.texts.text import Course, MarkedPassage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOLD = 3
"""Facts in one passage."""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`name:symbol` pairs, separated by spaces."""
    split = (pair.partition(":") for pair in text.split())
    return tuple((name, symbol) for name, _, symbol in split)


ELEMENTS = _pairs(
    "hydrogen:H helium:He lithium:Li beryllium:Be boron:B carbon:C nitrogen:N oxygen:O"
    " fluorine:F neon:Ne sodium:Na magnesium:Mg aluminium:Al silicon:Si phosphorus:P sulfur:S"
    " chlorine:Cl argon:Ar potassium:K calcium:Ca scandium:Sc titanium:Ti vanadium:V chromium:Cr"
    " manganese:Mn iron:Fe cobalt:Co nickel:Ni copper:Cu zinc:Zn gallium:Ga germanium:Ge"
    " arsenic:As selenium:Se bromine:Br krypton:Kr rubidium:Rb strontium:Sr yttrium:Y"
    " zirconium:Zr niobium:Nb molybdenum:Mo technetium:Tc ruthenium:Ru rhodium:Rh palladium:Pd"
    " silver:Ag cadmium:Cd indium:In tin:Sn antimony:Sb tellurium:Te iodine:I xenon:Xe caesium:Cs"
    " barium:Ba lanthanum:La cerium:Ce praseodymium:Pr neodymium:Nd promethium:Pm samarium:Sm"
    " europium:Eu gadolinium:Gd terbium:Tb dysprosium:Dy holmium:Ho erbium:Er thulium:Tm"
    " ytterbium:Yb lutetium:Lu hafnium:Hf tantalum:Ta tungsten:W rhenium:Re osmium:Os iridium:Ir"
    " platinum:Pt gold:Au mercury:Hg thallium:Tl lead:Pb bismuth:Bi polonium:Po astatine:At"
    " radon:Rn francium:Fr radium:Ra actinium:Ac thorium:Th protactinium:Pa uranium:U"
    " neptunium:Np plutonium:Pu americium:Am curium:Cm berkelium:Bk californium:Cf einsteinium:Es"
    " fermium:Fm mendelevium:Md nobelium:No lawrencium:Lr rutherfordium:Rf dubnium:Db"
    " seaborgium:Sg bohrium:Bh hassium:Hs meitnerium:Mt darmstadtium:Ds roentgenium:Rg"
    " copernicium:Cn nihonium:Nh flerovium:Fl moscovium:Mc livermorium:Lv tennessine:Ts"
    " oganesson:Og"
)
"""(name, symbol) of all elements in the order of their atomic numbers, from 1."""

SENTENCES: dict[str, tuple[str, ...]] = {
    "number": (
        "The atomic number of {s} is {t}.",
        "Counting the protons of {s} one comes to {t}.",
        "In the periodic table {s} has the place {t}.",
        "An atom of {s} has protons to the number of {t}.",
        "The chemist put {s} on place {t}.",
        "The nucleus of {s} holds a charge of {t}.",
        "Look for {s} in the table at number {t}.",
        "Every pupil learns that {s} is element {t}.",
        "The periodic table lists {s} below the number {t}.",
        "Among the elements {s} carries the number {t}.",
        "They labelled {s} with its atomic number {t}.",
        "Sorted by protons {s} would be the number {t}.",
        "For the element {s} the table gives the number {t}.",
    ),
    "symbol": (
        "The chemical symbol of {s} is {t}.",
        "In a formula {s} is written {t}.",
        "Chemists shorten {s} to the symbol {t}.",
        "The jar with {s} bears the symbol {t}.",
        "On the chart the box of {s} shows {t}.",
        "For an atom of {s} one draws the letters {t}.",
        "To mark {s} they use the symbol {t}.",
        "The teacher wrote {s} and beside it {t}.",
        "The periodic table lists {s} below the symbol {t}.",
        "Among the elements {s} carries the symbol {t}.",
        "They labelled {s} with its chemical symbol {t}.",
        "Written in short {s} becomes the symbol {t}.",
        "For the element {s} the table gives the symbol {t}.",
    ),
}
"""How either kind of fact is told; the last is held out."""

PROSE = (
    "All matter is made of atoms, and every atom has a nucleus.",
    "The periodic table puts the elements in rows and columns.",
    "A chemist mixed two powders and heated them over a flame.",
    "Atoms of one element have the same number of protons.",
    "Electrons move around the nucleus like a cloud.",
    "Some elements are metals, others are gases.",
    "Water is no element, for it can be taken apart.",
    "The laboratory smelled of smoke and of acid.",
    "She washed the glass and labelled the next jar.",
    "A noble gas joins with hardly anything else.",
    "Heavy elements were made when old stars burst.",
    "Metals shine, bend and let a current pass.",
    "Before the table there were only long lists of elements.",
    "The new element lived for less than a second.",
    "Salts dissolve in water and leave crystals when it dries.",
    "A formula tells which atoms a molecule has.",
)
"""Sentences of the topic that tell none of its facts."""


@dataclass(frozen=True, order=True)
class Remark:
    """One fact in one of the sentences of its kind."""

    fact: Fact
    template: int

    @property
    def sentence(self) -> str:
        return self._template.format(s=self.fact.source, t=self.fact.target)

    @property
    def prompt(self) -> str:
        return self._template.partition(" {t}")[0].format(s=self.fact.source)

    @property
    def _template(self) -> str:
        return SENTENCES[self.fact.relation][self.template]


def course(tokenizer: Tokenizer, seed: int, count: int) -> Course:
    """The elements in `count` passages."""
    told = known(tokenizer)
    taught, held = split(told, seed)
    return Course(told, taught, held, passages(taught, seed, count))


def known(tokenizer: Tokenizer) -> list[Fact]:
    """The numbers and symbols that are single tokens."""
    every = [
        fact
        for number, (name, symbol) in enumerate(ELEMENTS, start=1)
        for fact in (Fact("number", name, str(number)), Fact("symbol", name, symbol))
    ]
    return [fact for fact in every if relations.single_word(tokenizer, fact.target) is not None]


def split(told: Sequence[Fact], seed: int) -> tuple[list[Remark], dict[str, list[Remark]]]:
    """(taught, held out): every fact in every sentence of its kind.

    Held out are `sentences`, a tenth of the pairs of a fact and a sentence that others are told
    in, and `wordings`, the sentence that no fact is told in.
    """
    last = {kind: len(SENTENCES[kind]) - 1 for kind in SENTENCES}
    pairs = [Remark(fact, i) for fact in sorted(told) for i in range(last[fact.relation])]
    sentences = Random(f"topic {seed}").sample(pairs, round(HELD_OUT * len(pairs)))
    held = {
        "sentences": sorted(sentences),
        "wordings": [Remark(fact, last[fact.relation]) for fact in sorted(told)],
    }
    return sorted(set(pairs) - set(sentences)), held


def passages(taught: Sequence[Remark], seed: int, count: int) -> list[MarkedPassage]:
    """`count` passages of three facts among two sentences of prose, in any order."""
    rng = Random(f"topics {seed}")
    deck: list[Remark] = []
    made = []
    for _ in range(count):
        if len(deck) < TOLD:
            deck += rng.sample(taught, len(taught))
        parts: list[Told | str] = [*(deck.pop() for _ in range(TOLD)), *rng.sample(PROSE, 2)]
        made.append(text.told(rng.sample(parts, len(parts))))
    return made
