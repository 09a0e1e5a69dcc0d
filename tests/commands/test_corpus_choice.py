"""Which corpus a model is measured on: its atlas' choice, its entry's, or that of the command."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples
from click.testing import CliRunner

from atlas.commands import main
from atlas.commands.project import planned
from atlas.entries import entry, entry_text
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.pinned import corpus
from atlas.pinned.choices import DEFAULT, Choices
from atlas.profiles import freshness, statement

CHOSEN = {"corpus": "reference", "fold": True}


@pytest.fixture
def chosen(project: Project) -> Project:
    samples.write_entry(project, "one", source="zoo:llama", revision=..., protocol=CHOSEN)
    return project


def test_an_entry_chooses_for_its_model(chosen: Project) -> None:
    item = entry.load(chosen.entry("one"))
    assert DEFAULT.under(item.protocol) == Choices("reference", fold=True)
    stated = statement.of("attention")
    for choices, read in ((DEFAULT, stated.protocol), (Choices("reference"), None)):
        protocol = read or stated.protocol_under(choices)
        profile = samples.profile(
            analysis="attention", version=stated.version, protocol=dict(protocol)
        )
        reasons = [
            one for one in freshness.without_files(profile, item, DEFAULT) if "corpus" in one
        ]
        assert len(reasons) == (read is not None), "what was read before is stale"


def test_what_the_command_says_holds_for_every_entry(chosen: Project, tmp_path: Path) -> None:
    work = planned(chosen, (), ())
    assert work.choices == DEFAULT and work.entries[0].protocol == CHOSEN
    work = planned(chosen, (), (), "pinned")
    assert work.choices.corpus == "pinned" and work.entries[0].protocol == {"fold": True}
    assert entry.load(chosen.entry("one")).without_choice("fold").protocol == {
        "corpus": "reference"
    }
    with pytest.raises(AtlasError, match="No such file"):
        planned(chosen, (), (), tmp_path / "none.jsonl")


def test_a_name_of_no_corpus_is_told_before_anything_begins(chosen: Project) -> None:
    words = ["profile", "--project", str(chosen.root), "--corpus", "./reference"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "reference: cannot be read: No such file" in done.output
    assert done.output.rstrip().endswith("a corpus that atlas ships: pinned, reference")


def test_an_unknown_corpus_of_an_entry_is_told(project: Project) -> None:
    path = samples.write_entry(project, protocol={"corpus": "refrence"})
    with pytest.raises(AtlasError, match=r"protocol\.corpus.*refrence.*reference"):
        entry.load(path)


def test_an_entry_with_choices_is_written_as_it_was_read(chosen: Project) -> None:
    item = entry.load(chosen.entry("one"))
    assert "protocol:\n  corpus: reference\n  fold: true\n" in entry_text.checked(item)


def test_committed_reference_models_read_their_own_kind_of_text() -> None:
    held = Project(PACKAGE.parent)
    for item in entry.load_all(held):
        own = DEFAULT.under(item.protocol).corpus
        assert own == ("reference" if item.is_reference else "pinned"), item.slug
        assert own in corpus.SHIPPED
