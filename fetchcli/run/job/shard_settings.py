"""What the shards of a job are fetched with, and where its folder is."""

from pathlib import Path

from fetchcli.core.errors import UsageError
from fetchcli.core.job.share import shared
from fetchcli.core.object_url import is_object_url
from fetchcli.core.rows.columns import HEADER, HEADERS
from fetchcli.core.settings import ProgressMode, Reading, Settings
from fetchcli.sinks.formats import STDOUT, parse_output

SUFFIX = ".job"


def job_folder_of(settings: Settings) -> str:
    """The folder of a job: the one that was named, or one beside the first output.

    Raises:
        UsageError: there is no such output.
    """
    if settings.job:
        return str(Path(settings.job).absolute())  # workers have other working directories
    for text in settings.outputs:
        path = parse_output(text).path
        if path != STDOUT and "://" not in path and not is_object_url(path):
            return str(Path(f"{path}{SUFFIX}").absolute())
    raise UsageError("--dask requires a folder for the job: write rows to a file (-o rows.jsonl), or name one (--job)")


def shard_settings(settings: Settings, columns: tuple[str, ...], parallel: int) -> Settings:
    """The settings of the run of a shard: fetch and judge, and write all that others may want to know.

    Args:
        settings: those of the whole run.
        columns: the columns of its outputs.
        parallel: number of shards that are fetched at the same time.
    """
    reading, has_headers = settings.reading, settings.write_out is not None
    has_headers = has_headers or any(name == HEADERS.name or name.startswith(HEADER) for name in columns)
    return Settings(
        reading=Reading(keep=reading.keep, keep_as=reading.keep_as),
        policy=shared(settings.policy, parallel),
        columns=f"+{HEADERS.name}" if has_headers else "",
        save=settings.save,
        revalidate=None,
        allow_empty=True,
        exit_zero=True,
        github=False,
        progress=ProgressMode.NONE,
        quiet=True,
    )
