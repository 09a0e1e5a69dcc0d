"""Everything wrong with a project, in one run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import tiny
from samples import GEOMETRY, matrix, profile, write_entry

from atlas import architectures
from atlas.checkpoints import headers
from atlas.entries import entry, entry_text
from atlas.entries.geometry import LACKING
from atlas.paths import PACKAGE, Project
from atlas.profiles import profile_file
from atlas.review import check
from atlas.site.figures import previews


@pytest.fixture(autouse=True)
def analyses(project: Project, state: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    state("weights")
    state("drift")
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def told(project: Project) -> list[str]:
    lines = [str(item) for item in check.problems(project)]
    root = f"{project.root}/"
    assert all(line.startswith(root) and "; " in line and line.isprintable() for line in lines)
    assert len(set(lines)) == len(lines)
    return [line.removeprefix(root).removeprefix("docs/models/") for line in lines]


def contradictions(project: Project) -> list[str]:
    found = check.findings(project).contradictions
    return [str(item).removeprefix(f"{project.models}/") for item in found]


def with_profile(project: Project, slug: str = "some-model") -> Path:
    write_entry(project, slug)
    path = project.profile(slug, "weights")
    profile_file.save(path, profile())
    return path


def with_weights(project: Project, **changes: Any) -> Path:
    folder = tiny.make(project.root / "weights", "llama")
    write_entry(project, source="./weights", revision=..., **changes)
    return folder


def true_geometry(folder: Path) -> dict[str, int | None]:
    architecture = architectures.lookup(headers.config(folder), folder)
    stored = {name: tensor.elements for name, tensor in headers.read(folder).items()}
    return {**asdict(architecture.geometry), "parameters": architecture.parameters(stored)}


def test_all_is_well(project: Project) -> None:
    assert told(project) == []
    with_profile(project)
    assert told(project) == []


def test_every_problem_of_every_kind_in_one_run(project: Project) -> None:
    """A fault in one file hides none in another, nor what only all entries together show."""
    project.mkdocs_yml.write_text("site_name: T\nextra: {atlas: {analyses: [wieghts]}}\n")
    write_entry(project, "a", name=3, architecture="gt2", analyses=["drfit", 3])
    write_entry(project, "Bad Slug", name="Other")
    write_entry(project, "c", name="Twin", base="nobody", architecture="lama", analyses=["x"])
    write_entry(project, "d", name="twin", source="some-org/Twin")
    project.profile("d", "weights").write_text("{")
    project.profile("d", "wieghts").write_text("{}")
    project.profile("a", "weights").write_text("[]")
    lines = told(project)
    assert [line.partition(":")[0] for line in lines] == sorted(
        line.partition(":")[0] for line in lines
    )
    for expected in (
        "mkdocs.yml: extra.atlas.analyses: there is no analysis 'wieghts'; did you mean 'weights'?",
        "a/model.yml: line 1: name: 3 is not text",
        "a/model.yml: line 3: architecture: architecture 'gt2' is not known; did you mean 'gpt2'?",
        "a/model.yml: line 10: analyses[1]: 3 is not text",
        "a/model.yml: line 8: analyses: there is no analysis 'drfit'; did you mean 'drift'?",
        "a/weights.json: [] is not a mapping",
        "Bad Slug: 'Bad Slug' is not a slug",
        "c/model.yml: base: base 'nobody' is not another model of this atlas",
        "c/model.yml: line 3: architecture: architecture 'lama' is not known; did you mean 'l",
        "c/model.yml: line 9: analyses: there is no analysis 'x'; known: drift, weights",
        "d/model.yml: name: name 'twin' is also that of 'c'",
        "d/weights.json: line 1: is not valid JSON",
        "d/wieghts.json: 'wieghts.json' belongs to no analysis; remove it; did you mean 'weights'?",
    ):
        assert any(line.startswith(expected) for line in lines), expected
    assert len(lines) == 13


@pytest.mark.parametrize(
    "name",
    [
        "evil.html",
        "notes.md",
        "script.js",
        "picture.svg",
        "model.yaml",
        "Model.yml",
        "pytorch_model.bin",
        "previews/page.html",
        "previews/weights.rms.svg",
        "deep/weights.json",
        "weights.txt",
    ],
)
def test_files_that_would_be_published_with_the_contribution(project: Project, name: str) -> None:
    with_profile(project)
    path = project.folder("some-model") / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("<script>alert(1)</script>")
    [line] = told(project)
    assert line.startswith(
        f"some-model/{name}: '{path.name}' is not part of an entry, and would be"
    )


def test_a_folder_without_an_entry_publishes_nothing_either(project: Project) -> None:
    (project.models / "nobody").mkdir()
    (project.models / "nobody" / "index.html").write_text("x")
    assert len(told(project)) == 1


def test_what_render_makes_and_what_systems_leave_is_no_problem(project: Project) -> None:
    with_profile(project)
    folder = project.folder("some-model")
    (folder / "previews").mkdir()
    for name in ("index.md", "previews/weights.rms.png", ".DS_Store", ".weights.json.x.tmp"):
        (folder / name).write_text("")
    picture = previews.png(matrix())
    (folder / "previews" / "weights.rms.svg").write_bytes(previews.stretching(picture))
    (project.models / ".ipynb_checkpoints").mkdir()
    (project.models / ".ipynb_checkpoints" / "x.html").write_text("")
    (project.models / "index.md").write_text("")
    assert told(project) == []


def test_links_are_told_once_and_not_followed(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "model.yml").write_text("secret: 1\n")
    (outside / "secret.html").write_text("secret")
    (project.models / "linked").symlink_to(outside)
    [line] = told(project)
    assert line.startswith("linked: is a symbolic link to ")
    (project.models / "linked").unlink()
    path = with_profile(project)
    path.unlink()
    path.symlink_to(outside / "secret.html")
    [line] = told(project)
    assert line.startswith("some-model/weights.json: is a symbolic link to ")
    path.unlink()
    (path.parent / "previews").symlink_to(outside)
    [line] = told(project)
    assert line.startswith("some-model/previews: 'previews' is not part of an entry")


def test_an_entry_is_held_against_the_models_own_files(project: Project) -> None:
    folder = with_weights(project)
    true = true_geometry(folder)
    write_entry(project, source="./weights", revision=..., geometry=true)
    assert told(project) == []
    wrong = {**true, "heads": 5, "parameters": 7}
    write_entry(project, source="./weights", revision=..., geometry=wrong)
    assert told(project) == [], "of another machine: it keeps no atlas from being built"
    assert contradictions(project) == [
        f"some-model/model.yml: geometry.heads: 5 in the entry, {true['heads']} in the model's own"
        f" files; write heads: {true['heads']}",
        f"some-model/model.yml: geometry.parameters: 7 in the entry, {true['parameters']} in the"
        f" model's own files; write parameters: {true['parameters']}",
    ]


def test_another_architecture_than_the_config_says(project: Project) -> None:
    with_weights(project, architecture="gpt2")
    [line] = contradictions(project)
    assert line.endswith("the model's config says 'llama'; write architecture: llama")


def truncated(folder: Path) -> None:
    weights = folder / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-10])


def spoilt_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def odd_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_attention_heads": [4]}))


def lost_shard(folder: Path) -> None:
    (folder / headers.SINGLE).unlink()
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00001.safetensors"}}
    (folder / headers.INDEX).write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (truncated, "model.safetensors: truncated: "),
        (spoilt_config, "config.json: line 1: is not valid JSON"),
        (odd_config, "num_attention_heads: expected a count, found [4]"),
        (lost_shard, "model-00001-of-00001.safetensors: missing shard"),
    ],
)
def test_a_damaged_copy_is_noted_and_no_problem_of_the_project(
    project: Project, spoil: Callable[[Path], None], words: str
) -> None:
    folder = with_weights(project)
    write_entry(project, source="./weights", revision=..., geometry=true_geometry(folder))
    spoil(folder)
    found = check.findings(project)
    assert (found.problems, found.contradictions) == ([], [])
    [note] = found.notes
    assert note.startswith("some-model: not measurable here: ") and words in note


def test_half_a_hub_cache_is_no_problem_of_the_project(project: Project) -> None:
    """A cache in which somebody else's program left the config of an unpinned model."""
    model = project.root / "hub" / "models--some-org--Some-Model-1B"
    for path, text in (("refs/main", "1" * 40), (f"snapshots/{'1' * 40}/config.json", "{")):
        (model / path).parent.mkdir(parents=True)
        (model / path).write_text(text)
    write_entry(project, "a", name="A", revision=None)
    write_entry(project, "b", name="B", revision="1" * 40)
    found = check.findings(project)
    assert (found.problems, found.contradictions) == ([], [])
    assert found.notes[0].endswith("revision is still to be pinned")
    assert found.notes[1].startswith("b: not measurable here: ") and len(found.notes) == 2


