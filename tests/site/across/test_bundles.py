"""Bytes in parts: nothing is torn, and only what is larger alone makes a part larger."""

from __future__ import annotations

from atlas.site.across.bundles import Parts


def test_what_was_added_is_found_again() -> None:
    parts = Parts(10)
    pieces = [bytes([at]) * size for at, size in enumerate((4, 6, 1, 25, 0, 3))]
    places = [parts.add(piece) for piece in pieces]
    contents = [content for _, content in parts.files]
    for piece, (part, offset) in zip(pieces, places, strict=True):
        assert contents[part][offset : offset + len(piece)] == piece
    assert [len(content) for content in contents] == [10, 1, 25, 3]
    assert b"".join(contents) == b"".join(pieces)
