"""Recognise HTML pages given as lists."""


def is_html(start: bytes) -> bool:
    """Whether a document starts like an HTML page (WHATWG MIME Sniffing, section 7.1)."""
    return start[:14].lower().startswith((b"<!doctype html", b"<html"))
