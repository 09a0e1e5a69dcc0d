"""How much a command says: `-q`, `-v`, a log file; and which models words stand for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from atlas.commands import main
from atlas.drafting import new_project


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loudness") / "demo"
    new_project.write(folder)
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def test_quiet_leaves_out_reports_and_keeps_what_is_wrong(demo: Path) -> None:
    assert "all is well" in run("check", "--project", demo).stderr
    assert run("check", "-q", "--project", demo).output == ""
    assert run("-q", "check", "--project", demo).output == ""
    wrong = run("check", "-q", "no-model", "--project", demo)
    assert wrong.exit_code == 1 and "there is no model 'no-model'" in wrong.stderr
    stray = demo / "docs/models/ref-llama/notes.txt"
    stray.write_text("mine")
    try:
        assert "'notes.txt' is not part of an entry" in run("check", "-q", "--project", demo).stderr
    finally:
        stray.unlink()
    assert "all is well" in run("check", "--project", demo).stderr, "the next one is loud again"


def test_verbose_tells_files_and_a_log_file_has_all_with_the_time(demo: Path) -> None:
    log = demo / "atlas.log"
    words = ("render", "--project", demo, "--log-file", log)
    told = run("-v", *words, "-v").stderr
    assert told.count(f"atlas.files.json_file: wrote {demo / 'docs/index.md'}\n") == 1
    assert run(*words, "-q").output == ""
    assert run("check", "nothing", "--project", demo, "--log-file", log, "-q").exit_code == 1
    lines = log.read_text().splitlines()
    assert all(line[:2] == "20" and line[10] == "T" for line in lines)
    assert sum("rendered: " in line for line in lines) == 2
    assert "atlas: there is no model 'nothing'" in lines[-1]


def test_quiet_and_verbose_exclude_each_other_and_a_log_must_be_writable(demo: Path) -> None:
    both = run("check", "-q", "-v", "--project", demo)
    assert both.exit_code == 2 and "-q and -v exclude each other" in both.stderr
    nowhere = run("check", "--project", demo, "--log-file", demo / "none" / "x.log")
    assert nowhere.exit_code == 2 and "x.log cannot be written: No such file" in nowhere.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_log_on_a_full_disk_ends_nothing(demo: Path) -> None:
    done = run("check", "--project", demo, "--log-file", "/dev/full")
    assert done.exit_code == 0 and "cannot be written" not in done.stderr


def test_every_command_has_the_options() -> None:
    for name, command in main.commands.items():
        flags = {flag for each in command.params for flag in each.opts}
        assert {"-q", "-v", "--log-file"} <= flags, name


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("ref-*", None),
        ("REF-LL?MA", None),
        ("rfe*", "no model matches 'rfe*'; known: ref-llama"),
        ("ref-lama", "did you mean 'ref-llama'?"),
        ("Reference Llama", "did you mean 'ref-llama'?"),
        ("zoo:llama", "did you mean 'ref-llama'?"),
        ("", "there is no model ''"),
    ],
)
def test_words_for_models(demo: Path, word: str, told: str | None) -> None:
    for command in ("plan", "check", "pin"):
        result = run(command, word, "--project", demo)
        if told is None:
            assert "no model" not in result.stderr, command
        else:
            assert result.exit_code == 1 and told in result.stderr, command


def test_csv_lists_what_there_is(demo: Path) -> None:
    listed = run("csv", "ref-*", "weights", "--project", demo)
    assert listed.exit_code == 0
    assert "rms\t4 x 9\tRoot mean square" in listed.stdout.splitlines()
    every = run("csv", "ref-llama", "--project", demo).stdout.splitlines()
    assert "weights\trms\t4 x 9\tRoot mean square" in every
    assert any(line.startswith("attention\t") for line in every)
    wrong = run("csv", "ref-llama", "weight", "--project", demo)
    assert wrong.exit_code == 1 and "did you mean 'weights'" in wrong.stderr


@pytest.mark.parametrize(
    ("typed", "found", "lacks"),
    [
        ("atlas csv ref-llama w", "weights", "attention"),
        ("atlas csv ref-llama weights r", "rms", "outlier"),
        ("atlas csv ref-llama drift ", "", "plain"),
        ("atlas rename ref", "ref-llama", "plain,ref-llama\nplain,ref-llama"),
    ],
)
def test_completion_of_matrices(demo: Path, typed: str, found: str, lacks: str) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1)}
    environment = {**os.environ, "_ATLAS_COMPLETE": "bash_complete", **words}
    command = [sys.executable, "-m", "atlas"]
    told = subprocess.run(command, env=environment, cwd=demo, capture_output=True, text=True)
    assert found in told.stdout and lacks not in told.stdout and told.stderr == ""
