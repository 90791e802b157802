"""The builder's form: what is typed, what is drawn, what is kept."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audience.models import Contact
from audience.segments.builder import (
    MOST_CHIPS,
    MOST_LEVELS,
    GroupDraft,
    RuleDraft,
    after_button,
    boxes,
    definition_of,
    drafts_from_definition,
    drafts_from_form,
)
from audience.segments.compile import contacts_in
from audience.segments.definition import MOST_CONDITIONS, Condition, Filter, Group, SegmentBroken
from audience.segments.fields import Choice, Field, Kind, Test, fields_of
from tests.factories.audience import ContactFactory, ListFactory
from workspaces.models import Member, Workspace


def _field(key: str, kind: Kind, choices: int = 3) -> Field:
    values = [Choice(number, f"Choice {number}") for number in range(1, choices + 1)] if kind == Kind.CHOICE else []
    return Field(key, key.title(), "Group", kind, lambda _ask: Test(), values)


FIELDS = {kind.value: _field(kind.value, kind) for kind in Kind}

DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1)).map(lambda day: (day.isoformat(),))
TEXT_RULES = st.builds(
    RuleDraft, st.just("text"), st.sampled_from(["is", "contains"]), st.text("abc %", min_size=1, max_size=5).map(
        lambda text: (text.strip() or "a",)
    ),
)  # fmt: skip
RULES = st.one_of(
    TEXT_RULES,
    st.just(RuleDraft("text", "is_set")),
    st.builds(RuleDraft, st.just("number"), st.just("equals"), st.integers(-99, 99).map(lambda n: (str(n),))),
    st.builds(
        RuleDraft,
        st.just("number"),
        st.just("between"),
        st.lists(st.integers(0, 99), min_size=2, max_size=2).map(lambda pair: tuple(str(n) for n in sorted(pair))),
    ),
    st.builds(RuleDraft, st.just("date"), st.just("before"), DAYS),
    st.just(RuleDraft("past", "never")),
)
RULE_LISTS = st.lists(RULES, min_size=1, max_size=4).map(tuple)
MATCHES = st.sampled_from(["all", "any", "none"])
INNERMOST = st.builds(GroupDraft, MATCHES, st.booleans(), RULE_LISTS)
INNER = st.builds(GroupDraft, MATCHES, st.booleans(), RULE_LISTS, st.lists(INNERMOST, max_size=2).map(tuple))
GROUPS = st.builds(GroupDraft, MATCHES, st.booleans(), RULE_LISTS, st.lists(INNER, max_size=2).map(tuple))
DRAFTS = st.lists(GROUPS, min_size=2, max_size=3)


def _sent(drafts: list[GroupDraft], **extra: str) -> QueryDict:
    """The form as a browser sends it."""
    data = QueryDict(mutable=True)
    _send_groups(data, drafts, "")
    for name, value in extra.items():
        data[name.replace("_", "-")] = value
    return data


def _send_groups(data: QueryDict, drafts: Sequence[GroupDraft], within: str) -> None:
    for n, group in enumerate(drafts):
        g = f"{within}{n}"
        data[f"g{g}-match"] = group.match
        if group.negate:
            data[f"g{g}-negate"] = "1"
        _send_groups(data, group.groups, f"{g}.")
        for r, rule in enumerate(group.rules):
            key = f"g{g}-r{r}"
            data[f"{key}-field"] = data[f"{key}-was"] = rule.field
            data[f"{key}-op"] = rule.op
            if rule.op == "between":
                data[f"{key}-value"], data[f"{key}-value2"] = rule.values
            else:
                data.setlist(f"{key}-value", list(rule.values))


@given(DRAFTS)
def test_the_form_is_read_as_it_was_sent(drafts: list[GroupDraft]) -> None:
    assert drafts_from_form(_sent(drafts)) == drafts


@given(DRAFTS)
def test_from_form_to_definition_and_back_nothing_is_lost(drafts: list[GroupDraft]) -> None:
    definition = definition_of(boxes(drafts, FIELDS))

    assert drafts_from_definition(definition) == drafts
    assert definition_of(boxes(drafts_from_definition(definition) or [], FIELDS)) == definition


def test_loose_conditions_become_the_first_box() -> None:
    loose = Condition("text", "is", "a")
    inner = Group("any", (Condition("number", "equals", 5),), negate=True)

    assert drafts_from_definition(Group("all", (inner, loose))) == [
        GroupDraft("all", False, (RuleDraft("text", "is", ("a",)),)),
        GroupDraft("any", True, (RuleDraft("number", "equals", ("5",)),)),
    ]


@pytest.mark.parametrize(
    "definition",
    [Group("any", (Condition("text", "is_set"),)), Group("all", (Condition("text", "is_set"),), negate=True)],
)
def test_a_rule_that_is_one_box_is_drawn_as_one(definition: Group) -> None:
    drafts = drafts_from_definition(definition)

    assert drafts == [GroupDraft(definition.match, definition.negate, (RuleDraft("text", "is_set"),))]


def test_what_asks_nothing_is_not_drawn() -> None:
    assert drafts_from_definition(Group("all", (Group("any", ()), Group("all", (Group("any", ()),))))) == []


def test_a_rule_deeper_than_the_form_is_not_drawn() -> None:
    inner: Group | Condition = Condition("text", "is_set")
    for _level in range(MOST_LEVELS + 1):
        inner = Group("any", (inner,))

    assert drafts_from_definition(Group("all", (inner,))) is None


@pytest.mark.parametrize(("value", "shown"), [(1234567.0, "1234567"), (1234567.5, "1234567.5"), (0.1, "0.1"), (5, "5")])
def test_numbers_are_shown_with_all_their_digits(value: float, shown: str) -> None:
    drafts = drafts_from_definition(Group("all", (Condition("number", "equals", value),)))

    assert drafts is not None
    assert drafts[0].rules[0].values == (shown,)


def test_as_many_conditions_as_a_segment_holds_survive_the_form() -> None:
    drafts = [
        GroupDraft(rules=(RuleDraft("text", "is_set"),) * 30),
        GroupDraft(rules=(RuleDraft("text", "is_set"),) * 30),
    ]

    definition = definition_of(boxes(drafts_from_form(_sent(drafts)), FIELDS))

    assert len(list(definition.conditions())) == MOST_CONDITIONS


def test_one_condition_too_many_is_said() -> None:
    drafts = [GroupDraft(rules=(RuleDraft("text", "is_set"),) * (MOST_CONDITIONS + 1))]

    with pytest.raises(SegmentBroken, match="at most"):
        definition_of(boxes(drafts, FIELDS))


def test_a_form_with_gaps_and_nonsense_is_read_all_the_same() -> None:
    data = QueryDict(
        "g7-match=some&g7-r3-field=text&g7-r3-op=resembles&g7-r3-value=a&gx-match=all&g1-r1-field=text&g123-match=all"
    )

    [draft] = drafts_from_form(data)
    [box] = boxes([draft], FIELDS)

    assert draft == GroupDraft("all", False, (RuleDraft("text", "resembles", ("a",)),))
    assert box.lines[0].draft.op == "is", "an unknown comparison becomes the first"


def test_choosing_another_field_clears_what_was_said_about_the_one_before() -> None:
    data = _sent([GroupDraft(rules=(RuleDraft("choice", "any_of", ("1", "2")),))], g0_r0_field="text")

    assert drafts_from_form(data)[0].rules == (RuleDraft("text"),)


def test_the_second_of_two_numbers_stays_the_second() -> None:
    data = _sent([GroupDraft(rules=(RuleDraft("number", "between", ("", "5")),))])

    [box] = boxes(drafts_from_form(data), FIELDS)

    assert (box.lines[0].value, box.lines[0].value2) == ("", "5")


NEW_INNER = GroupDraft("any", rules=(RuleDraft(""),))
ONE, TWO = RuleDraft("text", "is", ("a",)), RuleDraft("number", "equals", ("1",))


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("add-rule:0", [GroupDraft(rules=(ONE, TWO, RuleDraft(""))), GroupDraft("any")]),
        ("remove-rule:0:0", [GroupDraft(rules=(TWO,)), GroupDraft("any")]),
        ("remove-rule:0:9", [GroupDraft(rules=(ONE, TWO)), GroupDraft("any")]),
        ("remove-group:0", [GroupDraft("any")]),
        ("add-group", [GroupDraft(rules=(ONE, TWO)), GroupDraft("any"), GroupDraft(rules=(RuleDraft(""),))]),
        ("add-inner:0", [GroupDraft(rules=(ONE, TWO), groups=(NEW_INNER,)), GroupDraft("any")]),
        (
            "add-not",
            [GroupDraft(rules=(ONE, TWO)), GroupDraft("any"), GroupDraft("any", negate=True, rules=(RuleDraft(""),))],
        ),
    ],
)
def test_every_button_does_what_it_says(do: str, after: list[GroupDraft]) -> None:
    before = [GroupDraft(rules=(ONE, TWO)), GroupDraft("any")]

    assert after_button(before, do) == after
    assert before == [GroupDraft(rules=(ONE, TWO)), GroupDraft("any")]


@pytest.mark.parametrize(
    "do", ["", "save", "count", "remove-group:9", "add-rule", "add-rule:x", "remove-rule:0", "fly:0", "::::"]
)
def test_a_button_that_is_none_changes_nothing(do: str) -> None:
    before = [GroupDraft(rules=(ONE, TWO))]

    assert after_button(before, do) == before


@pytest.mark.parametrize(
    ("rule", "unfinished"),
    [
        (RuleDraft("text", "is"), True),
        (RuleDraft("text", "is", ("",)), True),
        (RuleDraft("text", "is", ("a",)), False),
        (RuleDraft("text", "is_set"), False),
        (RuleDraft("number", "between", ("1", "")), True),
        (RuleDraft("number", "between", ("1", "2")), False),
        (RuleDraft("choice", "any_of"), True),
    ],
)
def test_a_line_that_waits_for_its_value_is_unfinished(rule: RuleDraft, unfinished: bool) -> None:
    [box] = boxes([GroupDraft(rules=(rule,))], FIELDS)

    assert box.lines[0].is_unfinished == unfinished


def test_whoever_is_still_typing_has_made_no_mistake() -> None:
    drawn = boxes([GroupDraft(rules=(RuleDraft("text", "is"), RuleDraft(""), ONE))], FIELDS)

    definition = definition_of(drawn, is_draft=True)

    assert [condition.value for condition in definition.conditions()] == ["a"]
    assert [line.error for line in drawn[0].lines] == ["", "", ""]


def test_what_is_kept_must_be_finished() -> None:
    drawn = boxes([GroupDraft(rules=(ONE, RuleDraft("number", "equals")))], FIELDS)

    with pytest.raises(SegmentBroken, match="needs a number"):
        definition_of(drawn)

    assert [bool(line.error) for line in drawn[0].lines] == [False, True]


def test_a_wrong_value_is_marked_in_a_draft_too() -> None:
    drawn = boxes([GroupDraft(rules=(RuleDraft("number", "equals", ("many",)),))], FIELDS)

    with pytest.raises(SegmentBroken, match="needs a number"):
        definition_of(drawn, is_draft=True)

    assert drawn[0].lines[0].error


@pytest.mark.parametrize("is_draft", [True, False])
def test_a_field_that_is_gone_is_marked_and_not_passed_over(is_draft: bool) -> None:
    drawn = boxes([GroupDraft(rules=(RuleDraft("attribute.gone", "is", ("a",)),))], FIELDS)

    with pytest.raises(SegmentBroken, match="gone” no longer exists"):
        definition_of(drawn, is_draft=is_draft)


def test_lines_without_a_field_ask_nothing() -> None:
    assert definition_of(boxes([GroupDraft(rules=(RuleDraft(""),))], FIELDS)).asks_nothing


def test_choices_know_which_of_them_are_chosen() -> None:
    [box] = boxes([GroupDraft(rules=(RuleDraft("choice", "any_of", ("2", "gone")),))], FIELDS)

    assert [(choice.value, chosen) for choice, chosen in box.lines[0].choices] == [(1, False), (2, True), (3, False)]


@pytest.mark.parametrize(("number", "chips"), [(MOST_CHIPS, True), (MOST_CHIPS + 1, False)])
def test_up_to_a_dozen_choices_are_chips(number: int, chips: bool) -> None:
    [box] = boxes([GroupDraft(rules=(RuleDraft("c", "any_of"),))], {"c": _field("c", Kind.CHOICE, number)})

    assert box.lines[0].has_chips == chips


def test_the_form_means_the_people_it_says(workspace: Workspace, now: datetime) -> None:
    names = {"ann": ("bg", "given"), "bob": ("bg", "unknown"), "cid": ("en", "given")}
    for name, (language, consent) in names.items():
        ContactFactory.create(workspace=workspace, first_name=name, language=language, consent=consent)
    drafts = [
        GroupDraft(rules=(RuleDraft("consent", "any_of", ("given",)),)),
        GroupDraft("any", negate=True, rules=(RuleDraft("language", "any_of", ("en",)),)),
    ]

    definition = definition_of(boxes(drafts_from_form(_sent(drafts)), fields_of(workspace)))

    people: Any = contacts_in(workspace, definition, now)
    assert [contact.first_name for contact in people] == ["ann"]
    assert Contact.objects.count() == 3


def test_a_list_with_a_number_in_the_thousands_can_be_chosen(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client]
) -> None:
    ListFactory.create(workspace=workspace, pk=1551)
    rule = {"g0-match": "all", "g0-r0-field": "list", "g0-r0-op": "any_of"}

    page = browse(lead).get(reverse("audience:segment_preview", kwargs={"workspace": workspace.slug}), rule)

    assert 'value="1551"' in page.content.decode()


VISITED = RuleDraft("visits", "at_least", ("3",), "30", (("page", "contains", ("serum",)), ("n", "more_than", ("2",))))
VISITS = {
    "visits": Field("visits", "Visits", "Group", Kind.PURCHASE, lambda _ask: Test(), is_free=True),
}


def test_what_is_counted_and_narrowed_survives_the_form() -> None:
    definition = definition_of(boxes([GroupDraft(rules=(VISITED,))], VISITS))

    [condition] = definition.conditions()
    assert (condition.value, condition.days) == ("3", 30)
    assert condition.where == (Filter("page", "contains", "serum"), Filter("n", "more_than", "2"))
    assert drafts_from_definition(definition) == [GroupDraft(rules=(VISITED,))]


@pytest.mark.parametrize(
    ("do", "filters"),
    [("add-filter:0:0", 3), ("remove-filter:0:0:1", 1), ("remove-filter:0:0:9", 2), ("add-filter:0:7", 2)],
)
def test_filters_come_and_go_by_their_buttons(do: str, filters: int) -> None:
    [group] = after_button([GroupDraft(rules=(VISITED,))], do)

    assert len(group.rules[0].where) == filters


def test_a_group_inside_another_has_buttons_of_its_own() -> None:
    before = [GroupDraft(rules=(ONE,), groups=(GroupDraft("any", rules=(TWO,)),))]

    assert after_button(before, "add-rule:0.0")[0].groups[0].rules == (TWO, RuleDraft(""))
    assert after_button(before, "remove-rule:0.0:0")[0].groups[0].rules == ()
    assert after_button(before, "remove-group:0.0") == [GroupDraft(rules=(ONE,))]


def test_pasted_values_are_a_list_whatever_stands_between_them() -> None:
    [box] = boxes([GroupDraft(rules=(RuleDraft("text", "one_of", ("a\r\nb; c,d",)),))], FIELDS)

    [condition] = definition_of([box]).conditions()

    assert [value.strip() for value in condition.value] == ["a", "b", "c", "d"]


def test_the_error_of_an_inner_condition_can_be_named_by_a_selector() -> None:
    drafts = [GroupDraft(groups=(GroupDraft(rules=(RuleDraft(""),)),))]

    (box,) = boxes(drafts, FIELDS)

    assert box.boxes[0].lines[0].error_anchor == "g0_0-r0-error"
