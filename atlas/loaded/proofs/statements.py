"""The proofs: what has to be so, of a tiny random model, if a row describes its architecture."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch.nn import functional

from atlas.loaded import fused, stored_mlp, tiny
from atlas.loaded.attention_heads import Heads
from atlas.loaded.proofs.case import (
    Case,
    UnprovedError,
    assert_close,
    measured,
    normed,
    require,
    watch,
)
from atlas.loaded.proofs.patterns import bias, pattern
from atlas.loaded.proofs.positions import Positions, candidates

BLOCKS = ("attn", "mlp")
"""What adds to the residual stream in a layer, in their order."""


def written(case: Case, layer: int, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """What attention with these patterns gives on its input x, (batch, position, d_model)."""
    heads = case.checkpoint.heads(layer)
    values = torch.einsum("hed,bpd->bhpe", heads.W_V.double(), x) + bias(heads.B_V)
    given = weights @ values * gate(case, layer, x)
    added = torch.einsum("hde,bhqe->bqd", heads.W_O.double(), given)
    return added + (0 if heads.B_O is None else heads.B_O.double())


def patterns(case: Case, output: Any) -> dict[int, torch.Tensor]:
    """The model's own attention patterns, by layer; some families list those that there are."""
    held = [one for one in output.attentions if one is not None]
    return dict(zip(case.attending, held, strict=True))


def gate(case: Case, layer: int, x: torch.Tensor) -> torch.Tensor:
    """What multiplies what heads give, (batch, head, position, d_head or 1), or 1."""
    kind = case.at(layer).row.gate
    if kind is None:
        return torch.ones((), dtype=x.dtype)
    tensors = case.layer(layer)
    given = x @ tensors["attn.gate.weight"].T + tensors.get("attn.gate.bias", 0)
    opened = given.sigmoid() if kind == "sigmoid" else functional.softplus(given)
    heads = case.at(layer).geometry.heads
    return opened.reshape(*x.shape[:-1], heads, -1).transpose(1, 2)


def one_token_attention_is_the_sum_of_heads(case: Case) -> None:
    for batch in (1, 3):
        seen, output = watch(case, case.tokens(batch, 1))
        for layer in case.attending:
            x = seen[case.path(layer, "attn.q")][0]
            heads = case.at(layer).geometry.heads
            weights = torch.ones(batch, heads, 1, 1, dtype=torch.double)
            if case.row.has("attn.sinks"):
                # A learned sink takes its share even where there is nothing else to look at.
                weights = patterns(case, output)[layer].double()
            added = written(case, layer, weights, x)
            assert_close(added, seen[case.path(layer, "attn.o")][1])


def patterns_are_the_models_own(case: Case) -> None:
    for batch in (1, 2):
        seen, output = watch(case, case.tokens(batch, 9))
        for layer in case.attending:
            x = seen[case.path(layer, "attn.q")][0]
            heads = case.checkpoint.heads(layer)
            own = patterns(case, output)[layer].double()
            _, weights = told_apart(case, layer, heads, x, own)
            assert_close(
                written(case, layer, weights, x), seen[case.path(layer, "attn.o")][1], 2e-5
            )


def told_apart(
    case: Case, layer: int, heads: Heads, x: torch.Tensor, own: torch.Tensor
) -> tuple[Positions, torch.Tensor]:
    """How a layer tells positions apart, and the pattern from stored weights, which is its own."""
    nearest = UnprovedError("no pattern")
    for positions in candidates(case):
        weights = pattern(case, layer, heads, x, positions)
        try:
            assert_close(weights, own, 2e-5)
        except UnprovedError as error:
            nearest = error
            continue
        return positions, weights
    raise UnprovedError(f"no positions that we know give the pattern of layer {layer}: {nearest}")


