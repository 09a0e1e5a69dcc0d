"""`masks`: against losses by hand, and on a model of which it is known what its blocks serve."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import markdown  # type: ignore[import-untyped]
import numpy as np
import planted_blocks
import pytest
import tiny
import torch
from gated import by_gates, drawn, opened, quiet, size
from published import published, told

from atlas import paths, schemas
from atlas.analyses.masks import certainty, choosing, matrices, scored_passages
from atlas.analyses.masks import run as masks
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import token_frequencies
from atlas.pinned import clusters, corpus
from atlas.pinned.choices import Choices
from atlas.pinned.clusters import Cluster, Clusters
from atlas.profiles import side_files, statement
from atlas.profiles.statement import Measured
from atlas.site.figures import explanations

NAME = "masks"


def clustered(numbers: Sequence[int]) -> Clusters:
    """Clusters named a, b, c ... of passages with those numbers."""
    counts = np.bincount(numbers).tolist()
    named = [Cluster((chr(97 + n),), f"About {n}.", count) for n, count in enumerate(counts)]
    return Clusters("sha256:0", "sha256:0", tuple(named), tuple(numbers))


def measured(
    model: LiveModel,
    passages: Sequence[Passage],
    numbers: Sequence[int],
    *,
    sparsity: float = 0.25,
    learned: bool = False,
) -> Measured:
    return masks.measure(model, passages, clustered(numbers), sparsity, learned, quiet)


def table(found: Measured, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return next(matrix.values for matrix in found.matrices if matrix.name == name)


def together(found: Measured, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(cluster, block), attention and MLP of each layer in turn."""
    both = np.stack([table(found, f"{name}:attn"), table(found, f"{name}:mlp")], axis=2)
    return both.reshape(len(both), -1)


NUMBERS = (0, 1, 0, 1, 1, 0, 0)
LENGTHS = (7, 12, 3, 9, 5, 8, 6)


@pytest.mark.parametrize("variant", ["llama", "gpt_neox", "gemma2"])
def test_every_value_is_that_of_losses_by_hand(tmp_path: Path, variant: str) -> None:
    """Deltas, masks and perplexities again, from full passes with closed gates."""
    model, passages = opened(tmp_path, variant), drawn(LENGTHS)
    found = measured(model, passages, NUMBERS, sparsity=0.34)
    losses = by_gates(model, passages).numpy()
    numbers, tokens = np.array(NUMBERS), np.array([passage.scored for passage in passages])
    sizes = np.array([size(list(passage.ids[1:])) for passage in passages])
    bits = (losses[1:] - losses[0]) * tokens / math.log(2)
    deltas = np.stack([bits[:, numbers == c].sum(1) / sizes[numbers == c].sum() for c in (0, 1)])
    np.testing.assert_allclose(together(found, "delta"), deltas, rtol=1e-6, atol=1e-9)

    mask = together(found, "mask")
    assert (mask == 0).sum(1).tolist() == [2, 2]
    for row, kept in zip(deltas, mask, strict=True):
        assert row[kept == 0].max() < row[kept == 1].min()

    half = np.array([0, 0, 1, 1, 0, 0, 1])  # the passages of a cluster in turn
    for column, name in enumerate(("unpruned", "own", "common")):
        nats = np.empty(len(passages))
        for row, passage in enumerate(passages):
            other = half != half[row]
            among = other & (numbers == numbers[row]) if name == "own" else other
            rates = bits[:, among].sum(1) / sizes[among].sum()
            cheapest: list[int] = np.argsort(rates)[:2].tolist()
            nats[row] = _under(model, passage, [] if name == "unpruned" else cheapest)
        for c in (0, 1):
            mean = (nats * tokens)[numbers == c].sum() / tokens[numbers == c].sum()
            rate = (nats * tokens)[numbers == c].sum() / sizes[numbers == c].sum() / math.log(2)
            assert table(found, "loss")[c, column] == pytest.approx(rate, rel=1e-6)
            assert table(found, "perplexity")[c, column] == pytest.approx(math.exp(mean), rel=1e-6)


