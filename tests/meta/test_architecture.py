"""Who may import whom, read from the source: the layers, the packages they may use, and no cycles."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fetchcli"

# What each layer may import of fetchcli, and which packages from outside the standard library.
# The longest prefix that fits a module is its layer; a layer may always import itself.
LAYERS: dict[str, tuple[str, set[str]]] = {
    "_version": ("", set()),
    "messages": ("core", set()),
    "core": ("core", {"msgspec"}),
    "inputs": ("core", {"msgspec", "backports", "compression"}),
    "transport": (
        "core",
        {"pycares", "msgspec", "brotli", "backports", "compression", "publicsuffixlist"},
    ),
    "transport.aiohttp": ("core transport", {"aiohttp", "aiohappyeyeballs", "msgspec", "python_socks"}),
    "sinks": ("_version core messages", {"msgspec"}),
    "sinks.compress": ("core", {"backports", "compression"}),
    "engine": ("core transport.base save.base", {"msgspec"}),
    "save": ("core", {"msgspec"}),
    "object_stores": ("core inputs.base sinks.output save", set()),
    "object_stores.client": ("core object_stores.problems", {"obstore"}),
    "stores": ("_version core sinks.base messages", {"msgspec"}),
    "inputs.parquet": ("core inputs", {"msgspec", "arro3"}),
    "stores.parquet": ("core stores.database stores.storable", {"arro3"}),
    "stores.postgres": ("core stores.database stores.storable", {"asyncpg"}),
    "stores.mysql": ("core stores.database stores.storable", {"msgspec", "pymysql"}),
    "render": ("core sinks.base", {"rich", "msgspec"}),
    "run": ("_version core inputs transport sinks save stores object_stores render engine messages", {"msgspec"}),
    "run.event_loop": ("", {"uvloop"}),
    "run.library": (
        "core inputs transport save engine sinks.jsonl run.event_loop run.saving run.transports",
        {"msgspec", "yarl"},
    ),
    "run.dask": ("_version core run.cores run.job", {"distributed", "msgspec"}),
    "run.demo": ("", {"aiohttp"}),
    "cli": ("_version core run messages", {"typer", "click", "msgspec", "platformdirs"}),
    "__init__": ("_version core run.library", set()),
    "__main__": ("cli", set()),
}
# Inside core, too, a package may import only packages of the rows above its own.
CORE = (
    "timings pattern",
    "errors text compression",
    "units rate shard object_url",
    "url http1",
    "request",
    "network expect",
    "model",
    "revalidation",
    "checks schedule rows curl job",
    "naming",
    "summary",
    "report",
    "baseline journal",
    "settings",
)
# Packages from outside the standard library that one module of core may use.
CORE_PACKAGES = {
    "core.url.host": "ada_url",
    "core.expect.expressions": "jmespath regex",
}
# core is pure: of the standard library it may use only what neither waits, reads, writes nor knows the time.
PURE = frozenset(
    (
        "array",
        "base64",
        "bisect",
        "codecs",
        "collections",
        "contextlib",
        "datetime",
        "email",
        "itertools",
        "json",
        "math",
        "operator",
        "difflib",
        "enum",
        "functools",
        "hashlib",
        "heapq",
        "ipaddress",
        "re",
        "statistics",
        "types",
        "typing",
        "unicodedata",
        "urllib",
    )
)

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path}"
            module = node.module or ""
            # `from fetchcli.cli import options` imports a module, not a name.
            for name in node.names:
                full = f"{module}.{name.name}"
                yield full if full.removeprefix("fetchcli.") in MODULES else module


def own(path: Path) -> set[str]:
    names = {name.removeprefix("fetchcli.") for name in imports(path) if name.startswith("fetchcli.")}
    return names - {"fetchcli"}


def fits(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def layer(module: str) -> str:
    return max((name for name in LAYERS if fits(module, name)), key=len)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_layers(module: str) -> None:
    inside, outside = LAYERS[layer(module)]
    allowed = {layer(module), *inside.split()}
    for name in own(MODULES[module]):
        assert any(fits(name, prefix) for prefix in allowed), f"{module} must not import {name}"
    packages = {*outside, *CORE_PACKAGES.get(module, "").split(), "fetchcli", *sys.stdlib_module_names}
    for name in imports(MODULES[module]):
        assert name.partition(".")[0] in packages, f"{module} must not import {name}"


def core_rank(module: str) -> tuple[int, str]:
    """The row of `CORE` that a module of core stands in, and its package or module there."""
    room = module.split(".")[1]
    return next(rank for rank, row in enumerate(CORE) if room in row.split()), room


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("core.")))
def test_layers_inside_core(module: str) -> None:
    rank, room = core_rank(module)
    for name in own(MODULES[module]):
        other_rank, other_room = core_rank(name)
        assert other_room == room or other_rank < rank, f"{module} must not import {name}"


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("core")))
def test_core_is_pure(module: str) -> None:
    used = {name.partition(".")[0] for name in imports(MODULES[module])} & set(sys.stdlib_module_names)
    assert used <= PURE, used - PURE


def test_no_import_cycle() -> None:
    graph = {module: own(path) & MODULES.keys() for module, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, chain: tuple[str, ...]) -> None:
        assert module not in chain, " -> ".join([*chain, module])
        if module not in done:
            for following in sorted(graph[module]):
                visit(following, (*chain, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_modules_are_small() -> None:
    lines = {module: path.read_text().count("\n") for module, path in MODULES.items()}
    assert {module: count for module, count in lines.items() if count > 300} == {}
    assert median(lines.values()) <= 85


def test_functions_are_small() -> None:
    sizes = {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module, path in MODULES.items()
        for node in functions(path)
    }
    assert {name: size for name, size in sizes.items() if size > 40} == {}
    assert sorted(sizes.values())[int(0.95 * len(sizes))] <= 25


def test_no_two_classes_share_a_name() -> None:
    names = [
        node.name
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert [name for name in names if names.count(name) > 1] == []


# One idea in two layers or more: the format, the option or the report of that name, and the ports (`base`).
SHARED = """
    __init__ base baseline checks cookies credentials csv curl digest expect formats github help inputs json jsonl
    job manners network output parquet redirects request retry earlier revalidation save saving selection sharding
    summary template text tls verdict
"""


def test_two_modules_share_a_name_only_where_they_are_one_idea() -> None:
    names = [module.rpartition(".")[2] for module in MODULES]
    assert {name for name in names if names.count(name) > 1} <= set(SHARED.split())


def test_the_top_level_holds_what_it_should() -> None:
    allowed = {"pyproject.toml", "README.md", "fetchcli", "tests", "urls.sample.txt", "LICENSE", "CHANGELOG.md"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - {"build", "dist"} == allowed
