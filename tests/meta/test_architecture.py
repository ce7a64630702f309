"""Who may import whom, read from the source: the layers, the packages they may use, and no cycles."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fetchcli"

# What each layer may import of fetchcli, and which packages from outside the standard library.
# The first prefix that fits a module is its layer.
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "_version": (set(), set()),
    "core": ({"core"}, {"msgspec", "idna", "ddsketch", "jmespath", "regex"}),
    "inputs": ({"core", "inputs"}, {"msgspec", "backports", "compression"}),
    "transport": (
        {"core", "transport"},
        {
            "aiohttp",
            "aiohappyeyeballs",
            "aiodns",
            "msgspec",
            "yarl",
            "brotli",
            "backports",
            "compression",
            "python_socks",
        },
    ),
    "sinks": ({"_version", "core", "sinks"}, {"msgspec"}),
    "attempts": ({"core", "transport.base"}, {"msgspec"}),
    "feed": ({"core"}, set()),
    "fetcher": ({"core", "transport.base", "attempts", "feed"}, set()),
    "course": ({"core", "inputs", "fetcher", "outlets"}, set()),
    "render": ({"core", "render", "sinks.base"}, {"rich", "msgspec"}),
    "messages": ({"core"}, set()),
    "interrupt": ({"core"}, set()),
    "demo": (set(), {"aiohttp"}),
    "print_curl": ({"core", "inputs", "listing", "messages"}, set()),
    "documents": ({"core", "inputs", "fetcher", "transport.base"}, {"msgspec"}),
    "github": ({"core", "inputs", "sinks", "messages"}, set()),
    "outlets": ({"core", "inputs", "sinks", "messages"}, {"msgspec"}),
    "displays": ({"core", "inputs", "sinks", "render", "outlets", "fetcher", "github"}, set()),
    "listing": ({"core", "inputs", "messages"}, set()),
    "plan": ({"core", "inputs", "listing"}, set()),
    "run": (
        {"_version", "core", "inputs", "transport", "sinks", "render", "fetcher", "messages"}
        | {"interrupt", "outlets", "plan", "displays", "demo", "documents", "print_curl", "listing", "course"},
        {"uvloop"},
    ),
    "cli": ({"_version", "core", "run", "messages", "cli"}, {"typer", "click", "msgspec", "platformdirs"}),
    "__init__": ({"_version", "core", "run"}, set()),
    "__main__": ({"cli"}, set()),
}
# core is pure: of the standard library it may use only what neither waits, reads, writes nor knows the time.
PURE = frozenset(
    (
        "base64",
        "collections",
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
        "typing",
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


def fits(module: str, prefixes: set[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def layer(module: str) -> str:
    return next(name for name in LAYERS if module == name or module.startswith(f"{name}."))


@pytest.mark.parametrize("module", sorted(MODULES))
def test_layers(module: str) -> None:
    inside, outside = LAYERS[layer(module)]
    for name in own(MODULES[module]):
        assert fits(name, inside), f"{module} must not import {name}"
    for name in imports(MODULES[module]):
        top = name.partition(".")[0]
        assert top in outside or top in sys.stdlib_module_names or top == "fetchcli", f"{module} must not import {name}"


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


def test_modules_and_functions_are_small() -> None:
    for module, path in MODULES.items():
        text = path.read_text()
        # The options are a list of declarations, which only grows in length.
        assert text.count("\n") <= {"cli.options": 500, "fetcher": 320}.get(module, 300), module
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not module.startswith("cli"):
                assert (node.end_lineno or 0) - node.lineno < 50, f"{module}.{node.name}"


def test_the_top_level_holds_what_it_should() -> None:
    allowed = {"pyproject.toml", "README.md", "fetchcli", "tests", "urls.sample.txt", "LICENSE", "CHANGELOG.md"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - {"build", "dist"} == allowed
