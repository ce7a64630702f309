"""Host names: what browsers accept and DNS can carry, and nothing else."""

import ada_url
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.url.host import MAX_LABEL, MAX_NAME, canonical_host

# What `new URL` of a browser's engine makes of them.
ACCEPTED = {
    "Example.COM": "example.com",
    "example.com.": "example.com.",
    "a_b.example": "a_b.example",
    "a_b.\u00e9": "a_b.xn--9ca",
    "-a-.example": "-a-.example",
    "-\u00e9-.com": "xn-----bja.com",
    "ab--cd.\u00e9": "ab--cd.xn--9ca",
    "r3---sn-abc.example": "r3---sn-abc.example",
    "\U0001f4a9.la": "xn--ls8h.la",
    "\u2603.net": "xn--n3h.net",
    "fa\u00df.de": "xn--fa-hia.de",
    "B\u00dcCHER.example": "xn--bcher-kva.example",
    "b\u00fccher\u3002example": "xn--bcher-kva.example",
    "a\u00adb.com": "ab.com",
    "XN--ZCA.com": "xn--zca.com",
    "xn--a": "xn--a",  # labels in ASCII are left as they are
    "a\u2044b": "xn--ab-c6t",
    "\uff11\uff12\uff17.0.0.1": "127.0.0.1",
    "192.0.2.1": "192.0.2.1",
    "a!$&'()*+,=~`{}\"b": "a!$&'()*+,=~`{}\"b",
    "1.2.3.x": "1.2.3.x",
}
REFUSED = [
    "xn--fa\u00df",
    "\u200dx",
    "\u00ad",
    "a\u2100b",  # a/cb
    "\ufe64x",  # a small less-than sign
    "\u00e9%",
    "a b",
    "a\u00a0b",
    "a;b",
    "127.1",
    "\uff11\uff12\uff17.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "256.1.1.1",
    "1",
    "\ud800",
    "",
]


@pytest.mark.parametrize(("text", "host"), ACCEPTED.items())
def test_23_accepted(text: str, host: str) -> None:
    assert canonical_host(text) == host


@pytest.mark.parametrize("text", REFUSED)
def test_23_refused(text: str) -> None:
    with pytest.raises(InvalidUrl):
        canonical_host(text)


@pytest.mark.parametrize("letter", ["a", "\u00e9"])
@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("{0}..b", "an empty label in the host"),
        (".{0}", "an empty label in the host"),
        ("{0}..", "an empty label in the host"),
        (".", "an empty label in the host"),
        ("{0}{long}", "a label of "),
        ("{0}" + ".bcdefgh" * 32, "a host of "),
    ],
)
def test_names_that_dns_cannot_carry_are_refused_alike_in_every_script(letter: str, form: str, reason: str) -> None:
    with pytest.raises(InvalidUrl, match=reason):
        canonical_host(form.format(letter, long="b" * MAX_LABEL))


def test_the_longest_names() -> None:
    label = "a" * MAX_LABEL
    name = ".".join([label, label, label, "a" * 61])
    assert len(name) == MAX_NAME
    assert canonical_host(name) == name
    assert canonical_host(f"{name}.") == f"{name}."


HOSTS = st.text(
    st.one_of(
        st.sampled_from(
            "abzA09-_.~!$&'()*+,={}\"`;\u00df\u00e9\u0130\u3002\uff0e\uff11\u200d\u00ad\u0660\u05d0\U0001f4a9"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=12,
) | st.from_regex(r"xn--[a-z0-9-]{0,8}", fullmatch=True)


@settings(max_examples=1000)
@given(HOSTS)
def test_a_host_is_accepted_as_the_standard_says_or_refused_for_a_reason_of_ours(text: str) -> None:
    try:
        host = canonical_host(text)
    except InvalidUrl:
        host = ""
    # The parser of whole URLs is the judge where the text can stand in a URL as a host.
    url = f"http://{text}/"
    stands = not set(text) & set("/?#\\@:%[]\t\n\r ") and ada_url.check_url(url)
    judged = ada_url.URL(url).hostname if stands else ""
    if host:
        assert host == judged
        assert canonical_host(host) == host
        assert host.isascii()
        assert host == host.lower()
    elif judged:
        labels = judged.removesuffix(".").split(".")
        carried = all(0 < len(label) <= MAX_LABEL for label in labels) and len(judged) <= MAX_NAME
        assert not carried or labels[-1][:1].isdigit() or ";" in judged, (text, judged)
