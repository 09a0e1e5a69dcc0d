"""`python -m atlas`, and the command `atlas`."""

from __future__ import annotations

import sys


def main() -> None:
    """The command line; Ctrl-C while it is still being loaded ends it as it does later."""
    try:
        from atlas.commands import main

        main(prog_name="atlas")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
