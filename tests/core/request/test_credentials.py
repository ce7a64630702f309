"""Logins."""

from base64 import b64encode

from fetchcli.core.request.credentials import Login


def test_what_of_a_login_must_not_be_shown() -> None:
    assert Login(name="me", password="word").secrets == ("word", b64encode(b"me:word").decode())
    assert Login(name="sk_live", password="").secrets == ("sk_live", b64encode(b"sk_live:").decode())
