"""Options for the request."""

from fetchcli.cli.cookies import parse_jar
from fetchcli.cli.option import Found, Option, Panel
from fetchcli.cli.paths import at_file, cookie_paths, form_paths
from fetchcli.cli.request import build_request

PANEL = Panel(
    title="Request",
    topic="requests",
    build=build_request,
    options=(
        Option(
            flags="-X --request",
            found=Found.YES,
            help="Set the method. Default: GET, or POST with content.",
            metavar="METHOD",
            common=True,
        ),
        Option(
            flags="-I --head",
            found=Found.YES,
            help="Use the method HEAD: status and headers, no body.",
            type=bool,
            alternatives=("request", "data", "json", "form"),
        ),
        Option(
            flags="-H --header",
            found=Found.BELOW,
            paths=at_file,
            help="Send this header. 'NAME:' removes it; @FILE reads one per line. Repeatable.",
            metavar="'NAME: VALUE'",
            multiple=True,
            lines=True,
            common=True,
        ),
        Option(
            flags="-d --data",
            found=Found.BELOW,
            paths=at_file,
            help="Send this content. @FILE reads a file without its line ends. Repeatable: joined by &.",
            metavar="TEXT",
            multiple=True,
            lines=True,
            alternatives=("json", "form"),
            common=True,
        ),
        Option(
            flags="--json",
            found=Found.BELOW,
            paths=at_file,
            help="Send JSON and set its content type. @FILE reads a file. Repeatable: concatenated.",
            metavar="TEXT",
            multiple=True,
            lines=True,
            alternatives=("form",),
        ),
        Option(
            flags="-F --form",
            found=Found.BELOW,
            paths=form_paths,
            help="Send a form field (multipart). NAME=@FILE uploads a file. Repeatable.",
            metavar="NAME=TEXT",
            multiple=True,
            lines=True,
        ),
        Option(
            flags="-b --cookie",
            found=Found.BELOW,
            paths=cookie_paths,
            help="Send this cookie, or those of a Netscape cookie file that belong to the host. Repeatable.",
            metavar="NAME=VALUE|FILE",
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--cookie-jar",
            found=Found.BELOW,
            help="Share cookies between all rows, and write them to this file at the end. -b FILE reads it first.",
            to="policy.cookies.jar",
            metavar="FILE",
            parse=parse_jar,
        ),
        Option(flags="-A --user-agent", found=Found.YES, help="Set the User-Agent header.", metavar="TEXT"),
        Option(
            flags="-e --referer",
            found=Found.YES,
            help="Set the Referer header. ';auto' at its end: after a redirect, the URL before it.",
            metavar="URL",
        ),
        Option(
            flags="-r --range", found=Found.YES, help="Request this byte range: 0-499, 500- or -500.", metavar="RANGE"
        ),
        Option(
            flags="--compressed/--no-compressed",
            found=Found.YES,
            help="Ask for compressed content. Compressed bodies are decoded in any case.",
            type=bool,
            default=True,
        ),
    ),
)
