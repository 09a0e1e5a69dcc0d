"""The README.md that `atlas init` writes: how to build the atlas, and what makes it one's own."""

from __future__ import annotations

TEXT = """\
# {name}

An atlas of language models: heatmaps of their weights, attention heads and layers. Each model is a
folder of `docs/models/`. The site is made from these folders; nothing that is built is committed.

## Build it

```sh
pip install 'model-atlas[profile]'    # without [profile]: everything but measuring, and no torch
atlas build                           # check, measure what is missing, and build site/
atlas serve                           # look at it, and see changes as you make them
```

`site/` is a folder of plain files that any web server can serve. `atlas publish FOLDER` prepares
one for a static host. In a git repository, `atlas init . --workflow github` (or `gitlab`) adds a
workflow that publishes it.

## Add a model

```sh
atlas new ORG/NAME                    # or ./folder, or model.gguf; writes its model.yml
atlas check
atlas plan                            # what it takes to measure the model
atlas profile
```

The model that is there from the start, {model}, is only for looking at: `atlas rm {model}` removes
it.

## Make it your own

In mkdocs.yml:

- `site_name`, `site_description`, `copyright`: title, description and footer.
- `site_url`: where the site will be served.
- `theme.logo`, `theme.favicon`: files of `docs/assets/`. Link previews show a logo that is a PNG.
- `nav`: the tabs. Pages of your own are Markdown files in `docs/`.

In mkdocs.yml, under `extra.atlas`:

- `headline`: the first sentence of the home page.
- `introduction`: a Markdown file outside `docs/` that stands below it, such as `introduction.md`.
- `sections`: the sections of the site, in their order on the home page. What is left out has to
  go from `nav` as well.
- `analyses`: what is measured, in the order of the pages.
- `colours`: of links, `{{light: "#8a1c4a", dark: "#f2a0c0"}}`; atlas checks their contrast.

Any other text or page is a template. A copy in `templates/`, under the same name, wins over the one
that atlas ships, which lies where this says:

```sh
python -c "from atlas import paths; print(paths.shipped_templates())"
```

Templates are code: they run, with your rights, whenever the site is built, and so do hooks that
mkdocs.yml names. Scripts in an introduction run in the reader's browser. Review a pull request that
changes any of these as you would review a program; `atlas check --base main` names such
changes. Entries, measurements, claims and findings are data.
"""


def text(name: str, model: str) -> str:
    """The file of an atlas of that name, with one model in it."""
    return TEXT.format(name=" ".join(name.split()), model=model)
