"""Options for credentials; `panels.request` builds the request from both panels."""

from fetchcli.cli.option import Found, Option, Panel

PANEL = Panel(
    title="Credentials",
    topic="secrets",
    options=(
        Option(
            flags="-u --user",
            found=Found.YES,
            help="Send Basic credentials.",
            metavar="NAME:PASSWORD",
            alternatives=("bearer",),
        ),
        Option(
            flags="--digest",
            found=Found.YES,
            protects=True,
            help="Use the credentials of --user for digest authentication.",
            type=bool,
            requires=("user",),
        ),
        Option(flags="--bearer", found=Found.YES, help="Send a bearer token.", metavar="TOKEN"),
        Option(flags="-n --netrc", found=Found.NO, help="Read Basic credentials from $NETRC or ~/.netrc.", type=bool),
        Option(
            flags="--netrc-file", found=Found.NO, help="Read Basic credentials from this netrc file.", metavar="FILE"
        ),
        Option(
            flags="--expand-env",
            found=Found.NO,
            help="Replace ${NAME} by environment variables in these: header, user, bearer, rows.",
            metavar="OPTIONS",
        ),
        Option(
            flags="--show-secrets",
            found=Found.NO,
            help="Show secrets of --expand-env, -u, --bearer and netrc that a server echoes, instead of ***.",
            type=bool,
        ),
    ),
)
