"""A row that was accepted at once, as far as anybody needs to know it whose rows are encoded elsewhere."""

import msgspec


class AcceptedRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The outcome of a row whose first attempt was accepted, and which has nothing else to tell.

    Attributes:
        status: of the response.
        elapsed: seconds from getting a slot to the end of the attempt.
        size_download: body bytes on the wire.
        line: the row as the output has it.
    """

    status: int
    elapsed: float
    size_download: int
    line: bytes
