"""Compile and run JMESPath expressions and regular expressions, within limits."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from fetchcli.core.errors import UsageError


@lru_cache(maxsize=256)
def compile_path(path: str) -> Any:
    """Compile a JMESPath expression.

    Raises:
        UsageError: the text is not a JMESPath expression.
    """
    from jmespath import compile as compile_expression  # few runs need it
    from jmespath.exceptions import JMESPathError
    from jmespath.functions import Functions

    try:
        compiled = compile_expression(path)
    except RecursionError:
        raise UsageError("a JMESPath expression that is nested too deep") from None
    except JMESPathError as error:
        reason = str(error).partition(":")[0].strip() or "empty"
        raise UsageError(f"{path!r} is not a JMESPath expression: {reason}") from None
    # An unknown function would otherwise fail only at a response that reaches it.
    if unknown := set(_functions(compiled.parsed)) - set(Functions.FUNCTION_TABLE):
        raise UsageError(f"{path!r}: JMESPath has no function {min(unknown)}()")
    return compiled


def search(path: str, value: Any, steps: int) -> Any:
    """Evaluate an expression.

    Raises:
        TimeoutError: it takes more than this number of steps.
        ValueError: a function got a value of the wrong type (any of jmespath's errors).
    """
    interpreter = _interpreter()()
    interpreter.left = steps
    return interpreter.visit(compile_path(path).parsed, value)


@lru_cache(maxsize=1)
def _interpreter() -> Any:
    """A subclass of jmespath's interpreter that counts steps."""
    from jmespath.visitor import TreeInterpreter

    class Bounded(TreeInterpreter):
        left = 0

        def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise TimeoutError
            return super().visit(node, *args, **kwargs)

    return Bounded


def _functions(node: Mapping[str, Any]) -> Iterator[str]:
    """The names of the functions that an expression calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, Mapping):
            yield from _functions(child)


@lru_cache(maxsize=256)
def compile_regex(text: str) -> Any:
    """Compile a pattern of `regex`, whose searches can have a time limit.

    Raises:
        UsageError: the text is not a regular expression.
    """
    import regex  # few runs need it

    try:
        return regex.compile(text)
    except RecursionError:
        raise UsageError("a regular expression that is nested too deep") from None
    except regex.error as error:
        raise UsageError(f"{text!r} is not a regular expression: {error}") from None
