"""Norm gains folded in: against a slow computation, and against models that are the same but for
where their gains stand, in which directions they write and in which order their heads are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from atlas.analyses.functions import run as functions
from atlas.analyses.functions.matrices import FOLDED
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned.choices import DEFAULT, Choices
from atlas.pinned.relations import Relation
from atlas.profiles.matrix import Values
from atlas.profiles.statement import Measured

Tensors = dict[str, torch.Tensor]
MIXED = {"vocab_size": 300, "tie_word_embeddings": False}


def nothing(done: int, total: int) -> None:
    """Progress that nobody watches."""


def uneven(folder: Path) -> None:
    """Draw every norm's gain, and its bias, for a fresh model's are all 1 and 0."""
    file = folder / "model.safetensors"
    tensors, generator = load_file(file), torch.Generator().manual_seed(5)
    for name, tensor in tensors.items():
        if tensor.ndim == 1 and ("norm" in name or "ln_" in name):
            drawn = torch.randn(tensor.shape, generator=generator)
            tensors[name] = 0.3 * drawn if name.endswith("bias") else (0.8 * drawn).exp()
    save_file(tensors, file, metadata={"format": "pt"})


def relations_of(rows: torch.Tensor) -> list[Relation]:
    """A relation for each layer, half of its targets being large or small for one of its heads."""
    found = []
    for layer in range(len(rows)):
        order = rows[layer, layer % 2].argsort(1)
        ids = [(s, int(order[s, (-1 - s % 30) if s % 3 else s % 30])) for s in range(2, 90)]
        pairs = [(f"w{s}", f"w{t}") for s, t in ids if t > 1]
        found.append(planted.relation(f"relation{layer}", "knowledge", pairs))
    return found


def scores(measured: Measured, prefix: str = FOLDED) -> dict[str, Values]:
    """Scores by name, without what stands before them."""
    return {
        one.name.removeprefix(prefix): one.values
        for one in measured.matrices
        if one.name.removeprefix(prefix).startswith(("score:", "suppressive:"))
        and one.name.startswith(prefix)
        and (prefix or not one.name.startswith(FOLDED))
    }


def measure(folder: Path, known: list[Relation], choices: Choices = DEFAULT) -> Measured:
    return functions.measure(Checkpoint.open(folder), known, choices, nothing)


# Against the slow computation


@pytest.mark.parametrize(
    ("model_type", "overrides"),
    [
        ("llama", {}),
        ("gpt2", {}),
        ("gpt_neox", {}),
        ("gemma", {}),
        ("gemma3_text", {}),
        ("olmo2", {}),
        ("opt", {"do_layer_norm_before": False}),
        ("bloom", {}),
    ],
)
@pytest.mark.parametrize("later", ["mlp", "embedding"])
def test_folded_scores_are_those_of_vectors_that_pass_every_norm(
    model_type: str, overrides: dict[str, Any], later: str, tmp_path: Path
) -> None:
    """RMSNorm, LayerNorm, gains of 1 + weight, norms after attention, and no norm before it."""
    folder = planted.make(tmp_path, model_type, vocab_size=300, **overrides)
    uneven(folder)
    checkpoint = Checkpoint.open(folder)
    rows = planted.products(checkpoint, later, fold=True)
    known = relations_of(rows)
    measured = measure(folder, known, Choices(later=later))
    found, plain = scores(measured), scores(measured, "")
    for relation in known:
        ids = torch.tensor([[int(word[1:]) for word in pair] for pair in relation.pairs])
        chosen = rows[:, :, ids[:, 0]]
        own = chosen[:, :, torch.arange(len(ids)), ids[:, 1]][..., None]
        for sign, above in (("score", chosen > own), ("suppressive", chosen < own)):
            name = f"{sign}:{relation.name}@10"
            share = (above.sum(3) < 10).double().mean(2).numpy()
            assert np.allclose(found[name], share, atol=5.1e-4)
    assert max(values.max() for values in found.values()) > 0.15
    assert any((found[name] != plain[name]).any() for name in found)


def test_with_fold_chosen_the_scores_that_count_are_the_folded_ones(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "llama", vocab_size=300)
    uneven(folder)
    known = relations_of(planted.products(Checkpoint.open(folder), fold=True))
    measured, plain = measure(folder, known, Choices(fold=True)), measure(folder, known)
    matrices = {one.name: one for one in measured.matrices}
    for name, values in scores(measured).items():
        assert np.array_equal(values, matrices[name].values)
        assert np.array_equal(values, scores(plain)[name])
    has = matrices["relations"].values
    assert has.any()
    before = next(one for one in plain.matrices if one.name == "relations").values
    changed = int(((has > 0) != (before > 0)).sum())
    assert measured.facts["fold_changes"] == plain.facts["fold_changes"] == changed > 0
    for item in measured.parts["pairs"]:
        for name, cells in item["chance"].items():
            high = np.argwhere(matrices[name].values > 0.15).tolist()
            assert [[layer, head] for layer, head, _ in cells] == high


# The same model otherwise


def by_hand(tensors: Tensors) -> None:
    """Gains of a Llama multiplied into the weights behind them, and set to 1."""
    for layer in range(3):
        place = f"model.layers.{layer}."
        for norm, read in (
            ("input_layernorm", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
            ("post_attention_layernorm", ("mlp.gate_proj", "mlp.up_proj")),
        ):
            for name in read:
                tensors[f"{place}{name}.weight"] *= tensors[f"{place}{norm}.weight"]
            tensors[f"{place}{norm}.weight"] = torch.ones(80)
    tensors["lm_head.weight"] *= tensors["model.norm.weight"]
    tensors["model.norm.weight"] = torch.ones(80)


def rotated(tensors: Tensors) -> None:
    """The same in another basis of the residual stream."""
    by_hand(tensors)
    drawn = torch.randn(80, 80, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    Q = torch.linalg.qr(drawn).Q
    for name, tensor in tensors.items():
        if tensor.ndim == 2:
            writes = "o_proj" in name or "down_proj" in name
            turned = Q.T @ tensor.double() if writes else tensor.double() @ Q
            tensors[name] = turned.float().contiguous()


def swapped(tensors: Tensors) -> None:
    """The two heads of every layer in the other order."""
    for layer in range(3):
        place = f"model.layers.{layer}.self_attn."
        for name in ("q_proj", "k_proj", "v_proj"):
            tensors[f"{place}{name}.weight"] = tensors[f"{place}{name}.weight"].roll(40, 0)
        tensors[f"{place}o_proj.weight"] = tensors[f"{place}o_proj.weight"].roll(40, 1)


def centred_by_hand(tensors: Tensors) -> None:
    """Gains and biases of a GPT-NeoX multiplied into the weights behind them, and all that writes
    into the stream without its mean, which no norm reads."""
    for layer in range(3):
        place = f"gpt_neox.layers.{layer}."
        for norm, read in (
            ("input_layernorm", "attention.query_key_value"),
            ("post_attention_layernorm", "mlp.dense_h_to_4h"),
        ):
            gain, bias = (tensors[f"{place}{norm}.{kind}"] for kind in ("weight", "bias"))
            weight = tensors[f"{place}{read}.weight"]
            tensors[f"{place}{read}.bias"] += weight @ bias
            tensors[f"{place}{read}.weight"] = weight * gain
            tensors[f"{place}{norm}.weight"] = torch.ones(80)
            tensors[f"{place}{norm}.bias"] = torch.zeros(80)
        for written in ("attention.dense", "mlp.dense_4h_to_h"):
            for kind in ("weight", "bias"):
                tensor = tensors[f"{place}{written}.{kind}"]
                tensors[f"{place}{written}.{kind}"] = tensor - tensor.mean(0)
    embedding = tensors["gpt_neox.embed_in.weight"]
    tensors["gpt_neox.embed_in.weight"] = embedding - embedding.mean(1, keepdim=True)
    tensors["embed_out.weight"] *= tensors["gpt_neox.final_layer_norm.weight"]
    tensors["gpt_neox.final_layer_norm.weight"] = torch.ones(80)


@pytest.mark.parametrize(
    ("model_type", "change", "order"),
    [
        ("llama", by_hand, (0, 1)),
        ("llama", rotated, (0, 1)),
        ("llama", swapped, (1, 0)),
        ("gpt_neox", centred_by_hand, (0, 1)),
    ],
)
def test_a_model_that_is_the_same_otherwise_has_the_same_folded_scores(
    model_type: str, change: Callable[[Tensors], None], order: tuple[int, int], tmp_path: Path
) -> None:
    overrides = dict(MIXED)
    if model_type == "llama":
        overrides["num_key_value_heads"] = 2
    folder = planted.make(tmp_path / "one", model_type, **overrides)
    uneven(folder)
    other = planted.make(tmp_path / "other", model_type, **overrides)
    tensors = load_file(folder / "model.safetensors")
    if model_type == "gpt_neox":
        tensors["gpt_neox.final_layer_norm.bias"].zero_()  # U has no bias that could take it
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    change(tensors)
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    ids = torch.arange(24).reshape(2, 12)
    with torch.no_grad():
        logits = [tiny.live(one, torch.float32)(ids).logits for one in (folder, other)]
    assert torch.allclose(logits[0], logits[1], atol=2e-4 * float(logits[0].abs().max()))

    known = relations_of(planted.products(Checkpoint.open(folder), fold=True))
    first, second = measure(folder, known), measure(other, known)
    for name, values in scores(first).items():
        assert np.array_equal(values, scores(second)[name][:, list(order)]), name
    if change is not swapped:  # that leaves the paper's scores the same as well
        plain = scores(first, "")
        assert any((plain[name] != one).any() for name, one in scores(second, "").items())
