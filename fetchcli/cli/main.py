"""The end of every run: one exit code, and at most one line on stderr for what went wrong."""

import os
import re
import sys
from contextlib import suppress

import click

from fetchcli.cli.app import app
from fetchcli.cli.command import origin
from fetchcli.cli.preflight import occupy_standard_descriptors
from fetchcli.core.errors import ExitCode, FetchcliError
from fetchcli.messages import say

_SUGGESTIONS = re.compile(r"\.? \(Possible options?: (.*?)\)")


def main() -> ExitCode:
    """Every way of ending is one exit code and at most one line on stderr."""
    occupy_standard_descriptors()
    try:
        return ExitCode(app(standalone_mode=False, prog_name="fetchcli"))
    except click.ClickException as error:
        say(f"{_message(error)}; --help says what there is")
        return ExitCode.USAGE
    except FetchcliError as error:
        say(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.SIGINT
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for a user
        say(f"internal error: {type(error).__name__}: {error}")
        return ExitCode.INTERNAL


def _message(error: click.ClickException) -> str:
    """One line; a value from a file or a variable is named after that."""
    if (
        isinstance(error, click.BadParameter)
        and error.ctx
        and error.param
        and (where := origin(error.ctx, error.param))
    ):
        return f"{where}: {error.message.rstrip('.')}"
    message = error.format_message().replace(" Did you mean", "; did you mean").rstrip(".?")
    return _SUGGESTIONS.sub(r"; did you mean \1", message)


def entry() -> None:
    """Run, and leave at once: taking the interpreter down module by module costs 40 ms and saves nothing."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # closed from the start, or broken since
            stream.flush()
    os._exit(code)
