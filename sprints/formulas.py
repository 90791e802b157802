"""Formulas of scores: arithmetic over the figures of a story, read by a parser of our own. Nothing is ever executed.

sum     = product { ("+" | "-") product }
product = factor { ("*" | "/") factor }
factor  = number | name | "(" sum ")" | "-" factor
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.models import LONGEST_FORMULA

NAMES = ("reach", "impact", "confidence", "ease", "effort", "points")
DEEPEST = 20  # brackets and signs inside each other; nobody writes more, and the reader must come back up
TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:[.,]\d+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>[-+*/()×÷−]))")
SPELLINGS = {"×": "*", "÷": "/", "−": "-"}
SHOWN = {"*": "×", "/": "÷", "+": "+", "-": "−"}

Figures = Mapping[str, float | None]


class FormulaBroken(DomainError):
    """The formula cannot be read; the sentence says where and what would do."""

    code = "formula_broken"


class Uncountable(Exception):
    """The figures of this story give no score; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: "Node"
    right: "Node"


Node = Number | Name | Operation

APPLY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def read_formula(text: str) -> Node:
    """The formula as a tree. Raises `FormulaBroken`."""
    if len(text) > LONGEST_FORMULA:
        raise _broken(_("A formula has at most %(most)d characters.") % {"most": LONGEST_FORMULA})
    reader = _Reader(list(_tokens(text)))
    tree = reader.sum(0)
    if reader.next:
        raise _broken(_("“%(part)s” is not expected there.") % {"part": reader.next})
    return tree


def _broken(words: str) -> FormulaBroken:
    return FormulaBroken(words, fields={"expression": [words]})


def _tokens(text: str) -> Iterator[str]:
    place, text = 0, text.rstrip()
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise _broken(_("“%(part)s” cannot stand in a formula.") % {"part": text[place:].strip()[:1]})
        place = found.end()
        yield found[0].strip()


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [SPELLINGS.get(token, token) for token in tokens]
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self.next
        self._at += 1
        return token

    def sum(self, depth: int) -> Node:
        return self._chain("+-", self._product, depth)

    def _product(self, depth: int) -> Node:
        return self._chain("*/", self._factor, depth)

    def _chain(self, signs: str, part: Callable[[int], Node], depth: int) -> Node:
        tree = part(depth)
        while self.next and self.next in signs:
            tree = Operation(self._take(), tree, part(depth))
        return tree

    def _factor(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise _broken(_("There are too many brackets inside each other."))
        part = self._take()
        if part == "-":
            return Operation("-", Number(0.0), self._factor(depth + 1))
        if part == "(":
            return self._bracket(depth)
        if part[:1].isdigit():
            return Number(float(part.replace(",", ".")))
        return _name(part)

    def _bracket(self, depth: int) -> Node:
        tree = self.sum(depth + 1)
        if self._take() != ")":
            raise _broken(_("A bracket is opened and not closed."))
        return tree


def _name(token: str) -> Name:
    if token.lower() in NAMES:
        return Name(token.lower())
    if not token:
        raise _broken(_("The formula ends where a figure is expected."))
    known = ", ".join(NAMES)
    words = _("“%(name)s” is not known. You can use %(known)s, numbers, + − × ÷ and brackets.")
    raise _broken(words % {"name": token, "known": known})


def names_in(tree: Node) -> list[str]:
    """The figures a formula needs, each once, in its order."""
    if isinstance(tree, Operation):
        return list(dict.fromkeys([*names_in(tree.left), *names_in(tree.right)]))
    return [tree.name] if isinstance(tree, Name) else []


def value_of(tree: Node, figures: Figures) -> float:
    """What the formula gives for these figures. Raises `Uncountable` for a missing figure and a division by zero."""
    missing = [name for name in names_in(tree) if figures.get(name) is None]
    if missing:
        raise Uncountable(_("Needs %(figures)s") % {"figures": ", ".join(missing)})
    found = _counted(tree, figures)
    if not isfinite(found):
        raise Uncountable(_("The result is too large to be a score"))
    return found


def _counted(tree: Node, figures: Figures) -> float:
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Name):
        return figures[tree.name] or 0.0
    left, right = _counted(tree.left, figures), _counted(tree.right, figures)
    if tree.sign == "/" and not right:
        raise Uncountable(_("Divides by zero: %(what)s is 0") % {"what": in_words(tree.right)})
    return APPLY[tree.sign](left, right)


def in_words(tree: Node, figures: Figures | None = None) -> str:
    """The formula as people read it; with figures each name is followed by its own."""
    if isinstance(tree, Number):
        return _shown(tree.value)
    if isinstance(tree, Name):
        given = figures.get(tree.name) if figures else None
        return tree.name if given is None else f"{tree.name} {_shown(given)}"
    if tree.sign == "-" and tree.left == Number(0.0):
        return f"{SHOWN['-']}{_inside(tree.right, figures, wraps=True)}"
    is_product = tree.sign in "*/"
    left = _inside(tree.left, figures, wraps=is_product)
    right = _inside(tree.right, figures, wraps=True, also=tree.sign in "/-" or is_product)
    return f"{left} {SHOWN[tree.sign]} {right}"


def _inside(tree: Node, figures: Figures | None, *, wraps: bool, also: bool = False) -> str:
    words = in_words(tree, figures)
    loose = isinstance(tree, Operation) and (tree.sign in "+-" or also)
    return f"({words})" if wraps and loose else words


def _shown(value: float) -> str:
    return number_format(round(value, 2) if value % 1 else int(value), use_l10n=True)
