"""Which licenses an entry may name: SPDX expressions, and the hub's own names beside them."""

from __future__ import annotations

import re

from atlas.errors import suggest

HUB_NAMES = (
    "apple-amlr",
    "apple-ascl",
    "bigcode-openrail-m",
    "bigscience-bloom-rail-1.0",
    "bigscience-openrail-m",
    "bsd",
    "cc",
    "creativeml-openrail-m",
    "deepfloyd-if-license",
    "etalab-2.0",
    "fair-noncommercial-research-license",
    "gemma",
    "gfdl",
    "gpl",
    "grok2-community",
    "h-research",
    "intel-research",
    "lgpl",
    "lgpl-lr",
    "llama2",
    "llama3",
    "llama3.1",
    "llama3.2",
    "llama3.3",
    "llama4",
    "odbl",
    "odc-by",
    "openmdw-1.0",
    "openrail",
    "openrail++",
    "pddl",
    "unknown",
)
"""What the hub lists licenses as where SPDX has no such identifier. `other` is left out, for it
names none: SPDX' `LicenseRef-<name>` does."""

NAMES = {
    "apache-2.0": "Apache 2.0",
    "bsd-2-clause": "BSD 2-Clause",
    "bsd-3-clause": "BSD 3-Clause",
    "cc0-1.0": "CC0 1.0",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-sa-4.0": "CC BY-SA 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
    "bigscience-bloom-rail-1.0": "BigScience BLOOM RAIL 1.0",
    "bigscience-openrail-m": "BigScience OpenRAIL-M",
    "bigcode-openrail-m": "BigCode OpenRAIL-M",
    "openrail": "OpenRAIL",
    "openrail++": "OpenRAIL++",
    "gemma": "Gemma",
    "llama2": "Llama 2",
    "llama3": "Llama 3",
    "llama3.1": "Llama 3.1",
    "llama3.2": "Llama 3.2",
    "llama3.3": "Llama 3.3",
    "llama4": "Llama 4",
    "unknown": "Unknown",
}
"""What people call the licenses of models, where that is not how SPDX writes them."""

USUAL = ("apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "cc0-1.0", "gpl-3.0")

REMEDY = (
    "write an SPDX identifier, the hub's own name such as llama3.1, or LicenseRef-<name> for a "
    "license of its own"
)


def known(license: str) -> bool:
    """Whether a license is an SPDX expression (`MIT`, `apache-2.0 OR mit`, `LicenseRef-x`), or a
    name of the hub's; letters may be of either case."""
    if license.lower() in HUB_NAMES:
        return True
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonicalize_license_expression(license)
    except InvalidLicenseExpression:
        return False
    return True


def name(license: str) -> str:
    """What people call a license: MIT, Apache 2.0; one of its own by the words of its name, and
    what is none as it stands."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if license.lower() in NAMES:
        return NAMES[license.lower()]
    if license.lower() in HUB_NAMES:
        return license
    try:
        told = canonicalize_license_expression(license)
    except InvalidLicenseExpression:
        return license
    return " ".join(map(_part, told.split()))


def _part(word: str) -> str:
    """A word of an SPDX expression."""
    if word in ("OR", "AND", "WITH"):
        return word.lower()
    own = word.removeprefix("LicenseRef-")
    if own == word:
        return NAMES.get(word.lower(), word)
    words = own.replace("-", " ")
    return words[0].upper() + words[1:]


def remedy(license: str) -> str:
    """What to write instead of a license that is not known."""
    guess = suggest(license.lower(), [*USUAL, *HUB_NAMES]).partition("; ")[0].partition("? ")
    return f"{guess[0]}? {REMEDY}" if guess[1] else REMEDY


def own_name(name: str) -> str:
    """`LicenseRef-<name>` for a license that has a name of its own: letters, digits, . and -."""
    return f"LicenseRef-{re.sub(r'[^A-Za-z0-9.]+', '-', name).strip('-.')}"
