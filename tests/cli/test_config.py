"""Configuration: which value wins, where it came from, and what is wrong with a file."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.command import COMMAND, Result, environment, fetchcli
from tests.support.faults import FaultServer
from tests.support.recorder import ok, recorder, see


def configured(*args: str, cwd: Path, **env: str) -> Result:
    """With configuration files, of which none is the developer's own."""
    isolated = {"FETCHCLI_NO_CONFIG": "", "XDG_CONFIG_HOME": str(cwd / "user"), "HOME": str(cwd / "home"), **env}
    return fetchcli(*args, cwd=cwd, env=isolated)


def printed(*args: str, cwd: Path, **env: str) -> dict[str, tuple[str, str]]:
    """``--print-config``: value and origin of every option."""
    result = configured(*args, "--print-config", cwd=cwd, **env)
    assert (result.code, result.err) == (0, "")
    lines = (line.removeprefix("# ").partition(" =") for line in result.lines)
    return {key: (rest.rpartition("  # ")[0].strip(), rest.rpartition("  # ")[2]) for key, _, rest in lines}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "user" / "fetchcli").mkdir(parents=True)
    return tmp_path


def test_flag_environment_nearest_file_user_file_default(folder: Path) -> None:
    user = folder / "user" / "fetchcli" / "fetchcli.toml"
    user.write_text('retry = 1\nconcurrency = 2\ntimeout = 3\naccept = "204"\nuser-agent = "mine"\n')
    (folder / "fetchcli.toml").write_text('concurrency = 20\ntimeout = "30s"\naccept = "2xx"\n')
    found = printed("--accept", "401", cwd=folder, FETCHCLI_TIMEOUT="300ms", FETCHCLI_RETRY="")
    assert found["accept"] == ('"401"', "command line")
    assert found["timeout"] == ('"300ms"', "FETCHCLI_TIMEOUT")
    assert found["concurrency"] == ("20", "fetchcli.toml: concurrency")
    assert found["user-agent"] == ('"mine"', "user/fetchcli/fetchcli.toml: user-agent")
    assert found["retry"] == ("1", "user/fetchcli/fetchcli.toml: retry")
    assert found["per-host"] == ("", "default")
    assert found["location"] == ("true", "default")
    chosen = folder / "other.toml"
    chosen.write_text("concurrency = 7\n")
    for found in (printed("-K", "other.toml", cwd=folder), printed(cwd=folder, FETCHCLI_CONFIG=str(chosen))):
        assert found["concurrency"] == ("7", "other.toml: concurrency")
        assert found["user-agent"] == ("", "default")
    assert printed("--no-config", cwd=folder)["concurrency"] == ("50", "default")
    assert printed(cwd=folder, FETCHCLI_NO_CONFIG="1")["concurrency"] == ("50", "default")


def test_the_nearest_file_is_looked_for_up_to_the_top_of_the_repository(folder: Path) -> None:
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.fetchcli]\nconcurrency = 3\n')
    env = {"XDG_CONFIG_HOME": str(folder / "none")}
    assert printed(cwd=below, **env)["concurrency"] == ("3", f"{folder}/pyproject.toml: concurrency")
    (folder / "a" / "pyproject.toml").write_text("[tool.other]\nconcurrency = 4\n")
    assert printed(cwd=below, **env)["concurrency"][0] == "3"
    (folder / "a" / "fetchcli.toml").write_text("concurrency = 5\n")
    assert printed(cwd=below, **env)["concurrency"][0] == "5"
    (below / ".git").mkdir()
    assert printed(cwd=below, **env)["concurrency"] == ("50", "default")


def test_outside_a_repository_only_the_working_folder_counts(tmp_path: Path) -> None:
    below = tmp_path / "a"
    below.mkdir()
    (tmp_path / "fetchcli.toml").write_text("concurrency = 5\n")
    assert printed(cwd=below)["concurrency"] == ("50", "default")
    assert printed(cwd=tmp_path)["concurrency"] == ("5", "fetchcli.toml: concurrency")


