"""`activations` against plain hooks that keep everything, in float64, on every architecture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import kinds
import numpy as np
import pytest
import tiny
import torch
from letters import letters
from numpy.typing import NDArray

from atlas import architectures
from atlas.analyses.activations import PROTOCOL
from atlas.analyses.activations import run as activations
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded import fused
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import observing
from atlas.pinned import corpus, cutting
from atlas.pinned.choices import DEFAULT
from atlas.profiles import statement
from atlas.profiles.statement import Measured

Split = Callable[[torch.Tensor], torch.Tensor]
LENGTHS = (7, 12, 3, 12, 5, 9, 6)
"""None of them a number of heads."""


def third(part: int) -> Split:
    return lambda x: x.chunk(3, -1)[part]


def grouped(part: int) -> Split:
    """GPT-NeoX: per head its query, its key, its value."""
    return lambda x: x.reshape(*x.shape[:-1], 4, 3, 8)[..., part, :].flatten(-2)


def whole(x: torch.Tensor) -> torch.Tensor:
    return x


def heads_first(x: torch.Tensor) -> torch.Tensor:
    return x.transpose(1, 2)


LLAMA: dict[str, tuple[str, Split]] = {
    "attn.q": ("self_attn.q_proj", whole),
    "attn.k": ("self_attn.k_proj", whole),
    "attn.v": ("self_attn.v_proj", whole),
    "attn.o": ("self_attn.o_proj", whole),
    "mlp.up": ("mlp.up_proj", whole),
    "mlp.gate": ("mlp.gate_proj", whole),
    "mlp.down": ("mlp.down_proj", whole),
    "norm.attn": ("input_layernorm", whole),
    "norm.mlp": ("post_attention_layernorm", whole),
}
NEOX: dict[str, tuple[str, Split]] = {
    "attn.q": ("attention.query_key_value", grouped(0)),
    "attn.k": ("attention.query_key_value", grouped(1)),
    "attn.v": ("attention.query_key_value", grouped(2)),
    "attn.o": ("attention.dense", whole),
    "mlp.up": ("mlp.dense_h_to_4h", whole),
    "mlp.down": ("mlp.dense_4h_to_h", whole),
    "norm.attn": ("input_layernorm", whole),
    "norm.mlp": ("post_attention_layernorm", whole),
}
PHI: dict[str, tuple[str, Split]] = {
    "attn.q": ("self_attn.q_proj", whole),
    "attn.k": ("self_attn.k_proj", whole),
    "attn.v": ("self_attn.v_proj", whole),
    "attn.o": ("self_attn.dense", whole),
    "mlp.up": ("mlp.fc1", whole),
    "mlp.down": ("mlp.fc2", whole),
    "norm.attn": ("input_layernorm", whole),
}
# Written down by hand from transformers' own code: name of the list of layers, module -> name in a
# layer and how its output is split. Those of the other families come from their rows, which have
# tests of their own.
PLAIN: dict[str, tuple[str, dict[str, Any], dict[str, tuple[str, Split]]]] = {
    "bert": (
        "bert.encoder.layer",
        {},
        {
            "attn.q": ("attention.self.query", whole),
            "attn.k": ("attention.self.key", whole),
            "attn.v": ("attention.self.value", whole),
            "attn.o": ("attention.output.dense", whole),
            "mlp.up": ("intermediate.dense", whole),
            "mlp.down": ("output.dense", whole),
            "norm.attn": ("attention.output.LayerNorm", whole),
            "norm.mlp": ("output.LayerNorm", whole),
        },
    ),
    "gpt2": (
        "transformer.h",
        {},
        {
            "attn.q": ("attn.c_attn", third(0)),
            "attn.k": ("attn.c_attn", third(1)),
            "attn.v": ("attn.c_attn", third(2)),
            "attn.o": ("attn.c_proj", whole),
            "mlp.up": ("mlp.c_fc", whole),
            "mlp.down": ("mlp.c_proj", whole),
            "norm.attn": ("ln_1", whole),
            "norm.mlp": ("ln_2", whole),
        },
    ),
    "gpt_neox": ("gpt_neox.layers", {}, NEOX),
    "gpt_neox sequential": ("gpt_neox.layers", {"use_parallel_residual": False}, NEOX),
    "llama": ("model.layers", {}, LLAMA),
    "llama of one layer": ("model.layers", {"num_hidden_layers": 1}, LLAMA),
    "phi": ("model.layers", {}, PHI),
    "phi with norms of heads": (
        "model.layers",
        {"qk_layernorm": True},
        {
            **PHI,
            "norm.q": ("self_attn.q_layernorm", heads_first),
            "norm.k": ("self_attn.k_layernorm", heads_first),
        },
    ),
    "qwen3": (
        "model.layers",
        {},
        {**LLAMA, "norm.q": ("self_attn.q_norm", whole), "norm.k": ("self_attn.k_norm", whole)},
    ),
}


def passages(name: str, lengths: tuple[int, ...] = LENGTHS) -> list[Passage]:
    """Random tokens; those of an encoder end with one that is not scored. `name`: of a type, or of
    a variant of one."""
    rows = [tiny.tokens(1, length, seed=place)[0].tolist() for place, length in enumerate(lengths)]
    end = architectures.kind(name.split()[0]) == "encoder"
    return [Passage(tuple(row), 1, max(1, len(row) - end)) for row in rows]


ROWS = sorted({*architectures.by_hand()} - {name.split()[0] for name in PLAIN})
EVERY = [*PLAIN, *ROWS]


def made(folder: Path, name: str, **options: Any) -> Path:
    overrides = PLAIN[name][1] if name in PLAIN else {}
    return tiny.make(folder, name.split()[0], **overrides, **options)


def plain(folder: Path, name: str) -> tuple[str, Callable[[int], dict[str, tuple[str, Split]]]]:
    """The list of layers; of a layer module -> name within it, and how its output is split."""
    if name in PLAIN:
        return PLAIN[name][0], lambda _: PLAIN[name][2]
    architecture = Checkpoint.open(folder).architecture

    def of_layer(layer: int) -> dict[str, tuple[str, Split]]:
        view = architecture.layer(layer)

        def split(module: str) -> Split:
            source = view.live_source(module)
            return lambda x: fused.part(x, source, view.geometry, dim=-1)

        watched = (one for one in view.modules if view.own_module(one) and one != "router")
        return {module: (view.live(module), split(module)) for module in watched}

    return architecture.live_layers, of_layer


def measure(folder: Path, rows: list[Passage], tokens: int = 40, **options: Any) -> Measured:
    model = LiveModel.open(folder, "cpu", **options)
    observer = activations.observe(model, rows)
    observing.run(model, rows, observer.taps, lambda done, total: None, tokens=tokens)
    measured: Measured = observer.measured(lambda done, total: None)
    return measured


def kept(
    folder: Path, name: str, rows: list[Passage], dtype: torch.dtype
) -> dict[tuple[int, str], NDArray[np.float64]]:
    """Everything that every module puts out, (positions, width): one passage at a time, no padding.
    `mlp.down` with "input" in front is what goes into it; "first" are the first positions alone."""
    live = tiny.live(folder, dtype)
    live.set_experts_implementation("eager")
    layers, modules_of = plain(folder, name)
    found: dict[tuple[int, str], list[torch.Tensor]] = {}
    held: dict[tuple[int, str], torch.Tensor] = {}
    for layer, one in enumerate(live.get_submodule(layers)):
        for module, (path, split) in modules_of(layer).items():

            def keep(
                _: Any, inputs: Any, out: Any, key: Any = (layer, module), s: Any = split
            ) -> None:
                held[key] = s(out).clone()  # some are added to in place
                if key[1] == "mlp.down":
                    held[key[0], "input mlp.down"] = inputs[0]

            one.get_submodule(path).register_forward_hook(keep)
    for passage in rows:
        with torch.no_grad():
            live(input_ids=torch.tensor([passage.ids]))
        for key, output in held.items():
            if output.ndim == 2:  # one passage, its batch dimension flattened away
                output = output[None]
            if output.ndim == 4 and output.shape[1] != len(passage.ids):
                output = output.transpose(1, 2)
            scored = output[0, passage.first : passage.last]
            found.setdefault(key, []).append(scored.reshape(-1, output.shape[-1]))
            if key[1] != "input mlp.down":
                first = (key[0], f"first {key[1]}")
                found.setdefault(first, []).append(output[0, :1].reshape(-1, output.shape[-1]))
    return {key: torch.cat(several).double().numpy() for key, several in found.items()}


def expected(
    everything: dict[tuple[int, str], NDArray[np.float64]],
) -> dict[tuple[str, int, str], float]:
    values: dict[tuple[str, int, str], float] = {}
    for (layer, module), x in everything.items():
        if module == "input mlp.down":
            root = x.shape[1] ** 0.5
            hoyer = (root - abs(x).sum(1) / (x**2).sum(1) ** 0.5) / (root - 1)
            values["sparsity", layer, "mlp.down"] = hoyer.mean()
            continue
        s = (x**2).mean(0) ** 0.5
        before = "first_" if module.startswith("first ") else ""
        module = module.removeprefix("first ")
        values[f"{before}rms", layer, module] = (x**2).mean() ** 0.5
        values[f"{before}kurtosis", layer, module] = (s**4).mean() / (s**2).mean() ** 2
        values[f"{before}outlier", layer, module] = abs(x).max() / np.median(abs(x))
    return values


def flat(measured: Measured) -> dict[tuple[str, int, str], float]:
    return {
        (matrix.name, int(row), column): float(value)
        for matrix in measured.matrices
        for row, line in zip(matrix.rows, matrix.values, strict=True)
        for column, value in zip(matrix.columns, line, strict=True)
        if not np.isnan(value) or (row, column) in matrix.undefined
    }


@pytest.mark.parametrize("name", kinds.each(EVERY))
def test_against_hooks_that_keep_everything(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path, name)
    rows = passages(name)
    reference = expected(kept(folder, name, rows, torch.float64))
    assert flat(measure(folder, rows, dtype=torch.float64)) == pytest.approx(reference, rel=1e-6)
    assert flat(measure(folder, rows)) == pytest.approx(reference, rel=1e-3)


@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "bert"])
def test_in_bfloat16(tmp_path: Path, name: str) -> None:
    """The same bfloat16 outputs, accumulated without loss; against float64 the model itself is
    coarse."""
    folder = made(tmp_path, name, dtype=torch.bfloat16)
    rows = passages(name)
    measured = measure(folder, rows, tokens=1)
    assert measured.conditions["dtype"] == "bfloat16"
    same = expected(kept(folder, name, rows, torch.bfloat16))
    assert flat(measured) == pytest.approx(same, rel=1e-5)
    assert flat(measured) == pytest.approx(
        expected(kept(folder, name, rows, torch.float64)), rel=0.1
    )


@pytest.mark.parametrize("name", kinds.each(EVERY))
def test_independent_of_batch_size_and_order(tmp_path: Path, name: str) -> None:
    folder, rows = made(tmp_path, name), passages(name)
    alone = flat(measure(folder, rows, tokens=1))
    assert flat(measure(folder, rows, tokens=1000)) == pytest.approx(alone, rel=1e-4)
    backwards = flat(measure(folder, rows[::-1], tokens=24))
    assert backwards == pytest.approx(alone, rel=1e-4)


def test_the_median_of_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOL, "sample", 100)
    monkeypatch.setitem(PROTOCOL, "seed", 5)
    folder, rows = made(tmp_path, "qwen3"), passages("qwen3")
    everything = kept(folder, "qwen3", rows, torch.float64)
    found = flat(measure(folder, rows, dtype=torch.float64))
    for key, x in everything.items():
        if " " in key[1]:
            continue
        values = abs(x).flatten()
        generator = torch.Generator().manual_seed(5)
        drawn = torch.unique(torch.randint(len(values), (100,), generator=generator))
        assert found["outlier", *key] == pytest.approx(
            values.max() / np.median(values[drawn.numpy()]), rel=1e-6
        )


def test_the_matrices(tmp_path: Path) -> None:
    measured = measure(made(tmp_path, "gpt_neox"), passages("gpt_neox"))
    matrices = {matrix.name: matrix for matrix in measured.matrices}
    firsts = ["first_rms", "first_kurtosis", "first_outlier"]
    assert list(matrices) == ["rms", "kurtosis", "outlier", "sparsity", *firsts]
    assert matrices["rms"].columns == (
        "attn.q",
        "attn.k",
        "attn.v",
        "attn.o",
        "mlp.up",
        "mlp.down",
        "norm.attn",
        "norm.mlp",
    )
    assert (matrices["rms"].native or ())[0] == "attention.query_key_value[q]"
    assert matrices["sparsity"].columns == ("mlp.down",)
    scored = sum(passage.scored for passage in passages("gpt_neox"))
    for matrix in measured.matrices:
        assert matrix.n == (len(LENGTHS) if matrix.name in firsts else scored)
        assert matrix.spread is not None and np.isfinite(matrix.spread).all()
        assert (matrix.largest_share is None) == matrix.name.endswith("outlier")
    assert measured.conditions == {
        "corpus": corpus.told(DEFAULT),
        "passages": len(LENGTHS),
        "tokens": scored,
        "scored_bytes": 0,
        "dtype": "float32",
        "device": "cpu",
        "attention": "eager",
    }
    place = str(measured.facts["largest_outlier_at"]).removeprefix("layer ").split(", ")
    assert matrices["outlier"].values.max() == measured.facts["largest_outlier"]
    assert flat(measured)["outlier", int(place[0]), place[1]] == measured.facts["largest_outlier"]


MANY = tuple(np.random.default_rng(3).integers(6, 40, 60).tolist())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["llama of one layer", "qwen3", "bert"])
def test_errors_are_those_of_the_bootstrap_over_passages(
    tmp_path: Path, name: str, dtype: torch.dtype
) -> None:
    """All values are in the sample, so that the median's error is that of passages, too."""
    folder, rows = made(tmp_path, name, dtype=dtype), passages(name, MANY)
    matrices = {one.name: one for one in measure(folder, rows, tokens=200).matrices}
    everything = kept(folder, name, rows, dtype)
    ends = np.cumsum([row.scored for row in rows])
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(rows), (400, len(rows)))
    ratios: dict[str, list[float]] = {}
    for key in [key for key in everything if key[0] == 0 and not key[1].startswith("first ")]:
        vectors = len(everything[key]) // ends[-1]  # heads are vectors
        each = np.split(everything[key], ends[:-1] * vectors)
        found = [expected({key: np.concatenate([each[row] for row in draw])}) for draw in draws]
        for cell in found[0]:
            matrix, values = matrices[cell[0]], np.array([one[cell] for one in found])
            if cell[0] == "outlier":  # the maximum is what it is
                top = max(abs(x).max() for x in each)
                values = np.array(
                    [np.median(abs(np.concatenate([each[row] for row in draw]))) for draw in draws]
                )
                middle = np.median(abs(np.concatenate(each)))
                values = top / middle * values / middle
            assert matrix.spread is not None
            told = matrix.spread[0, matrix.columns.index(cell[2])]
            ratios.setdefault(cell[0], []).append(told / values.std())
    # Channels of random weights are almost alike; where they are not, test_observing holds the
    # error of kurtosis to a tenth.
    # Medians of bfloat16 move in its steps.
    near = {"kurtosis": 0.3, "outlier": 0.1 if dtype == torch.float32 else 0.25}
    for quantity, held in ratios.items():
        assert np.mean(held) == pytest.approx(1, abs=near.get(quantity, 0.1)), quantity


