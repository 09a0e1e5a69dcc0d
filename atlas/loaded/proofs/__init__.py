"""Proofs by behaviour that a row describes its architecture, on a tiny random model.

A proof takes a `Case`, a saved tiny model whose row is looked up as that of any other, and raises
`UnprovedError` where stored weights, read as the row says, do not give what the live model gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atlas.loaded.proofs import statements
from atlas.loaded.proofs.case import Case

ALL: Mapping[str, Callable[[Case], None]] = {
    proof.__name__.replace("_", " "): proof
    for proof in (
        statements.one_token_attention_is_the_sum_of_heads,
        statements.patterns_are_the_models_own,
        statements.outputs_join_the_residual_as_the_row_says,
        statements.mlps_from_stored_weights_give_what_joins,
        statements.every_live_module_computes_with_our_weights,
        statements.live_parameters_are_our_weights,
        statements.experts_one_at_a_time_are_the_block,
        statements.outside_the_blocks,
        statements.the_first_block_reads_the_scaled_embedding,
        statements.logits_are_the_scaled_unembedding,
        statements.parameters_are_the_true_count,
        statements.every_parameter_of_a_block_is_read,
    )
}
"""What a proof says -> the proof."""
