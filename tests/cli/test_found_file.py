"""Configuration files that were found: whose they may be, what they may do, and what they cannot weaken."""

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme

from fetchcli.cli.definitions import OPTIONS
from fetchcli.cli.found_file import check_owner
from fetchcli.cli.option import Found
from fetchcli.core.errors import UsageError
from tests.cli.test_config import configured, folder, printed  # noqa: F401 - a fixture
from tests.support.certificates import server_context
from tests.support.recorder import ok, recorder

TOML = "fetchcli.toml"
# What the issue of each is: another way, another trust, secrets sent or shown, files elsewhere.
NEVER = {
    "proxy", "noproxy", "connect_to", "resolve", "dns_servers", "unix_socket", "insecure", "netrc", "netrc_file",
    "expand_env", "allow_downgrade", "allow_cidr", "dask", "job", "location_trusted", "show_secrets", "query",
}  # fmt: skip
PATHS = {
    "output", "write_out", "header", "data", "data_binary", "data_urlencode", "json", "form", "cookie", "cookie_jar",
    "baseline", "cacert", "cert", "key", "output_dir", "revalidate", "save", "exclude_from",
}  # fmt: skip


def test_every_option_says_what_a_found_file_may_do_with_it() -> None:
    for name, option in OPTIONS.items():
        assert (option.found is not None) is option.config, name
    assert {name for name, option in OPTIONS.items() if option.found is Found.NO} == NEVER
    assert {name for name, option in OPTIONS.items() if option.found is Found.BELOW} == PATHS


@pytest.mark.parametrize("name", sorted(NEVER))
def test_18_what_a_found_file_must_not_set(name: str, folder: Path) -> None:  # noqa: F811
    key = name.replace("_", "-")
    value = "true" if OPTIONS[name].type is bool else '"127.0.0.0/8"'
    (folder / TOML).write_text(f"{key} = {value}\n")
    refused = configured("--print-config", cwd=folder)
    said = f"{TOML}: {key}: not allowed in a configuration file that was found; name the file with -K to allow it"
    assert (refused.code, refused.err) == (2, f"fetchcli: {said}\n")
    assert printed("-K", TOML, cwd=folder)[key][1] == f"{TOML}: {key}"
    assert printed(cwd=folder, FETCHCLI_CONFIG=TOML)[key][1] == f"{TOML}: {key}"
    assert printed("--no-config", cwd=folder)[key][1] == "default"
    users = folder / "user" / "fetchcli" / TOML
    (folder / TOML).rename(users)
    assert printed(cwd=folder)[key][1] == f"user/fetchcli/{TOML}: {key}"  # it is the user's own
    users.write_text("")
    if OPTIONS[name].type is bool:
        (folder / TOML).write_text(f"{key} = false\n")
        assert printed(cwd=folder)[key][0] == "false"


def outside(name: str, path: str) -> str:
    """A value of an option that names this path."""
    if name == "output":
        return f"jsonl:{path}"
    if name == "form":
        return f"f=@{path}"
    return f"@{path}" if name in ("write_out", "header", "data", "data_binary", "data_urlencode", "json") else path


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "link/x", "below/../../x", "~/x/../../../../x", ".git/hooks/pre-push", "below/.env"]
)
def test_18_paths_of_a_found_file_stay_in_its_folder(name: str, path: str, folder: Path) -> None:  # noqa: F811
    (folder / "link").symlink_to("/tmp")
    (folder / "below").mkdir()
    key = name.replace("_", "-")
    (folder / TOML).write_text(f'{key} = "{outside(name, path)}"\n')
    refused = configured("--print-config", cwd=folder)
    assert refused.code == 2
    assert refused.err.startswith(f"fetchcli: {TOML}: {key}: '{path}' is not inside the folder of the file; ")


@pytest.mark.parametrize("name", sorted(PATHS))
def test_18_paths_in_the_folder_of_a_found_file_are_taken(name: str, folder: Path) -> None:  # noqa: F811
    (folder / "below").mkdir()
    key = name.replace("_", "-")
    (folder / TOML).write_text(f'{key} = "{outside(name, "below/x.csv")}"\n')
    assert printed(cwd=folder)[key][1] == f"{TOML}: {key}"
    assert printed(cwd=folder / "below")[key][1] == f"{folder / TOML}: {key}"