def test_the_first_position_is_a_matrix_of_its_own(tmp_path: Path) -> None:
    """A token that all passages begin with, a thousand times as large: the rest does not see it,
    and where a decoder reads the same first there is nothing to be unsure of."""
    live = tiny.build("llama")
    live.model.embed_tokens.weight.data[5] *= 1000
    live.save_pretrained(tmp_path)
    plain = passages("llama")
    rows = [Passage((5, *row.ids[1:]), row.first, row.last) for row in plain]
    measured = measure(tmp_path, rows)
    matrices, found = {one.name: one for one in measured.matrices}, flat(measured)
    reference = expected(kept(tmp_path, "llama", rows, torch.float64))
    for name in ("rms", "kurtosis", "outlier", "first_rms", "first_kurtosis", "first_outlier"):
        expect = reference[name, 0, "norm.mlp"]
        assert found[name, 0, "norm.mlp"] == pytest.approx(expect, rel=1e-3)
    for name in ("first_rms", "first_kurtosis"):
        spread = matrices[name].spread
        assert spread is not None and (spread < 1e-5 * matrices[name].values).all()


def test_the_direction_of_kurtosis_does_not_depend_on_batches(tmp_path: Path) -> None:
    folder, rows = made(tmp_path, "gpt2"), passages("gpt2", MANY)
    spreads = []
    for tokens in (1, 100, 4000):
        matrices = {one.name: one for one in measure(folder, rows, tokens=tokens).matrices}
        spread = matrices["kurtosis"].spread
        assert spread is not None
        spreads.append(spread)
    for other in spreads[1:]:
        np.testing.assert_allclose(other, spreads[0], rtol=1e-3)


