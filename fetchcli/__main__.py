"""``python -m fetchcli``."""

from fetchcli.cli.app import entry

if __name__ == "__main__":
    entry()
