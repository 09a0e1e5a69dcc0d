"""Commands as a person runs them: on a terminal, some columns wide, with keys to press.

`Terminal` is a process that has torch loaded and forks for every command, so that a command takes
what it takes and not the seconds that Python needs for its libraries. What it has loaded is not
ours: a command finds the package as fresh as a process of its own would.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300.0
"""Seconds that a command may take on a busy machine."""

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Seen:
    """What a command left on a terminal, and its exit status; negative: ended by that signal."""

    status: int
    raw: str

    @property
    def text(self) -> str:
        """Without the codes that move and colour."""
        return ESCAPE.sub("", self.raw).replace("\r\n", "\n")

    def has(self, *words: str) -> bool:
        """Whether words are there, wherever lines are folded."""
        solid = "".join(self.text.split())
        return all("".join(word.split()) in solid for word in words)


class Terminal:
    """Runs commands, one after the other."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        words: Sequence[str | Path],
        folder: Path,
        columns: int = 80,
        variables: Mapping[str, str] | None = None,
        keys: tuple[str, str] | None = None,
    ) -> Seen:
        """`atlas` and some words in a folder. `keys`: what to wait for, and what to press then."""
        asked = [list(map(str, words)), str(folder), columns, dict(variables or {}), keys]
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        return Seen(*json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        self._server.communicate()


def _serve() -> None:
    """Answer a line of JSON with a line of JSON."""
    import bokeh.plotting  # noqa: F401 - what commands load, so that they need not
    import jinja2  # noqa: F401
    import jsonschema  # noqa: F401
    import rich.progress  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401
    import yaml  # noqa: F401

    for line in sys.stdin:
        words, folder, columns, variables, keys = json.loads(line)
        answer = _run(words, folder, columns, variables, keys)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _run(
    words: list[str],
    folder: str,
    columns: int,
    variables: dict[str, str],
    keys: list[str] | None,
) -> tuple[int, str]:
    pid, terminal = pty.fork()
    if pid == 0:
        _become(words, folder, variables)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = b""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how a terminal says that nobody is there any more
            break
        if not piece:
            break
        shown += piece
        if keys and keys[0].encode() in shown:
            os.write(terminal, keys[1].encode())
            keys = None
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace")


def _become(words: list[str], folder: str, variables: dict[str, str]) -> None:
    """Be the command, to the end of this process."""
    status = 70
    try:
        time.sleep(0.05)  # until the terminal has its width
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, (0, 1, 2), "rww")
        for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CI"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm-256color", **variables})
        os.chdir(folder)
        from atlas.commands import main

        main(words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
