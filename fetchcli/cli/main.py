"""Run the command: one exit code, and at most one line on stderr about what went wrong."""

import errno
import os
import sys
from contextlib import suppress

import click

from fetchcli.cli.app import app
from fetchcli.cli.command import origin
from fetchcli.core.errors import ExitCode, FetchcliError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.messages import print_message
from fetchcli.run.descriptors import occupy_standard_descriptors

_SUGGESTIONS = lazy_pattern(r"\.? \(Possible options?: (.*?)\)")

NEAR = 0.8  # of 1.0: --retrys and --retry
WRITE_ERRNOS = frozenset({errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EFBIG, errno.EDQUOT})


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
    except SystemExit:  # click's answer to a reader that has left
        return ExitCode.OUTPUT
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for a user
        if isinstance(error, OSError) and error.errno in WRITE_ERRNOS:
            return _cannot_write(error)
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
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        error.possibilities = [name for name in error.possibilities if _is_near(name, error.option_name)]
    message = error.format_message().replace(" Did you mean", "; did you mean").rstrip(".?")
    return _SUGGESTIONS.sub(r"; did you mean \1", message)


def _is_near(name: str, written: str) -> bool:
    """Whether a name may be what was meant: a suggestion that is wrong is worse than none."""
    from difflib import SequenceMatcher

    return name.startswith(written) or SequenceMatcher(None, name, written).ratio() >= NEAR


def _cannot_write(error: OSError) -> ExitCode:
    """Say that stdout could not be written; a reader that has left knows."""
    if error.errno != errno.EPIPE:
        print_message(f"cannot write stdout: {error.strerror}")
    return ExitCode.OUTPUT


def entry() -> None:
    """Run, and exit without tearing down the interpreter, which would take 40 ms."""
    code = main()
    with suppress(AttributeError):  # closed from the start
        try:
            sys.stdout.flush()
        except OSError as error:
            code = code if code >= ExitCode.OUTPUT else _cannot_write(error)
    with suppress(AttributeError, OSError):
        sys.stderr.flush()
    os._exit(code)
