"""MySQL and MariaDB, by PyMySQL: ``-o mysql://user@host/db?table=results``.

``~/.my.cnf`` applies (user, password, host, TLS). A batch can be written again after its connection was lost.
"""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from fetchcli.core.errors import OutputError, UsageError, missing_extra
from fetchcli.core.pattern import lazy_pattern

try:
    import pymysql
    from pymysql.cursors import SSCursor
except ImportError:
    raise missing_extra("MySQL", "PyMySQL", "mysql") from None

from fetchcli.core.url.parse import mask_credentials
from fetchcli.stores.database import UNIQUE, Answer, ConnectionLostError, Values, transaction
from fetchcli.stores.storable import database_row

CONNECT_SECONDS, STATEMENT_SECONDS = 10, 120
_SELECTED = 500  # rows of a query that are read at once
_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC"
_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
    "net_write_timeout = 3600"  # a list is read as slowly as it is fetched
)
_MARK = lazy_pattern(r"`(?:[^`]|``)*`|\?")
_SPARE = 1024  # bytes of a packet besides a statement
# Too many connections, shutdown, lock wait, deadlock, limits, network, table or disk full, killed, server gone.
_LATER = frozenset(
    (1021, 1040, 1053, 1114, 1129, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1927, 2003, 2006, 2013, 2055, 4031)
)
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_ESCAPES = str.maketrans({"\0": "\\0", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"'})


class MysqlDatabase:
    """See `stores.database.Database`.

    Args:
        address: the URL.
        readonly: nothing is written.
    """

    types: Mapping[str, str] = {
        "boolean": "TINYINT(1)",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "string": "LONGTEXT",
        "list": "LONGTEXT",
        "object": "LONGTEXT",
        "any": "LONGTEXT",
    }
    id_type = "BIGINT AUTO_INCREMENT PRIMARY KEY"
    any_is_json = is_unique = True
    max_name = 64
    another = "another database"

    def __init__(self, address: str, *, readonly: bool = False) -> None:
        self.name = mask_credentials(address.partition("?")[0])
        self.advice = f"{self.name}?table=NAME"
        self._arguments, self._readonly = _arguments(address), readonly
        self._connection: pymysql.Connection[Any] | None = None
        self._max_packet = 0

    def open(self) -> None:
        """See `stores.database.Database`."""
        with self._errors():
            self._connection = pymysql.connect(
                **self._arguments,
                charset="utf8mb4",
                connect_timeout=CONNECT_SECONDS,
                read_timeout=STATEMENT_SECONDS,
                write_timeout=STATEMENT_SECONDS,
                autocommit=True,
                init_command=_SESSION,
                program_name="fetchcli",
            )
            ((self._max_packet,),) = self.ask("SELECT @@max_allowed_packet")
            if self._readonly:
                self.run("SET SESSION TRANSACTION READ ONLY")

    @property
    def is_open(self) -> bool:
        """See `stores.database.Database`."""
        return self._connection is not None and self._connection.open

    def exists(self) -> bool:
        """See `stores.database.Database`."""
        return True

    def close(self) -> None:
        """See `stores.database.Database`."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.open:
            with suppress(pymysql.Error, OSError):
                connection.close()

    def quoted(self, name: str) -> str:
        """See `stores.database.Database`."""
        return "`" + name.replace("`", "``") + "`"

    def columns(self, table: str) -> list[str]:
        """See `stores.database.Database`."""
        found = self.ask(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? "
            "ORDER BY ordinal_position",
            (table,),
        )
        return [row[0] for row in found]

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """See `stores.database.Database`."""
        self.ask(statement, values)

    def ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `stores.database.Database`."""
        with self._errors(), self._open.cursor() as cursor:
            cursor.execute(_marked(statement) if values else statement, tuple(values) or None)
            return list(cursor.fetchall())

    def transaction(self) -> AbstractContextManager[None]:
        """See `stores.database.Database`."""
        return transaction(self, "START TRANSACTION")

    def create(self, table: str, columns: Mapping[str, str], unique: Sequence[str] = ()) -> None:
        """See `stores.database.Database`; what is to be unique must not be null."""
        fields = [
            f"{self.quoted(name)} {kind}{' NOT NULL' if name in unique else ''}" for name, kind in columns.items()
        ]
        fields += [f"UNIQUE KEY {self.quoted('place')} ({', '.join(map(self.quoted, unique))})"] if unique else []
        self.run(f"CREATE TABLE IF NOT EXISTS {self.quoted(table)} ({', '.join(fields)}) {_OPTIONS}")

    def index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """See `stores.database.Database`: of a text, the first characters."""
        if unique:  # made with the table
            return
        (column,) = columns
        found = self.ask(
            "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? "
            "AND index_name = ?",
            (table, column),
        )
        if not found:
            self.run(f"CREATE INDEX {self.quoted(column)} ON {self.quoted(table)} ({self.quoted(column)}(255))")

    def write(self, table: str, names: Sequence[str], rows: list[Values], *, replace: bool) -> None:
        """See `stores.database.Database`."""
        columns = ", ".join(map(self.quoted, names))
        head = f"INSERT INTO {self.quoted(table)} ({columns}) VALUES ".encode()
        changed = (f"{self.quoted(name)} = VALUES({self.quoted(name)})" for name in names if name not in UNIQUE)
        tail = f" ON DUPLICATE KEY UPDATE {', '.join(changed)}".encode() if replace else b""
        try:
            encoded = _literals(rows)
        except UnicodeEncodeError:
            rows = [database_row(row) for row in rows]
            encoded = _literals(rows)
        with self.transaction():
            self._insert(head, rows, encoded, tail)

    def _insert(self, head: bytes, rows: list[Values], encoded: bytes, tail: bytes) -> None:
        """Insert rows with as few statements as the server takes."""
        statement = head + encoded + tail
        if len(statement) + _SPARE <= self._max_packet:
            with self._errors():
                self._open.query(statement)
        elif len(rows) == 1:
            raise OutputError(
                f"{self.name}: a row of {len(statement):,} bytes is larger than max_allowed_packet of the server"
            )
        else:
            middle = len(rows) // 2
            for part in (rows[:middle], rows[middle:]):
                self._insert(head, part, _literals(part), tail)

    @contextmanager
    def select(self, query: str, values: Sequence[Any] = ()) -> Iterator[Answer]:
        """See `stores.database.Database`: rows are not read before they are asked for."""
        with self._errors():
            cursor = self._open.cursor(SSCursor)
            try:
                cursor.execute(_marked(query) if values else query, tuple(values) or None)
                names = [column[0] for column in cursor.description or ()]
                yield Answer(names, iter(lambda: list(cursor.fetchmany(_SELECTED)), []))
                cursor.close()
            except BaseException:
                self._drop(cursor)
                raise

    def _drop(self, cursor: Any) -> None:
        """Drop a connection with an answer that is not read to its end: it may be endless."""
        with suppress(AttributeError):
            cursor._result.unbuffered_active = False  # noqa: SLF001 - else it is read when it is collected
        connection, self._connection = self._connection, None
        if connection is not None:
            connection._force_close()  # type: ignore[attr-defined]  # noqa: SLF001 - `close` would read it, too

    def lock(self, key: str) -> bool:
        """See `stores.database.Database`; locks are those of the server, so the name of the database is in the key."""
        ((locked,),) = self.ask("SELECT GET_LOCK(LEFT(SHA1(CONCAT(DATABASE(), ?)), 40), 0)", (key,))
        return bool(locked)

    @property
    def _open(self) -> "pymysql.Connection[Any]":
        assert self._connection is not None, "it was opened before"  # noqa: S101
        return self._connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (pymysql.Error, OSError) as error:
            number = error.args[0] if error.args else 0
            reason = str(error.args[-1]) if error.args else type(error).__name__
            message = f"{self.name}: {reason}"
            is_gone = self._connection is not None and not self._connection.open
            if is_gone or (number in _LATER and not _is_refused(error)):
                self.close()
                raise ConnectionLostError(message) from None
            raise OutputError(message) from None


def _is_refused(error: BaseException) -> bool:
    """Whether the certificate of the server is not accepted: that will not change."""
    return isinstance(getattr(error, "original_exception", None), ssl.SSLCertVerificationError)


def _arguments(address: str) -> dict[str, Any]:
    """What PyMySQL is told: address, option file, and TLS as the client of MySQL names it."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    given = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password).encode() if parts.password else None,
        "database": unquote(parts.path.lstrip("/")) or None,
        "unix_socket": options.get("socket"),
    }
    arguments: dict[str, Any] = {name: value for name, value in given.items() if value}
    defaults = Path("~/.my.cnf").expanduser()
    if defaults.exists():
        arguments["read_default_file"] = str(defaults)
    mode = options.get("ssl-mode", "VERIFY_IDENTITY" if "ssl-ca" in options else "PREFERRED").upper()
    if mode == "DISABLED":
        arguments["ssl_disabled"] = True
    elif mode != "PREFERRED":
        try:
            context = ssl.create_default_context(cafile=options.get("ssl-ca"))
        except OSError as error:
            raise UsageError(f"ssl-ca={options.get('ssl-ca')}: {error.strerror or error}") from None
        context.check_hostname = mode == "VERIFY_IDENTITY"
        if mode == "REQUIRED":
            context.verify_mode = ssl.CERT_NONE
        if "ssl-cert" in options:
            context.load_cert_chain(options["ssl-cert"], options.get("ssl-key"))
        arguments["ssl"] = context
    return arguments


def _marked(statement: str) -> str:
    """``?`` as ``%s``; in names it is what it is."""
    return _MARK.sub(lambda match: "%s" if match[0] == "?" else match[0], statement.replace("%", "%%"))


def _literals(rows: list[Values]) -> bytes:
    """Rows as the text of VALUES.

    JSON is SQL but for its brackets, and for the escapes of some control characters (MySQL: "String Literals"). Joining
    literals in Python would take ten times as long.

    Raises:
        UnicodeEncodeError: a lone surrogate.
    """
    data = _encode_lines(rows)  # a line feed stands between rows only
    if b"\\u" not in data and b"\\f" not in data:
        return b"(" + data[1:-2].replace(b"]\n[", b"),(") + b")"
    return ",".join(f"({','.join(map(_literal, row))})" for row in rows).encode()


def _literal(value: Any) -> str:
    return f'"{value.translate(_ESCAPES)}"' if isinstance(value, str) else _encode(value).decode()
