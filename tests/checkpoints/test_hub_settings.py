"""The hub's variables mean here what they mean to the hub's own client."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from huggingface_hub import constants

from atlas.checkpoints import hub_settings

READ = (
    "HF_HOME",
    "XDG_CACHE_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_ENDPOINT",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "TRANSFORMERS_OFFLINE",
    "HF_TOKEN_PATH",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
)


def theirs() -> ModuleType:
    """The client's settings as it would read them in a process that begins now."""
    spec = importlib.util.spec_from_file_location("huggingface_hub.constants", constants.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"XDG_CACHE_HOME": "{}/xdg"},
        {"HF_HOME": "{}/home"},
        {"HF_HOME": "~/$PLACE/home"},
        {"HF_HUB_CACHE": "{}/large disk"},
        {"HF_HOME": "{}/home", "HF_HUB_CACHE": "$PLACE/hub", "HUGGINGFACE_HUB_CACHE": "{}/old"},
        {"HUGGINGFACE_HUB_CACHE": "{}/old", "HF_TOKEN_PATH": "{}/kept"},
        {"HF_ENDPOINT": "https://hub.example/", "HF_HUB_OFFLINE": "yes"},
        {"TRANSFORMERS_OFFLINE": "1"},
        {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"},
    ],
)
def test_as_the_client_reads_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str]
) -> None:
    for variable in READ:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "some where")
    for variable, value in given.items():
        monkeypatch.setenv(variable, value.format(tmp_path))
    client = theirs()
    assert str(hub_settings.cache()) == client.HF_HUB_CACHE
    assert hub_settings.endpoint() == client.ENDPOINT
    assert hub_settings.offline() is client.HF_HUB_OFFLINE
    kept = Path(client.HF_TOKEN_PATH)
    assert kept.is_relative_to(tmp_path) and hub_settings.token() is None
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("hf_kept\n")
    assert hub_settings.token() == "hf_kept"
    monkeypatch.setenv("HF_TOKEN", "hf_given")
    assert hub_settings.token() == "hf_given"
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert hub_settings.token() is None
