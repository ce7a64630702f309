"""The command, and ``python -m fetchcli``."""

import os


def main() -> None:
    """Run the command; a Ctrl-C during its import ends it quietly, too."""
    try:
        from fetchcli.cli.main import entry
    except KeyboardInterrupt:
        os._exit(130)
    entry()


if __name__ == "__main__":
    main()
