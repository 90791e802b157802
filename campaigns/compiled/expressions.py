"""Liquid expressions as Python expressions."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from liquid import BoundTemplate, Markup, RenderContext, Undefined
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.filtered import Filter, FilteredExpression
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    Nil,
    RangeLiteral,
    StringLiteral,
    TrueLiteral,
)
from liquid.expression import Expression

from campaigns.compiled.source import Source
from campaigns.compiled.values import stepper

Scope = Mapping[str, str]
"""The variables of the loops around a place, and the Python names that hold them."""
LITERALS = (IntegerLiteral, FloatLiteral, TrueLiteral, FalseLiteral, StringLiteral)
Comparison = (
    EqExpression | NeExpression | LtExpression | GtExpression | LeExpression | GeExpression | ContainsExpression
)
COMPARED: dict[type[Expression], str] = {
    EqExpression: "equal({left}, {right})",
    NeExpression: "(not equal({left}, {right}))",
    LtExpression: "less({left}, {right})",
    GtExpression: "less({right}, {left})",
    LeExpression: "at_most({left}, {right})",
    GeExpression: "at_most({right}, {left})",
    ContainsExpression: "contains({left}, {right})",
}
MORE_THAN_KEYS = {"size", "first", "last"}
OF_THE_CLOCK = {"now", "today"}
ASKS_THE_CLOCK = {"date"}  # `now`, and a text without a date, mean another moment each time
WHOLE_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?").fullmatch


class Unsupported(Exception):
    """The template holds something that only python-liquid itself can do."""


class Expressions:
    """Writes Python for the expressions of one template.

    Names that the template does not set are looked up once, at the head of the function: nothing can change them.
    """

    def __init__(self, parsed: BoundTemplate, source: Source, assigned: set[str]) -> None:
        self._environment = parsed.env
        self._source = source
        self._assigned = assigned | OF_THE_CLOCK
        self._found: dict[tuple[str | int, ...], str] = {}
        self._memos: dict[tuple[str, str], tuple[str, str]] = {}
        self._step = source.bind(stepper(RenderContext(parsed)))

    def code(self, expression: Expression, scope: Scope) -> str:
        """Python for its value. Raises `Unsupported`."""
        if isinstance(expression, Path):
            return self._path(expression, scope)
        if isinstance(expression, FilteredExpression):
            return self._filtered(expression, scope)
        if isinstance(expression, RangeLiteral):
            return f"span({self.code(expression.start, scope)}, {self.code(expression.stop, scope)})"
        if isinstance(expression, Nil):
            return "None"
        return self._constant(expression)

    def _constant(self, expression: Expression) -> str:
        if isinstance(expression, StringLiteral):
            autoescape = self._environment.autoescape
            return self._source.bind(Markup(expression.value) if autoescape else expression.value)
        if isinstance(expression, LITERALS):
            return self._source.bind(expression.value)
        if isinstance(expression, Empty | Blank):
            return self._source.bind(expression)
        raise Unsupported(type(expression).__name__)

    def test(self, expression: Expression, scope: Scope) -> str:
        """Python for whether it holds. Raises `Unsupported`."""
        if isinstance(expression, BooleanExpression):
            return self.test(expression.expression, scope)
        if isinstance(expression, LogicalAndExpression):
            return f"({self.test(expression.left, scope)} and {self.test(expression.right, scope)})"
        if isinstance(expression, LogicalOrExpression):
            return f"({self.test(expression.left, scope)} or {self.test(expression.right, scope)})"
        if isinstance(expression, Comparison):
            left, right = self.code(expression.left, scope), self.code(expression.right, scope)
            return COMPARED[type(expression)].format(left=left, right=right)
        return f"true({self.code(expression, scope)})"

    def names_itself(self, expression: Expression, scope: Scope) -> str:
        """The name from outside that this expression is, nothing more; empty when it is something else."""
        left = expression.left if isinstance(expression, FilteredExpression) and not expression.filters else None
        if not isinstance(left, Path) or len(left.path) > 1 or not isinstance(left.path[0], str):
            return ""
        return "" if left.path[0] in scope or left.path[0] in self._assigned else left.path[0]

    def remembered(self, expression: Expression, scope: Scope, show: str) -> str:
        """Python for what is shown of it; kept by value where it can be told from one text alone."""
        if not isinstance(expression, FilteredExpression) or not expression.filters or not _is_of_one_value(expression):
            return f"{show}({self.code(expression, scope)})"
        return self._kept(expression, scope, show)

    def _kept(self, expression: FilteredExpression, scope: Scope, show: str) -> str:
        value = self._source.fresh()
        kept, make = self._memo(expression.filters or (), show)
        given = self.code(expression.left, scope)
        return f"({kept}[{value}] if ({value} := {given}).__class__ in KEPT else {make}({value}))"

    def _memo(self, filters: Sequence[Filter], show: str) -> tuple[str, str]:
        """The names of a memo and of the function behind it: what is shown of one value after these filters.

        Without `show`, what the filters make of it.
        """
        chain = (show, " | ".join(str(found) for found in filters))
        if chain not in self._memos:
            asks_the_clock = any(found.name in ASKS_THE_CLOCK for found in filters)
            keeps = self._source.bind(_is_whole_date if asks_the_clock else None)
            kept, make = self._source.fresh(), self._source.fresh()
            self._source.before += [
                f"{make} = lambda value: {show}({self._through(filters, 'value', {})})",
                f"{kept} = Memo({make}, {keeps})",
            ]
            self._memos[chain] = kept, make
        return self._memos[chain]

    def _path(self, path: Path, scope: Scope) -> str:
        head, *rest = path.path
        if not isinstance(head, str):
            raise Unsupported("a name that is looked up by a name")
        missing = self._source.bind(self._environment.undefined(head, token=path.token))
        if head not in scope and head not in self._assigned and head != "partial":
            return self._from_outside(path, scope, missing)
        code = self._inside(head, scope, missing)
        for segment in rest:
            code = self._item(code, segment, scope, missing)
        return code

    def _inside(self, name: str, scope: Scope, missing: str) -> str:
        if name in scope:
            return scope[name]
        if name == "partial":
            return "False"  # python-liquid says so of a template that is not part of another
        return f"lookup(L, G, C, {self._source.bind(name)}, {missing})"

    def _from_outside(self, path: Path, scope: Scope, missing: str) -> str:
        known: list[str | int] = []
        code = ""
        for number, segment in enumerate(path.path):
            if isinstance(segment, Path):
                code = self._item(code, segment, scope, missing)
                continue
            known.append(segment)
            if len(known) <= number:  # a segment before it was looked up itself
                code = self._item(code, segment, scope, missing)
            else:
                code = self._once(tuple(known), code, missing)
        return code

    def _once(self, path: tuple[str | int, ...], holder: str, missing: str) -> str:
        if path not in self._found:
            found = (
                self._item(holder, path[-1], {}, missing)
                if holder
                else f"G.get({self._source.bind(path[0])}, {missing})"
            )
            self._found[path] = self._source.fresh()
            self._source.head.append(f"{self._found[path]} = {found}")
        return self._found[path]

    def _item(self, holder: str, segment: str | int | Path, scope: Scope, missing: str) -> str:
        if isinstance(segment, Path):
            return f"{self._step}({holder}, {self._path(segment, scope)}, {missing})"
        key = self._source.bind(segment)
        if isinstance(segment, int) or segment in MORE_THAN_KEYS:
            return f"{self._step}({holder}, {key}, {missing})"
        value = self._source.fresh()
        slow = f"{self._step}({value}, {key}, {missing})"
        return f"({value}.get({key}, {missing}) if ({value} := {holder}).__class__ is dict else {slow})"

    def _filtered(self, expression: FilteredExpression, scope: Scope) -> str:
        if expression.filters and _is_of_one_value(expression):
            return self._kept(expression, scope, "")
        return self._through(expression.filters or (), self.code(expression.left, scope), scope)

    def _through(self, filters: Sequence[Filter], code: str, scope: Scope) -> str:
        for found in filters:
            arguments = [code, *(self._argument(given, scope) for given in found.args)]
            code = f"{self._source.bind(self._filter(found.name))}({', '.join(arguments)})"
        return code

    def _argument(self, given: Any, scope: Scope) -> str:
        code = self.code(given.value, scope)
        return f"**{{{self._source.bind(given.name)}: {code}}}" if isinstance(given, KeywordArgument) else code

    def _filter(self, name: str) -> Callable[..., Any]:
        made = self._environment.filters.get(name)
        if made is None or getattr(made, "with_context", False):
            raise Unsupported(f"the filter {name}")
        return partial(made, environment=self._environment) if getattr(made, "with_environment", False) else made


def _is_whole_date(value: str | int | Undefined) -> bool:
    return isinstance(value, str) and WHOLE_DATE(value) is not None


def _is_of_one_value(expression: FilteredExpression) -> bool:
    arguments = [given.value for found in expression.filters or () for given in found.args]
    return isinstance(expression.left, Path) and all(isinstance(value, (*LITERALS, Nil)) for value in arguments)
