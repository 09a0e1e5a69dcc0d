"""An architecture that no library has: Llama under other names for everything, with LayerNorm.

Its config says `width` where others say `hidden_size`, and so on; queries, keys and values lie in
one projection. Only tests register it with transformers.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn
from transformers.modeling_outputs import CausalLMOutput

MODEL_TYPE = "renamed_llama"


class RenamedConfig(transformers.PretrainedConfig):  # type: ignore[misc]
    """Only the names are unusual."""

    model_type = MODEL_TYPE

    def __init__(
        self,
        words: int = 96,
        width: int = 64,
        depth: int = 2,
        branches: int = 4,
        shared_branches: int = 2,
        inner: int = 80,
        smallest: float = 1e-5,
        bend: str = "silu",
        shifted: bool = False,
        **others: Any,
    ) -> None:
        self.words, self.width, self.depth = words, width, depth
        self.branches, self.shared_branches = branches, shared_branches
        self.inner, self.smallest, self.bend, self.shifted = inner, smallest, bend, shifted
        super().__init__(tie_word_embeddings=others.pop("tie_word_embeddings", False), **others)


def turned(x: torch.Tensor) -> torch.Tensor:
    """Rotary positions of (batch, head, position, width of a head), halves making the planes."""
    half = x.shape[-1] // 2
    angle = torch.outer(
        torch.arange(x.shape[-2]).to(x), 10000.0 ** (-torch.arange(half).to(x) / half)
    )
    first, second = x[..., :half], x[..., half:]
    cos, sin = angle.cos(), angle.sin()
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Looking(nn.Module):
    """Attention."""

    def __init__(self, config: RenamedConfig) -> None:
        super().__init__()
        self.branches, self.shared = config.branches, config.shared_branches
        self.size = config.width // config.branches
        out = (self.branches + 2 * self.shared) * self.size
        self.three = nn.Linear(config.width, out, bias=config.shifted)
        self.back = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        batch, length, _ = x.shape
        heads = self.three(x).reshape(batch, length, -1, self.size).transpose(1, 2)
        q, k, v = heads.split([self.branches, self.shared, self.shared], dim=1)
        times = self.branches // self.shared
        k, v = (t.repeat_interleave(times, dim=1) for t in (turned(k), v))
        scores = turned(q) @ k.transpose(-2, -1) / self.size**0.5
        ahead = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(ahead, -torch.inf).softmax(-1)
        return self.back((weights @ v).transpose(1, 2).reshape(batch, length, -1)), weights


class Thinking(nn.Module):
    """The MLP."""

    def __init__(self, config: RenamedConfig) -> None:
        super().__init__()
        self.door = nn.Linear(config.width, config.inner, bias=False)
        self.wide = nn.Linear(config.width, config.inner, bias=False)
        self.narrow = nn.Linear(config.inner, config.width, bias=False)
        self.bend = transformers.activations.ACT2FN[config.bend]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow: torch.Tensor = self.narrow(self.bend(self.door(x)) * self.wide(x))
        return narrow


class Storey(nn.Module):
    """A layer."""

    def __init__(self, config: RenamedConfig) -> None:
        super().__init__()
        self.calm_a = nn.LayerNorm(config.width, eps=config.smallest)
        self.looking = Looking(config)
        self.calm_b = nn.LayerNorm(config.width, eps=config.smallest)
        self.thinking = Thinking(config)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        looked, weights = self.looking(self.calm_a(x))
        x = x + looked
        return x + self.thinking(self.calm_b(x)), weights


class RenamedModel(transformers.PreTrainedModel):  # type: ignore[misc]
    """The body."""

    config_class = RenamedConfig
    base_model_prefix = "house"

    def __init__(self, config: RenamedConfig) -> None:
        super().__init__(config)
        self.meaning = nn.Embedding(config.words, config.width)
        self.storeys = nn.ModuleList(Storey(config) for _ in range(config.depth))
        self.calm_c = nn.LayerNorm(config.width, eps=config.smallest)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.meaning

    def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
        x = self.meaning(input_ids)
        patterns: list[torch.Tensor] = []
        for storey in self.storeys:
            x, weights = storey(x)
            patterns.append(weights)
        return transformers.modeling_outputs.BaseModelOutput(
            last_hidden_state=self.calm_c(x), attentions=tuple(patterns)
        )


class RenamedForCausalLM(transformers.PreTrainedModel):  # type: ignore[misc]
    """The body with its head."""

    config_class = RenamedConfig
    base_model_prefix = "house"

    def __init__(self, config: RenamedConfig) -> None:
        super().__init__(config)
        self.house = RenamedModel(config)
        self.saying = nn.Linear(config.width, config.words, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.house.meaning

    def get_output_embeddings(self) -> nn.Module:
        return self.saying

    def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
        found = self.house(input_ids)
        logits = self.saying(found.last_hidden_state)
        return CausalLMOutput(logits=logits, attentions=found.attentions)


def register() -> None:
    """Let transformers make models of this type."""
    transformers.AutoConfig.register(MODEL_TYPE, RenamedConfig, exist_ok=True)
    transformers.AutoModelForCausalLM.register(RenamedConfig, RenamedForCausalLM, exist_ok=True)
