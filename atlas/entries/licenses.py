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


def remedy(license: str) -> str:
    """What to write instead of a license that is not known."""
    guess = suggest(license.lower(), [*USUAL, *HUB_NAMES]).partition("; ")[0].partition("? ")
    return f"{guess[0]}? {REMEDY}" if guess[1] else REMEDY


def own_name(name: str) -> str:
    """`LicenseRef-<name>` for a license that has a name of its own: letters, digits, . and -."""
    return f"LicenseRef-{re.sub(r'[^A-Za-z0-9.]+', '-', name).strip('-.')}"
