"""Workflows that publish an atlas from its repository: GitHub Pages, GitLab Pages.

Nothing is measured there: the site is made of the profiles that are committed. Actions are pinned
to the commits that this repository's own workflows use.
"""

from __future__ import annotations

from collections.abc import Mapping

from atlas import __version__

GITHUB = """\
# Publishes the atlas on GitHub Pages whenever the main branch changes. Choose "GitHub Actions" as
# the source under Settings, Pages. For a domain of your own, set the variable ATLAS_SITE_URL.
name: publish

on:
  push:
    branches: [main]
  workflow_dispatch:

permissions: {{}}

defaults:
  run:
    shell: bash

concurrency:
  group: publish
  cancel-in-progress: false

jobs:
  build:
    name: build
    runs-on: ubuntu-latest
    timeout-minutes: 20
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with:
          python-version: "3.11"
      - run: python -m pip install --quiet model-atlas=={version}
      - name: build the site for its address
        env:
          SITE: ${{{{ vars.ATLAS_SITE_URL }}}}
          OWNER: ${{{{ github.repository_owner }}}}
          NAME: ${{{{ github.event.repository.name }}}}
        run: |
          if [ -z "$SITE" ]; then
            case "$NAME" in
              *.github.io) SITE="https://$NAME/" ;;
              *) SITE="https://$OWNER.github.io/$NAME/" ;;
            esac
          fi
          atlas publish public --url "$SITE"
      - uses: actions/upload-pages-artifact@7b1f4a764d45c48632c6b24a0339c27f5614fb0b # v4.0.0
        with:
          path: public

  deploy:
    name: deploy
    needs: build
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      pages: write # to publish
      id-token: write # to prove that it is this workflow which publishes
    environment: github-pages
    steps:
      - uses: actions/deploy-pages@d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e # v4.0.5
"""

GITLAB = """\
# Publishes the atlas on GitLab Pages whenever the default branch changes.
pages:
  image: python:3.11-slim
  script:
    - pip install --quiet model-atlas=={version}
    - atlas publish public --url "$CI_PAGES_URL/"
  artifacts:
    paths: [public]
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""

WORKFLOWS: Mapping[str, tuple[str, str]] = {
    "github": (".github/workflows/publish.yml", GITHUB),
    "gitlab": (".gitlab-ci.yml", GITLAB),
}
"""By host: where its workflow lies in a repository, and its text."""


def of(host: str) -> tuple[str, str]:
    """Where a host's workflow lies, and its text for this version of atlas."""
    place, text = WORKFLOWS[host]
    return place, text.format(version=__version__)