def test_notes_name_what_is_still_to_be_pinned(project: Project) -> None:
    write_entry(project, "a", name="A", revision=None)
    write_entry(project, "b", name="B")
    write_entry(project, "c", name="C", source="zoo:llama", revision=...)
    assert check.findings(project).notes == [
        "docs/models/a/model.yml: revision is still to be pinned"
    ]
    for slug in ("d", "e", "f"):
        write_entry(project, slug, name=slug, revision=None)
    [note] = check.findings(project).notes
    assert note.startswith("4 models are still to be pinned: a, d, e and 1 more; write each one's")


def test_notes_name_profiles_that_were_left_behind(project: Project) -> None:
    path = with_profile(project)
    profile_file.save(path, profile(protocol={}))
    assert check.findings(project).notes == []
    profile_file.save(path, profile(version=7, protocol={}))
    [note] = check.findings(project).notes
    assert note == (
        "docs/models/some-model/weights.json: stale: measured with version 7, current 1"
    )
    assert told(project) == [], "it stays on its page, marked as such"
    for slug in ("a", "b", "c"):
        write_entry(project, slug, name=slug, revision=str(len(slug)) * 40, source=f"x/{slug}")
        pin = replace(profile().model, slug=slug)
        profile_file.save(project.profile(slug, "weights"), profile(model=pin))
    assert check.findings(project).notes == ["4 profiles are stale; atlas plan shows which and why"]


