"""What an operator meets on the first day: full disks, closed folders, odd surroundings. Each is
told in one clear line, and nothing is lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner, Result
from samples import write_entry

from atlas import commands
from atlas.drafting import new_project
from atlas.errors import AtlasError
from atlas.files import json_file
from atlas.paths import Project
from atlas.profiles import verified
from atlas.site import mkdocs_build

LONG = "x" * 300


@pytest.fixture(autouse=True)
def nothing_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def atlas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A new atlas, with a model of which only the weights are to be measured, in which we are."""
    project = Project(tmp_path / "atlas")
    new_project.write(project.root)
    tiny.make(project.root / "weights", "llama")
    shutil.rmtree(project.folder("ref-llama"))
    write_entry(project, "a", name="A", source="./weights", revision=..., analyses=["weights"])
    monkeypatch.chdir(project.root)
    return project


def run(*words: str) -> Result:
    return CliRunner().invoke(commands.main, words)


def process(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "atlas", *words]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(command, text=True, check=False, timeout=300, **streams)  # type: ignore[call-overload,no-any-return]


def line(told: str) -> str:
    """The one line that tells what is wrong."""
    [found] = [item for item in told.splitlines() if item.startswith("atlas: ")]
    assert "Traceback" not in told and "mistake of atlas" not in told, told
    return found.removeprefix("atlas: ")


# Output that cannot be written


