"""The segment builder's form: groups of conditions joined by "and", each taken as it is or turned round.

Fields are named `g<group>-match`, `g<group>-negate`, `g<group>-r<rule>-field`, `-op`, `-value`, `-value2`; the button
pressed comes as `do`. The same form serves with and without script.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from audience.segments.definition import Condition, Group, SegmentBroken, read_definition, write_definition
from audience.segments.fields import Choice, Field, Operator, Takes, checked_value

MOST_CHIPS = 12
_VALUES_NEEDED = {Takes.NOTHING: 0, Takes.TWO_NUMBERS: 2}
NAME = re.compile(r"g(\d{1,2})-r(\d{1,2})-field")


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """One line of the form, as typed."""

    field: str
    op: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """One box of the form."""

    match: str = "all"
    negate: bool = False
    rules: tuple[RuleDraft, ...] = ()


@dataclass(slots=True)
class RuleLine:
    """One line as the template draws it."""

    key: str
    draft: RuleDraft
    asked: Field | None
    operator: Operator | None
    error: str = ""

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
    def value(self) -> str:
        return self.draft.values[0] if self.draft.values else ""

    @property
    def value2(self) -> str:
        return self.draft.values[1] if len(self.draft.values) > 1 else ""


@dataclass(slots=True)
class GroupBox:
    """One box as the template draws it."""

    key: str
    draft: GroupDraft
    lines: list[RuleLine] = field(default_factory=list)


def drafts_from_form(data: QueryDict) -> list[GroupDraft]:
    """Read the form as it was sent, however half-finished."""
    keys = sorted({(int(g), int(r)) for name in data if (found := NAME.fullmatch(name)) for g, r in [found.groups()]})
    groups = sorted({int(name[1:].partition("-")[0]) for name in data if re.fullmatch(r"g\d{1,2}-match", name)})
    return [
        GroupDraft(
            match="any" if data.get(f"g{group}-match") == "any" else "all",
            negate=data.get(f"g{group}-negate") == "1",
            rules=tuple(_rule_from_form(data, f"g{g}-r{r}") for g, r in keys if g == group),
        )
        for group in groups
    ]


def _rule_from_form(data: QueryDict, key: str) -> RuleDraft:
    field = data.get(f"{key}-field", "")
    if data.get(f"{key}-was", field) != field:
        return RuleDraft(field)  # another field was chosen: comparison and value belonged to the one before
    values = data.getlist(f"{key}-value")
    if f"{key}-value2" in data:
        values = [*values[:1], data.get(f"{key}-value2", "")]
    return RuleDraft(field, data.get(f"{key}-op", ""), tuple(values) if any(values) else ())


def after_button(drafts: list[GroupDraft], do: str) -> list[GroupDraft]:
    """The form after a button: `add-rule:G`, `remove-rule:G:R`, `add-group`, `add-not`, `remove-group:G`."""
    verb, *numbers = do.split(":")
    at = [int(number) for number in numbers if number.isdecimal()]
    changed = list(drafts)
    if verb == "add-group":
        changed.append(GroupDraft(rules=(RuleDraft(""),)))
    elif verb == "add-not":
        changed.append(GroupDraft(match="any", negate=True, rules=(RuleDraft(""),)))
    elif at and at[0] < len(changed):
        _change_group(changed, verb, at)
    return changed


def _change_group(groups: list[GroupDraft], verb: str, at: list[int]) -> None:
    group = groups[at[0]]
    if verb == "remove-group":
        del groups[at[0]]
    elif verb == "add-rule":
        groups[at[0]] = replace(group, rules=(*group.rules, RuleDraft("")))
    elif verb == "remove-rule" and len(at) > 1:
        groups[at[0]] = replace(group, rules=tuple(r for n, r in enumerate(group.rules) if n != at[1]))


def boxes(drafts: list[GroupDraft], fields: Mapping[str, Field]) -> list[GroupBox]:
    """The form ready to draw, every line with what is wrong with it."""
    drawn = []
    for g, draft in enumerate(drafts):
        box = GroupBox(f"g{g}", draft)
        box.lines = [_line(f"g{g}-r{r}", rule, fields) for r, rule in enumerate(draft.rules)]
        drawn.append(box)
    return drawn


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
    groups = [
        Group(box.draft.match, rules, negate=box.draft.negate)
        for box in drawn
        if (rules := tuple(_condition(line) for line in box.lines if _asks(line, is_draft)))
    ]
    wrong = next((line.error for box in drawn for line in box.lines if line.error), "")
    if wrong:
        raise SegmentBroken(wrong)
    return read_definition(write_definition(Group("all", tuple(groups))))


def _asks(line: RuleLine, is_draft: bool) -> bool:
    if line.asked is None:
        return bool(line.error)
    return not (is_draft and line.is_unfinished)


def _condition(line: RuleLine) -> Condition:
    if line.asked is None or line.operator is None:
        return Condition(line.draft.field, line.draft.op)
    condition = Condition(line.draft.field, line.operator.key, _raw_value(line.operator.takes, line.draft.values))
    try:
        checked_value(line.asked, condition)
    except SegmentBroken as broken:
        line.error = str(broken)
    return condition


def _raw_value(takes: Takes, values: tuple[str, ...]) -> Any:
    if takes == Takes.NOTHING:
        return None
    if takes == Takes.SOME:
        return [int(value) if value.isdecimal() else value for value in values]
    if takes == Takes.TWO_NUMBERS:
        return list(values)
    return values[0] if values else ""


def drafts_from_definition(definition: Group) -> list[GroupDraft] | None:
    """The form for a definition; None when it is deeper than the form can show."""
    if definition.match != "all" or definition.negate:
        definition = Group("all", (definition,))
    loose = tuple(rule for rule in definition.rules if isinstance(rule, Condition))
    groups = [Group("all", loose)] if loose else []
    groups += [rule for rule in definition.rules if isinstance(rule, Group) and not rule.asks_nothing]
    drafts = [_draft(group) for group in groups]
    return None if any(draft is None for draft in drafts) else [draft for draft in drafts if draft is not None]


def _draft(group: Group) -> GroupDraft | None:
    rules = []
    for rule in group.rules:
        if isinstance(rule, Group):
            return None
        values = rule.value if isinstance(rule.value, list) else [] if rule.value is None else [rule.value]
        rules.append(RuleDraft(rule.field, rule.op, tuple(_shown(value) for value in values)))
    return GroupDraft(group.match, group.negate, tuple(rules))


def _shown(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
