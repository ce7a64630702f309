"""Options for TLS."""

from operator import not_

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.model.policy import TlsVersion

PANEL = Panel(
    title="TLS",
    topic="tls",
    options=(
        Option(
            flags="-k --insecure",
            found=Found.NO,
            help="Do not verify certificates.",
            to="policy.tls.verify",
            type=bool,
            parse=not_,
            default=False,
            common=True,
        ),
        Option(
            flags="--cacert",
            found=Found.BELOW,
            protects=True,
            help="Trust the authorities in this file instead of the system's.",
            to="policy.tls.cacert",
            sets_aside=("insecure",),
            metavar="FILE",
        ),
        Option(
            flags="-E --cert",
            found=Found.BELOW,
            help="Client certificate chain (PEM).",
            to="policy.tls.cert",
            metavar="FILE",
        ),
        Option(
            flags="--key",
            found=Found.BELOW,
            help="Private key of the client certificate (PEM). Default: the --cert file.",
            to="policy.tls.key",
            metavar="FILE",
            requires=("cert",),
        ),
        Option(
            flags="--tls-min",
            found=Found.YES,
            protects=True,
            help="Oldest TLS version to accept.",
            to="policy.tls.minimum",
            type=TlsVersion,
        ),
    ),
)
