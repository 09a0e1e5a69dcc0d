"""`atlas completion`: what completes commands in a shell."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a script that completes commands, options and models.

    For bash, in ~/.bashrc: eval "$(atlas completion bash)"
    """
    from click.shell_completion import get_completion_class

    from atlas.commands import console

    found = get_completion_class(shell)
    assert found is not None, "Choice allows only shells that click knows"
    console.write(
        found(
            click.get_current_context().find_root().command, {}, "atlas", "_ATLAS_COMPLETE"
        ).source()
        + "\n"
    )