def _under(model: LiveModel, passage: Passage, closed: Sequence[int]) -> float:
    from atlas.loaded.passages import batch
    from atlas.passes import losses

    attn = {block // 2: 0.0 for block in closed if block % 2 == 0}
    mlp = {block // 2: 0.0 for block in closed if block % 2}
    with torch.no_grad(), model.gates(attn=attn, mlp=mlp):
        return float(losses.per_passage(model, batch([passage], [0]))[0])


def test_random_masks_are_those_of_the_seed(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn(LENGTHS)
    found = measured(model, passages, NUMBERS)
    draws = choosing.at_random(5, 6, 2, 0)
    mean = np.mean(
        [
            [_under(model, one, np.flatnonzero(~draw).tolist()) for one in passages]
            for draw in draws
        ],
        axis=0,
    )
    tokens = np.array([passage.scored for passage in passages])
    whole = math.exp((mean * tokens).sum() / tokens.sum())
    assert found.facts["perplexity_random"] == pytest.approx(whole, rel=1e-6)
    assert statement.of("masks").protocol["random"] == f"{masks.DRAWS} masks, seed {masks.SEED}"


def test_what_serves_a_cluster_is_found_by_skips_and_by_learning(tmp_path: Path) -> None:
    model = planted_blocks.make(tmp_path, planted_blocks.SERVES)
    passages, languages = planted_blocks.passages()
    found = measured(model, passages, languages, sparsity=0.5, learned=True)
    serves = np.array(
        [[planted_blocks.SERVES[block] == who for block in planted_blocks.BLOCKS] for who in "AB"]
    )
    deltas = together(found, "delta")
    assert (deltas[serves] > 0).all() and (deltas[~serves] < 0).all()
    assert (together(found, "mask") == serves).all()
    assert (together(found, "learned") == serves).all()
    whole, own, common, random, learned = table(found, "perplexity").T
    assert (own < whole).all() and (own == learned).all()
    perplexity = {
        name: float(str(found.facts[f"perplexity_{name}"])) for name in ("own", "common", "random")
    }
    assert perplexity["own"] < min(perplexity["common"], perplexity["random"])
    assert common.max() > own.max() and (random > own).all()
    facts = found.facts
    assert (facts["blocks"], facts["pruned"], facts["distinct_masks"]) == (8, 4, 2)
    assert (facts["agreement"], facts["agreement_by_chance"]) == (1.0, 0.5)
    assert facts["never_needed"] == "none" and "MLP" in str(facts["most_divided"])
    assert abs(float(str(facts["learned_sparsity"])) * 8 - 4) < 1
    assert str(facts["learned_against_own"]).startswith("the same perplexity as masks")


def test_blocks_that_a_layer_has_not_are_neither_kept_nor_pruned(tmp_path: Path) -> None:
    """Three layers with one block each."""
    folder = tiny.make(tmp_path, "nemotron_h", layers_block_type=["mlp", "moe", "full_attention"])
    model, (passages, languages) = LiveModel.open(folder, "cpu"), planted_blocks.passages()
    found = measured(model, passages, languages, sparsity=0.34, learned=True)
    exists = [False, True, False, True, True, False]
    for name in ("delta", "mask", "learned"):
        values = together(found, name)
        assert (np.isfinite(values) == exists).all()
    for name in ("mask", "learned"):
        assert (np.nansum(together(found, name), axis=1) == 2).all()
    assert not any(matrix.undefined for matrix in found.matrices if matrix.name[:5] == "delta")
    assert (found.facts["blocks"], found.facts["pruned"]) == (3, 1)
    assert {len(item["increase"]) for item in found.parts["losses"]} == {6}
    assert {
        tuple(one is not None for one in item["increase"]) for item in found.parts["losses"]
    } == {tuple(exists)}


def test_learned_masks_that_are_worse_are_told(tmp_path: Path) -> None:
    passages, languages = planted_blocks.passages(8)
    model = opened(tmp_path)
    scored = scored_passages.read(model, passages, clustered(languages))
    tried = {"own": np.full(8, 1.0), "learned": np.full(8, 1.04)}
    told = matrices.comparison(tried, scored)["learned_against_own"]
    assert told == "4.1% worse in perplexity than masks from single blocks' losses"
    tried["learned"] = np.full(8, 1.1)
    told = matrices.comparison(tried, scored)["learned_against_own"]
    assert str(told).startswith("10.5% worse") and str(told).endswith(", more than 5%")
    tried["learned"] = np.full(8, 0.9)
    assert str(matrices.comparison(tried, scored)["learned_against_own"]).startswith("9.5% better")


def test_parts_hold_what_another_clustering_needs(tmp_path: Path) -> None:
    """From the losses of the part alone come the deltas of other clusters."""
    model, passages = opened(tmp_path), [*drawn(LENGTHS), Passage((5,), 1, 1)]
    found = measured(model, passages, (*NUMBERS, 0))
    rows = found.parts["losses"]
    assert [row["passage"] for row in rows] == list(range(7)), "nothing to score, nothing to say"
    other = measured(model, passages[:7], (1, 0, 0, 0, 1, 1, 1))
    of = [row for row in rows if row["passage"] in (1, 2, 3)]
    bits = sum(np.array(row["increase"]) * row["tokens"] / math.log(2) for row in of)
    rates = bits / sum(row["bytes"] for row in of)
    np.testing.assert_allclose(rates, together(other, "delta")[0], rtol=1e-9)
    for name, items in found.parts.items():
        stated = f"{NAME}.{name}"
        document = {
            **{"format": 1, "analysis": NAME, "version": 1, name: json.loads(json.dumps(items))},
            "model": {
                **{"slug": "a", "source": "zoo:a", "revision": None, "tokenizer": None},
                "digest": "sha256:" + "0" * 64,
            },
        }
        assert schemas.problems(document, stated, tmp_path) == []
        assert side_files.exists(NAME, name) and paths.schema(stated).is_file()


@pytest.mark.parametrize(
    ("variant", "attn", "mlp"),
    [("llama", "self_attn.o_proj", "mlp.down_proj"), ("gpt2", "attn.c_proj", "mlp.c_proj")],
)
def test_deltas_are_those_of_plain_transformers(
    tmp_path: Path, variant: str, attn: str, mlp: str
) -> None:
    """One passage at a time in float64, what a block gives replaced by zeros, added up by hand."""
    import tiny

    model, passages = opened(tmp_path, variant), drawn(LENGTHS)
    found = measured(model, passages, NUMBERS)
    live = tiny.live(tmp_path, torch.float64)

    def bits(passage: Passage) -> float:
        ids = torch.tensor([passage.ids])
        with torch.no_grad():
            chances = torch.log_softmax(live(input_ids=ids, use_cache=False).logits[0], -1)
        places = range(passage.first, passage.last)
        return -sum(float(chances[at - 1, passage.ids[at]]) for at in places) / math.log(2)

    layers = live.get_submodule(model.architecture.live_layers)
    for layer, one in enumerate(layers):
        for column, path in enumerate((attn, mlp)):
            whole = [bits(passage) for passage in passages]
            nothing = one.get_submodule(path).register_forward_hook(lambda *given: 0 * given[2])
            without = [bits(passage) for passage in passages]
            nothing.remove()
            for cluster in (0, 1):
                own = [at for at, number in enumerate(NUMBERS) if number == cluster]
                lost = sum(without[at] - whole[at] for at in own)
                text = sum(passages[at].bytes for at in own)
                value = together(found, "delta")[cluster, 2 * layer + column]
                assert value == pytest.approx(lost / text, rel=1e-5, abs=1e-9)
    both = sum(map(bits, passages)) / sum(passage.bytes for passage in passages)
    assert found.facts["bits_per_byte"] == pytest.approx(both, rel=1e-6)


def test_what_is_estimated_has_a_spread(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn(LENGTHS)
    found = measured(model, passages, NUMBERS)
    losses = by_gates(model, passages).numpy()
    tokens, sizes = (
        np.array([getattr(one, key) for one in passages]) for key in ("scored", "bytes")
    )
    bits = (losses[1:] - losses[0]) * tokens / math.log(2)
    for matrix in found.matrices:
        if matrix.name.startswith("delta"):
            assert matrix.spread is not None and matrix.largest_share is not None
            assert (matrix.largest_share > 0.25).all()
        elif matrix.name in ("loss", "perplexity"):
            assert matrix.spread is not None
        else:
            assert matrix.spread is None, "a mask has no standard error"
    own, text = bits[0, np.array(NUMBERS) == 1], sizes[np.array(NUMBERS) == 1]
    apart = own - own.sum() / text.sum() * text
    error = math.sqrt(3 / 2 * (apart**2).sum()) / text.sum()
    [first] = [matrix for matrix in found.matrices if matrix.name == "delta:attn"]
    assert first.spread is not None
    assert first.spread[1, 0] == pytest.approx(error, rel=1e-5)


def test_few_passages_have_masks_without_certainty(tmp_path: Path) -> None:
    found = measured(opened(tmp_path), drawn(LENGTHS), NUMBERS)
    assert np.isnan(together(found, "certainty")).all()
    assert found.facts["certainty"] is None


def test_a_model_of_one_layer(tmp_path: Path) -> None:
    """It has two blocks, of which a quarter is half of one: rounded up."""
    found = measured(opened(tmp_path, "llama of one layer"), drawn(LENGTHS), NUMBERS)
    assert (found.facts["blocks"], found.facts["pruned"]) == (2, 1)
    assert (together(found, "mask") == 0).sum(1).tolist() == [1, 1]


def test_facts_say_whether_the_model_beats_token_frequencies(tmp_path: Path) -> None:
    model = planted_blocks.make(tmp_path, planted_blocks.SERVES)
    passages, languages = planted_blocks.passages()
    facts = measured(model, passages, languages).facts
    alone = float(token_frequencies.bits(passages, 61).sum()) / sum(one.bytes for one in passages)
    assert facts["bits_per_byte_by_frequency"] == pytest.approx(alone)
    assert facts["beats_frequencies"] is (float(str(facts["bits_per_byte"])) < alone)
    same = [Passage((5, *[7] * 8), 1, 9, 16)] * len(NUMBERS)
    assert measured(opened(tmp_path / "random"), same, NUMBERS).facts["beats_frequencies"] is False


def test_what_was_measured_is_sound_and_what_is_spoilt_is_not(tmp_path: Path) -> None:
    model, passages = opened(tmp_path), drawn((9,) * 24)
    found = measured(model, passages, [0, 1] * 12)
    whole, parts = published(tmp_path, NAME, found)
    assert told(whole, parts, tmp_path) == []

    def spoilt(name: str, *change: float) -> list[str]:
        changed = tuple(
            replace(one, values=one.values * np.array(change)) if one.name == name else one
            for one in whole.matrices
        )
        return told(replace(whole, matrices=changed), {}, tmp_path)

    [line] = spoilt("perplexity", 1.1, 1, 1, 1)
    assert "'perplexity' is not of the losses in matrix 'loss'" in line
    [line] = spoilt("certainty:mlp", 0.7)
    assert "are of draws that prune" in line
    parts["losses"][3]["bytes"] *= 3
    [line, *_] = told(whole, parts, tmp_path)
    assert "as in the profile" in line


def test_a_cluster_that_has_no_two_halves_is_told(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"cluster 'c' has 1 passages .* take more texts"):
        measured(opened(tmp_path), drawn(LENGTHS), (0, 1, 0, 1, 1, 0, 2))


def test_losses_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    model = opened(tmp_path)
    with torch.no_grad():
        weight = model.layer(1).get_submodule("mlp.down_proj").weight
        assert isinstance(weight, torch.Tensor)
        weight.fill_(math.nan)
    with pytest.raises(AtlasError, match="of the whole model: a loss is not a finite number"):
        measured(model, drawn(LENGTHS), NUMBERS)


def test_it_runs_on_the_corpus_in_use_under_what_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tiny
    from letters import letters

    few = corpus.load()[::28]  # a passage of each topic, twice
    held = clustered([number // 2 for number in range(len(few))])
    monkeypatch.setattr(corpus, "load", lambda name="pinned": few)
    monkeypatch.setattr(clusters, "load", lambda name: held)
    letters(tiny.make(tmp_path, "llama"))
    model = LiveModel.open(tmp_path, "cpu", choices=Choices(sparsity=0.5))
    told: list[tuple[int, int]] = []
    found = masks.run(model, lambda done, total: told.append((done, total)))
    assert found.facts["pruned"] == 3 and (together(found, "mask") == 0).sum(1).tolist() == [3] * 8
    assert told[-1] == (told[-1][1],) * 2 and [one for one, _ in told] == sorted(
        one for one, _ in told
    )
    assert {matrix.rows for matrix in found.matrices} == {held.labels}
    assert set(found.facts) <= set(statement.of("masks").facts)


def test_the_page_says_what_the_matrices_are(tmp_path: Path) -> None:
    stated = statement.of(NAME)
    html = markdown.markdown(explanations.page(stated.text))
    for name in ("delta:attn", "mask:mlp", "certainty:attn", "learned:attn", "loss", "perplexity"):
        assert f"<code>{name}</code>" in html
    assert stated.protocol["sparsity"] == 0.25 and stated.protocol["learned"] is False
    assert str(stated.protocol["certainty"]).startswith(f"{certainty.DRAWS} draws")
    assert str(stated.protocol["certainty"]).endswith(f"seed {certainty.SEED}")
    assert f"fewer than {certainty.FEWEST} passages" in stated.text
    assert "<h2>What it does not tell</h2>" in html
