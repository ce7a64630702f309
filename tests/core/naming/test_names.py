"""Names of saved bodies: always inside their folder, valid everywhere, and different for different rows."""

import re
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.save import Save
from fetchcli.core.model.target import Target
from fetchcli.core.naming import layout
from fetchcli.core.naming.claims import Claims
from fetchcli.core.naming.clean import (
    MAX_BYTES,
    MAX_PATH_BYTES,
    clean,
    clean_first,
    clean_path,
    split_extension,
    with_suffix,
)
from fetchcli.core.naming.destination import Destination, Kind, destination_of
from fetchcli.core.naming.media_types import EXTENSIONS, extension_of
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.core.naming.template import FIELDS, Template
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url

RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)")
LONG = "x" * 300


def is_valid(component: str) -> bool:
    """The rules of Linux, macOS and Windows at once."""
    return (
        0 < len(component.encode()) <= 255
        and not set(component) & set('<>:"/\\|?*\0')
        and component.isprintable()
        and component[-1] not in ". "
        and component[0] != " "
        and not RESERVED.match(component)
        and normalize("NFC", component) == component
    )


def row(url: str, seq: int = 1, **more: object) -> Target:
    return Target(seq, parse_url(url), **more)  # type: ignore[arg-type]


def response(content_type: str = "text/html", **headers: list[bytes]) -> Response:
    fields = {name.replace("_", "-").encode(): values for name, values in headers.items()}
    return Response(200, "", Timings(), content_type=content_type, sha256="ab" * 32, headers=fields)


def planner(template: str, *keep: str) -> NamePlanner:
    return NamePlanner(Template(template, keep), "2026-11-26")


@given(st.text(st.characters(codec=None), max_size=400))
@example("..")
@example(".")
@example("")
@example("CON.txt")
@example("a\0b")
@example("\udcff")
@example("\ud800")
@example("é" * 300)
@example("cafe\u0301.")
def test_a_component_is_valid_everywhere(text: str) -> None:
    for component in (clean(text), clean_first(text)):
        assert is_valid(component), component
        assert is_valid(with_suffix(component, "0123456789abcdef-12"))
    assert clean_first(text)[0] not in ".-"


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("index.html", "index.html"),
        ("a b", "a b"),
        (" a", "%20a"),
        ("a.", "a%2E"),
        ("..", ".%2E"),
        ("", "_"),
        ("a/b", "a%2Fb"),
        ("a\x00b", "a%00b"),
        ("\u202etxt.exe", "%E2%80%AEtxt.exe"),
        ("\udcff", "%FF"),
        ("\ud800", "%ED%A0%80"),
        ("nul.html", "_nul.html"),
        ("COM¹", "_COM¹"),
        ("console", "console"),
        ("cafe\u0301", "café"),
    ],
)
def test_what_components_become(text: str, component: str) -> None:
    assert clean(text) == component


def test_long_components_are_cut_and_still_differ() -> None:
    one, two = clean(f"{LONG}1.html"), clean(f"{LONG}2.html")
    assert one != two
    assert one.endswith(".html")
    assert len(one) == MAX_BYTES
    assert len(clean("é" * 150).encode()) <= MAX_BYTES
    assert len(clean(f"a.{LONG}").encode()) <= MAX_BYTES


def test_the_first_component_is_neither_hidden_nor_an_option() -> None:
    assert [clean_first(text) for text in (".fetchcli", "-rf", "..", "a")] == ["_fetchcli", "_rf", "_%2E", "a"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.html", ("a", ".html")),
        (".htaccess", (".htaccess", "")),
        ("a", ("a", "")),
        ("a." + "x" * 20, ("a." + "x" * 20, "")),
    ],
)
def test_extensions(name: str, parts: tuple[str, str]) -> None:
    assert split_extension(name) == parts


@given(st.lists(st.text(st.sampled_from("aZ0._-+@ %é"), max_size=52) | st.sampled_from(["con", "Aux.x", "lpt1", ".."])))
@example(["-a", "b"])
@example(["a", "x" * 51])
def test_a_path_is_clean_if_its_components_are(components: list[str]) -> None:
    first, *rest = components or [""]
    wanted = "/".join((clean_first(first), *map(clean, rest)))
    assert clean_path("/".join(components)) == wanted or len(wanted.encode()) > MAX_PATH_BYTES


