"""Bodies that are saved by the workers of a job."""

from pathlib import Path

from fetchcli.core.errors import UsageError
from fetchcli.core.naming.destination import Kind
from fetchcli.core.settings import Settings
from fetchcli.run.saving import make_saving


def folder_of_bodies(settings: Settings) -> str:
    """The folder that all workers must reach; empty if bodies go to an object store.

    Raises:
        UsageError: several processes cannot save to this destination, or would give two bodies one name.
    """
    saving = make_saving(settings)
    destination, planner, to = saving.destination, saving.planner, saving.save.to
    if destination.single or destination.kind not in (Kind.FILES, Kind.OBJECTS):
        raise UsageError(f"--save {to}: with --dask bodies are saved as files; name a folder or a template")
    if planner.late and not (planner.numbered or planner.addressed):
        raise UsageError(
            f"--save {to}: with --dask, names that are known only with the response must differ; add {{seq}} or "
            "{sha256}"
        )
    return "" if destination.kind is Kind.OBJECTS else str(Path(destination.base).absolute())