@pytest.mark.parametrize("license", ["apache2", "other", "Llama-3", "qwen-research", "see below"])
def test_licenses_that_are_none(project: Project, license: str) -> None:
    write_entry(project, license=license)
    [line] = told(project)
    assert line.startswith(f"some-model/model.yml: line 6: license: license '{license}' is not kn")
    assert "write an SPDX identifier, the hub's own name such as llama3.1, or LicenseRef-" in line
    assert ("did you mean 'apache-2.0'?" in line) is (license == "apache2")


@pytest.mark.parametrize(
    "license",
    ["MIT", "apache-2.0", "llama3.1", "gemma", "LicenseRef-qwen-research", "mit OR Apache-2.0"],
)
def test_licenses_that_are_some(project: Project, license: str) -> None:
    write_entry(project, license=license)
    assert told(project) == []


def test_the_same_model_under_two_names(project: Project) -> None:
    write_entry(project, "a", name="A")
    write_entry(project, "b", name="B", source="some-org/some-model-1b")
    write_entry(project, "c", name="C", revision="1" * 40)
    [line] = told(project)
    assert line.startswith(
        "b/model.yml: source: source 'some-org/some-model-1b' is also that of 'a'"
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kv_heads": 3}, "geometry.kv_heads: 4 heads cannot share 3 key/value heads evenly"),
        ({"parameters": 15_000}, "geometry.parameters: 15,000 parameters, and a llama of this sha"),
        ({"parameters": 50_000}, "geometry.parameters: 50,000 parameters, and a llama of this sha"),
        ({"d_mlp": 480, "parameters": 25_000}, "geometry.parameters: 25,000 parameters, and a ll"),
    ],
)
def test_a_shape_that_its_architecture_cannot_have(
    project: Project, changes: dict[str, int], problem: str
) -> None:
    write_entry(project, geometry={**GEOMETRY, **changes})
    [line] = told(project)
    assert line.startswith(f"some-model/model.yml: {problem}")
    write_entry(project, geometry={**GEOMETRY, "parameters": 26_000})
    assert told(project) == []


