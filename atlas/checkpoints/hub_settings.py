"""What the environment says of the model hub, as its own client, huggingface_hub, reads it.

The core of atlas works without that client. Both must look in one cache, ask one hub and use one
token, so each variable has the same meaning here.
"""

from __future__ import annotations

import os
from pathlib import Path

from atlas.errors import AtlasError

ENDPOINT = "https://huggingface.co"
TRUE = ("1", "ON", "YES", "TRUE")


def endpoint() -> str:
    """The hub's address, without a slash at its end: HF_ENDPOINT."""
    return (os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")


def cache() -> Path:
    """Where the hub's client keeps what it has fetched: HF_HUB_CACHE, else a folder of HF_HOME."""
    return _path("HF_HUB_CACHE") or _path("HUGGINGFACE_HUB_CACHE") or _home() / "hub"


def offline() -> bool:
    """Whether nothing may be asked of the hub: HF_HUB_OFFLINE, or TRANSFORMERS_OFFLINE."""
    return _true(os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE"))


def token() -> str | None:
    """The hub's token: HF_TOKEN, else what `hf auth login` has left; None for none.

    Raises `AtlasError` for what would break a request's header.
    """
    if _true(os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN")):
        return None
    found = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
    if not found:
        file = _path("HF_TOKEN_PATH") or _home() / "token"
        found = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    found = found.strip()
    if not found.isascii() or any(char.isspace() for char in found):
        raise AtlasError("HF_TOKEN holds what no token has", remedy="write it again")
    return found or None


def _home() -> Path:
    kept = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _path("HF_HOME") or _expanded(kept) / "huggingface"


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return _expanded(value) if value else None


def _expanded(value: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(value)))  # noqa: PTH111 - as the client does


def _true(value: str | None) -> bool:
    return (value or "").upper() in TRUE
