"""The encoding of a text."""

from codecs import lookup

DEFAULT_CHARSET = "utf-8"  # of text without a charset, as in WHATWG's standards


def charset_of(content_type: str) -> str:
    """The charset parameter of Content-Type (RFC 9110 section 8.3.2); UTF-8 if there is none that Python knows."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"')
            try:
                lookup(charset)
            except LookupError:
                return DEFAULT_CHARSET
            return charset
    return DEFAULT_CHARSET
