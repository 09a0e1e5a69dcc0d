"""`functions`: heads built to do something are found, and nothing else, in every layout; scores,
chance and reads against plain computations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kinds
import live_cases
import markdown  # type: ignore[import-untyped]
import numpy as np
import planted
import pytest
import tiny
import tokenizers
import torch
from safetensors.torch import load_file, save_file
from tokenizer_families import FAMILIES

from atlas import paths
from atlas.analyses.functions import relation_scores, token_inputs
from atlas.analyses.functions import run as functions
from atlas.analyses.functions.matrices import DIGITS, SIGNS
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.pinned.choices import DEFAULT, Choices
from atlas.pinned.relations import Relation
from atlas.profiles import matrix, profile_file, statement
from atlas.profiles.matrix import Matrix
from atlas.profiles.statement import Measured
from atlas.site.figures import explanations

COPYING = planted.relation("copying", "algorithmic", planted.drawn_pairs(1, copies=True))
CAPITAL = planted.relation("capital", "knowledge", planted.drawn_pairs(2))
ANTONYM = planted.relation("antonym", "linguistic", planted.drawn_pairs(3))
FRENCH = planted.relation("french", "translation", planted.drawn_pairs(4))
KNOWN = (COPYING, CAPITAL, ANTONYM, FRENCH)


def nothing(done: int, total: int) -> None:
    """Progress that nobody watches."""


def measure(folder: Path, known: Sequence[Relation] = KNOWN, **options: Any) -> Measured:
    return functions.measure(Checkpoint.open(folder), known, Choices(**options), nothing)


def by_name(measured: Measured) -> dict[str, Matrix]:
    return {item.name: item for item in measured.matrices}


def found(measured: Measured, least: float = 0.15) -> dict[str, list[tuple[int, int]]]:
    """Every score above the threshold: the heads that have it."""
    return {
        item.name: [(int(layer), int(head)) for layer, head in np.argwhere(item.values > least)]
        for item in measured.matrices
        if item.name.startswith(("score", "suppressive")) and (item.values > least).any()
    }


# Planted heads


LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in planted.DECODERS},
    "a value per head, fused": ("phi3", {"num_key_value_heads": 2}),
    "a value per head": ("llama", {"num_key_value_heads": 2}),
    "bfloat16": ("llama", {"dtype": torch.bfloat16}),
    "float16, transposed": ("gpt2", {"dtype": torch.float16}),
    **{
        name: live_cases.VARIANTS[name]
        for name in (
            "bloom, untied",
            "falcon, a key per head",
            "falcon, grouped, one norm",
            "falcon, grouped, two norms",
            "falcon, sequential",
            "gpt_neox, sequential",
            "gpt_neox, tied",
            "gpt_oss, bfloat16",
            "opt, post-norm",
            "qwen3_moe, renormalised",
            "stablelm, parallel",
        )
    },
}


@pytest.mark.parametrize("layout", kinds.each(LAYOUTS))
def test_exactly_the_planted_heads_are_found(layout: str, tmp_path: Path) -> None:
    model_type, overrides = LAYOUTS[layout]
    folder = planted.make(tmp_path, model_type, **overrides)
    wanted = {
        (0, 1): (COPYING, +1, ("score:copying@1", "score:copying@3")),
        (1, 0): (ANTONYM, -1, ("suppressive:antonym@10", "suppressive:antonym@25")),
        (2, 1): (CAPITAL, +1, ("score:capital@10", "score:capital@25")),
    }
    attending = Checkpoint.open(folder).architecture.attending
    wanted = {place: one for place, one in wanted.items() if place[0] in attending}
    for (layer, head), (one, sign, _) in wanted.items():
        planted.plant(folder, layer, head, one.pairs, sign)
    measured = measure(folder)
    assert wanted and found(measured) == {
        name: [place] for place, (_, _, names) in wanted.items() for name in names
    }
    matrices = by_name(measured)
    for name, cells in found(measured).items():
        assert all(matrices[name].values[cell] == 1 for cell in cells)
        assert matrices[name].n == planted.PAIRS
    codes = matrices["categories"].values
    every = np.array([[0, 1], [3, 0], [0, 2]], dtype=np.float64)
    every[[layer for layer in range(3) if layer not in attending]] = np.nan
    assert np.array_equal(codes, every, equal_nan=True)
    assert matrices["categories"].categories == (
        *("Unclassified", "Algorithmic", "Knowledge", "Linguistic", "Translation"),
        *("2 categories", "3 categories", "4 categories"),
    )
    there = np.isfinite(codes)
    assert np.array_equal(matrices["relations"].values[there], codes[there] > 0)
    assert np.array_equal(matrices["relations:linguistic"].values[there], codes[there] == 3)
    assert measured.facts["classified"] == len(wanted)
    named = {
        (item["layer"], item["head"]): list(item["relations"])
        for item in measured.parts["heads"]
        if item["relations"]
    }
    assert named == {place: list(names[:1]) for place, (_, _, names) in wanted.items()}


def test_a_head_of_four_relations_has_four_categories(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "llama", head_dim=160, hidden_size=192)
    pairs = [pair for one in KNOWN for pair in one.pairs]
    by_source = dict(pairs)
    planted.plant(folder, 1, 1, sorted(by_source.items()), +1)
    codes = by_name(measure(folder))["categories"].values
    assert codes[1, 1] == 7
    assert codes.sum() == 7


# Scores


@pytest.mark.parametrize(
    ("model_type", "options"),
    [
        ("llama", {}),
        ("gpt2", {"later": "embedding"}),
        ("llama", {"fold": True}),
        ("gemma", {"fold": True, "later": "embedding"}),
        ("gpt_neox", {"fold": True}),
    ],
)
def test_scores_are_those_of_the_whole_product(
    model_type: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """Half of the pairs are drawn from the largest and smallest entries of a head of each layer."""
    folder = planted.make(tmp_path, model_type, vocab_size=300)
    checkpoint = Checkpoint.open(folder)
    rows = planted.products(checkpoint, **options)
    known = []
    for layer in range(3):
        order = rows[layer, layer % 2].argsort(1)
        pairs = [
            (f"w{s}", f"w{order[s, (-1 - s % 30) if s % 3 else s % 30]}")
            for s in range(2, 90)
            if order[s, (-1 - s % 30) if s % 3 else s % 30] > 1
        ]
        known.append(planted.relation(f"relation{layer}", "knowledge", pairs))
    measured = by_name(measure(folder, known, **options))
    for relation in known:
        ids = torch.tensor([[int(word[1:]) for word in pair] for pair in relation.pairs])
        chosen = rows[:, :, ids[:, 0]]
        own = chosen[:, :, torch.arange(len(ids)), ids[:, 1]][..., None]
        for sign, above in (("score", chosen > own), ("suppressive", chosen < own)):
            for k in (10, 25):
                share = (above.sum(3) < k).double().mean(2).numpy()
                values = measured[f"{sign}:{relation.name}@{k}"].values
                assert np.allclose(values, share, atol=5.1e-4)
    assert max(measured[f"score:{one.name}@10"].values.max() for one in known) > 0.15


def test_reference_llama_scores_as_the_plain_computation_says() -> None:
    """The slow way of the reference models' cards, on every measurable pair."""
    transformers = pytest.importorskip("transformers")
    from atlas.zoo.cards import heads
    from atlas.zoo.texts.facts import Fact

    folder = paths.zoo_folder("llama")
    checkpoint = Checkpoint.open(folder)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    known = [
        Fact(relation.name, pair.source, pair.target)
        for relation in relations.load_all()
        for pair in relations.measurable(relation, tokenizer)
    ]
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    best = heads.relation_heads(model, checkpoint, tokenizer, known)
    measured = functions.run(checkpoint, nothing)
    matrices = by_name(measured)
    assert len(best) == 20
    for name, plain in best.items():
        k = relation_scores.ks(name)[0]
        score, opposite = (matrices[f"{sign}:{name}@{k}"] for sign in SIGNS)
        both = np.maximum(score.values, opposite.values)
        assert both[plain.layer, plain.head] == pytest.approx(plain.score, abs=5.1e-4), name
        assert score.n == measured.facts[f"pairs:{name}"]
        near = next(
            item["relations"]
            for item in measured.parts["heads"]
            if (item["layer"], item["head"]) == (plain.layer, plain.head)
        )
        if plain.score > relation_scores.THRESHOLD:
            sign = "score" if score.values[plain.layer, plain.head] >= both.max() else "suppressive"
            share, low, high, chance = near[f"{sign}:{name}@{k}"]
            assert low < share < high or share in (0, 1)
            assert chance == pytest.approx(plain.chance, abs=1e-6), name
            assert (low > chance) == plain.found