def test_what_is_stronger_wins_over_what_it_cannot_stand_beside(folder: Path) -> None:
    (folder / "fetchcli.toml").write_text('user = "a:b"\nipv4 = true\nquiet = true\nretry-all-errors = true\n')
    found = printed("--bearer", "t", "-6", "--no-quiet", cwd=folder, FETCHCLI_RETRY_ALL_ERRORS="0")
    assert found["user"] == ("", "default")
    assert found["ipv4"] == ("false", "default")
    assert found["ipv6"] == ("true", "command line")
    assert found["quiet"] == ("false", "command line")
    assert found["retry-all-errors"] == ("false", "FETCHCLI_RETRY_ALL_ERRORS")
    assert printed(cwd=folder, FETCHCLI_BEARER="t")["user"] == ("", "default")
    (folder / "fetchcli.toml").write_text('user = "a:b"\ndigest = true\ndata = "x"\nipv6 = true\n')
    found = printed("--bearer", "t", "--no-head", "--no-ipv4", cwd=folder, FETCHCLI_IPV4="0")
    assert (found["user"][0], found["digest"][0], found["data"][0], found["ipv6"][0]) == (
        "",
        "false",
        '["***"]',
        "true",
    )
    assert printed("-u", "c:d", cwd=folder, FETCHCLI_BEARER="t")["bearer"] == ("", "default")
    other = folder / "k.toml"
    other.write_text('user-agent = "k"\n')
    assert printed("-K", "k.toml", cwd=folder, FETCHCLI_NO_CONFIG="1")["user-agent"][0] == '"k"'
    (folder / "user" / "fetchcli" / "fetchcli.toml").write_text('bearer = "weaker"\n')
    found = printed(cwd=folder)
    assert (found["user"][0], found["bearer"]) == ('"a:***"', ("", "default"))
    both = configured("-u", "a:b", "--bearer", "t", "http://h/", cwd=folder)
    assert (both.code, "--user and --bearer cannot be combined" in both.err) == (2, True)


def test_folders_that_are_gone_or_closed_hold_no_configuration(folder: Path, faults: FaultServer) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {' '.join(COMMAND)} -q {faults.url('ok')}"
    env = environment(FETCHCLI_NO_CONFIG="", XDG_CONFIG_HOME="/dev/null/x")
    done = subprocess.run(["/bin/sh", "-c", script], cwd=folder, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_values_do_what_flags_do(folder: Path, faults: FaultServer) -> None:
    (folder / "fetchcli.toml").write_text(
        'accept = "404"\nquiet = true\nwrite-out = "%{http_code} %{num_redirects}\\n"\nheader = ["X-A: 1", "X-B: 2"]\n'
        "location = false\nmax-redirs = 3\ntimeout = 5\n"
    )
    result = configured(faults.url("escape-codes"), cwd=folder)
    assert (result.code, result.out) == (0, "404 0\n")
    assert configured(faults.url("escape-codes"), "--location", "--accept", "200", cwd=folder).code == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("max-redir = 3", "fetchcli.toml: max-redir: no such option; did you mean max-redirs"),
        ("max_redirs = 3", "fetchcli.toml: max_redirs: no such option; did you mean max-redirs"),
        ("xyzzy = 3", "fetchcli.toml: xyzzy: no such option; see fetchcli --help all"),
        ("demo = true", "fetchcli.toml: demo: only allowed on the command line"),
        ('concurrency = "many"', "fetchcli.toml: concurrency: expected a whole number, got text"),
        ("concurrency = true", "fetchcli.toml: concurrency: expected a whole number, got true or false"),
        ("concurrency = 0", "fetchcli.toml: concurrency: 0 is not in the range x>=1"),
        ("quiet = 1", "fetchcli.toml: quiet: expected true or false, got a number"),
        ('timeout = "soon"', "fetchcli.toml: timeout: 'soon' is not a duration"),
        ("timeout = true", "fetchcli.toml: timeout: expected text, got true or false"),
        ("header = [[]]", "fetchcli.toml: header: expected text, got a list"),
        ('progress = "loud"', "fetchcli.toml: progress: 'loud' is not one of"),
        ("a = ", "fetchcli.toml: not TOML: "),
        ('user = "nobody"', "fetchcli.toml: user: expected NAME:PASSWORD"),
    ],
)
def test_a_mistake_names_file_and_key(folder: Path, content: str, said: str) -> None:
    (folder / "fetchcli.toml").write_text(f"{content}\n")
    result = configured("http://127.0.0.1:1/", cwd=folder)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"fetchcli: {said}")
    assert result.err.count("\n") == 1
    assert configured("--help", cwd=folder).code == configured("--version", cwd=folder).code == 0


