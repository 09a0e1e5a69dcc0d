"""The page "From the hub to a published page": every command on it, run in its order."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import gguf_models
import pytest
import stand_in_hub
import tiny
from click.testing import CliRunner
from downloads import Downloads
from letters import letters
from samples import write_entry
from stand_in_hub import COMMIT, StandIn

from atlas.commands import main
from atlas.entries import entry
from atlas.paths import Project, shipped_templates
from atlas.profiles import profile_file

PAGE = shipped_templates() / "recipe.md.j2"
CARD = "---\nlicense: apache-2.0\n---\n"
ANALYSES = ["weights", "activations", "attention"]

INTERRUPTED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""What a process begins with that is to end by Ctrl-C: one that was started in the background of a
shell ignores it otherwise."""

SLOW = f"""\
{INTERRUPTED}import time
from atlas.profiles import profile_file
really = profile_file.save
def slow(*all):
    really(*all)
    print("saved", flush=True)
    time.sleep(60)
profile_file.save = slow
from atlas.commands import main
main(%r)
"""


def blocks() -> list[list[str]]:
    """The commands of each block of the page, a line each."""
    text = PAGE.read_text(encoding="utf-8")
    return [found.splitlines() for found in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)]


def test_a_command_within_a_sentence_is_one_that_is_run() -> None:
    text = PAGE.read_text(encoding="utf-8")
    run = [line for block in blocks() for line in block]
    within = set(re.findall(r"`((?:atlas|git|pip) [^`]*)`", text))
    assert len(within) > 3
    for line in within:
        assert any(f"{one} ".startswith(f"{line} ") for one in run), line


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandIn]:
    """A hub with a tiny model, a gated one, and one as a GGUF file."""
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_DISABLE_UPDATE_CHECK", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    for what in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{what}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{what}_EMAIL", "somebody@example.org")
    with stand_in_hub.chosen(monkeypatch, Downloads) as running:
        for name in ("example-1b", "closed-1b", "listed-1b"):
            folder = running.folders[f"example-org/{name}"] = tmp_path / "hub" / name
            letters(tiny.make(folder, "llama"))
            (folder / "README.md").write_text(CARD)
        running.gated.add("example-org/closed-1b")
        files = running.folders["example-org/example-1b-gguf"] = tmp_path / "hub" / "gguf"
        files.mkdir()
        plain = gguf_models.make(tmp_path / "plain")
        gguf_models.convert(plain, files / "example-1b-Q8_0.gguf", "Q8_0")
        yield running


@dataclass
class Operator:
    """Somebody who types what the page says: where they are, and what each command told."""

    hub: StandIn
    monkeypatch: pytest.MonkeyPatch
    here: Path
    told: dict[str, str] = field(default_factory=dict)

    def types(self, line: str) -> None:
        words = shlex.split(line.replace("HASH", COMMIT))
        if words[0] == "cd":
            self.here /= words[1]
            self.monkeypatch.chdir(self.here)
            prepare(self.here)
        elif words[0] == "export":
            assert words[1:] == ["HF_TOKEN=hf_..."]
            self.monkeypatch.setenv("HF_TOKEN", "hf_good")
        elif line == "atlas serve":
            look(self.here)
        elif words[:2] == ["atlas", "fetch"]:  # the hub's client reads where it is as it begins
            self.apart(line, [sys.executable, "-m", *words])
        elif words[0] == "atlas":
            if line == "atlas profile example-1b":
                stopped(self.here, words[1:])
            done = CliRunner().invoke(main, words[1:])
            assert done.exit_code == 0, f"{line}\n{done.output}"
            self.told[line] = done.output
        else:
            self.apart(line, words)

    def apart(self, line: str, words: list[str]) -> None:
        """Run a command in a process of its own."""
        asked = subprocess.run(words, capture_output=True, text=True, check=False)
        assert asked.returncode == 0, f"{line}\n{asked.stdout}{asked.stderr}"


def prepare(folder: Path) -> None:
    """A text and analyses that are quickly measured, a model that is listed, and a place to push
    to."""
    made = Project(folder)
    chosen = f"atlas: {{corpus: texts.jsonl, analyses: [{', '.join(ANALYSES)}]}}"
    made.mkdocs_yml.write_text(made.mkdocs_yml.read_text().replace("atlas: {}", chosen))
    texts = [{"text": f"In the year {year} a cat sat on a mat."} for year in range(64)]
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, texts)))
    write_entry(made, "listed-1b", source="example-org/listed-1b", revision=None)


def stopped(folder: Path, words: list[str]) -> None:
    """Ctrl-C after an analysis was written: it is told, and kept."""
    made = Project(folder)
    weights = made.profile("example-1b", "weights").stat().st_mtime_ns
    command = [sys.executable, "-c", SLOW % (words,)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdout is not None and running.stdout.readline() == "saved\n"
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130 and "left: run it again to go on" in told, told
    assert made.profile("example-1b", "activations").is_file()
    assert made.profile("example-1b", "weights").stat().st_mtime_ns == weights


def look(folder: Path) -> None:
    """The preview answers with the model's page until Ctrl-C."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    script = INTERRUPTED
    script += f"from atlas.commands import main; main(['serve', '--address', '{address}'])"
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as running:
        page = ""
        end = time.monotonic() + 120
        while not page:
            assert running.poll() is None and time.monotonic() < end
            try:
                with urllib.request.urlopen(f"http://{address}/models/example-1b/") as reply:
                    page = reply.read().decode()
            except urllib.error.URLError:
                time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 0 and "Awaiting a profile" not in page


def test_every_command_of_the_page_works(
    hub: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    monkeypatch.chdir(tmp_path)
    operator = Operator(hub, monkeypatch, tmp_path)
    for block in blocks():
        for line in block:
            operator.types(line)
            if line.startswith("git init"):
                remote = ["git", "remote", "add", "origin", str(bare)]
                subprocess.run(remote, cwd=operator.here, check=True)
    atlas, told = Project(operator.here), operator.told
    for slug in ("example-1b", "example-1b-q8-0", "closed-1b", "listed-1b"):
        assert entry.load(atlas.entry(slug)).revision == COMMIT
    for slug in ("example-1b", "example-1b-q8-0"):
        for name in ANALYSES:
            assert profile_file.load(atlas.profile(slug, name)).model.revision == COMMIT
    assert told["atlas pin listed-1b"].startswith(f"listed-1b: pinned to {COMMIT}, main of ")
    assert "3 to measure here" in told["atlas plan example-1b"]
    assert "2 measured, 1 fresh" not in told["atlas profile example-1b"], "one was kept"
    assert "1 measured, 2 fresh" in told["atlas profile example-1b"]
    assert "matrices agree" in told["atlas verify example-1b --no-record"]
    assert "example-1b" in told["atlas diff main"]
    listed = ["git", "ls-tree", "-r", "--name-only", "example-1b"]
    pushed = subprocess.run(listed, cwd=bare, capture_output=True, text=True, check=True).stdout
    found = {Path(line).name for line in pushed.splitlines() if "/example-1b/" in line}
    assert found == {"model.yml", *(f"{name}.json" for name in ANALYSES)}
