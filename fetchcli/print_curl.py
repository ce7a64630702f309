"""``--print-curl``: for every row the curl command that does the same; nothing is requested."""

from collections.abc import Iterator

from fetchcli.core.curl_command import curl_command
from fetchcli.core.model import Rejected
from fetchcli.core.settings import Settings
from fetchcli.inputs.reader import RowReader
from fetchcli.messages import say


def curl_lines(reader: RowReader, settings: Settings, defaults: dict[str, str]) -> Iterator[str | None]:
    """A line a row; None for one that cannot be fetched, which is said."""
    for batch in reader.batches():
        for row in batch:
            if isinstance(row, Rejected):
                say(row.message)
                yield None
            else:
                # What a row brought in is known only now.
                secrets = {**settings.secrets, **reader.secrets}
                yield curl_command(row, settings.policy, defaults, secrets)
