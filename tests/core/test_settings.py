"""What the settings say of themselves."""

import pytest

from fetchcli.core.settings import Selection


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