def outputs_join_the_residual_as_the_row_says(case: Case) -> None:
    seen, _ = watch(case, case.tokens(2, 7))
    for layer in case.layers:
        row = case.at(layer)
        before, after = seen[f"{row.live_layers}.{layer}"]
        given, nothing = case.given(seen, layer), torch.zeros(())
        mixed, mlp_gave = (given.get(one, nothing) * row.residual_scale for one in BLOCKS)
        tensors = case.layer(layer)
        middle = before + mixed
        if row.residual == "post-norm":
            middle = normed(row, middle, tensors, "norm.attn")
            expected = normed(row, middle + mlp_gave, tensors, "norm.mlp")
        else:
            expected = middle + mlp_gave
        assert_close(expected, after)
        mlp_reads = before if row.residual == "parallel" else middle
        for module, x, norm in (
            ("attn.q", before, row.row.attn_input),
            ("mixer.in", before, row.row.attn_input),
            ("router" if row.routing else "mlp.up", mlp_reads, row.row.mlp_input),
        ):
            if row.has(module):
                read = seen[case.path(layer, module)][0]
                x = normed(row, x, tensors, norm) if norm else x
                assert_close(x * row.reads.get(module, 1.0), read)


def mlps_from_stored_weights_give_what_joins(case: Case) -> None:
    """Activation, gate, routing among experts: the whole MLP, on what it really read."""
    seen, _ = watch(case, case.tokens(2, 7))
    for layer in case.layers:
        row = case.at(layer)
        if "mlp" not in row.blocks:
            continue
        x = seen[case.path(layer, "router" if row.routing else "mlp.up")][0]
        found = stored_mlp.output(case.checkpoint, layer, x.flatten(0, 1)).reshape(x.shape)
        if row.has("norm.mlp_after"):
            found = normed(row, found, case.layer(layer), "norm.mlp_after")
        assert_close(found, case.given(seen, layer)["mlp"])


def every_live_module_computes_with_our_weights(case: Case) -> None:
    seen, _ = watch(case, case.tokens(2, 5))
    shape = case.checkpoint.geometry
    for layer in case.layers:
        tensors, row = case.layer(layer), case.at(layer)
        for module in filter(row.own_module, row.modules):
            x, y = seen[case.path(layer, module)]
            if module.startswith("norm"):
                if row.row.modules[module].pieces:
                    x, y = x.transpose(1, 2), y.transpose(1, 2)
                expected = normed(row, x, tensors, module)
            else:
                expected = x @ tensors[f"{module}.weight"].T + tensors.get(f"{module}.bias", 0)
            assert_close(fused.part(y, row.live_source(module), shape, dim=-1), expected)


def live_parameters_are_our_weights(case: Case) -> None:
    held = dict([*case.model.named_parameters(), *tiny.stored_buffers(case.model)])
    shape = case.checkpoint.geometry
    for layer in case.layers:
        row = case.at(layer)
        for name, tensor in case.checkpoint.layer(layer).items():
            module, _, kind = name.rpartition(".")
            found = live_parameter(
                case, held, layer, module, "bias" if kind == "bias" else "weight"
            )
            axis = -1 if kind == "bias" else -2
            part = fused.part(found, row.live_source(module), shape, axis)
            require(torch.equal(part, tensor.float()), f"{name} of layer {layer} is another")


def live_parameter(
    case: Case,
    held: dict[str, torch.Tensor],
    layer: int,
    module: str,
    kind: Literal["weight", "bias"],
) -> torch.Tensor:
    """The whole live parameter that holds a module's weight (..., out, in) or bias."""
    source = case.at(layer).live_source(module)
    pieces = [
        held[f"{case.row.live_layers}.{layer}.{name}"]
        for name in case.at(layer).live_parameters(module, kind)
    ]
    whole = torch.stack(pieces) if source.pieces else pieces[0]
    return whole.transpose(-2, -1) if source.transposed and kind == "weight" else whole