# Chance


def test_a_score_above_the_threshold_by_chance_alone_does_not_count(tmp_path: Path) -> None:
    """A head that answers the same to everything: right as often as that is asked for."""
    folder = planted.make(tmp_path, "llama")
    words = planted.drawn_pairs(9, 40)
    targets = [words[0][1], words[1][1]]
    pairs = [(source, targets[place % 3 == 0]) for place, (source, _) in enumerate(words)]
    known = [planted.relation("superclass", "knowledge", pairs)]
    checkpoint = Checkpoint.open(folder)
    ids = torch.tensor([int(source[1:]) for source, _ in pairs])
    x = token_inputs.after_first_mlp(
        checkpoint, token_inputs.entering(checkpoint, ids, torch.float64)
    )
    W_V = torch.zeros(40, 80, dtype=torch.float64)
    W_V[0] = torch.linalg.pinv(x.T).sum(0)
    W_O = torch.zeros(80, 40, dtype=torch.float64)
    W_O[:, 0] = checkpoint.unembedding()[int(targets[0][1:])].double()
    planted.write(folder, 1, 0, W_V, W_O)
    measured = measure(folder, known)
    matrices = by_name(measured)
    score = matrices["score:superclass@10"].values[1, 0]
    assert score > 0.6
    assert measured.facts["chance:superclass@10"] == pytest.approx(score, abs=1e-3)
    assert matrices["categories"].values[1, 0] == 0
    assert matrices["categories:maps"].values[1, 0] == 2


