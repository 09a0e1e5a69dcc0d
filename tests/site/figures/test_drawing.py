"""Drawings of heatmaps for pages that no script has touched: what they may hold, and where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import atlases
import pytest
import samples

from atlas.files import still_svg
from atlas.profiles.matrix import Matrix
from atlas.site.figures import drawing, scene

LARGE = atlases.matrices(3, 80, 64)


def _is_one(folder: Path, content: bytes) -> bool:
    path = folder / "one.svg"
    path.write_bytes(content)
    return still_svg.is_one(path)


@pytest.mark.parametrize("matrix", LARGE, ids=lambda one: one.name)
def test_a_drawing_is_known_for_what_it_is_and_light(matrix: Matrix, tmp_path: Path) -> None:
    content = drawing.svg(scene.of(matrix))
    assert _is_one(tmp_path, content)
    assert content == drawing.svg(scene.of(matrix))
    assert len(content) < 16_000


@pytest.mark.parametrize(
    "harm",
    ["<script>1</script>", '<text onclick="1">x</text>', '<image href="https://x.org/a.png"/>',
     '<rect style="fill:url(https://x.org/a)"/>', "<style>@import 'x';</style>", "<a>x</a>",
     '<image href="data:image/svg+xml;base64,AAAA"/>', "<!-- x -->", "<foreignObject/>"],
)  # fmt: skip
def test_what_does_more_than_show_is_no_drawing(harm: str, tmp_path: Path) -> None:
    content = drawing.svg(scene.of(LARGE[0])).decode()
    assert not _is_one(tmp_path, content.replace("</svg>", f"{harm}</svg>").encode())


@pytest.mark.parametrize("text", ["</text><script>1</script>", "url(x) @import & <b>", "]]>"])
def test_labels_are_text(text: str, tmp_path: Path) -> None:
    matrix = replace(samples.matrix(), rows=(text, "b"), title=text, unit=text)
    content = drawing.svg(scene.of(matrix))
    assert _is_one(tmp_path, content)
    told = [one.text for one in ElementTree.fromstring(content).iter()]
    assert text in told


def test_the_matrix_beside_stands_apart() -> None:
    rms = replace(samples.matrix(), range=(0, 20))
    first = replace(rms, columns=("block",), values=rms.values[:, :1])
    assert scene.of(rms, first=first).apart
    assert not scene.of(rms).apart
    assert scene.of(rms, first=first).x.labels == ("block", *rms.columns)