@pytest.mark.parametrize(
    "words",
    [("--help",), ("plan", "--json"), ("completion", "bash"), ("check", "--json"), ("diff", ".")],
)
def test_a_full_output(atlas: Project, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = process(*words, stdout=full)
    assert done.returncode == 1
    assert line(done.stderr).startswith("standard output cannot be written: No space left")


def test_reports_that_nobody_can_read_end_nothing(atlas: Project) -> None:
    with Path("/dev/full").open("w") as full:
        done = process("profile", stderr=full)
    assert done.returncode == 0 and atlas.profile("a", "weights").is_file()


# Names that are too long


@pytest.mark.parametrize(
    "words",
    [
        ("init", LONG),
        ("new", f"./{LONG}"),
        ("new", f"org/{LONG}"),
        ("new", "./weights", "--slug", LONG),
        ("profile", LONG),
        ("profile", "--corpus", LONG),
        ("verify", LONG),
        ("diff", LONG),
        ("csv", LONG, "weights", "rms"),
        ("serve", "--address", f"{LONG}:8000"),
        ("serve", "--address", "nowhere"),
        ("serve", "--address", "127.0.0.1:99999"),
    ],
)
def test_names_that_cannot_be(atlas: Project, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 1 and line(done.output)


# A file system that refuses


def full(path: Path, content: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_as_a_profile_is_written(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_file, "_replace", full)
    done = run("profile")
    assert done.exit_code == 1
    assert "a: weights failed: docs/models/a/weights.json: cannot be written: No sp" in done.output
    assert "make room on that disk" in done.output


def test_a_full_disk_leaves_no_half_of_an_entry(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree("weights", "other")
    monkeypatch.setattr(json_file, "_replace", full)
    done = run("new", "./other", "--slug", "b")
    assert done.exit_code == 1 and "docs/models/b/model.yml: cannot be wr" in line(done.output)
    assert not atlas.entry("b").exists()


def test_a_full_disk_as_pages_are_written(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "_replace", full)
    done = run("build", "--no-profile")
    assert done.exit_code == 1 and "No space left on device; make room" in line(done.output)


def test_what_mkdocs_did_not_foresee_is_one_line(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import sys; sys.stderr.write('WARNING - a\\n'); raise OSError(28, 'No space left')"
    monkeypatch.setattr(mkdocs_build, "_command", lambda *words: [sys.executable, "-c", script])
    done = run("build", "--no-profile")
    assert done.exit_code == 1 and "WARNING - a" in done.output
    assert "mkdocs build failed: OSError: [Errno 28] No space left" in line(done.output)


def test_a_note_of_verification_that_cannot_be_written_loses_no_verdict(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("profile").exit_code == 0

    def refuse(*arguments: object) -> None:
        raise AtlasError("cannot be written: Read-only file system", file="verified.json")

    monkeypatch.setattr(verified, "update", refuse)
    done = run("verify")
    assert done.exit_code == 1
    assert "a weights: not recorded: verified.json: cannot be written: Read-only" in done.output
    assert (
        "10 of 10 matrices agree, largest difference among them 0; 1 analyses were not"
        in done.output
    )


def test_a_cache_that_cannot_be_kept_costs_nothing_but_time(atlas: Project) -> None:
    shutil.rmtree(atlas.cache, ignore_errors=True)
    atlas.cache.write_text("a file where a folder should be")
    for words in (("check",), ("plan",), ("profile",), ("plan",), ("verify",)):
        assert run(*words).exit_code == 0, words
    assert run("build", "--no-profile").exit_code == 0


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, to be no superuser")
@pytest.mark.parametrize(
    ("closed", "words", "status", "told"),
    [
        ("weights", ("check",), 0, "note: a: not measurable here: docs/models/a/model.yml: sourc"),
        ("weights", ("plan",), 0, "a: not measurable here: docs/models/a/model.yml: source './we"),
        ("weights", ("profile",), 0, "0 measured, 0 fresh, 0 failed, 1 not measurable here"),
        ("weights", ("profile", "a"), 1, "cannot be looked at: Permission denied; allow this us"),
        ("other", ("new", "./other"), 1, "atlas: other/adapter_config.json: Permission denied; a"),
        ("weights/config.json", ("check",), 0, "weights/config.json: cannot be read: Permission"),
        ("weights/model.safetensors", ("profile",), 0, "model.safetensors: cannot be read: Perm"),
        ("docs/models/a", ("profile",), 1, "docs/models/a/model.yml: cannot be read: Permission"),
        ("mkdocs.yml", ("plan",), 1, "mkdocs.yml: cannot be read: "),
    ],
)
def test_what_may_not_be_read(
    atlas: Project, closed: str, words: tuple[str, ...], status: int, told: str
) -> None:
    tiny.make(atlas.root / "other", "llama")
    mode = Path(closed).stat().st_mode
    Path(closed).chmod(0)
    try:
        done = unprivileged(*words)
    finally:
        Path(closed).chmod(mode)
    assert done.returncode == status, done.stderr
    assert told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, to be no superuser")
def test_a_project_that_is_read_only(atlas: Project) -> None:
    for path in (atlas.root, *atlas.root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        told = {words: unprivileged(*words.split()) for words in ("check", "profile", "render")}
    finally:
        for path in (atlas.root, *atlas.root.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert told["check"].returncode == 0
    assert "docs/models/a: cannot be written to; allow this user" in told["profile"].stderr
    assert "Permission denied; allow this user" in line(told["render"].stderr)


def unprivileged(*words: str) -> subprocess.CompletedProcess[str]:
    """The command without the superuser's right to read and write everything."""
    rights = "-dac_override,-dac_read_search"
    command = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]
    if os.geteuid() != 0:
        command = []
    command += [sys.executable, "-m", "atlas", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


# Surroundings


def test_no_home(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write_entry(atlas, "b", name="B")
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HOME", raising=False)

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    done = run("build")
    assert done.exit_code == 0 and "b: not measurable here: " in done.output, done.output


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))


def test_few_open_files(atlas: Project) -> None:
    done = process("build", "--no-profile", preexec_fn=few_files)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr
    if done.returncode:
        assert line(done.stderr).endswith(
            "Too many open files; allow more open files: ulimit -n 4096"
        )


def test_a_proxy_that_does_not_answer(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", "http://me:secret@127.0.0.1:9")
    done = run("new", "some-org/some-model")
    told = line(done.output)
    assert done.exit_code == 1 and " cannot be reached through the proxy '127.0.0.1:9'" in told
    assert "check https_proxy and no_proxy, or name a folder" in told and "secret" not in told


def test_a_mistake_of_ours_is_one_line_and_a_log(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*arguments: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("atlas.entries.entry.load_all", mistaken)
    done = run("plan")
    assert done.exit_code == 1 and "Traceback" not in done.output
    assert "a mistake of atlas itself, please report it: ZeroDivisionError: ours" in done.output
    assert "in mistaken" in atlas.log.read_text()


# Signals


def served(atlas: Project) -> tuple[subprocess.Popen[str], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "atlas", "serve", "--address", address]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True), address


def wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def answers(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as one:
        return one.connect_ex((host, int(port))) == 0


def test_a_preview_that_is_terminated_takes_its_server_along(atlas: Project) -> None:
    server, address = served(atlas)
    wait(lambda: answers(address))
    server.send_signal(signal.SIGTERM)
    _, told = server.communicate(timeout=60)
    assert server.returncode == 0 and "Traceback" not in told
    wait(lambda: not answers(address))


def test_a_run_that_is_terminated_says_what_is_done(atlas: Project) -> None:
    for slug in ("b", "c", "d"):
        shutil.copytree("weights", slug)
        write_entry(atlas, slug, name=slug, source=f"./{slug}", revision=..., analyses=["weights"])
    script = "import time\nfrom atlas.profiles import profile_file as store\nreally = store.save\n"
    script += (
        "def slow(*all):\n    really(*all)\n    print('saved', flush=True)\n    time.sleep(30)\n"
    )
    script += "store.save = slow\nfrom atlas.commands import main\nmain(['profile'])"
    command = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdout is not None and running.stdout.readline() == "saved\n"
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 143, told
    assert "4 left: run it again to go on" in told and "atlas: stopped" in told
    planned = json.loads(run("plan", "--json", "--all").stdout)
    assert [job["state"] for job in planned] == ["fresh", "missing", "missing", "missing"]


# What is wrong before anything begins


@pytest.mark.parametrize("text", ["{", '{"text": "one"}', None])
def test_an_own_corpus_that_cannot_be_used_is_told_before_anything_begins(
    atlas: Project, text: str | None
) -> None:
    settings = atlas.mkdocs_yml.read_text().replace("atlas: {}", "atlas: {corpus: texts.jsonl}")
    atlas.mkdocs_yml.write_text(settings)
    if text is not None:
        (atlas.root / "texts.jsonl").write_text(text)
    for words in (("check",), ("plan",), ("profile",), ("build",)):
        done = run(*words)
        assert done.exit_code == 1 and "texts.jsonl: " in line(done.output), words
    assert not atlas.profile("a", "weights").exists()


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_plain_file_is_not_waited_for(atlas: Project, kind: str) -> None:
    path = atlas.profile("a", "weights")
    if kind == "pipe":
        os.mkfifo(path)
    else:
        settings = atlas.mkdocs_yml.read_text().replace("atlas: {}", "atlas: {corpus: /dev/zero}")
        atlas.mkdocs_yml.write_text(settings)
    done = run("check")
    assert done.exit_code == 1 and line(done.output)


def test_a_billion_layers_are_told_at_once(atlas: Project) -> None:
    config = json.loads(Path("weights/config.json").read_text())
    for layers, told in ((10**9, "expected a count"), (9_999, "9999 layers, and the weights hav")):
        Path("weights/config.json").write_text(json.dumps({**config, "num_hidden_layers": layers}))
        for words in (("check",), ("plan",), ("profile",), ("build", "--no-profile")):
            done = run(*words)
            assert done.exit_code == 0, (words, done.output)
        assert told in run("check").output


def test_pages_are_known_when_what_can_be_thrown_away_was(atlas: Project) -> None:
    assert run("build").exit_code == 0
    shutil.rmtree(atlas.cache)
    write_entry(atlas, "a", name="Another", source="./weights", revision=..., analyses=["weights"])
    assert run("build").exit_code == 0


@pytest.mark.parametrize("words", [("verify", "a"), ("profile", "a")])
def test_a_model_that_was_named_and_cannot_be_measured(
    atlas: Project, words: tuple[str, ...]
) -> None:
    Path("weights/model.safetensors").unlink()
    assert run(*words).exit_code == 1
    assert run(words[0]).exit_code == 0


def test_json_is_there_after_an_interruption(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("atlas.measure.run._save", interrupt)
        done = run("profile", "--json")
    assert done.exit_code == 130 and json.loads(done.stdout) == []
    assert run("profile").exit_code == 0
    with monkeypatch.context() as patched:
        patched.setattr("atlas.profiles.agreement.compare", interrupt)
        done = run("verify", "--json")
    assert done.exit_code == 130 and json.loads(done.stdout) == []


def test_require_profiles_tells_json_too(atlas: Project) -> None:
    done = run("build", "--no-profile", "--require-profiles", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and told["site"] is None and len(told["unmeasured"]) == 1