def experts_one_at_a_time_are_the_block(case: Case) -> None:
    """Of a mixture the stacked experts, one by one; of a dense model its MLP."""
    modules = [module for module in case.row.modules if module.startswith("mlp")]
    for layer in case.layers:
        tensors = case.checkpoint.layer(layer, modules)
        experts = list(case.checkpoint.experts(layer))
        row = case.at(layer)
        count = row.routing.experts if row.routing else int("mlp" in row.blocks)
        require(len(experts) == count, f"{len(experts)} experts instead of {count}")
        for number, expert in enumerate(experts):
            require(expert.keys() == tensors.keys(), f"expert {number} holds {list(expert)}")
            for name, tensor in expert.items():
                wanted = tensors[name][number] if row.routing else tensors[name]
                require(torch.equal(tensor, wanted), f"{name} of expert {number} is another")


def outside_the_blocks(case: Case) -> None:
    row, checkpoint = case.row, case.checkpoint
    held = dict(case.model.named_parameters(remove_duplicate=False))
    for module, source in row.row.outside.items():
        for kind, tensor in checkpoint.outside(module).items() if module != "unembedding" else ():
            whole = held[f"{row.live(module)}.{kind}"]
            require(torch.equal(tensor.float(), whole[source.skip :]), f"{module} is another")
    for module, tensor in (
        ("unembedding", checkpoint.unembedding()),
        ("embedding", checkpoint.embedding()),
    ):
        whole = held[f"{row.live(module)}.weight"]
        require(torch.equal(tensor.float(), whole), f"{module} is another")


def the_first_block_reads_the_scaled_embedding(case: Case) -> None:
    ids = case.tokens(2, 5)
    seen, _ = watch(case, ids)
    x = case.checkpoint.embedding().double()[ids] * case.row.embedding_scale
    if case.row.has("positions"):
        x = x + case.checkpoint.positions()["weight"].double()[:5]
    if case.row.has("token_types"):
        x = x + case.checkpoint.outside("token_types")["weight"].double()[0]
    if case.row.has("embedding_norm"):
        norm = case.checkpoint.outside("embedding_norm")
        named = {f"embedding_norm.{kind}": tensor.double() for kind, tensor in norm.items()}
        x = normed(case.row, x, named, "embedding_norm")
    assert_close(x, seen[f"{case.row.live_layers}.0"][0])


def logits_are_the_scaled_unembedding(case: Case) -> None:
    if case.row.kind == "encoder":
        # Its head for words is nothing that is measured.
        require(case.row.logits_scale == 1, "logits of an encoder are scaled")
        return
    seen, output = watch(case, case.tokens(2, 5))
    x = seen[f"{case.row.live_layers}.{case.layers[-1]}"][1]
    if case.row.has("final_norm"):
        norm = case.checkpoint.final_norm()
        named = {f"final_norm.{kind}": tensor.double() for kind, tensor in norm.items()}
        x = normed(case.row, x, named, "final_norm")
    logits = x @ case.checkpoint.unembedding().double().T
    logits = logits + case.checkpoint.outside("unembedding").get("bias", 0)
    logits = logits * case.row.logits_scale
    cap = case.setting("final_logit_softcapping")
    assert_close(cap * (logits / cap).tanh() if cap else logits, output.logits.double())


def parameters_are_the_true_count(case: Case) -> None:
    true = sum(held.numel() for held in measured(case.row.row, case.model))
    counted = case.checkpoint.geometry.parameters
    require(counted == true, f"{counted} parameters instead of {true}")


def every_parameter_of_a_block_is_read(case: Case) -> None:
    """No row forgets a module: a layer's tensors add up to the live layer's parameters."""
    for layer in case.layers:
        live = case.model.get_submodule(f"{case.row.live_layers}.{layer}")
        # A single number beside them is a constant of an activation.
        true = sum(held.numel() for held in live.state_dict().values() if held.ndim)
        read = sum(tensor.numel() for tensor in case.checkpoint.layer(layer).values())
        require(read == true, f"{read} parameters of layer {layer} are read, of {true}")
