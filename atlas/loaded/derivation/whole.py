"""What one tiny world shows of its architecture: layers and all that is outside them."""

from __future__ import annotations

from atlas.loaded.derivation import layers, outside, recording, worlds
from atlas.loaded.derivation.found import Found, UnreachedError
from atlas.loaded.derivation.worlds import World


def of(world: World) -> Found:
    """Everything that a world's model shows. Raises `UnreachedError`."""
    recorded = recording.record(worlds.made(world))
    path, count, layer = layers.of(recorded)
    beside = outside.of(recorded, path, count)
    for norm in beside.norms.values():
        if not norm.alike(layer.norm):
            raise UnreachedError("a norm outside the layers that is not of the kind within them")
    return Found(
        layers=path,
        layer=layer,
        outside=beside.modules,
        numbers={"layers": count, "vocabulary": beside.vocabulary, **layer.numbers},
        scales={
            "embedding": beside.embedding_scale,
            "logits": beside.logits_scale,
            **layer.scales,
        },
    )