@given(st.lists(st.sampled_from(["", "a", "b.html", "%41", "?", "x" * 60, "a/" * 20])))
def test_a_plain_path_is_what_its_components_are(parts: list[str]) -> None:
    url = parse_url("http://h/" + "/".join(parts))
    plain = layout.plain_path(url)
    assert plain in ("", "/".join(layout.page_names(url)))
    assert bool(plain) is not bool(re.search(r"[%?]|//|/$", url.target) or len(url.target.split("/")) > 34)


@given(st.lists(st.text(st.sampled_from("aé.%"), min_size=1, max_size=300), min_size=1, max_size=40))
@example(["é" * 90] * 9)
def test_a_path_is_no_longer_than_systems_take(components: list[str]) -> None:
    path = clean_path("/".join(components))
    assert len(path.encode()) <= MAX_PATH_BYTES
    assert all(map(is_valid, path.split("/")))
    assert path.count("/") < len(components)


def test_long_paths_that_differ_stay_apart() -> None:
    long = "/".join(letter * 190 for letter in "vwxyz")
    paths = [f"h/{long}/{middle}/a.html" for middle in ("1", "2")]
    assert [clean_path(path).rpartition("/")[2] for path in paths] == ["a.html"] * 2
    assert len({clean_path(path) for path in paths}) == 2


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/", "h/index.html"),
        ("http://h", "h/index.html"),
        ("https://h:8443/a/b.html", "h+8443/a/b.html"),
        ("http://h:80/a/", "h/a/index.html"),
        ("http://h/a?x=1&y=%2F", "h/a@x=1&y=%2F"),
        ("http://h/?", "h/index.html@"),
        ("http://h//a//b", "h/a/b"),
        ("http://h/%2e%2e%2f%2e%2e/x", "h/..%2F.%2E/x"),
        ("http://[::1]:81/a", "%3A%3A1+81/a"),
        ("http://h/caf%C3%A9/%FF", "h/café/%FF"),
        ("http://h/" + "a/" * 40, "h/" + "a/" * 32 + "%2F".join(["a"] * 8) + "%2Findex.html"),
    ],
)
def test_a_folder_is_laid_out_as_wget_does(url: str, name: str) -> None:
    assert planner("{host}/{page}").wanted(row(url)) == name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{sha256:2}/{sha256}{ext}", f"ab/{'ab' * 32}.html"),
        ("{sha256:2:4}{sha256::1}", "aba"),
        ("{seq:06}{ext}", "000007.html"),
        ("{seq}-{line}-{round:2}-{port}-{status}", "7-3-01-8080-200"),
        ("{host}/{path}", "h+8080/d/e.txt"),
        ("{name} {stem} {query}", "e.txt e q=1"),
        ("{tag}/{date}", "t%2Fu/2026-11-26"),
        ("{price}{{x}}{none}", "1.5{x}"),
        ("{tag:1}", "t"),
    ],
)
def test_templates(template: str, name: str) -> None:
    target = row("http://h:8080/d/e.txt?q=1", 7, line=3, tag="t/u", carried=(1.5,))
    assert planner(template, "price", "none").final(target, response()) == name


def test_a_field_that_is_empty_is_a_component_all_the_same() -> None:
    assert planner("{tag}/{name}").wanted(row("http://h/a")) == "_/a"


