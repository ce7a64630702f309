"""Values of the cookie options -> `core.model.policy.Cookies`."""

import time
from pathlib import Path
from typing import Any

from fetchcli.core.errors import UsageError
from fetchcli.core.request.cookie_file import read_cookies
from fetchcli.core.request.set_cookie import Cookie


def parse_jar(text: str) -> str:
    """The file of --cookie-jar.

    Raises:
        UsageError: it is no file.
    """
    if text in ("", "-"):
        raise UsageError(f"expected a file, got {text!r}")
    return text


def cookie_settings(given: list[str] | None, jar: str | None) -> dict[str, Any]:
    """The cookies of --cookie FILE, by path in `Settings`.

    Every file is read now, so that the jar may replace it at the end; only the jar itself may be missing.

    Raises:
        UsageError: a file cannot be read or has the wrong content.
    """
    files = [text for text in given or () if "=" not in text]
    cookies: list[Cookie] = []
    for name in files:
        if not name:
            raise UsageError("--cookie: expected NAME=VALUE or a file (--redirect-cookies needs neither)")
        try:
            text = Path(name).read_bytes().decode("utf-8", "surrogateescape")
            cookies += read_cookies(text, time.time())
        except FileNotFoundError as error:
            if jar is None or Path(name).resolve() != Path(jar).resolve():
                raise UsageError(f"--cookie {name}: {error.strerror}; cookies are written NAME=VALUE") from None
        except OSError as error:
            raise UsageError(f"--cookie {name}: {error.strerror}") from None
        except UsageError as error:
            raise UsageError(f"--cookie {name}: {error}") from None
    return {"policy.cookies.files": tuple(files), "policy.cookies.initial": tuple(cookies)}
