"""`attention` and `residual` against TransformerLens, on a tiny random model of every architecture.

    python benchmarks/transformerlens.py [ARCHITECTURE...]

The peer's patterns (`hook_pattern`) and residual states (`hook_resid_pre`, `hook_resid_post`) of
each passage alone are averaged by the formulas of the methods page, in double precision; ours come
out of one pass over padded batches. Both run in float32.

Exit status 1 where any score of any head or layer differs by more than 1e-4.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import numpy as np
import tiny
import torch
import transformers
from letters import letters
from numpy.typing import NDArray

from atlas.analyses.attention import PROTOCOL
from atlas.analyses.attention import run as attention
from atlas.analyses.residual import run as residual
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import observing

BAR = 1e-4
LENGTHS = (30, 50, 21, 64, 17)
LAYERS, N = 3, int(PROTOCOL["segment"])
Values = NDArray[np.float64]


def main() -> int:
    """Print a line for each architecture; exit status 1 where one differs."""
    transformers.utils.logging.disable_progress_bar()
    worst = 0.0
    for name in sys.argv[1:] or sorted(tiny.CONFIGS):
        with tempfile.TemporaryDirectory() as folder:
            tiny.make(Path(folder), name)
            letters(Path(folder), bos_token="[ONE]")
            found = compared(Path(folder))
        scores = ", ".join(f"{score} {difference:.0e}" for score, difference in found.items())
        print(f"{name:12}{max(found.values()):.1e}  ({scores})")  # noqa: T201 - what it is for
        worst = max(worst, *found.values())
    print(f"largest difference {worst:.1e} (at most {BAR})")  # noqa: T201
    return 0 if worst <= BAR else 1


def compared(folder: Path) -> dict[str, float]:
    """The largest difference of each score."""
    model = LiveModel.open(folder, "cpu")
    kind = model.architecture.kind
    ids = [tiny.tokens(1, length, seed=seed)[0].tolist() for seed, length in enumerate(LENGTHS)]
    passages = [Passage(tuple(row), 1, len(row)) for row in ids]
    ours = measured(model, passages)
    bridge = importlib.import_module("transformer_lens.model_bridge").TransformerBridge
    peer = bridge.boot_transformers(str(folder), hf_model=tiny.live(folder), dtype=torch.float32)
    theirs: defaultdict[str, list[Values]] = defaultdict(list)
    for passage in passages:
        cache = seen(peer, [passage])
        for name, values in heads(patterns(cache, len(passage.ids))[:, 0], kind).items():
            theirs[name].append(values)
        theirs["block_influence"].append(influence(cache))
    if kind == "decoder":
        repeated = attention.repeated(model, N, 16, 0)
        cache = seen(peer, repeated)
        for name, values in repeats(patterns(cache, 2 * N + 1), repeated).items():
            theirs[name].append(values)
    return {
        name: float(abs(np.concatenate(several, -1).mean(-1) - ours[name]).max())
        for name, several in theirs.items()
    }


def measured(model: LiveModel, passages: list[Passage]) -> dict[str, Values]:
    """Ours, by name; of `block_influence` that of the whole block."""
    several: list[Any] = [module.observe(model, passages) for module in (attention, residual)]
    taps = [tap for observer in several for tap in observer.taps]
    observing.run(model, passages, taps, unheard)
    matrices = [matrix for observer in several for matrix in observer.measured(unheard).matrices]
    found = {matrix.name: matrix.values for matrix in matrices}
    return {**found, "block_influence": found["block_influence"][:, 2]}


def unheard(done: int, total: int) -> None:
    """Progress that nobody watches."""


def seen(peer: Any, passages: Any) -> Any:
    """What the peer keeps of a pass."""
    with torch.inference_mode():
        return peer.run_with_cache(torch.tensor([passage.ids for passage in passages]))[1]


def patterns(cache: Any, length: int) -> Values:
    """(layer, batch, head, query, key) over real keys: a learned sink stands behind them."""
    several = [cache[f"blocks.{layer}.attn.hook_pattern"] for layer in range(LAYERS)]
    weights = torch.stack(several).double().numpy()[..., :length]
    found: Values = weights / weights.sum(-1, keepdims=True)
    return found


def heads(weights: Values, kind: str) -> dict[str, Values]:
    """(layer, head, query) of one passage, without the first query."""
    query = np.arange(weights.shape[-1])
    visible = query + 1 if kind == "decoder" else np.full_like(query, len(query))
    logs = np.log(np.where(weights > 0, weights, 1))
    found = {
        "entropy": -(weights * logs).sum(-1)[..., 1:] / np.log(visible[1:]),
        "sink": weights[..., 1:, 0],
        "distance": (weights * abs(query[:, None] - query)).sum(-1)[..., 1:] / len(query),
    }
    if kind == "decoder":
        found["previous"] = np.diagonal(weights, -1, -2, -1)
    return found


def repeats(weights: Values, passages: tuple[Passage, ...]) -> dict[str, Values]:
    """(layer, head, batch x query) over the second copies."""
    ids = np.array([passage.ids for passage in passages])
    second = np.arange(N + 1, 2 * N + 1)
    earlier = np.arange(ids.shape[1]) < second[:, None]
    copies = (ids[:, second, None] == ids[:, None, :]) & earlier
    found = {
        "duplicate": (weights[..., second, :] * copies[:, None]).sum(-1),
        "induction": weights[..., second, second - N + 1],
    }
    return {name: flat(values) for name, values in found.items()}


def flat(values: Values) -> Values:
    """(layer, batch, head, query) -> (layer, head, batch x query)."""
    return np.moveaxis(values, 1, 2).reshape(LAYERS, values.shape[2], -1)


def influence(cache: Any) -> Values:
    """(layer, position) of one passage, without the first."""
    ends = ("pre", "post")
    x, y = (
        np.stack([cache[f"blocks.{layer}.hook_resid_{end}"][0, 1:] for layer in range(LAYERS)])
        for end in ends
    )
    x, y = x.astype(np.float64), y.astype(np.float64)
    found: Values = 1 - (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)
    return found


if __name__ == "__main__":
    sys.exit(main())