def test_a_silent_module_has_no_shape(tmp_path: Path) -> None:
    live = tiny.build("gpt2")
    for parameter in live.transformer.h[1].mlp.c_proj.parameters():
        parameter.data.zero_()
    live.save_pretrained(tmp_path)
    found = flat(measure(tmp_path, passages("gpt2")))
    assert found["rms", 1, "mlp.down"] == 0
    assert np.isnan(found["kurtosis", 1, "mlp.down"])
    assert np.isnan(found["outlier", 1, "mlp.down"])
    assert not np.isnan(found["outlier", 2, "mlp.down"])


def test_outputs_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    live = tiny.build("gpt2")
    live.transformer.h[1].mlp.c_fc.weight.data[0, 0] = torch.nan
    live.save_pretrained(tmp_path)
    with pytest.raises(AtlasError, match=r"layer 1, mlp.up: outputs are not finite"):
        measure(tmp_path, passages("gpt2"))


def test_the_pinned_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder to matrices, on a few passages of the corpus, and the same bytes again."""
    folder = made(tmp_path, "gpt2", n_positions=128)
    letters(folder, bos_token="[ONE]")
    few = corpus.load()[::56]
    monkeypatch.setattr(corpus, "load", lambda name="pinned": few)
    told: list[tuple[int, int]] = []
    first = activations.run(
        LiveModel.open(folder, "cpu"), lambda done, total: told.append((done, total))
    )
    assert told[-1] == (8, 8)
    # Of 128 positions the first is BOS, and the first word, a token a letter, is context.
    context = sum(cutting.context(one.text) for one in few)
    assert first.conditions["tokens"] == 8 * 127 - context
    second = activations.run(LiveModel.open(folder, "cpu"), lambda done, total: None)
    for one, two in zip(first.matrices, second.matrices, strict=True):
        assert one.json_text() == two.json_text()


def test_cost_is_that_of_the_known_shapes() -> None:
    gpt2 = Geometry(12, 12, 12, 768, 64, 3072, 50257, parameters=124_439_808)
    operations, peak = statement.cost("activations", gpt2)
    assert operations == pytest.approx(5.2e4 * 2 * 85e6, rel=0.05)
    assert peak == pytest.approx(0.25e9 + 1.2e9, rel=0.1)
    llama = Geometry(32, 32, 8, 4096, 128, 14336, 128256, parameters=8_030_261_248)
    operations, peak = statement.cost("activations", llama)
    assert operations == pytest.approx(5.2e4 * 2 * 7e9, rel=0.1)
    assert peak == pytest.approx(17e9 + 1.2e9, rel=0.1)
