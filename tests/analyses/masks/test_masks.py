"""`masks`: against losses by hand, and on a model of which it is known what its blocks serve."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import markdown  # type: ignore[import-untyped]
import numpy as np
import planted_blocks
import pytest
import torch
from gated import by_gates, drawn, opened, quiet

from atlas import paths, schemas
from atlas.analyses.masks import choosing, matrices, scored_passages
from atlas.analyses.masks import run as masks
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.pinned import clusters, corpus
from atlas.pinned.choices import Choices
from atlas.pinned.clusters import Cluster, Clusters
from atlas.profiles import side_files, statement
from atlas.profiles.statement import Measured

NAME = "masks"


def clustered(numbers: Sequence[int]) -> Clusters:
    """Clusters named a, b, c ... of passages with those numbers."""
    counts = np.bincount(numbers).tolist()
    named = [Cluster((chr(97 + n),), f"About {n}.", count) for n, count in enumerate(counts)]
    return Clusters("sha256:0", "sha256:0", tuple(named), tuple(numbers))


class _Letters:
    """A tokenizer whose token i stands for i letters, so that bytes differ from tokens."""

    def decode(self, ids: list[int]) -> str:
        return "".join("é" * (token % 3 + 1) for token in ids)


def _read_by_letters(model: LiveModel) -> None:
    """Put the letters in the place of the folder's own tokenizer, which conditions tell of."""
    if (model.folder / "tokenizer.json").is_file():
        assert model.conditions
    vars(model)["tokenizer"] = _Letters()


def measured(
    model: LiveModel,
    passages: Sequence[Passage],
    numbers: Sequence[int],
    *,
    sparsity: float = 0.25,
    learned: bool = False,
) -> Measured:
    _read_by_letters(model)
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
    decoder = _Letters()
    sizes = [len(decoder.decode(list(passage.ids[1:])).encode()) for passage in passages]
    costs = (losses[1:] - losses[0]) * tokens / (np.array(sizes) * math.log(2))
    deltas = np.stack([costs[:, numbers == c].mean(1) for c in (0, 1)])
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
            cheapest: list[int] = np.argsort(costs[:, among].mean(1))[:2].tolist()
            nats[row] = _under(model, passage, [] if name == "unpruned" else cheapest)
        for c in (0, 1):
            mean = (nats * tokens)[numbers == c].sum() / tokens[numbers == c].sum()
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


def test_learned_masks_that_are_worse_are_told(tmp_path: Path) -> None:
    passages, languages = planted_blocks.passages(8)
    model = opened(tmp_path)
    _read_by_letters(model)
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
    bits = [np.array(row["increase"]) * row["tokens"] / row["bytes"] / math.log(2) for row in of]
    np.testing.assert_allclose(np.mean(bits, axis=0), together(other, "delta")[0], rtol=1e-9)
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
    monkeypatch.setattr(corpus, "load", lambda: few)
    monkeypatch.setattr(clusters, "load", lambda: held)
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
    html = markdown.markdown(stated.text)
    for name in ("delta:attn", "mask:mlp", "learned:attn", "perplexity"):
        assert f"<code>{name}</code>" in html
    assert stated.protocol["sparsity"] == 0.25 and stated.protocol["learned"] is False
