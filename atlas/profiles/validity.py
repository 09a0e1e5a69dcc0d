"""Whether a text says anything about a model: not where counting tokens predicts it better.

Analyses that rest on what a model predicts say in their profiles how well it does, the facts below.
Pages, claims and the account of a run mark a profile whose model does worse than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atlas.profiles.profile_file import Profile, Scalar

FACTS = ("bits_per_byte", "bits_per_byte_by_frequency", "beats_frequencies")
"""What the model loses on the text; what token frequencies of the other passages lose; and whether
the model does better than those."""


def beaten(facts: Mapping[str, Scalar]) -> str:
    """`predicts the text worse than token frequencies alone do (5.6 against 3.7 bits per byte)`, of
    a model that does, by the facts of a profile; empty of one that does better, and where nothing
    is known."""
    if facts.get("beats_frequencies") is not False:
        return ""
    pair = [facts.get(key) for key in FACTS[:2]]
    numbers = [float(value) for value in pair if isinstance(value, (int, float))]
    against = ""
    if len(numbers) == 2:
        against = " ({} against {} bits per byte)".format(*_apart(*numbers))
    return f"predicts the text worse than token frequencies alone do{against}"


def shortened(profile: Profile) -> str:
    """`cannot read the whole text (448 passages end at the 64 tokens it can read)` of a model whose
    context is too short; empty of any other."""
    told = profile.conditions.get("shortened")
    return f"cannot read the whole text ({told})" if told else ""


def doubt(profile: Profile) -> str:
    """Both as sentences above a figure, with what follows from them; empty where there is none."""
    beats, short = beaten(profile.facts), shortened(profile)
    told = []
    if beats:
        told.append(
            f"This model {beats}, so values that rest on its predictions say nothing about it."
        )
    if short:
        told.append(
            f"This model {short}, so its values are not compared with those of other models."
        )
    return " ".join(told)


def problems(facts: Mapping[str, Scalar]) -> Iterator[str]:
    """Whether a model beats token frequencies follows from what either loses."""
    bits, counted = (facts.get(key) for key in FACTS[:2])
    if isinstance(bits, (int, float)) and isinstance(counted, (int, float)):
        beats = facts.get(FACTS[2])
        if bits != counted and beats is not (bits < counted):
            yield f"the fact {FACTS[2]} is {beats}, with {bits} bits against {counted}"


def _apart(own: float, other: float) -> tuple[str, str]:
    """Two numbers with a decimal, or with as many as tell them apart."""
    for decimals in range(1, 6):
        told = f"{own:.{decimals}f}", f"{other:.{decimals}f}"
        if told[0] != told[1]:
            break
    return told
