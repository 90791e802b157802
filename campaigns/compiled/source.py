"""Python source in the making."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INDENT = "    "


class Source:
    """Lines of one function. Whatever people wrote is bound to a name made here; none of it becomes source."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.before: list[str] = []  # what is made once, for all calls
        self.head: list[str] = []  # what is looked up once in a call
        self._lines: list[str] = []
        self._depth = 1

    def bind(self, value: object) -> str:
        """The name under which the code finds the value."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def fresh(self) -> str:
        """A variable that nothing else uses."""
        name = f"v{len(self.names)}"
        self.names[name] = None
        return name

    def line(self, code: str) -> None:
        self._lines.append(INDENT * self._depth + code)

    @contextmanager
    def block(self, opening: str) -> Iterator[None]:
        """The lines inside an `if` or a `for`; empty ones are allowed."""
        self.line(opening)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._depth -= 1

    def function(self, name: str, first: list[str], last: str) -> str:
        body = [INDENT + line for line in [*first, *self.head]]
        return "\n".join([*self.before, f"def {name}(G):", *body, *self._lines, INDENT + last, ""])