def test_files_that_are_not_there_or_not_right(folder: Path) -> None:
    missing = configured("-K", "no.toml", "http://h/", cwd=folder)
    assert (missing.code, missing.err) == (2, "fetchcli: no.toml: No such file or directory\n")
    (folder / "pyproject.toml").write_text("[tool]\nfetchcli = 3 # tool.fetchcli\n")
    assert "pyproject.toml: tool.fetchcli: expected a table" in configured("http://h/", cwd=folder).err


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FETCHCLI_BLOCK_PRIVAT", "1", "FETCHCLI_BLOCK_PRIVAT: no such variable; did you mean FETCHCLI_BLOCK_PRIVATE"),
        ("FETCHCLI_CONCURRENCY", "x", "FETCHCLI_CONCURRENCY: 'x' is not a valid"),
        ("FETCHCLI_TIMEOUT", "x", "FETCHCLI_TIMEOUT: 'x' is not a duration"),
        ("FETCHCLI_BLOCK_PRIVATE", "x", "FETCHCLI_BLOCK_PRIVATE: 'x' is not a valid boolean"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(folder: Path, name: str, value: str, said: str) -> None:
    result = configured("http://127.0.0.1:1/", cwd=folder, **{name: value})
    assert result.code == 2
    assert result.err.startswith(f"fetchcli: {said}")


def test_variables_that_are_somebody_elses(folder: Path, faults: FaultServer) -> None:
    env = {"FETCHCLI_TOKEN": "x", "FETCHCLI_VERSION": "3", "FETCHCLI_HELP": "1", "FETCHCLI_SHOW_COMPLETION": "1"}
    assert configured(faults.url("ok"), "-q", cwd=folder, **env).code == 0


@pytest.mark.parametrize("args", [["-K", "x.toml", "--no-config"], ["--dry-run", "--print-curl", "http://h/"]])
def test_what_contradicts_itself(folder: Path, args: list[str]) -> None:
    assert configured(*args, cwd=folder).code == 2


def test_an_error_rule_holds_whatever_the_sources_are(folder: Path) -> None:
    """Only alternatives replace each other; nothing that protects or checks is dropped without a word."""
    (folder / "fetchcli.toml").write_text('expect-cert-days = ">14"\nblock-private = true\n')
    for args, env, named in (
        (("http://h/", "-k"), {}, "--insecure cannot be combined"),
        (("http://h/", "--unix-socket", "s"), {}, "--unix-socket"),
        (("--demo", "http://h/"), {}, "--demo and an input cannot be combined"),
        (("http://h/",), {"FETCHCLI_DEMO": "1"}, "and an input cannot be combined"),
        (("http://h/", "--print-curl"), {"FETCHCLI_DRY_RUN": "1"}, "and --print-curl cannot be combined"),
        (("http://h/", "--config", "fetchcli.toml", "--no-config"), {}, "--config and --no-config"),
    ):
        result = configured(*args, cwd=folder, **env)
        assert (result.code, result.err.count("\n")) == (2, 1), args
        assert named in result.err


def test_zero_and_an_empty_value_are_values(folder: Path) -> None:
    for args in (
        ("--seed", "0"),
        ("--bearer", "", "-u", "a:b"),
        ("--halt", "", "--fail-fast"),
        ("--expect-sha256", ""),
        ("--expect-redirects", ""),
        ("--expect-final-url", ""),
        ("--max-latency", ""),
    ):
        assert configured("http://127.0.0.1:1/", *args, cwd=folder).code == 2, args
    assert configured("http://h/", "--dry-run", "--sample", "1", "--seed", "0", cwd=folder).code == 0
    assert configured("http://h/", "--dry-run", "--block-private", "-x", "", cwd=folder).code == 0


def test_the_demo_needs_no_network_options_and_may_come_from_the_environment(folder: Path) -> None:
    (folder / "fetchcli.toml").write_text('proxy = "http://127.0.0.1:1"\nblock-private = true\n')
    args = ("-q", "--limit", "1", "--exit-zero", "-o", "jsonl:rows.jsonl", "-K", "fetchcli.toml")
    assert configured(*args, "-4", "-6", cwd=folder, FETCHCLI_DEMO="1").code == 0
    assert json.loads((folder / "rows.jsonl").read_text())["status"] == 200


def test_every_option_has_a_variable(folder: Path) -> None:
    """Those with spaces in their values, too: there a line is a value."""
    env = {"FETCHCLI_HEADER": "X-A: 1 2\nX-B: 3", "FETCHCLI_JSON": '{"a": 1}', "FETCHCLI_OUTPUT": "a.csv b.jsonl"}
    found = printed(cwd=folder, **env)
    assert found["header"] == ('["X-A: 1 2", "X-B: 3"]', "FETCHCLI_HEADER")
    assert found["json"] == ('["***"]', "FETCHCLI_JSON")
    assert found["output"][0] == '["a.csv", "b.jsonl"]'


def test_secrets_are_masked(folder: Path) -> None:
    options = ["-H", "Authorization: Bearer s3cret", "-H", "X-Key: ${KEY}", "-H", "Accept: a/b"]
    more = ["-u", "me:s3cret", "-b", "a=s3cret", "-x", "http://u:s3cret@proxy", "-d", "p=s3cret", "-d", "@file"]
    more += ["-H", "X-OTP: s3cret", "-H", "DPoP: s3cret", "-H", "X-Jwt: s3cret", "-H", "X-Pwd: s3cret"]
    result = configured(*options, *more, "--print-config", cwd=folder)
    assert "s3cret" not in result.out
    shown = dict(line.removeprefix("# ").partition("  # ")[0].split(" =", 1) for line in result.lines)
    assert tomllib.loads(f"x = {shown['header']}")["x"] == [
        *("Authorization: ***", "X-Key: ${KEY}", "Accept: a/b"),
        *("X-OTP: ***", "DPoP: ***", "X-Jwt: ***", "X-Pwd: ***"),
    ]
    assert tomllib.loads(f"x = {shown['data']}")["x"] == ["***", "@file"]
    forms = configured("-F", "a=s3cret", "-F", "f=@file", "-F", "s3cret", "--print-config", cwd=folder)
    assert '# form = ["a=***", "f=@file", "***"]' in forms.out
    assert "s3cret" not in forms.out + configured("--json", "s3cret", "--print-config", cwd=folder).out
    assert [shown[key].strip() for key in ("user", "cookie", "proxy")] == ['"me:***"', '["***"]', '"http://***@proxy"']
    # As values they would be taken for the secrets.
    assert not {"header", "user", "cookie", "proxy"} & set(tomllib.loads(result.out))
    assert printed("-u", "me:${P}", cwd=folder)["user"][0] == '"me:${P}"'
    assert printed("--bearer", "${P}", cwd=folder)["bearer"][0] == '"${P}"'
    assert printed("--bearer", "p", cwd=folder)["bearer"][0] == '"***"'


def test_what_is_printed_is_a_configuration_file(folder: Path) -> None:
    result = configured(
        "-c", "3", "--accept", '2xx,"', "--no-location", "-o", "a\x1b.csv", "--print-config", cwd=folder
    )
    assert "\x1b" not in result.out
    (folder / "fetchcli.toml").write_text("\n".join(line.replace('2xx,\\"', "2xx") for line in result.lines))
    found = printed("-K", "fetchcli.toml", cwd=folder)
    assert found["concurrency"] == ("3", "fetchcli.toml: concurrency")
    assert found["location"] == ("false", "fetchcli.toml: location")


def schema(name: str) -> Draft202012Validator:
    found: dict[str, Any] = json.loads(fetchcli("--print-schema", name).out)
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def test_the_schema_of_the_file_says_what_the_command_says(folder: Path) -> None:
    validator = schema("config")
    good = 'concurrency = 3\ntimeout = 5\nheader = ["A: b"]\ninclude = "x"\nquiet = true\nprogress = "bar"\n'
    (folder / "fetchcli.toml").write_text(good)
    assert configured("--print-config", cwd=folder).code == 0
    validator.validate(tomllib.loads(good))
    everything = configured("--print-config", cwd=folder).lines
    validator.validate(tomllib.loads("\n".join(line for line in everything if not line.startswith("#"))))
    for bad in (
        "max-redir = 3",
        "concurrency = 'x'",
        "concurrency = 0",
        "quiet = 1",
        "progress = 'loud'",
        "header = [[]]",
    ):
        assert not validator.is_valid(tomllib.loads(bad)), bad


def check_results(tmp_path: Path, rows: list[object]) -> None:
    validator = schema("result")
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = fetchcli("in.jsonl", "-q", "-o", "jsonl", cwd=tmp_path)
    assert len(result.lines) == len(rows)
    for line in result.lines:
        validator.validate(json.loads(line))
    as_rows = schema("row")
    for line in result.lines:  # and a result is a row
        as_rows.validate(json.loads(line))


def test_the_schema_of_a_result_validates_what_we_write(faults: FaultServer, tmp_path: Path) -> None:
    row_request = {"url": faults.url("ok"), "method": "PUT", "headers": {"A": "b"}, "body": "x", "tag": "t"}
    rows: list[object] = [row_request, *(faults.url(name) for name in ("empty", "gzip", "escape-codes")), "x"]
    with recorder(lambda request: see("/b") if b"GET /a" in request else ok()) as server:
        rows.append(server.url("/a"))
        check_results(tmp_path, rows)


def test_the_schema_of_a_row_agrees_with_the_reader() -> None:
    from tests.inputs.test_json import VALUES, WRONG

    validator = schema("row")
    for value in VALUES:
        validator.validate(value)
    types: list[object] = [value for value, reason in WRONG if "got" in reason and "/missing" not in reason]
    for wrong in types:
        assert not validator.is_valid(wrong), wrong
