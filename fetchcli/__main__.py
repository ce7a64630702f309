"""The command, and ``python -m fetchcli``."""

import os


def main() -> None:
    """Run the command; a Ctrl-C while it is still being imported ends it as quietly as later ones."""
    try:
        from fetchcli.cli.main import entry
    except KeyboardInterrupt:
        os._exit(130)
    entry()


if __name__ == "__main__":
    main()
