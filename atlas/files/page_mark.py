"""The mark by which a generated page is recognised: the first line of its front matter, a digest of
all the rest.

A page that bears its own digest was written by `render` and changed by nobody since, whatever a
manifest says or has lost. Front matter is read by site generators and reaches no reader.
"""

from __future__ import annotations

import hashlib
import re

MARK = re.compile(rb"---\natlas_render: ([0-9a-f]{64})\n")
FENCE = b"---\n"


def marked(page: bytes) -> bytes:
    """A page with its mark; a page without front matter is given some."""
    front = page if page.startswith(FENCE) else b"%s%s\n%s" % (FENCE, FENCE, page)
    return b"%satlas_render: %s\n%s" % (FENCE, _digest(front), front.removeprefix(FENCE))


def is_ours(page: bytes) -> bool:
    """Whether a page is as `render` wrote it."""
    found = MARK.match(page)
    return found is not None and _digest(FENCE + page[found.end() :]) == found[1]


def _digest(page: bytes) -> bytes:
    return hashlib.sha256(page).hexdigest().encode()
