"""Hits counted in streamed tiles against every product formed in float64, ties included."""

from __future__ import annotations

import pytest
import torch

from atlas.analyses.functions import top_k
from atlas.analyses.functions.attention_block import (
    AttentionBlock,
    HeadInputs,
    Questions,
    Sieve,
    Unembedding,
)

VOCABULARY, WIDTH, HEAD = 1500, 48, 8
TILES = [(256, 4096), (7, 7), (1500, 1500), (64, 100)]
SIEVES = [(Sieve(),), (Sieve(torch.bfloat16), Sieve()), (Sieve(torch.bfloat16),)]


def drawn(generator: torch.Generator, kind: str, *shape: int) -> torch.Tensor:
    """Gaussian values; -1, 0 and 1, of which many products are equal; or with one channel 1,000
    times as large as the others and a large mean, so that products cancel."""
    if kind == "ties":
        return torch.randint(-1, 2, shape, generator=generator).float()
    values = torch.randn(*shape, generator=generator)
    if kind == "outliers":
        values[..., 3] *= 1000
        values += 20 * torch.randn(shape[-1], generator=generator)
    return values


def problem(
    seed: int, kind: str, kv_heads: int = 3
) -> tuple[torch.Tensor, HeadInputs, torch.Tensor, torch.Tensor, Questions]:
    """U with rows that are equal or zero, six heads of which one is dead, and 1,200 questions, a
    third of them about targets among the largest or smallest 40 of their row."""
    generator = torch.Generator().manual_seed(seed)
    U = drawn(generator, kind, VOCABULARY, WIDTH)
    U[100:200] = U[5]
    U[300:310] = 0
    W_V = drawn(generator, kind, kv_heads, HEAD, WIDTH)
    W_O = drawn(generator, kind, 6, WIDTH, HEAD)
    W_O[2] = 0
    reads = HeadInputs.of(drawn(generator, kind, 40, WIDTH))
    count = 1200
    head = torch.randint(0, 6, (count,), generator=generator)
    source = torch.randint(0, 40, (count,), generator=generator)
    target = torch.randint(0, VOCABULARY, (count,), generator=generator)
    order = rows(U, reads, W_V, W_O, head, source).argsort(1)
    rank = torch.randint(-40, 40, (count,), generator=generator) % VOCABULARY
    near = order.gather(1, rank[:, None])[:, 0]
    target[::3] = near[::3]
    questions = Questions(head, source, target, torch.tensor([10, 25]).repeat(count, 1))
    return U, reads, W_V, W_O, questions


def rows(
    U: torch.Tensor,
    reads: HeadInputs,
    W_V: torch.Tensor,
    W_O: torch.Tensor,
    head: torch.Tensor,
    source: torch.Tensor,
) -> torch.Tensor:
    """Rows of E' W_VO U, (question, vocabulary), in float64."""
    value = head * len(W_V) // len(W_O)
    W_VO = W_O.double()[head] @ W_V.double()[value]
    return (W_VO @ reads.exact[source][:, :, None])[:, :, 0] @ U.double().T


def dense(
    U: torch.Tensor, reads: HeadInputs, W_V: torch.Tensor, W_O: torch.Tensor, questions: Questions
) -> torch.Tensor:
    """The definition: fewer than k other entries are at least as large."""
    all_rows = rows(U, reads, W_V, W_O, questions.head, questions.source)
    value = all_rows.gather(1, questions.target[:, None])
    rounding = 1e-11 * all_rows.abs().amax(1, keepdim=True)
    larger = (all_rows >= value - rounding).sum(1) - 1
    smaller = (all_rows <= value + rounding).sum(1) - 1
    return torch.stack([larger, smaller], 1)[:, :, None] < questions.ks[:, None]


@pytest.mark.parametrize("kind", ["gaussian", "ties", "outliers"])
@pytest.mark.parametrize("kv_heads", [6, 3, 1])
def test_hits_are_those_of_the_definition_in_any_order_and_tiles(kind: str, kv_heads: int) -> None:
    U, reads, W_V, W_O, questions = problem(kv_heads, kind, kv_heads)
    wanted = dense(U, reads, W_V, W_O, questions)
    assert wanted.any(0).all() and not wanted.all(0).any()
    assert not wanted[questions.head == 2].any(), "a head that gives nothing has no hit"
    block = AttentionBlock(reads, W_V, W_O)
    for seed in (0, 5):
        shuffled = Unembedding(U, seed=seed)
        for sieves in SIEVES:
            for tiles in TILES:
                found = top_k.hits(block, shuffled, questions, sieves, tiles)
                assert torch.equal(found, wanted), (seed, sieves, tiles)


def test_differences_below_float32_are_decided() -> None:
    """Rivals whose entries differ from the target's by less than float32 can tell."""
    generator = torch.Generator().manual_seed(3)
    u = torch.randn(WIDTH, generator=generator)
    U = torch.randn(400, WIDTH, generator=generator) * 0.01
    U[:21] = u
    for rival in range(20):  # one channel each, one step up or down
        step = U[rival, rival] + (1 if rival % 2 else -1)
        U[rival, rival] = torch.nextafter(U[rival, rival], step)
    target, source = 20, u.double()
    entries = U.double() @ source
    above = int((entries > entries[target]).sum())
    assert above not in (0, 20) and len(set(entries[:21].tolist())) == 21
    assert len(set((U @ u)[:21].tolist())) < 15, "not all of them are told apart in float32"
    eye = torch.eye(WIDTH)[None]
    block = AttentionBlock(HeadInputs.of(source[None]), eye, eye)
    for k, hit in ((above, False), (above + 1, True)):
        zero = torch.zeros(1, dtype=torch.int64)
        questions = Questions(zero, zero, zero + target, torch.tensor([[k]]))
        assert bool(top_k.hits(block, Unembedding(U), questions)[0, 0, 0]) == hit


def test_coarse_sieves_leave_open_what_they_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few questions reach float64 after float32, many more after bfloat16."""
    U, reads, W_V, W_O, questions = problem(1, "gaussian")
    reached = [0]
    exact = top_k._exact

    def counted(
        block: AttentionBlock, shuffled: Unembedding, left: Questions, tiles: tuple[int, int]
    ) -> torch.Tensor:
        reached[-1] += len(left)
        return exact(block, shuffled, left, tiles)

    monkeypatch.setattr(top_k, "_exact", counted)
    block, shuffled = AttentionBlock(reads, W_V, W_O), Unembedding(U)
    top_k.hits(block, shuffled, questions, (Sieve(torch.bfloat16),))
    reached.append(0)
    top_k.hits(block, shuffled, questions)
    coarse, fine = reached
    assert fine < 20 < 100 < coarse


def test_no_questions_have_no_hits() -> None:
    U, reads, W_V, W_O, questions = problem(0, "gaussian")
    none = questions[torch.zeros(0, dtype=torch.int64)]
    assert top_k.hits(AttentionBlock(reads, W_V, W_O), Unembedding(U), none).shape == (0, 2, 2)


def test_rows_come_back_by_token() -> None:
    U = torch.arange(30.0).reshape(10, 3)
    shuffled = Unembedding(U, seed=4)
    tokens = torch.tensor([7, 0, 7])
    assert torch.equal(shuffled.rows(tokens), U[tokens])
    assert torch.equal(shuffled.shuffled, U[shuffled.order])
    assert list(shuffled.tiles(2, 4)) == [(0, 2), (2, 6), (6, 10)]
    assert shuffled.largest_norm == pytest.approx(float(torch.tensor([27.0, 28, 29]).norm()))
