"""The last step of a build: MkDocs, once or as a live preview."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from atlas.entries import presentation
from atlas.errors import REMEDIES, AtlasError, from_os, raise_all, short, shown
from atlas.files import temporary
from atlas.paths import Project, static, template_dirs
from atlas.profiles import statement
from atlas.review import published_files
from atlas.site import link_pictures, publishing

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5


def mkdocs(project: Project, say: Callable[[str], None], url: str | None = None) -> None:
    """Build the site into `site/`, with tags for previews of links; every warning of MkDocs is an
    error. `say` is told what MkDocs says. `url`: the address that the site will have, otherwise
    that of mkdocs.yml.

    Raises `AtlasError` or `Problems` for what would be published and is none of the atlas': it may
    have come since it was checked.
    """
    raise_all(list(published_files.problems(project)))
    _require_own_folder(project.site)
    with _config(project, url) as config:
        command = _command(config, "build", "--strict", "--quiet", "--site-dir", str(project.site))
        log.debug("runs %s", shlex.join(command))
        done = subprocess.run(
            command,
            env=_environment(),
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
        )
    said, _, crashed = (done.stdout + done.stderr).partition("Traceback (most recent call last)")
    if said.strip():
        say(said.rstrip("\n"))
    if crashed:  # what MkDocs did not foresee, such as a full disk
        last = crashed.strip().splitlines()[-1]
        number = re.search(r"\[Errno (\d+)\]", last)
        more = f"to see all of it: mkdocs build -f {shown(project.mkdocs_yml)}"
        raise AtlasError(
            f"mkdocs build failed: {last}",
            file=project.mkdocs_yml,
            remedy=REMEDIES.get(int(number[1]) if number else 0, more),
        )
    if done.returncode:
        raise AtlasError(
            f"mkdocs build failed with exit code {done.returncode}",
            file=project.mkdocs_yml,
            remedy="its messages stand above",
        )
    for path in publishing.unlisted(project):
        built = project.site / _built(path)
        if built.is_file():
            built.unlink()
            say(f"left out of site/: docs/{path}, which this render did not make")
    link_pictures.mark(project)


def _built(path: str) -> str:
    """Where MkDocs puts a file of docs/ in the site: a page is the index of a folder."""
    page = PurePosixPath(path)
    if page.suffix != ".md":
        return path
    folder = page.parent if page.name == "index.md" else page.with_suffix("")
    return (folder / "index.html").as_posix()


def _require_own_folder(site: Path) -> None:
    """Raise `AtlasError` where the site would be built over something else: MkDocs empties it."""
    if site.is_symlink() or (site.exists() and not site.is_dir()):
        what = "a symbolic link" if site.is_symlink() else "not a folder"
        raise AtlasError(
            f"is {what}, and a build empties what is there",
            file=site,
            remedy="remove it; what is built can be copied or linked to from elsewhere",
        )


def serve(
    project: Project, address: str, render: Callable[[], object], *, open_browser: bool = False
) -> None:
    """Render, run MkDocs' preview, and render again whenever an input changes, until Ctrl-C.

    MkDocs watches what is rendered; we watch only what people and `profile` write. `render`
    leaves unchanged files alone, so the two never chase each other. Inputs are looked at before
    they are rendered: what changes meanwhile is seen at the next look. `open_browser`: whether to
    show the site in a browser as soon as it is there.
    """
    seen = dict(_inputs(project))
    render()
    words = ("--open",) if open_browser else ()
    command = _command(project.mkdocs_yml, "serve", "--dev-addr", address, *words)
    with subprocess.Popen(command, env=_environment()) as server:
        try:
            while server.poll() is None:
                time.sleep(POLL_SECONDS)
                now = dict(_inputs(project))
                if now != seen:
                    seen = now
                    _render_or_say(render)
        except KeyboardInterrupt:  # that is how a preview ends
            pass
        finally:
            server.terminate()
    if server.returncode and server.returncode > 0:
        raise AtlasError(f"mkdocs serve ended with exit code {server.returncode}")


def require_free(address: str) -> None:
    """Raise `AtlasError` for what is not an address, or one that is not free to be served at."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 2**16:
        raise AtlasError(f"{short(address)} is not an address", remedy="--address 127.0.0.1:8000")
    try:
        with socket.create_server((host.strip("[]"), int(port)), family=_family(host)):
            pass
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = f"{host}:{int(port) + 1}"
            raise AtlasError(
                f"{address} is in use",
                remedy=f"stop what is served there, or take another: --address {other}",
            ) from error
        raise AtlasError(
            f"{address} cannot be served at: {error.strerror or error}",
            remedy="take another: --address 127.0.0.1:8000",
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _render_or_say(render: Callable[[], object]) -> None:
    """A half-typed entry must not end the preview, nor a file that goes as it is read."""
    try:
        render()
    except AtlasError as error:
        sys.stderr.write(f"atlas: {error}\n")
    except OSError as error:
        sys.stderr.write(f"atlas: {from_os(error)}\n")


def _inputs(project: Project) -> Iterator[tuple[Path, int]]:
    """Every file that people or `profile` write and pages are made of, and its time; scripts and
    style too, for those who work on them."""
    files = [project.mkdocs_yml, *project.entries(), *static().rglob("*.*")]
    files += [path for name in statement.names() for path in project.models.glob(f"*/{name}*.json")]
    files += [*project.models.glob("*/verified.json"), *project.claims.glob("*.yml")]
    files += project.findings.glob("*.yml")
    files += _introduction(project)
    for folder in template_dirs(project):
        files += folder.rglob("*")
    for path in files:
        try:
            yield path, path.stat().st_mtime_ns
        except FileNotFoundError:  # removed between the listing and the look
            continue


def _introduction(project: Project) -> Iterator[Path]:
    """The file of the introduction; none while mkdocs.yml is half typed."""
    with contextlib.suppress(AtlasError):
        file = presentation.introduction_file(project)
        if file:
            yield file


@contextlib.contextmanager
def _config(project: Project, url: str | None) -> Iterator[Path]:
    """The project's mkdocs.yml, or for as long as it takes a file beside it that has another
    address and all else of it."""
    if url is None:
        yield project.mkdocs_yml
        return
    handle, path = temporary.beside(project.mkdocs_yml)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(f"INHERIT: {project.mkdocs_yml.name}\nsite_url: {json.dumps(url)}\n")
        yield path
    finally:
        path.unlink(missing_ok=True)


def _command(config: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "mkdocs", *words, "--config-file", str(config)]


def _environment() -> dict[str, str]:
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
