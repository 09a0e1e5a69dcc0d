"""The shape of a model, and what follows from it by counting."""

from __future__ import annotations

from dataclasses import dataclass

OF_HEADS = ("heads", "kv_heads", "d_head")
"""What a model without attention has none of."""

LACKING = (*OF_HEADS, "d_mlp")
"""What some models have none of."""


SAME = ("layers", "heads", "kv_heads", "d_model", "d_head", "d_mlp")
"""What a model must have in common with its base for their weights to be compared one by one; the
vocabulary may differ."""


@dataclass(frozen=True)
class Geometry:
    """The shape of a model: counts and widths, in units of one.

    What a model has none of is 0, and an entry leaves it out: the heads of one without attention
    (all of `OF_HEADS`), the width of one without an MLP.
    """

    layers: int
    heads: int
    kv_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    vocabulary: int
    parameters: int | None = None

    @property
    def q(self) -> int:
        """The width of all heads' queries together."""
        return self.heads * self.d_head

    @property
    def kv(self) -> int:
        """The width of all heads' keys together, and of their values."""
        return self.kv_heads * self.d_head

    @property
    def matrices(self) -> tuple[tuple[int, int, int], ...]:
        """The weight matrices of a block: rows, columns, how many of them.

        Four of attention, then those of the MLP: three where the model can have as many
        parameters, else two. Parameters that a dense model of this shape cannot have are those of
        more experts.
        """
        d = self.d_model
        sides = [(self.q, d), (self.q, d), (self.kv, d), (self.kv, d), *3 * [(self.d_mlp, d)]]
        inside = self.layers * sum(m * n for m, n in sides)
        known = self.parameters or 0
        if self.parameters is not None and inside + self.vocabulary * d > known:
            sides.pop()
        beyond = known - inside - 2 * self.vocabulary * d
        experts = (
            1 + max(0, round(beyond / (self.layers * 3 * self.d_mlp * d))) if self.d_mlp else 1
        )
        return tuple((*side, 1 if at < 4 else experts) for at, side in enumerate(sides))

    @property
    def weights(self) -> tuple[int, int, int]:
        """Roughly how many weights there are: of the blocks, of the embedding, of the model."""
        d, outside = self.d_model, self.vocabulary * self.d_model
        inside = self.layers * (2 * self.q * d + 2 * self.kv * d + 3 * self.d_mlp * d)
        if self.parameters is None:
            return inside, outside, inside + outside
        return min(inside, max(self.parameters - outside, 0)), outside, self.parameters
