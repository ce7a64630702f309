"""Options for credentials; `panels.request` builds the request from both panels."""

from fetchcli.cli.option import Option, Panel

PANEL = Panel(
    title="Credentials",
    topic="secrets",
    options=(
        Option(flags="-u --user", help="Send Basic credentials.", metavar="NAME:PASSWORD", alternatives=("bearer",)),
        Option(
            flags="--digest",
            help="Use the credentials of --user for digest authentication.",
            type=bool,
            requires=("user",),
        ),
        Option(flags="--bearer", help="Send a bearer token.", metavar="TOKEN"),
        Option(flags="-n --netrc", help="Read Basic credentials from $NETRC or ~/.netrc.", type=bool),
        Option(flags="--netrc-file", help="Read Basic credentials from this netrc file.", metavar="FILE"),
        Option(
            flags="--expand-env",
            help="Replace ${NAME} by environment variables in these: header, user, bearer, rows.",
            metavar="OPTIONS",
        ),
    ),
)
