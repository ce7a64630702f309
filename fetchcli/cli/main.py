"""Run the command: one exit code, and at most one line on stderr about what went wrong."""

import os
import re
import sys
from contextlib import suppress

import click

from fetchcli.cli.app import app
from fetchcli.cli.command import origin
from fetchcli.cli.preflight import occupy_standard_descriptors
from fetchcli.core.errors import ExitCode, FetchcliError
from fetchcli.messages import print_message

_SUGGESTIONS = re.compile(r"\.? \(Possible options?: (.*?)\)")


def main() -> ExitCode:
    """Run the command and return its exit code."""
    occupy_standard_descriptors()
    try:
        return ExitCode(app(standalone_mode=False, prog_name="fetchcli"))
    except click.ClickException as error:
        print_message(f"{_message(error)}; see --help")
        return ExitCode.USAGE
    except FetchcliError as error:
        print_message(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.SIGINT
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for a user
        print_message(f"internal error: {type(error).__name__}: {error}")
        return ExitCode.INTERNAL


def _message(error: click.ClickException) -> str:
    """The message of a click error on one line, with the variable or file that the value came from."""
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
    """Run, and exit without tearing down the interpreter, which would take 40 ms."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # closed from the start, or broken since
            stream.flush()
    os._exit(code)
