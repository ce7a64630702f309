"""What is added to the query of a URL as it is written."""


def with_query(url: str, query: str) -> str:
    """A URL with more in its query, in front of its fragment."""
    before, mark, fragment = url.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{query}{mark}{fragment}"
