"""Options for saving bodies."""

from collections.abc import Iterable
from typing import Any

from fetchcli.cli.option import Found, Option, Panel, Values, parsed
from fetchcli.core.errors import UsageError
from fetchcli.core.model.save import Existing, Save, SaveOn
from fetchcli.core.units import parse_size

_ANY = ("save", "remote_name")


def _save_paths(text: str) -> Iterable[str]:
    """What stands before the first field of ``--save``."""
    return (text.partition("{")[0] or ".",)


def _only_dash(text: str) -> str:
    if text != "-":
        raise UsageError(f"expected -, not {text!r}; fetchcli finds the offset itself (-r asks for a range)")
    return text


def _warc_size(text: str) -> int:
    size = parse_size(text)
    if not size:
        raise UsageError(f"expected a size such as 1G, got {text!r}")
    return size


def _settings(values: Values) -> dict[str, Any]:
    if values["continue_at"] is not None:
        parsed("--continue-at", _only_dash, values["continue_at"])
    if values["save"] is None and not values["remote_name"]:
        return {}
    size = None
    if values["warc_size"] is not None:
        size = parsed("--warc-size", _warc_size, values["warc_size"])
    existing = Existing.KEEP if values["no_clobber"] else Existing.REPLACE
    save = parsed(
        "--save" if values["save"] is not None else "--output-dir",
        lambda to: Save(
            to=to,
            raw=values["save_raw"],
            on=SaveOn(values["save_on"]),
            existing=Existing.SKIP if values["skip_existing"] else existing,
            fsync=values["fsync"],
            remote_name=values["remote_name"],
            header_name=values["remote_header_name"],
            remote_time=values["remote_time"],
            resume=values["continue_at"] is not None,
            only_changed=values["only_changed"],
            warc_level=values["warc_level"],
            warc_size=size,
        ),
        values["save"] if values["save"] is not None else values["output_dir"] or ".",
    )
    return {"save": save}


PANEL = Panel(
    title="Saving",
    topic="save",
    options=(
        Option(
            flags="--save",
            found=Found.BELOW,
            paths=_save_paths,
            help="Save bodies into FOLDER/, a template, a file, .zip, .tar, .warc.gz, or to stdout: -.",
            metavar="DEST",
            alternatives=("remote_name",),
            common=True,
        ),
        Option(
            flags="-O --remote-name",
            found=Found.YES,
            help="Save bodies under the last part of their URLs.",
            type=bool,
        ),
        Option(
            flags="-J --remote-header-name",
            found=Found.YES,
            help="With -O: prefer the name that the server proposes.",
            type=bool,
            requires=("remote_name",),
        ),
        Option(
            flags="--output-dir",
            found=Found.BELOW,
            help="With -O: the folder, instead of the working folder.",
            metavar="FOLDER",
            requires=("remote_name",),
        ),
        Option(
            flags="--create-dirs",
            found=Found.YES,
            help="Accepted as in curl: missing folders are always made.",
            type=bool,
            requires=_ANY,
        ),
        Option(
            flags="-R --remote-time",
            found=Found.YES,
            help="Give files the time of the Last-Modified header.",
            type=bool,
            requires=_ANY,
        ),
        Option(
            flags="--save-on",
            found=Found.YES,
            help="Set which rows are saved: accepted ones, failed ones with a response, or both.",
            type=SaveOn,
            default=SaveOn.OK,
            off=SaveOn.OK,
            requires=_ANY,
        ),
        Option(
            flags="--save-raw",
            found=Found.YES,
            help="Save bodies as they came, without undoing their content coding.",
            type=bool,
            requires=_ANY,
        ),
        Option(
            flags="--no-clobber",
            found=Found.YES,
            help="Keep older files; new ones get another name.",
            type=bool,
            requires=_ANY,
            alternatives=("skip_existing",),
        ),
        Option(
            flags="--skip-existing",
            found=Found.YES,
            help="Skip rows whose file exists.",
            type=bool,
            requires=_ANY,
        ),
        Option(
            flags="-C --continue-at",
            found=Found.YES,
            help="With '-': keep what came of bodies that were cut off, and go on with what an earlier run kept.",
            metavar="-",
            requires=_ANY,
        ),
        Option(
            flags="--warc-size",
            found=Found.YES,
            help="Begin a new WARC file after this size: 1G. The files are numbered.",
            metavar="SIZE",
            requires=("save",),
        ),
        Option(
            flags="--warc-level",
            found=Found.YES,
            help="Set the compression of .warc.gz files: 1 is fast, 9 is small.",
            type=int,
            default=1,
            metavar="N",
            minimum=0,
            off=1,
            requires=("save",),
        ),
        Option(
            flags="--fsync",
            found=Found.YES,
            help="Write bodies through to the disk, so that they survive a loss of power.",
            type=bool,
            requires=_ANY,
        ),
    ),
    build=_settings,
)