# What a tokenizer can express


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__)
def test_pairs_of_every_kind_of_tokenizer(family: Any, tmp_path: Path) -> None:
    """32 pairs that stand in its text as single words, and 8 that it has to take apart."""
    words = ["France", "Paris", "Spain", "Madrid", "big", "bigger", "small"]
    single = [(one, other) for one in words for other in words if one != other][:32]
    apart = [(f"{word}{word}", "Paris") for word in words] + [("Paris", "xylophone")]
    known = [
        planted.relation("capital", "knowledge", [*single, *apart]),
        planted.relation("french", "translation", [*single[:29], *apart]),
    ]
    folder = tiny.make(tmp_path, "llama", vocab_size=400)
    family().save(str(folder / "tokenizer.json"))
    measured = measure(folder, known)
    assert measured.facts["pairs:capital"] == 32
    assert measured.facts["pairs:french"] == 29
    assert measured.facts["measurable"] == 1
    names = set(by_name(measured))
    assert {"score:capital@10", "suppressive:capital@25"} < names
    assert not any("french" in name for name in names)
    assert by_name(measured)["score:capital@10"].n == 32


def test_tokens_beyond_the_embedding_belong_to_no_pair(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "llama", vocab_size=300)
    planted.words(folder, 1200)
    inside = [(f"w{number}", f"w{number + 100}") for number in range(150, 190)]
    beyond = [(f"w{number}", f"w{number + 100}") for number in range(220, 280)]
    measured = measure(folder, [planted.relation("capital", "knowledge", [*inside, *beyond])])
    assert measured.facts["pairs:capital"] == 40


