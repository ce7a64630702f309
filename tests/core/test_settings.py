"""What the settings say of themselves."""

import pytest

from fetchcli.core.model.policy import Policy, Tls
from fetchcli.core.request.credentials import Credentials
from fetchcli.core.settings import Reading, Selection, Settings


@pytest.mark.parametrize(
    ("selection", "partial"),
    [
        (Selection(), False),
        (Selection(dedupe=True, shuffle=True), False),
        (Selection(limit=3), True),
        (Selection(sample=3), True),
        (Selection(only_failed=True), True),
        (Selection(exclude=("a",)), True),
    ],
)
def test_a_selection_may_leave_rows_out(selection: Selection, partial: bool) -> None:
    assert selection.partial == partial


def test_the_files_that_a_run_reads() -> None:
    policy = Policy(tls=Tls(cacert="ca", cert="cert", key="key"), credentials=Credentials(netrc="netrc"))
    settings = Settings(policy=policy, baseline="base", files=("data",))
    assert set(settings.read) == {"data", "base", "ca", "cert", "key", "netrc"}
    assert Settings().read == ()


def test_only_failed_reads_results_files() -> None:
    assert Reading(selection=Selection(only_failed=True)).of_results
    assert not Reading().of_results
