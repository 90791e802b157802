"""The segment builder's form: groups of conditions joined by "and", each with more groups inside it.

Fields are named `g<group>-match`, `g<group>-negate`, `g<group>-r<rule>-field`, `-op`, `-value`, `-value2`, `-days`, and
`-w<filter>-property`, `-w<filter>-op`, `-w<filter>-value`; a group inside group 0 is `g0.1`. The button pressed comes
as `do`. The same form serves with and without script.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from audience.segments.definition import (
    MATCHES,
    MOST_FILTERS,
    Condition,
    Filter,
    Group,
    SegmentBroken,
    read_definition,
    write_definition,
)
from audience.segments.fields import Choice, Field, Operator, Property, Takes, checked_ask, nothing_seen
from audience.segments.operators import PROPERTY_OPERATORS, Kind

MOST_CHIPS = 12
MOST_LEVELS = 3
NO_TIME: Any = None  # values are checked without a look at the clock
_VALUES_NEEDED = {Takes.NOTHING: 0, Takes.TWO_NUMBERS: 2, Takes.SHARE: 2}
PATH = r"\d{1,2}(?:\.\d{1,2}){0,2}"
RULE = re.compile(rf"g({PATH})-r(\d{{1,2}})-field")
GROUP = re.compile(rf"g({PATH})-match")


FilterDraft = tuple[str, str, tuple[str, ...]]
"""A property, a comparison, and one value or several choices."""


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """One line of the form, as typed."""

    field: str
    op: str = ""
    values: tuple[str, ...] = ()
    days: str = ""
    where: tuple[FilterDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """One box of the form."""

    match: str = "all"
    negate: bool = False
    rules: tuple[RuleDraft, ...] = ()
    groups: "tuple[GroupDraft, ...]" = ()


@dataclass(slots=True)
class RuleLine:
    """One line as the template draws it."""

    key: str
    draft: RuleDraft
    asked: Field | None
    operator: Operator | None
    error: str = ""

    @property
    def can_be_narrowed(self) -> bool:
        return self.asked is not None and self.asked.can_be_narrowed and len(self.draft.where) < MOST_FILTERS

    @property
    def filters(self) -> "list[FilterLine]":
        return [_filter_line(f"{self.key}-w{n}", self.asked, item) for n, item in enumerate(self.draft.where)]

    @property
    def is_unfinished(self) -> bool:
        """Whether the comparison still waits for its value."""
        needed = _VALUES_NEEDED.get(self.operator.takes, 1) if self.operator else 0
        return sum(1 for value in self.draft.values if value) < needed

    @property
    def has_chips(self) -> bool:
        """Whether all choices can be seen at once; more of them are a list that scrolls."""
        return self.asked is not None and len(self.asked.choices) <= MOST_CHIPS

    @property
    def choices(self) -> list[tuple[Choice, bool]]:
        chosen = set(self.draft.values)
        return [(choice, str(choice.value) in chosen) for choice in self.asked.choices] if self.asked else []

    @property
    def pasted(self) -> str:
        return "\n".join(self.draft.values)

    @property
    def value(self) -> str:
        return self.draft.values[0] if self.draft.values else ""

    @property
    def value2(self) -> str:
        return self.draft.values[1] if len(self.draft.values) > 1 else ""

    @property
    def error_anchor(self) -> str:
        """Stands in a CSS selector, where the dot in the key of an inner group would begin a class."""
        return f"{self.key}-error".replace(".", "_")


@dataclass(frozen=True, slots=True)
class FilterLine:
    """One filter as the template draws it."""

    key: str
    property: str
    op: str
    values: tuple[str, ...]
    known: Property | None
    operators: tuple[Operator, ...]
    seen: Callable[[str], Sequence[str]] = nothing_seen

    def names_seen(self) -> Sequence[str]:
        return self.seen("")

    def values_seen(self) -> Sequence[str]:
        return self.seen(self.property) if self.property else ()

    def value(self) -> str:
        return next(iter(self.values), "")

    def has_chips(self) -> bool:
        """As in a line."""
        return self.known is not None and len(self.known.choices) <= MOST_CHIPS

    def choices(self) -> list[tuple[Choice, bool]]:
        return [(choice, str(choice.value) in self.values) for choice in self.known.choices] if self.known else []


@dataclass(slots=True)
class GroupBox:
    """One box as the template draws it."""

    path: str
    draft: GroupDraft
    lines: list[RuleLine] = field(default_factory=list)
    boxes: "list[GroupBox]" = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"g{self.path}"

    @property
    def can_hold_groups(self) -> bool:
        return self.path.count(".") + 1 < MOST_LEVELS

    def all_lines(self) -> list[RuleLine]:
        return [*self.lines, *(line for box in self.boxes for line in box.all_lines())]


def drafts_from_form(data: QueryDict) -> list[GroupDraft]:
    """Read the form as it was sent, however half-finished."""
    rules = sorted(
        {(_path(g), int(r)) for name in data if (found := RULE.fullmatch(name)) for g, r in [found.groups()]}
    )
    paths = sorted({_path(found[1]) for name in data if (found := GROUP.fullmatch(name))})
    return [_group_from_form(data, path, paths, rules) for path in paths if len(path) == 1]


Path = tuple[int, ...]


def _path(written: str) -> Path:
    return tuple(int(number) for number in written.split("."))


def _group_from_form(data: QueryDict, path: Path, paths: list[Path], rules: list[tuple[Path, int]]) -> GroupDraft:
    key = "g" + ".".join(map(str, path))
    match = data.get(f"{key}-match", "")
    return GroupDraft(
        match=match if match in MATCHES else "all",
        negate=data.get(f"{key}-negate") == "1",
        rules=tuple(_rule_from_form(data, f"{key}-r{r}") for g, r in rules if g == path),
        groups=tuple(_group_from_form(data, inner, paths, rules) for inner in paths if inner[:-1] == path),
    )


def _rule_from_form(data: QueryDict, key: str) -> RuleDraft:
    field = data.get(f"{key}-field", "")
    if data.get(f"{key}-was", field) != field:
        return RuleDraft(field)  # another field was chosen: comparison and value belonged to the one before
    values = data.getlist(f"{key}-value")
    if f"{key}-value2" in data:
        values = [*values[:1], data.get(f"{key}-value2", "")]
    where = tuple(
        _filter_from_form(data, f"{key}-w{n}") for n in range(MOST_FILTERS + 1) if f"{key}-w{n}-property" in data
    )
    typed = tuple(values) if any(values) else ()
    return RuleDraft(field, data.get(f"{key}-op", ""), typed, data.get(f"{key}-days", "").strip(), where)


def _filter_from_form(data: QueryDict, key: str) -> FilterDraft:
    name = data.get(f"{key}-property", "")
    if data.get(f"{key}-was", name) != name:
        return (name, "", ())  # as of a line: another property has other values; one that is typed tells no former one
    return (name, data.get(f"{key}-op", ""), tuple(value for value in data.getlist(f"{key}-value") if value))


def after_button(drafts: list[GroupDraft], do: str) -> list[GroupDraft]:
    """The form after a button.

    `add-group`, `add-not`, and with the path of a group `add-rule:G`, `add-inner:G`, `remove-group:G`,
    `remove-rule:G:R`, `add-filter:G:R`, `remove-filter:G:R:F`.
    """
    verb, *at = do.split(":")
    if verb == "add-group":
        return [*drafts, GroupDraft(rules=(RuleDraft(""),))]
    if verb == "add-not":
        return [*drafts, GroupDraft(match="any", negate=True, rules=(RuleDraft(""),))]
    if not at or not re.fullmatch(PATH, at[0]) or not all(number.isdecimal() for number in at[1:]):
        return list(drafts)
    return list(_changed(tuple(drafts), _path(at[0]), verb, [int(number) for number in at[1:]]))


def _changed(groups: tuple[GroupDraft, ...], path: Path, verb: str, at: list[int]) -> tuple[GroupDraft, ...]:
    here = path[0]
    if here >= len(groups):
        return groups
    if len(path) > 1:
        inner = replace(groups[here], groups=_changed(groups[here].groups, path[1:], verb, at))
    elif verb == "remove-group":
        return (*groups[:here], *groups[here + 1 :])
    else:
        inner = _changed_group(groups[here], verb, at)
    return (*groups[:here], inner, *groups[here + 1 :])


def _changed_group(group: GroupDraft, verb: str, at: list[int]) -> GroupDraft:
    if verb == "add-rule":
        return replace(group, rules=(*group.rules, RuleDraft("")))
    if verb == "add-inner":
        return replace(group, groups=(*group.groups, GroupDraft("any", rules=(RuleDraft(""),))))
    if at and at[0] < len(group.rules):
        rules = list(group.rules)
        rules[at[0] : at[0] + 1] = _changed_rule(rules[at[0]], verb, at[1:])
        return replace(group, rules=tuple(rules))
    return group


def _changed_rule(rule: RuleDraft, verb: str, at: list[int]) -> list[RuleDraft]:
    if verb == "remove-rule":
        return []
    if verb == "add-filter" and len(rule.where) < MOST_FILTERS:
        return [replace(rule, where=(*rule.where, ("", "", ())))]
    if verb == "remove-filter" and at:
        return [replace(rule, where=tuple(item for n, item in enumerate(rule.where) if n != at[0]))]
    return [rule]


def boxes(drafts: Sequence[GroupDraft], fields: Mapping[str, Field], within: str = "") -> list[GroupBox]:
    """The form ready to draw, every line with what is wrong with it."""
    drawn = []
    for g, draft in enumerate(drafts):
        box = GroupBox(f"{within}{g}", draft)
        box.lines = [_line(f"{box.key}-r{r}", rule, fields) for r, rule in enumerate(draft.rules)]
        box.boxes = boxes(draft.groups, fields, f"{box.path}.")
        drawn.append(box)
    return drawn


def _filter_line(key: str, asked: Field | None, item: FilterDraft) -> FilterLine:
    name, op, values = item
    if asked is None:
        return FilterLine(key, name, op, values, None, ())
    known = next((found for found in asked.properties if found.key == name), None)
    if known is not None:
        return FilterLine(key, name, op, values, known, known.operators, asked.seen)
    free = PROPERTY_OPERATORS[Kind.TEXT] + PROPERTY_OPERATORS[Kind.NUMBER]
    return FilterLine(key, name, op, values, None, free if asked.is_free else (), asked.seen)


def _line(key: str, draft: RuleDraft, fields: Mapping[str, Field]) -> RuleLine:
    asked = fields.get(draft.field)
    if asked is None:
        name = draft.field.removeprefix("attribute.")
        gone = _("“%(field)s” no longer exists. Choose another field or remove the line.") % {"field": name}
        return RuleLine(key, draft, None, None, gone if draft.field else "")
    operator = next((found for found in asked.operators if found.key == draft.op), asked.operators[0])
    return RuleLine(key, replace(draft, op=operator.key), asked, operator)


def definition_of(drawn: list[GroupBox], *, is_draft: bool = False) -> Group:
    """The definition the form stands for; lines whose field is not chosen yet ask nothing.

    In a draft neither do lines that wait for their value: whoever is still typing has made no mistake. Marks the lines
    that are wrong, and raises `SegmentBroken` with the first of the sentences, or when there are more lines than a
    definition can hold.
    """
    groups = tuple(group for box in drawn if (group := _group_of(box, is_draft=is_draft)).rules)
    wrong = next((line.error for box in drawn for line in box.all_lines() if line.error), "")
    if wrong:
        raise SegmentBroken(wrong)
    return read_definition(write_definition(Group("all", groups)))


def _group_of(box: GroupBox, *, is_draft: bool) -> Group:
    rules = tuple(_condition(line, is_draft=is_draft) for line in box.lines if _asks(line, is_draft))
    inner = tuple(group for one in box.boxes if (group := _group_of(one, is_draft=is_draft)).rules)
    return Group(box.draft.match, (*rules, *inner), negate=box.draft.negate)


def _asks(line: RuleLine, is_draft: bool) -> bool:
    if line.asked is None:
        return bool(line.error)
    return not (is_draft and line.is_unfinished)


def _condition(line: RuleLine, *, is_draft: bool) -> Condition:
    if line.asked is None or line.operator is None:
        return Condition(line.draft.field, line.draft.op)
    days = line.draft.days if line.operator.counts and line.draft.days else None
    condition = Condition(
        line.draft.field,
        line.operator.key,
        _raw_value(line.operator.takes, line.draft.values),
        int(days) if days and days.isdecimal() else days,
        tuple(_raw_filter(found) for found in line.filters if found.property and (found.values or not is_draft)),
    )
    try:
        checked_ask(line.asked, condition, NO_TIME)
    except SegmentBroken as broken:
        line.error = str(broken)
    return condition


def _raw_filter(line: FilterLine) -> Filter:
    op = line.op if any(found.key == line.op for found in line.operators) else line.operators[0].key
    is_choice = line.known is not None and line.known.kind == Kind.CHOICE
    chosen = [int(value) if value.isdecimal() else value for value in line.values]
    return Filter(line.property, op, chosen if is_choice else line.value())


def _raw_value(takes: Takes, values: tuple[str, ...]) -> Any:
    if takes == Takes.NOTHING:
        return None
    if takes == Takes.SOME:
        return [int(value) if value.isdecimal() else value for value in values]
    if takes in {Takes.TWO_NUMBERS, Takes.SHARE}:
        return list(values)
    if takes == Takes.MANY:
        return re.split(r"[\n,;\t]", "\n".join(values))
    return values[0] if values else ""


def drafts_from_definition(definition: Group) -> list[GroupDraft] | None:
    """The form for a definition; None when it is deeper than the form can show."""
    if definition.match != "all" or definition.negate:
        definition = Group("all", (definition,))
    loose = tuple(rule for rule in definition.rules if isinstance(rule, Condition))
    groups = [Group("all", loose)] if loose else []
    groups += [rule for rule in definition.rules if isinstance(rule, Group) and not rule.asks_nothing]
    drafts = [_draft(group, level=1) for group in groups]
    return None if any(draft is None for draft in drafts) else [draft for draft in drafts if draft is not None]


def _draft(group: Group, *, level: int) -> GroupDraft | None:
    rules = tuple(_rule_draft(rule) for rule in group.rules if isinstance(rule, Condition))
    parts = [rule for rule in group.rules if isinstance(rule, Group) and not rule.asks_nothing]
    inner = [_draft(part, level=level + 1) for part in parts]
    if (inner and level == MOST_LEVELS) or None in inner or None in rules:
        return None
    return GroupDraft(
        group.match, group.negate, tuple(r for r in rules if r is not None), tuple(d for d in inner if d is not None)
    )


def _rule_draft(rule: Condition) -> RuleDraft | None:
    values = rule.value if isinstance(rule.value, list) else [] if rule.value is None else [rule.value]
    where = tuple((item.property, item.op, _several(item.value)) for item in rule.where)
    days = "" if rule.days is None else str(rule.days)
    return RuleDraft(rule.field, rule.op, tuple(_shown(value) for value in values), days, where)


def _several(value: Any) -> tuple[str, ...]:
    return tuple(_shown(item) for item in (value if isinstance(value, list) else [value]))


def _shown(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