def test_a_model_that_can_express_nothing_still_has_its_copying(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "llama")
    few = planted.relation("capital", "knowledge", planted.drawn_pairs(2, 29))
    measured = measure(folder, [few])
    assert list(by_name(measured)) == ["ov_copying", "ov_copying_centred"]
    assert set(measured.facts) == {"pairs:capital", "copying_null_high", "copying_null_low"}
    assert measured.facts["pairs:capital"] == 29
    assert len(measured.parts["heads"]) == 6


def test_without_attention_in_any_layer_it_is_an_error(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "lfm2", layer_types=["conv"] * 3)
    with pytest.raises(AtlasError, match="no layer of this model has attention, so that it has no"):
        measure(folder)


def test_without_a_tokenizer_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"no tokenizer can be loaded.*put the model's tokenizer"):
        measure(tiny.make(tmp_path, "llama"))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model.layers.1.self_attn.v_proj.weight", "layer 1"),
        ("model.layers.2.self_attn.o_proj.weight", "layer 2"),
        ("lm_head.weight", "unembedding"),
        ("model.embed_tokens.weight", "layer 0"),
    ],
)
def test_damaged_weights_are_an_error_that_says_where(
    name: str, place: str, tmp_path: Path
) -> None:
    folder = planted.make(tmp_path, "llama")
    tensors = load_file(folder / "model.safetensors")
    tensors[name][:] = torch.nan
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AtlasError, match=f"{place}: .*not finite.*fetch"):
        measure(folder)


# Copying, salient mappings


@pytest.mark.parametrize("model_type", ["llama", "gpt2", "bloom", "gemma"])
def test_copying_is_that_of_the_whole_product(model_type: str, tmp_path: Path) -> None:
    folder = planted.make(tmp_path, model_type, vocab_size=200)
    checkpoint = Checkpoint.open(folder)
    x = token_inputs.entering(checkpoint, None, torch.float64)
    values = by_name(measure(folder, []))["ov_copying"].values
    for layer in range(3):
        heads = checkpoint.heads(layer)
        for head in range(2):
            W_VO = heads.W_O[head].double() @ heads.W_V[head].double()
            whole = x @ W_VO.T @ checkpoint.unembedding().double().T
            eigenvalues = torch.linalg.eigvals(whole)
            expected = float(whole.trace() / eigenvalues.abs().sum())
            assert values[layer, head] == pytest.approx(expected, abs=1e-5)


def test_copying_has_a_sign(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "gpt2")  # tied: E is U
    generator = torch.Generator().manual_seed(0)
    W = torch.randn(40, 80, generator=generator, dtype=torch.float64)
    planted.write(folder, 0, 0, W, W.T)
    planted.write(folder, 1, 1, W, -W.T)
    planted.write(folder, 2, 0, W, torch.zeros(80, 40))
    values = by_name(measure(folder, []))["ov_copying"].values
    assert values[0, 0] == pytest.approx(1)
    assert values[1, 1] == pytest.approx(-1)
    assert values[2, 0] == 0


@pytest.mark.parametrize("model_type", ["llama", "gpt2"])
def test_salient_mappings_are_those_of_the_whole_product(model_type: str, tmp_path: Path) -> None:
    folder = planted.make(tmp_path, model_type, vocab_size=300)
    checkpoint = Checkpoint.open(folder)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    embedding = token_inputs.entering(checkpoint, None, torch.float64)
    later = token_inputs.after_first_mlp(checkpoint, embedding.clone())
    for item in measure(folder, []).parts["heads"]:
        heads, head = checkpoint.heads(item["layer"]), item["head"]
        x = later if item["layer"] else embedding
        z = x @ (heads.W_O[head].double() @ heads.W_V[head].double()).T
        ratio = z.norm(dim=1) / x.norm(dim=1)
        best = ratio.topk(30)
        names = [tokenizer.id_to_token(token) for token in best.indices.tolist()]
        assert [token.removeprefix("␣") for token, _, _ in item["salient"]] == names
        assert [factor for _, factor, _ in item["salient"]] == pytest.approx(best.values.tolist())
        raised = (z @ checkpoint.unembedding().double().T)[best.indices].topk(5).indices
        for (_, _, targets), ids in zip(item["salient"], raised.tolist(), strict=True):
            assert [one.removeprefix("␣") for one in targets] == [
                tokenizer.id_to_token(token) for token in ids
            ]