def test_what_is_not_known_yet_stands_in_brackets() -> None:
    assert planner("{sha256:2}/{stem}{ext}").wanted(row("http://h/a")) == "(sha256)/a(ext)"
    assert planner("{seq}{ext}").planned(row("http://h/a")) == ""


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{hsot}", "no field is named {hsot}; did you mean {host}?"),
        ("{}", "no field is named {}; known: seq, line"),
        ("{seq:x}", "{seq:x}: expected a width such as {seq:06}"),
        ("{seq:0}", "expected a width"),
        ("{sha256:a}", "{sha256:a}: expected a length such as {sha256:2}"),
        ("{sha256:1:2:3}", "expected a length"),
        ("{seq", "'{' alone in '{seq'; write {{ for a brace in a name"),
        ("a}", "'}' alone"),
    ],
)
def test_templates_that_there_are_not(template: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        Template(template)


def test_the_extension_comes_from_the_content_type_then_from_the_url() -> None:
    target = row("http://h/a.php")
    names = [
        planner("{stem}{ext}").final(target, response(content_type))
        for content_type in ("text/javascript; charset=utf-8", "IMAGE/WEBP", "application/octet-stream", "")
    ]
    assert names == ["a.js", "a.webp", "a.php", "a.php"]
    assert all(
        extension.startswith(".") and clean(f"a{extension}") == f"a{extension}" for extension in EXTENSIONS.values()
    )
    assert extension_of("text/html;charset=x") == ".html"


def test_the_name_that_a_server_proposes() -> None:
    target, names = row("http://h/d/a"), planner("{proposed}")
    values = {
        b'attachment; filename="../../.bashrc"': "_bashrc",
        b"attachment; filename*=UTF-8''na%C3%AFve.txt; filename=x": "naïve.txt",
        b"attachment": "a",
        b'attachment; filename="c:\\\\windows\\\\x.exe"': "x.exe",
    }
    for value, name in values.items():
        assert names.wanted(target, response(content_disposition=[value])) == name
    assert names.wanted(target, response()) == "a"
    assert names.wanted(target) == "(proposed)"


def test_no_secret_is_in_a_name() -> None:
    names = NamePlanner(Template("{host}/{page}"), "", Redactor(["s3cretvalue"]))
    target = row("http://u:passw0rd@h/a?token=s3cretvalue")
    assert names.wanted(target) == "h/a@token=xxx"
    part = NamePlanner(Template("{query:8:30}{name}"), "", Redactor(["s3cretvalue"]))
    assert "cret" not in part.wanted(target)


ROWS = st.lists(
    st.builds(
        "http://{}/{}{}".format,
        st.sampled_from(["h", "H", "h:81", "[::1]"]),
        st.lists(
            st.sampled_from(["a", "A", "a.b", "..", "%2e%2e", "é", "e%CC%81", "con", "%2F", "", LONG]), max_size=4
        ).map("/".join),
        st.sampled_from(["", "/", "?", "?q", "?q/%00"]),
    ),
    max_size=12,
)


@given(ROWS, st.sampled_from(["{host}/{page}", "{name}", "{path}", "x", "{ext}", "{stem:1}/{query}", "{host}/{tag}"]))
def test_rows_have_names_of_their_own(urls: list[str], template: str) -> None:
    names, given_names = planner(template), []
    for seq, url in enumerate(urls, 1):
        try:
            target = row(url, seq)
        except InvalidUrl:
            continue
        given_names.append((target.named(names.planned(target)), target))
    final = [names.final(named, response()) for named, _ in given_names]
    folded = [normalize("NFC", name.casefold()) for name in final]
    assert len(set(folded)) == len(folded)
    for name in final:
        assert all(map(is_valid, name.split("/"))), name
    files = set(folded)
    for name in folded:  # no file is a folder
        parts = name.split("/")
        assert not files & {"/".join(parts[:depth]) for depth in range(1, len(parts))}


def test_a_suffix_is_made_of_the_key_so_it_is_the_same_in_every_run() -> None:
    first, second = ([row("http://h/a"), row("http://h/A"), row("http://h/A")] for _ in range(2))
    names = [
        [names.planned(target) for target in rows]
        for rows, names in ((first, planner("{name}")), (second, planner("{name}")))
    ]
    assert names[0] == names[1]
    assert names[0][0] == "a"
    assert re.fullmatch(r"A-[0-9a-f]{16}", names[0][1])
    assert names[0][2] == f"{names[0][1]}-2"


def test_equal_bodies_share_a_name_that_is_their_hash() -> None:
    names = planner("{sha256}{ext}")
    assert names.final(row("http://h/a"), response()) == names.final(row("http://h/b"), response())
    raw = NamePlanner(Template("{sha256}{ext}"), "", raw=True)
    assert raw.final(row("http://h/a"), response()) != raw.final(row("http://h/b"), response())


def test_what_is_both_file_and_folder_is_the_folder() -> None:
    claims = Claims()
    assert claims.claim("h/a", str) == "h/a"
    assert claims.claim("h/a/b", str) == "h/a/b"
    assert claims.settled("h/a") == "h/a/index.html"
    assert claims.settled("h/a/b") == "h/a/b"
    assert claims.claim("h/A", lambda: "k") == "h/A/index-k.html"
    assert claims.has_file("H/a")
    names = planner("{path}")
    assert names.inside(row("http://h/a"), "a") == "a/index.html"
    assert re.fullmatch(r"b-[0-9a-f]{16}", names.another(row("http://h/b"), "b", 1))
    assert re.fullmatch(r"b-[0-9a-f]{16}-2", names.another(row("http://h/b"), "b", 2))
    assert re.fullmatch(r"c-[0-9a-f]{16}/d", names.beside(row("http://h/c/d"), "c/d", "c"))


@pytest.mark.parametrize(
    ("save", "is_folder", "destination"),
    [
        (Save(to="out/"), False, Destination(kind=Kind.FILES, base="out/", template="{host}/{page}")),
        (Save(to="o{seq}"), True, Destination(kind=Kind.FILES, base="o{seq}", template="{host}/{page}")),
        (Save(to="out"), True, Destination(kind=Kind.FILES, base="out", template="{host}/{page}")),
        (Save(to="d/x.zip"), False, Destination(kind=Kind.ZIP, base="d/x.zip", template="{host}/{page}")),
        (Save(to="x.TAR"), False, Destination(kind=Kind.TAR, base="x.TAR", template="{host}/{page}")),
        (Save(to="-"), False, Destination(kind=Kind.STDOUT)),
        (Save(to="d/e"), False, Destination(kind=Kind.FILES, base="d", template="e", single=True)),
        (Save(to="/e"), False, Destination(kind=Kind.FILES, base="/", template="e", single=True)),
        (Save(to="d/e-{seq}"), False, Destination(kind=Kind.FILES, base="d", template="e-{seq}")),
        (Save(to="{seq}.zip"), False, Destination(kind=Kind.FILES, base=".", template="{seq}.zip")),
        (Save(to="/{seq}"), False, Destination(kind=Kind.FILES, base="/", template="{seq}")),
        (Save(to=".", remote_name=True), True, Destination(kind=Kind.FILES, base=".", template="{name}")),
        (
            Save(to=".", remote_name=True, header_name=True),
            True,
            Destination(kind=Kind.FILES, base=".", template="{proposed}"),
        ),
        (Save(to="s3://b/x/{seq}"), False, Destination(kind=Kind.OBJECTS, base="s3://b/x", template="{seq}")),
        (Save(to="gs://b/"), False, Destination(kind=Kind.OBJECTS, base="gs://b/", template="{host}/{page}")),
        (Save(to="az://b/x"), False, Destination(kind=Kind.OBJECTS, base="az://b", template="x", single=True)),
        (
            Save(to="s3://b/d", remote_name=True),
            True,
            Destination(kind=Kind.OBJECTS, base="s3://b/d", template="{name}"),
        ),
    ],
)
def test_what_save_means(save: Save, is_folder: bool, destination: Destination) -> None:
    assert destination_of(save, is_folder=is_folder) == destination


@pytest.mark.parametrize("to", ["a/{seq}/../x", "{seq}/", "", "s3://{host}/x", "s3://b", "s3://b/x.warc.gz"])
def test_destinations_that_there_are_not(to: str) -> None:
    with pytest.raises(UsageError):
        destination_of(Save(to=to), is_folder=False)


def test_the_fields_have_names_of_their_own() -> None:
    names = [field.name for field in FIELDS]
    assert len(set(names)) == len(names)
    assert " ".join(names) == "seq line round host port path name stem query tag date ext sha256 status"


def test_names_of_an_earlier_run_are_known_but_not_claimed() -> None:
    claims = Claims()
    claims.note_older("h/A")
    assert [claims.is_older(name) for name in ("h/a", "h/b", "h")] == [True, False, False]
    assert claims.claim("h/a", str) == "h/a"


def test_no_name_that_is_made_later_is_one_of_an_earlier_run() -> None:
    claims = Claims()
    claims.note_older("a/index.html")
    assert claims.claim("a", lambda: "k1") == "a"
    assert claims.claim("a/b", lambda: "k2") == "a/b"
    assert claims.settled("a") == "a/index-k2.html"
    assert claims.claim("a", lambda: "k3") == "a/index-k3.html"


def test_a_path_of_many_folders_that_fits_is_left_as_it_is() -> None:
    path = "a/" * 150 + "b"
    assert clean_path(path) == path
