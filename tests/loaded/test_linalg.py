"""`atlas.linalg` against closed forms, planted answers and slow references in numpy and scipy."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch

from atlas.loaded import linalg


def gaussian(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def planted(sigma: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """A float64 matrix with exactly these singular values."""
    left = torch.linalg.qr(gaussian(rows, len(sigma), 1).double()).Q
    right = torch.linalg.qr(gaussian(columns, len(sigma), 2).double()).Q
    product: torch.Tensor = left * sigma.double() @ right.T
    return product


def everything(W: torch.Tensor) -> dict[str, float]:
    eigenvalues = linalg.gram_eigenvalues(W)
    moments = linalg.moments(W)
    return {
        "spectral_norm": linalg.spectral_norm(eigenvalues),
        "stable_rank": linalg.stable_rank(eigenvalues),
        "effective_rank": linalg.effective_rank(eigenvalues),
        "alpha": linalg.tail_exponent(eigenvalues),
        "rms": moments.rms,
        "kurtosis": moments.kurtosis,
        "outlier": moments.outlier,
        "int8": linalg.rounding_error(W, 8),
        "int4": linalg.rounding_error(W, 4),
        "int4_g128": linalg.rounding_error(W, 4, 128),
    }


# Spectrum


@pytest.mark.parametrize("shape", [(5, 5), (300, 700), (700, 300), (257, 256), (1, 9), (9, 1)])
def test_lower_gram_is_the_gram_matrix_of_the_smaller_side(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linalg, "GRAM_CHUNK", 8192)  # many chunks, the last of them short
    W = gaussian(*shape)
    D = W.double()
    expected = D @ D.T if shape[0] <= shape[1] else D.T @ D
    torch.testing.assert_close(linalg.lower_gram(W).tril(), expected.tril(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(120, 120), (64, 300), (300, 64)])
def test_eigenvalues_are_squared_singular_values(
    shape: tuple[int, int], dtype: torch.dtype
) -> None:
    W = gaussian(*shape).to(dtype)
    sigma = torch.from_numpy(np.linalg.svd(W.double().numpy(), compute_uv=False).copy()).flip(0)
    # A square Gaussian matrix' smallest sigma is about sigma_1 / 2n: the worst of these is 1e-9.
    torch.testing.assert_close(linalg.gram_eigenvalues(W).sqrt(), sigma, rtol=1e-8, atol=0)


def test_small_singular_values_keep_the_accuracy_that_is_promised() -> None:
    sigma = torch.logspace(-5.5, 0, 100, dtype=torch.float64)
    W = planted(sigma, 150, 100)
    found = linalg.gram_eigenvalues(W).sqrt()
    error = (found / sigma - 1).abs()
    assert (error <= 2e-15 / sigma**2 + 1e-14).all()
    slow = np.linalg.svd(W.numpy(), compute_uv=False)
    p = slow / slow.sum()
    expected = math.exp(-(p * np.log(p)).sum()) / 100
    assert linalg.effective_rank(found**2) == pytest.approx(expected, rel=1e-9)


def test_singular_values_below_a_millionth_of_the_largest_count_as_zero() -> None:
    W = planted(torch.tensor([1.0, 1e-3, 1.1e-6, 0.9e-6, 1e-12]), 40, 30)
    positive = linalg.gram_eigenvalues(W)
    assert (positive > 0).sum() == 3
    assert positive[-3].sqrt().item() == pytest.approx(1.1e-6, rel=2e-3)


def test_low_rank_matrix_has_the_ranks_of_its_planted_singular_values() -> None:
    W = planted(torch.full((7,), 3.0), 200, 90)
    found = everything(W)
    assert found["spectral_norm"] == pytest.approx(3, rel=1e-12)
    assert found["stable_rank"] == pytest.approx(7, rel=1e-12)
    assert found["effective_rank"] == pytest.approx(7 / 90, rel=1e-12)
    assert math.isnan(found["alpha"])


def test_gaussian_has_the_ranks_that_theory_gives() -> None:
    n = 1536
    eigenvalues = linalg.gram_eigenvalues(gaussian(n, n))
    assert linalg.stable_rank(eigenvalues) == pytest.approx(387, abs=3)
    assert linalg.effective_rank(eigenvalues) * n == pytest.approx(1236, abs=3)
    assert linalg.spectral_norm(eigenvalues) == pytest.approx(2 * math.sqrt(n), rel=0.01)


# Tail exponent


def clauset(values: np.ndarray) -> tuple[float, float]:
    """One fit after the other, as the definition says it: (alpha, its distance)."""
    data = np.sort(values)
    best = (math.inf, math.nan)
    for start in range(len(data) - 1):
        tail = data[start:]
        alpha = 1 + len(tail) / np.log(tail / tail[0]).sum()
        distance = np.abs(1 - (tail / tail[0]) ** (1 - alpha) - np.arange(len(tail)) / len(tail))
        best = min(best, (float(distance.max()), float(alpha)))
    return best[1], best[0]


@pytest.mark.parametrize("chunk", [2**22, 1000])
@pytest.mark.parametrize("size", [2, 3, 40, 333])
def test_tail_exponent_is_clausets(size: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linalg, "TAIL_CHUNK", chunk)
    generator = np.random.default_rng(size)
    values = np.sort(np.concatenate([generator.pareto(1.5, size), generator.random(size)]))[-size:]
    expected, _ = clauset(values)
    found = linalg.tail_exponent(torch.from_numpy(values))
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alpha", [1.5, 2.5, 4.0])
def test_planted_pareto_eigenvalues_give_their_exponent(alpha: float) -> None:
    share = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
    eigenvalues = (1 - share) ** (-1 / (alpha - 1))
    assert linalg.tail_exponent(eigenvalues) == pytest.approx(alpha, rel=0.01)


def test_pareto_tail_is_found_above_a_bulk_and_whatever_the_scale() -> None:
    share = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    tail = (1 - share) ** (-1 / 1.5)  # exponent 2.5 from 1 up
    bulk = torch.linspace(0.3, 1, 1001, dtype=torch.float64)[:-1]
    eigenvalues = torch.cat([torch.zeros(5, dtype=torch.float64), bulk, tail])
    found = linalg.tail_exponent(eigenvalues)
    assert found == pytest.approx(2.5, rel=0.02)
    assert linalg.tail_exponent(eigenvalues * 1e-9) == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [0.0, 2.0], [3.0, 3.0, 3.0]])
def test_no_tail_no_exponent(values: list[float]) -> None:
    assert math.isnan(linalg.tail_exponent(torch.tensor(values, dtype=torch.float64)))


# Moments


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("scale", [1e-6, 0.02, 300.0])
def test_moments_are_scipys(dtype: torch.dtype, scale: float) -> None:
    W = (gaussian(700, 900).pow(3) * scale).to(dtype)  # heavy tails
    exact = W.double().numpy().ravel()
    found = linalg.moments(W)
    assert found.rms == pytest.approx(float(np.sqrt((exact**2).mean())), rel=1e-5)
    expected = float(scipy.stats.kurtosis(exact, fisher=False))
    assert found.kurtosis == pytest.approx(expected, rel=1e-5)
    assert found.outlier == pytest.approx(float(np.abs(exact).max()) / found.rms, rel=1e-6)


def test_kurtosis_of_known_distributions() -> None:
    assert linalg.moments(gaussian(2000, 2000)).kurtosis == pytest.approx(3, abs=0.02)
    uniform = torch.linspace(-1, 1, 100_001)[None]
    assert linalg.moments(uniform).kurtosis == pytest.approx(1.8, rel=1e-4)
    signs = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    assert linalg.moments(signs) == linalg.Moments(1.0, 1.0, 1.0)


def test_moments_far_from_zero_and_at_the_ends_of_float32() -> None:
    W = gaussian(500, 500)
    plain = linalg.moments(W)
    assert linalg.moments(W + 100).kurtosis == pytest.approx(plain.kurtosis, rel=1e-3)
    for scale in (1e-34, 1e34):
        scaled = linalg.moments(W * scale)
        assert scaled.rms == pytest.approx(plain.rms * scale, rel=1e-5)
        assert scaled.kurtosis == pytest.approx(plain.kurtosis, rel=1e-5)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_weights_that_are_not_finite_show_in_the_rms(bad: float) -> None:
    W = gaussian(600, 700)
    W[555, 3] = bad
    assert not math.isfinite(linalg.moments(W).rms)


# Rounding


def rounded(W: np.ndarray, bits: int, group: int) -> np.ndarray:
    """Q(W), a group at a time."""
    out = np.empty_like(W)
    for row, left in np.ndindex(W.shape[0], -(-W.shape[1] // group)):
        part = W[row, left * group : (left + 1) * group]
        step = np.abs(part).max() / (2 ** (bits - 1) - 1)
        nearest = np.round(part / step) * step if step > 0 else part
        out[row, left * group : (left + 1) * group] = nearest
    return out


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("columns", [1, 100, 128, 129, 384, 500])
@pytest.mark.parametrize(("bits", "group"), [(8, None), (4, None), (4, 128), (2, 7)])
def test_rounding_error_is_that_of_the_rounded_matrix(
    columns: int, bits: int, group: int | None, dtype: torch.dtype
) -> None:
    W = gaussian(30, columns)
    W[3] = 0  # a dead channel
    W[4, : columns // 2] = 0
    W[5] *= 1e-6
    W = W.to(dtype)
    exact = W.double().numpy()
    error = np.linalg.norm(exact - rounded(exact, bits, group or columns)) / np.linalg.norm(exact)
    assert linalg.rounding_error(W, bits, group) == pytest.approx(error, rel=1e-4, abs=1e-6)


def test_rounding_error_does_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    W = gaussian(301, 300)
    before = linalg.rounding_error(W, 4, 128)
    monkeypatch.setattr(linalg, "CHUNK", 1)
    assert linalg.rounding_error(W, 4, 128) == pytest.approx(before, rel=1e-6)


@pytest.mark.parametrize(
    ("inputs", "bits", "expected"),
    [(4096, 8, 0.0087), (4096, 4, 0.157), (768, 8, 0.0077), (768, 4, 0.139)],
)
def test_rounding_error_of_a_gaussian(inputs: int, bits: int, expected: float) -> None:
    assert linalg.rounding_error(gaussian(512, inputs), bits) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_rounding_error_keeps_its_value_at_the_ends_of_float32(scale: float) -> None:
    W = gaussian(64, 256)
    assert linalg.rounding_error(W * scale, 4) == pytest.approx(
        linalg.rounding_error(W, 4), rel=1e-5
    )


# Degenerate matrices: the table at the top of linalg.py

NAN = math.nan
ROUNDING = {"int8": 0.0, "int4": 0.0, "int4_g128": 0.0}


@pytest.mark.parametrize(
    ("W", "expected"),
    [
        pytest.param(
            torch.zeros(20, 30),
            {"spectral_norm": 0, "stable_rank": 0, "effective_rank": 0, "alpha": NAN}
            | {"rms": 0, "kurtosis": NAN, "outlier": NAN}
            | ROUNDING,
            id="zero",
        ),
        pytest.param(
            torch.full((20, 30), -0.3),
            {"spectral_norm": 0.3 * math.sqrt(600), "stable_rank": 1, "effective_rank": 1 / 20}
            | {"alpha": NAN, "rms": 0.3, "kurtosis": NAN, "outlier": 1}
            | ROUNDING,
            id="constant",
        ),
        pytest.param(
            torch.tensor([[3.0, 0.0, -4.0, 0.0]]),
            {"spectral_norm": 5, "stable_rank": 1, "effective_rank": 1, "alpha": NAN}
            | {"rms": 2.5, "kurtosis": 2.019895929, "outlier": 1.6}
            | {"int8": 0.2 / 127, "int4": 0.2 / 7},
            id="one row",
        ),
        pytest.param(
            torch.tensor([[3.0], [4.0]]),
            {"spectral_norm": 5, "stable_rank": 1, "effective_rank": 1, "alpha": NAN}
            | {"kurtosis": 1.0}
            | ROUNDING,
            id="one column",
        ),
        pytest.param(
            torch.outer(torch.arange(1.0, 41), torch.arange(1.0, 31)),
            {"stable_rank": 1, "effective_rank": 1 / 30, "alpha": NAN},
            id="rank one",
        ),
        pytest.param(
            torch.tensor([[7.0]]),
            {"spectral_norm": 7, "stable_rank": 1, "effective_rank": 1, "alpha": NAN}
            | {"rms": 7, "kurtosis": NAN, "outlier": 1}
            | ROUNDING,
            id="one weight",
        ),
    ],
)
def test_degenerate_matrices_are_well_defined(W: torch.Tensor, expected: dict[str, float]) -> None:
    found = everything(W)
    nans = {name for name, value in expected.items() if math.isnan(value)}
    assert {name for name in expected if math.isnan(found[name])} == nans
    assert {name: found[name] for name in expected if name not in nans} == pytest.approx(
        {name: value for name, value in expected.items() if name not in nans}, rel=1e-6, abs=1e-7
    )


def test_orthogonal_matrix_uses_every_direction_alike() -> None:
    found = everything(torch.linalg.qr(gaussian(100, 100)).Q)
    assert found["stable_rank"] == pytest.approx(100, rel=1e-5)
    assert found["effective_rank"] == pytest.approx(1, rel=1e-6)


def test_nothing_changes_the_matrix() -> None:
    W = gaussian(200, 300)
    before = W.clone()
    everything(W)
    assert torch.equal(W, before)


MEMORY = """
import sys, torch
from atlas.loaded import linalg

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024

torch.set_num_threads(1)
linalg.moments(torch.ones(8, 8)), linalg.gram_eigenvalues(torch.rand(8, 8))
W = torch.ones(2**18, 128, dtype=torch.bfloat16)
before = peak()
linalg.gram_eigenvalues(W), linalg.moments(W), linalg.rounding_error(W, 4, 128)
print(peak() - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="peak memory is read from Linux' /proc"
)
def test_a_large_matrix_is_never_whole_in_a_wider_type() -> None:
    """As float32 this one would take 134 MB more, as float64 268 MB."""
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 60e6
