"""Files that are not lists but are often given as one: archives, pictures, databases."""

from fetchcli.inputs.record import BadFormat

_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a workbook; save it as CSV",
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a picture",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "a workbook; save it as CSV",
    b"SQLite format": "a database",
    b"PAR1": "a Parquet file; give it a name that ends in .parquet",
    b"ARROW1": "an Arrow file; save it as CSV",
    b"\xff\xff\xff\xff": "an Arrow stream; save it as CSV",
    b"Obj\x01": "an Avro file; save it as CSV",
    b"ORC": "an ORC file; save it as CSV",
    b"\x89HDF": "an HDF5 file; save it as CSV",
    b"GIF8": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "an archive",
    b"Rar!\x1a": "an archive",
}
_MAX_CONTROLS = 0.1  # share of control bytes in the first line; more means binary data


def refuse_foreign(first: bytes) -> None:
    """Refuse a file that is not text.

    Args:
        first: the first bytes of the file, decompressed.

    Raises:
        BadFormat: the bytes are those of another kind of file.
    """
    kind = next((kind for magic, kind in _FOREIGN.items() if first.startswith(magic)), "")
    head = (first.splitlines() or [b""])[0]
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    # Of an array not even the first line may be there yet; its reader finds what is wrong.
    if not kind and not head.lstrip().startswith(b"[") and controls > max(8, _MAX_CONTROLS * len(head)):
        kind = "binary data"
    if kind:
        raise BadFormat(f"not a list of URLs but {kind}")
