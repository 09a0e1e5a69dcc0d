"""Somebody else's atlas: made by `atlas init`, then changed in everything that can be its own."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from atlas.drafting import new_project
from atlas.paths import Project, shipped_templates

SECTIONS = "[methods, models, data]"
NAV = """\
nav:
  - Start: index.md
  - Models: models/index.md
  - Methods: methods/index.md
  - Data: data/index.md
"""
ATLAS = f"""\
  atlas:
    headline: What Beacon's models do
    introduction: introduction.md
    sections: {SECTIONS}
    analyses: [weights, attention]
    colours: {{light: "#8a1c4a", dark: "#f2a0c0"}}
"""
INTRODUCTION = """\
We measure what [Beacon](https://beacon.example/) trains: [its models](models/index.md).

- `{{ braces }}` stay as they are.
"""


def write(root: Path) -> Project:
    """The project, not yet rendered."""
    new_project.write(root)
    made = Project(root)
    text = made.mkdocs_yml.read_text(encoding="utf-8")
    first, _, rest = text.partition("theme:\n")
    before, _, after = rest.partition("nav:\n")
    after = after[after.index("# Words") :].replace("  atlas: {}\n", ATLAS)
    before = before.replace(
        "  icon:\n    logo: material/view-grid\n", "  logo: assets/beacon.png\n"
    )
    assert ATLAS in after and "beacon.png" in before and "site_description: L" in first
    own = 'site_name: "Beacon\'s atlas"\nsite_description: From Beacon.\ncopyright: Beacon Lab\n'
    address = "site_url: https://beacon.example/atlas/\n"
    made.mkdocs_yml.write_text(f"{own}{address}theme:\n{before}{NAV}\n{after}", encoding="utf-8")
    (root / "introduction.md").write_text(INTRODUCTION, encoding="utf-8")
    (made.docs / "assets").mkdir()
    Image.new("RGBA", (32, 32), "#8a1c4a").save(made.docs / "assets/beacon.png")
    _override(made, "models.md.j2", "# Models\n", "# What we trained\n")
    _override(
        made, "sections/figure.j2", "{{ heatmap(section) }}", "{{ heatmap(section) }}<b>Ours</b>"
    )
    _override(made, "parts/badge.j2", "Reference model, trained for demonstration", "From Beacon")
    return made


def _override(made: Project, name: str, ours: str, theirs: str) -> None:
    """A template of the project, which differs from the one that atlas ships."""
    text = (shipped_templates() / name).read_text(encoding="utf-8")
    assert ours in text
    (made.templates / name).parent.mkdir(parents=True, exist_ok=True)
    (made.templates / name).write_text(text.replace(ours, theirs), encoding="utf-8")
