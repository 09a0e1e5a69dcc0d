"""`atlas list` and `atlas show`: in a pipe, as JSON, and on terminals of 40 and 80 columns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from own_atlas import OURS
from terminals import Terminal

from atlas.commands import main
from atlas.paths import Project

CLAIM = "ref-tunes-drift"


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A model and its tune of which one analysis is stale and one missing, and a claim."""
    made = Project(tmp_path_factory.mktemp("listing"))
    made.models.mkdir(parents=True)
    shutil.copy(OURS.mkdocs_yml, made.mkdocs_yml)
    for slug in ("ref-llama", "ref-llama-topic", "gpt2"):
        shutil.copytree(OURS.folder(slug), made.folder(slug))
    made.profile("ref-llama-topic", "masks").unlink()
    path = made.profile("ref-llama-topic", "weights")
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))
    made.claims.mkdir()
    shutil.copy(OURS.claims / f"{CLAIM}.yml", made.claims)
    return made


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def run(project: Project, *words: str) -> Result:
    words = (*words, "--project", str(project.root))
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_a_line_a_model_in_a_pipe(tunes: Project) -> None:
    result = run(tunes, "list")
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert [line[0] for line in lines] == ["gpt2", "ref-llama", "ref-llama-topic"]
    assert lines[0][1:] == ["124 million", "0 of 7", "", "all missing"]
    assert lines[1][2] == "7 of 7" and lines[1][4] == ""
    assert lines[2][2] == "6 of 8" and lines[2][4] == "weights stale; masks missing"
    assert "3 models; analyses: 13 fresh, 1 stale, 8 missing; " in result.stderr
    assert "ref-llama" not in run(tunes, "list", "gpt*").stdout
    assert run(tunes, "list", "--state", "stale").stdout.startswith("ref-llama-topic\t")


def test_list_as_json(tunes: Project) -> None:
    found = {one["model"]: one for one in json.loads(run(tunes, "list", "--json").stdout)}
    assert found["ref-llama-topic"]["analyses"]["weights"] == "stale"
    assert found["ref-llama-topic"]["base"] == "ref-llama"
    sizes = (path.stat().st_size for path in tunes.folder("ref-llama").glob("*.json"))
    assert found["ref-llama"]["bytes"] == sum(sizes)


def test_an_atlas_without_models_says_what_to_do(project: Project) -> None:
    result = run(project, "list")
    assert result.exit_code == 0 and "no models; atlas new SOURCE adds one" in result.stderr
    assert result.stdout == ""


def test_show_tells_all_of_one_model(tunes: Project) -> None:
    told = run(tunes, "show", "ref-llama-t*").stdout
    for line in (
        "model\tReference Llama Topic (ref-llama-topic)\n",
        "entry\t",
        "base\tref-llama; fine-tuned from it\n",
        "weights\ton this machine\n",
        "weights\tstale\t99\t10\tcpu\n",
        "masks\tmissing\t\t\t\n",
        "waits\tweights: measured with version 99",
        "waits\tmasks: never measured",
        f"claim\t{CLAIM} cannot be tested yet: ",
        "page\tmodels/ref-llama-topic/ of the site; atlas build makes it\n",
    ):
        assert line in told, line
    page = tunes.site / "models/gpt2/index.html"
    page.parent.mkdir(parents=True)
    page.touch()
    told = run(tunes, "show", "gpt2").stdout
    assert "site/models/gpt2/index.html" in told and "revision\tnull, still to be" in told
    found = json.loads(run(tunes, "show", "ref-llama-topic", "--json").stdout)
    assert [one["claim"] for one in found["claims"]] == [CLAIM]
    by_name = {one["analysis"]: one for one in found["analyses"]}
    assert by_name["weights"]["version"] == 99 and by_name["masks"]["matrices"] == []
    wrong = run(tunes, "show", "ref*")
    assert wrong.exit_code == 1 and "matches 2 models; name one: ref-llama, " in wrong.stderr


@pytest.mark.parametrize("columns", [40, 80])
def test_both_fit_a_terminal(terminal: Terminal, tunes: Project, columns: int) -> None:
    for words in (["list", "-q"], ["show", "ref-llama-topic"], ["csv", "ref-llama", "weights"]):
        seen = terminal.run(words, tunes.root, columns)
        assert seen.status == 0, seen.text
        assert max(map(len, seen.text.splitlines())) <= columns, seen.text
    assert seen.has("effective_rank", "Effective rank")


def test_help_lists_them_in_the_order_of_work() -> None:
    listed = CliRunner().invoke(main, ["--help"]).stdout
    places = [listed.index(f"\n  {name} ") for name in ("new", "list", "show", "rename", "rm")]
    assert places == sorted(places)
