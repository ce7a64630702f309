"""Options for clusters."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

# What one process must see in order, or what goes to one place.
_ONE_PROCESS = (
    "processes",
    "shard",
    "demo",
    "ordered",
    "repeat",
    "every",
    "for_",
    "halt",
    "fail_fast",
    "wait",
    "cookie_jar",
    "continue_at",
    "revalidate",
    "from_results",
    "dry_run",
    "print_curl",
)

_ADDRESS = lazy_pattern(r"(?:tcp|tls|ws|wss)://[^/\s]+:\d{1,5}")


def _address(text: str) -> str:
    if text != "local" and not _ADDRESS.fullmatch(text):
        raise UsageError(f"expected local, or the address of a scheduler such as tcp://10.0.0.1:8786; got {text!r}")
    return text


PANEL = Panel(
    title="Cluster",
    topic="cluster",
    options=(
        Option(
            flags="--dask",
            found=Found.NO,
            help="Let the workers of a Dask cluster fetch the rows: its scheduler, or local for all cores here.",
            to="dask",
            metavar="ADDRESS|local",
            parse=_address,
            conflicts=_ONE_PROCESS,
        ),
        Option(
            flags="--job",
            found=Found.NO,
            help="Folder for --dask that all workers reach; by default beside the first output.",
            to="job",
            metavar="FOLDER",
            requires=("dask",),
        ),
    ),
)