@pytest.mark.parametrize(
    ("architecture", "lacking", "problem"),
    [
        (
            "llama",
            ("heads", "kv_heads", "d_head"),
            "heads is missing, and layers of llama have att",
        ),
        ("llama", ("d_mlp",), "d_mlp is missing, and layers of llama have an MLP"),
        ("llama", ("kv_heads",), "'kv_heads' is a dependency of 'heads'"),
        (
            "mamba",
            ("d_mlp",),
            "heads is 4, and no layer of mamba has attention; leave out heads, kv",
        ),
        ("mamba", ("heads", "kv_heads", "d_head"), "d_mlp is 48, and no layer of mamba has an MLP"),
    ],
)
def test_heads_and_mlps_are_left_out_where_there_are_none_and_nowhere_else(
    project: Project, architecture: str, lacking: tuple[str, ...], problem: str
) -> None:
    shape = {key: value for key, value in GEOMETRY.items() if key not in lacking}
    write_entry(project, architecture=architecture, geometry=shape)
    assert any(problem in line for line in told(project))


def test_an_entry_without_heads_reads_as_it_is_written(project: Project) -> None:
    shape = {key: GEOMETRY[key] for key in ("layers", "d_model", "vocabulary")}
    write_entry(project, architecture="mamba", geometry=shape)
    assert told(project) == []
    read = entry.load(project.entry("some-model"))
    assert read.geometry is not None and read.geometry.heads == read.geometry.d_mlp == 0
    assert not any(f"  {key}:" in entry_text.text(read) for key in LACKING)


def test_a_profile_of_another_shape_or_kind(project: Project, state: Callable[..., Path]) -> None:
    path = with_profile(project)
    write_entry(project, geometry=GEOMETRY)
    lines = told(project)
    assert lines == [
        f"some-model/weights.json: matrix {name!r}: 2 layers, and the entry says 3; measure it"
        " again, or correct the entry's geometry"
        for name in ("rms", "score:capital@10")
    ]
    write_entry(project, geometry={**GEOMETRY, "layers": 2})
    assert told(project) == []
    statement = state("weights")
    statement.write_text(statement.read_text().replace('("decoder", "encoder")', '("encoder",)'))
    [line] = told(project)
    assert (
        line == f"some-model/{path.name}: 'weights' does not fit decoders such as llama; remove it"
    )


def test_a_profile_without_an_entry(project: Project) -> None:
    path = with_profile(project)
    path.with_name("model.yml").unlink()
    assert told(project) == [
        "some-model/weights.json: belongs to no entry; write a model.yml beside it"
    ]


def test_values_that_break_their_promise(project: Project) -> None:
    path = with_profile(project)
    document = json.loads(path.read_text())
    document["matrices"][0]["range"] = [0, 1]
    document["matrices"][1]["values"][0] = [1.0]
    path.write_text(json.dumps(document))
    lines = told(project)
    assert any("value 12.34 is above the promised range" in line for line in lines), lines
    document["matrices"] = [{**document["matrices"][0], "values": [[1e999, 0, 0], [0, 0, 0]]}]
    path.write_text(json.dumps(document))
    assert told(project)


def test_check_does_without_torch(project: Project) -> None:
    committed = Project(PACKAGE.parent)
    for path in (committed.entry("ref-llama"), committed.profile("ref-llama", "weights")):
        copy = project.folder("ref-llama") / path.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    script = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from pathlib import Path\n"
        "from atlas.review import check; from atlas.paths import Project\n"
        f"print(check.problems(Project(Path({str(project.root)!r}))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == "[]\n"