# The files


def profile(measured: Measured, slug: str = "m") -> profile_file.Profile:
    pin = profile_file.Pin(slug, "zoo:llama", None, "sha256:" + "0" * 64, None)
    return profile_file.Profile(
        "functions", 1, pin, {}, measured.conditions, measured.facts, measured.matrices, {}
    )


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = planted.make(tmp_path, "qwen3")
    first, second = measure(folder), measure(folder)
    assert profile_file.text(profile(first)) == profile_file.text(profile(second))
    assert json.dumps(first.parts) == json.dumps(second.parts)


def test_matrices_survive_their_file(tmp_path: Path) -> None:
    folder = planted.make(tmp_path / "weights", "qwen3")
    measured = measure(folder)
    for item in measured.matrices:
        again = matrix.from_json(json.loads(item.json_text()))
        assert (again.name, again.axes) == (item.name, ("layer", "head"))
        assert again.rows == ("0", "1", "2") and again.columns == ("0", "1")
    profile_file.save(tmp_path / "m" / "functions.json", profile(measured))


def test_the_largest_models_matrices_stay_under_3_mb() -> None:
    """80 layers of 64 heads: the reference Llama's scores, which are seldom zero, drawn anew."""
    measured = functions.run(Checkpoint.open(paths.zoo_folder("llama")), nothing)
    generator = np.random.default_rng(0)
    grown = []
    for item in measured.matrices:
        values = generator.choice(item.values.flatten(), (80, 64))
        labels = [tuple(map(str, range(count))) for count in values.shape]
        grown.append(
            Matrix(**{**vars(item), "values": values, "rows": labels[0], "columns": labels[1]})
        )
    assert len(grown) == 129
    size = len("".join(item.json_text() for item in grown).encode())
    assert size < 3_000_000, size


def test_scores_are_written_so_that_hits_can_be_told_apart() -> None:
    shares = np.round(np.arange(500) / 499, DIGITS)
    assert len(set(shares.tolist())) == 500
    assert max(len(relation.pairs) for relation in relations.load_all()) < 600


# What the analysis states about itself

GPT2 = Geometry(12, 12, 12, 768, 64, 3072, 50257, 124_439_808)
LLAMA_8B = Geometry(32, 32, 8, 4096, 128, 14336, 128256, 8_030_261_248)


def test_page_text_names_its_matrices_and_survives_markdown() -> None:
    page = markdown.markdown(explanations.page(statement.of("functions").prose))
    for name in ("score:capital@10", "suppressive:capital@10", "categories", "categories:maps"):
        assert f"<code>{name}</code>" in page
    for name in ("relations", "relations:knowledge", "ov_copying", "chance:capital@10"):
        assert f"<code>{name}</code>" in page
    assert "<em>" not in page
    assert "Elhage et al. 2021" in page and "ACL 2025" in page
    assert statement.of("functions").protocol["threshold"] == relation_scores.THRESHOLD
    assert statement.DATA["relations"](DEFAULT) == relations.digest()


def test_cost_grows_with_the_model() -> None:
    operations, peak = statement.cost("functions", GPT2)
    assert 3e11 < operations < 5e11, "23 s on one core, at 1.5e10 a second"
    assert 1.2e9 < peak < 1.8e9, "1.4 GB were measured"
    larger, more = statement.cost("functions", LLAMA_8B)
    assert 50 < larger / operations < 150
    assert 5e9 < more < 12e9
