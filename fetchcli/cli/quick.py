"""What is answered at once: the version, the short help and the topics, if nothing else is asked for.

These are files. To read one takes a tenth of the time that it takes to make the options of the command.
"""

import sys
from pathlib import Path

from fetchcli._version import __version__

HELP = Path(__file__).parents[1] / "help"


def answer(words: list[str]) -> bool:
    """Print what the words of the command line ask for; return whether that was all.

    Raises:
        OSError: it cannot be written.
    """
    if sys.stdout is None:
        return False
    if words == ["--version"]:
        sys.stdout.write(f"fetchcli {__version__}\n")
        sys.stdout.flush()
        return True
    page = _page(words)
    if page is None:
        return False
    from fetchcli.run.help import show_page

    show_page(page.read_text("utf-8"))
    return True


def _page(words: list[str]) -> Path | None:
    """The page that is asked for, or None."""
    match words:
        case ["-h" | "--help"]:
            return HELP / "usage.txt"
        case ["-h" | "--help", topic] if topic.replace("-", "").isalpha():
            page = HELP / f"{topic.lower()}.md"
            return page if page.exists() else None
    return None
