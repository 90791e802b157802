"""Plans: a message as bytes with slots, one for each way that a template can go."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from campaigns.compiled import STUMBLES, NeedsReference, Program
from delivery.mime.bodies import SaidLink, html_body, is_sound, text_body
from delivery.mime.frame import Frame, Slot
from delivery.mime.marks import (
    FIRST_LINK,
    FIRST_TOKEN,
    FIRST_VALUE,
    Pattern,
    Sheet,
    Value,
    in_html,
    in_text,
    value_mark,
)

LONGEST_PREPARED = 300_000  # bytes of HTML: together with the bounds of `mail` far from the limits of the language
MOST_PLANS = 1_000  # of a few kilobytes each: they share the HTML
MOST_BODIES = 100  # of some fifty kilobytes each
Ways = tuple[int, ...]
Forms = tuple[int | str, ...]


class Plan(NamedTuple):
    """One way of a template: `fill` takes the values of all `Slot`s, then the template's, then its personal links."""

    fill: Callable[[Sequence[bytes]], bytes]
    targets: list[Pattern]
    links: list[SaidLink]


class Planner:
    """Makes the plans of a content version, and keeps the latest of them."""

    def __init__(self, program: Program[Value], frame: Frame, address: str, *, is_followed: bool) -> None:
        self._is_followed = is_followed
        self._program = program
        self._frame = frame
        self._address = address  # to unsubscribe at, with a mark for its token
        self._plans: dict[tuple[Ways, Forms], Plan | None] = {}
        self._bodies: dict[tuple[Ways, Forms], tuple[Sheet, list[Pattern]]] = {}

    def plan(self, ways: Ways, forms: Forms, context: Mapping[str, Any]) -> Plan:
        """The plan for readers whose values have these forms. Raises `STUMBLES` where there can be none."""
        key = ways, forms
        if key not in self._plans:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[key] = self._made(ways, forms, context)
        plan = self._plans[key]
        if plan is None:
            raise NeedsReference
        return plan

    def _made(self, ways: Ways, forms: Forms, context: Mapping[str, Any]) -> Plan | None:
        try:
            drawing = _Drawing(self._program.draw(context), forms, self._address)
            html, targets = self._body(ways, forms, drawing)
            text = text_body(drawing.drawn(in_text), drawing.values)
        except STUMBLES:
            return None
        count = len(forms)
        sheet = self._frame.around(
            lambda sheet: sheet.add_text(text.text, lambda mark: _slot(mark, Slot.FIRST_VALUE + count, 0)), html
        )
        return Plan(sheet.filler(), targets, text.links)

    def _body(self, ways: Ways, forms: Forms, drawing: "_Drawing") -> tuple[Sheet, list[Pattern]]:
        key = ways, tuple(form if isinstance(form, str) else 0 for form in forms)
        if key not in self._bodies:
            if len(self._bodies) >= MOST_BODIES:
                self._bodies.clear()
            self._bodies[key] = _html_sheet(drawing.drawn(in_html), len(forms), is_followed=self._is_followed)
        return self._bodies[key]


def _html_sheet(html: str, count: int, *, is_followed: bool) -> tuple[Sheet, list[Pattern]]:
    if len(html.encode()) > LONGEST_PREPARED or not is_sound(html):
        raise NeedsReference
    body, sheet = html_body(html, is_followed=is_followed), Sheet()
    sheet.add_text(body.text, lambda mark: _slot(mark, Slot.FIRST_VALUE, Slot.FIRST_VALUE + 2 * count))
    return sheet, body.targets


def _slot(mark: str, first_value: int, first_link: int) -> int:
    code = ord(mark)
    if code >= FIRST_TOKEN:
        return code - FIRST_TOKEN
    return code - FIRST_LINK + first_link if code >= FIRST_LINK else code - FIRST_VALUE + first_value


class _Drawing:
    """One way of a template, drawn with the values of the reader for whom it was taken first."""

    def __init__(self, parts: list[str | Value], forms: Forms, address: str) -> None:
        self._parts = parts
        self._address = address
        found = [part for part in parts if isinstance(part, Value)]
        if tuple(value.form for value in found) != forms:
            raise NeedsReference  # the clock went on between trace and drawing
        self.values = {value_mark(number): value for number, value in enumerate(found)}

    def drawn(self, place: Callable[[Value, str, str], str]) -> str:
        """The HTML with what `place` puts in the place of each value."""
        if sum(len(part) for part in self._parts if isinstance(part, str)) > LONGEST_PREPARED:
            raise NeedsReference
        marks = iter(self.values)
        return "".join(
            part if isinstance(part, str) else place(part, next(marks), self._address) for part in self._parts
        )
