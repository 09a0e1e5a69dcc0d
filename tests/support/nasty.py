"""Texts that come alive on a page that does not escape them, and an atlas that is full of them."""

from __future__ import annotations

from typing import Any

import atlases
import numpy as np
import samples

from atlas.paths import Project

NASTY = (
    "{: onclick=alert(1) } {{ 7*7 }} {% raw %} <script>pwned=1</script>",
    '"><img src=x onerror=pwned=1> [x](javascript:pwned=1) </div></figure>',
    "``` # heading --- <b onmouseover='pwned=1'> ```",
    "</title><svg/onload=pwned=1> ![](http://example.org/x.png) &lt;u&gt;",
    "' onfocus='pwned=1' autofocus x='  `code` *em* https://example.org <http://example.org>",
)


def spoil(made: Project, texts: tuple[str, ...]) -> None:
    """An atlas in which every text that a contributor can write is one of `texts`."""
    a, b, c, d, e = texts
    atlases.entry(made, "nasty", name=a[:80].strip(), summary=b, license=c[:60].strip())
    labels = tuple(f"{at} {text}"[:119].strip() for at, text in enumerate(texts))
    shown = samples.matrix(
        title=d[:120].strip(),
        unit=e[:120].strip(),
        direction=a,
        rows=labels,
        columns=labels,
        native=tuple(reversed(labels)),
        values=np.arange(25.0).reshape(5, 5),
    )
    kinds = samples.matrix(
        name="kinds",
        title=b[:120].strip(),
        kind="categorical",
        categories=labels,
        rows=("0",),
        columns=("0", "1", "2", "3", "4"),
        values=np.arange(5.0)[None],
    )
    told: dict[str, Any] = {f"key{at}": text for at, text in enumerate(texts)}
    atlases.profile(
        made,
        "nasty",
        matrices=(shown, kinds, samples.matrix(name="group:x", title=c)),
        facts=told,
        conditions=told,
        protocol=told,
        made_by=told,
    )
