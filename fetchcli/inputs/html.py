"""Pages that stand where a list should."""


def is_html(start: bytes) -> bool:
    """Whether a document begins as a page does (WHATWG MIME Sniffing, section 7.1)."""
    return start[:14].lower().startswith((b"<!doctype html", b"<html"))
