"""Sitemaps and sitemap indexes (sitemaps.org 0.9), as XML or as text.

Expat parses the XML as it arrives. Sitemaps declare no entities, so a declaration is an error:
nothing is expanded or loaded.
"""

import re
from collections.abc import Iterator
from itertools import chain
from xml.parsers import expat

from fetchcli.core.pattern import lazy_pattern
from fetchcli.inputs.html import is_html
from fetchcli.inputs.lines import BOM, read_lines
from fetchcli.inputs.record import BadFormat, Record, Records, parse_blocks

_BEFORE_DECLARATION = lazy_pattern(rb"\A(?:\s|<!--(?:(?!-->).)*+-->)++(?=<\?xml)", re.DOTALL)
_CHILD = {"urlset": "url", "sitemapindex": "sitemap"}
_MAX_TEXT = 64 * 1024  # characters of one URL; a longer one is rejected later
_MAX_QUIET = 4 * 1024 * 1024  # bytes without the end of any element
_MAX_DEPTH = 100


def read_sitemap(blocks: Iterator[bytes]) -> Records:
    """Yield the records of every block; children of an index are marked as sitemaps.

    Raises:
        BadFormat: the XML is not well-formed, or not a sitemap.
    """
    first = next(blocks, b"")
    while first and not first.removeprefix(BOM).strip():
        first = next(blocks, b"")
    # White space and comments before the XML declaration are an error to XML parsers, and harmless.
    first = _BEFORE_DECLARATION.sub(b"", first.removeprefix(BOM), count=1)
    everything = chain((first,), blocks)
    start = first.lstrip()
    if is_html(start):
        raise BadFormat("an HTML page, not a sitemap")
    if start[:1] not in (b"<", b""):
        yield from read_lines(everything)
        return
    yield from parse_blocks(_Sitemap(), everything)


class _Sitemap:
    """Collects the text of ``loc`` elements.

    Attributes:
        problem: why reading stopped, or None.
    """

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse_entity
        self._path: list[str] = []
        self._loc: list[str] | None = None
        self._found = False
        self._line = self._size = self._quiet = 0
        self._records: list[Record] = []
        self.problem: BadFormat | None = None

    def take(self, block: bytes, *, last: bool) -> list[Record]:
        """Return the records that are complete now."""
        try:
            self._quiet += len(block)
            self._parser.Parse(block, last)
            if self._quiet > _MAX_QUIET:
                raise BadFormat("expected a sitemap: an XML element never ends", self._parser.CurrentLineNumber)
        except expat.ExpatError as error:
            self.problem = BadFormat(f"expected a sitemap: {expat.ErrorString(error.code)}", error.lineno)
        except (LookupError, ValueError) as error:  # an unknown encoding
            self.problem = BadFormat(f"expected a sitemap: {error}", self._parser.CurrentLineNumber)
        except BadFormat as problem:
            self.problem = problem
        records, self._records = self._records, []
        return records

    def _start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self._quiet = 0
        if len(self._path) > _MAX_DEPTH:
            raise BadFormat("expected a sitemap: nested too deep", self._parser.CurrentLineNumber)
        if not self._path and local not in _CHILD:
            what = "an HTML page" if local.lower() == "html" else f"a document of <{local}>"
            raise BadFormat(f"{what}, not a sitemap", self._parser.CurrentLineNumber)
        self._path.append(local)
        if len(self._path) == 2 and local == _CHILD[self._path[0]]:
            self._found, self._line = False, self._parser.CurrentLineNumber
        elif len(self._path) == 3 and local == "loc" and self._path[1] == _CHILD[self._path[0]]:
            self._size = 0
            self._loc, self._line = [], self._parser.CurrentLineNumber

    def _text(self, text: str) -> None:
        self._quiet = 0
        if self._loc is not None and len(self._path) == 3 and self._size <= _MAX_TEXT:
            self._loc.append(text)
            self._size += len(text)

    def _end(self, _: str) -> None:
        depth, root = len(self._path), self._path[0]
        if depth == 3 and self._loc is not None:
            url = "".join(self._loc).strip()
            self._loc, self._found = None, True
            self._records.append(Record(self._line, url, sitemap=root == "sitemapindex"))
        elif depth == 2 and self._path[1] == _CHILD[root] and not self._found:
            self._records.append(Record(self._line, "", problem="loc: the URL is missing"))
        self._path.pop()

    def _refuse_entity(self, *_: object) -> None:
        raise BadFormat("entity declarations are not allowed", self._parser.CurrentLineNumber)