def test_18_the_plant(folder: Path) -> None:  # noqa: F811
    """A repository that was cloned: nothing is written outside, nothing is sent elsewhere."""
    (folder / TOML).write_text('output = "csv:../.ssh_authorized_keys"\nproxy = "http://127.0.0.1:9"\n')
    with recorder() as server:
        result = configured(server.url(), cwd=folder)
        assert (result.code, server.requests) == (2, [])
    assert not (folder.parent / ".ssh_authorized_keys").exists()


OWN = [  # what the user's own file says, and what a file that was found must not make of it
    ("block-private = true", "block-private = false", "block-private: your own configuration file sets it otherwise"),
    ('deny-cidr = ["127.0.0.0/8"]', "deny-cidr = []", "deny-cidr: your own configuration file sets it otherwise"),
    ('tls-min = "1.3"', 'tls-min = "1.2"', "tls-min: your own configuration file sets it otherwise"),
    ('user = "a:b"\ndigest = true', "digest = false", "digest: your own configuration file sets it otherwise"),
    ('user = "a:b"\ndigest = true', 'bearer = "t"', "bearer: your own configuration file sets --digest"),
    ('proxy = "h:1"', "block-private = true", "block-private: your own configuration file sets --proxy"),
    ('expand-env = "header"', 'header = "X: ${HOME}"', "header: ${NAME} is not allowed in a file that was found"),
    ("", 'write-out = "\\u001b]0;x"', "write-out: control characters are not allowed in a file that was found"),
]


@pytest.mark.parametrize(("own", "found", "said"), OWN)
def test_18_a_file_that_was_found_does_not_weaken_the_users_own(
    own: str,
    found: str,
    said: str,
    folder: Path,  # noqa: F811
) -> None:
    (folder / "user" / "fetchcli" / TOML).write_text(f"{own}\n")
    (folder / TOML).write_text(f"{found}\n")
    result = configured("http://h/", "--dry-run", cwd=folder)
    assert (result.code, result.err) == (2, f"fetchcli: {TOML}: {said}; name the file with -K to allow it\n")
    (folder / TOML).write_text(
        f"{own}\nconcurrency = 3\n" if "expand" not in own + found and "proxy" not in own else ""
    )
    assert configured("http://h/", "--dry-run", cwd=folder).code == 0  # the same again is no change


def test_18_what_is_no_file_is_no_configuration(folder: Path) -> None:  # noqa: F811
    os.mkfifo(folder / TOML)
    (folder / "pyproject.toml").symlink_to("/dev/zero")
    assert printed(cwd=folder)["concurrency"][1] == "default"
    (folder / TOML).unlink()
    (folder / "pyproject.toml").unlink()
    (folder / TOML).write_bytes(b"# " * (600 * 1024))
    large = configured("--print-config", cwd=folder)
    assert (large.code, large.err) == (2, f"fetchcli: {TOML}: not TOML: more than 1048576 bytes\n")
    assert configured("--print-config", "-K", "", cwd=folder).code == 2


def test_18_a_comment_about_us_is_no_configuration(folder: Path) -> None:  # noqa: F811
    below = folder / "below"
    below.mkdir()
    (folder / TOML).write_text("concurrency = 7\n")
    (below / "pyproject.toml").write_text("# tool.fetchcli\n")
    assert printed(cwd=below)["concurrency"][0] == "7"


def test_18_a_file_that_everybody_may_write_is_refused(folder: Path) -> None:  # noqa: F811
    for found, shown in ((folder / TOML, TOML), (folder / "user" / "fetchcli" / TOML, f"user/fetchcli/{TOML}")):
        found.write_text("concurrency = 7\n")
        found.chmod(0o666)
        result = configured("--print-config", cwd=folder)
        assert (result.code, result.err.count("\n")) == (2, 1)
        assert result.err.startswith(f"fetchcli: {shown}: everybody may write to this file; correct its mode")
        assert printed("-K", str(found), cwd=folder)["concurrency"][0] == "7"
        found.chmod(0o644)
        mode = found.parent.stat().st_mode
        found.parent.chmod(mode | stat.S_IWOTH | stat.S_ISVTX)  # as /tmp is
        result = configured("--print-config", cwd=folder)
        assert result.code == 2
        assert result.err.startswith(f"fetchcli: {shown}: everybody may write to its folder {found.parent}; ")
        found.parent.chmod(mode)
        assert printed(cwd=folder)["concurrency"][0] == "7"
        found.unlink()
    away = folder / "home" / "away"
    away.mkdir()
    (away / "x.toml").write_text("concurrency = 7\n")
    (folder / TOML).symlink_to(away / "x.toml")
    away.chmod(0o777)
    assert f"its folder {away}; " in configured("--print-config", cwd=folder).err


@pytest.mark.parametrize(
    ("mine", "owner", "working", "fine"),
    [(1, 1, 9, True), (1, 0, 9, True), (1, 7, 7, True), (65534, 7, 7, True), (1, 7, 1, False), (0, 7, 0, False)],
)
def test_18_owners(
    mine: int, owner: int, working: int, fine: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As git does: the user, root, or the owner of the working folder (a container over somebody's folder)."""
    file = tmp_path / TOML
    file.write_text("")
    uids = {file: owner, Path.cwd(): working}
    monkeypatch.setattr(os, "getuid", lambda: mine)
    monkeypatch.setattr(Path, "stat", lambda path, **_: SimpleNamespace(st_mode=0o100644, st_uid=uids.get(path, owner)))
    if fine:
        check_owner(file, TOML)
    else:
        with pytest.raises(UsageError, match=f"{TOML}: it belongs to user {owner}, and not to you; name the file"):
            check_owner(file, TOML)


def test_18_verbose_names_the_files_in_force(folder: Path) -> None:  # noqa: F811
    (folder / TOML).write_text("quiet = true\n")
    users = folder / "user" / "fetchcli" / TOML
    users.write_text("retry = 0\n")
    with recorder() as server:
        said = configured(server.url(), "-v", cwd=folder).err
        assert said.startswith(f"fetchcli: configuration: {users}\nfetchcli: configuration: {folder / TOML}\n")
        assert "configuration" not in configured(server.url(), cwd=folder).err
        assert "configuration" not in configured(server.url(), "-v", "--no-config", cwd=folder).err
        named = configured(server.url(), "-v", "-K", TOML, cwd=folder).err
        assert named.startswith(f"fetchcli: configuration: {TOML}\n")


def test_8_a_configuration_file_is_not_written(folder: Path) -> None:  # noqa: F811
    (folder / TOML).write_text("quiet = true\n")
    with recorder() as server:
        result = configured(server.url(), "-o", f"jsonl:{TOML}", cwd=folder)
        assert (result.code, server.requests) == (8, [])
    assert (folder / TOML).read_text() == "quiet = true\n"


def test_19_a_flag_that_protects_is_not_weakened(folder: Path) -> None:  # noqa: F811
    (folder / "k.toml").write_text('block-private = true\nallow-cidr = ["127.0.0.0/8"]\n')
    with recorder() as server:
        url = server.url()
        assert configured(url, "-q", "-K", "k.toml", cwd=folder).code == 0
        for protect in (("--block-private",), ("--deny-cidr", "127.0.0.0/8")):
            blocked = configured(url, "-q", "-K", "k.toml", "--retry", "0", *protect, cwd=folder)
            assert (blocked.code, "blocked" in blocked.out) == (4, True)
            variable = configured(url, "-q", *protect, cwd=folder, FETCHCLI_ALLOW_CIDR="127.0.0.0/8")
            assert (variable.code, "blocked" in variable.out) == (4, True)
            flag = configured(url, "-q", *protect, "--allow-cidr", "127.0.0.1/32", cwd=folder)
            assert flag.code == 0  # the user's own word
        assert len(server.requests) == 3


def test_19_a_trust_that_is_named_is_not_switched_off(folder: Path) -> None:  # noqa: F811
    trustme.CA().cert_pem.write_to_path(str(folder / "other.pem"))
    with recorder(ok(), context=server_context()) as server:
        assert configured(server.url(), "-q", cwd=folder, FETCHCLI_INSECURE="1").code == 0
        for verify in (("--cacert", "other.pem"), ("--expect-cert-days", ">1")):
            verified = configured(server.url(), "-q", *verify, cwd=folder, FETCHCLI_INSECURE="1")
            assert (verified.code, "tls" in verified.out) == (4, True)
