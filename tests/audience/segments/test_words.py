"""A segment as a person would say it, and how its parts narrow the list."""

from collections.abc import Mapping
from datetime import datetime

import pytest
from django.utils import translation

from audience.models import Consent
from audience.segments.compile import contacts_in, in_words, sentence
from audience.segments.counting import MOST_STEPS, narrowing
from audience.segments.definition import EVERYBODY, Condition, Filter, Group, SegmentBroken
from audience.segments.fields import Field, fields_of
from audience.services import archive_attribute
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory
from workspaces.models import Member, Workspace

NOT_ASKING = Group("any", (), negate=True)


@pytest.fixture
def fields(workspace: Workspace) -> Mapping[str, Field]:
    for key, label, kind in (("city", "City", "text"), ("points", "Points", "number"), ("born", "Born", "date")):
        AttributeFactory.create(workspace=workspace, key=key, label=label, kind=kind)
    ListFactory.create(workspace=workspace, name="VIP")
    contact = ContactFactory.create(workspace=workspace)
    contact.events.create(workspace=workspace, name="order_placed", occurred_at="2026-01-01T00:00Z")
    return fields_of(workspace)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("attribute.city", "is", "Sofia"), "whose city is Sofia"),
        (Condition("attribute.city", "is_not_set"), "whose city is not known"),
        (Condition("attribute.points", "more_than", "5"), "whose points is more than 5"),
        (Condition("attribute.points", "more_than", 1234567.5), "whose points is more than 1,234,567.5"),
        (Condition("attribute.points", "between", [1000, 2000]), "whose points is between 1,000 and 2,000"),
        (Condition("attribute.born", "before", "2000-05-18"), "whose born is before 18 May 2000"),
        (Condition("attribute.born", "in_last_days", 30), "whose born is in the last 30 days"),
        (Condition("consent", "any_of", ["given", "unknown"]), "whose marketing consent is Given or Not asked"),
        (Condition("event.order_placed", "in_last_days", "7"), "who did “order placed” in the last 7 days"),
        (Condition("event.order_placed", "never"), "who never did “order placed”"),
    ],
)
def test_a_condition_reads_as_a_sentence(fields: Mapping[str, Field], condition: Condition, words: str) -> None:
    assert in_words(condition, fields) == words


def test_numbers_and_dates_are_said_in_the_readers_notation(fields: Mapping[str, Field]) -> None:
    group = Group(
        "all", (Condition("attribute.points", "more_than", 1234.5), Condition("attribute.born", "after", "2000-05-18"))
    )

    with translation.override("ru"):
        words = in_words(group, fields)

    assert "1\u00a0234,5" in words
    assert "18 мая 2000 г." in words


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("event.order_placed", "at_least", 1, 30), "who did “order placed” at least 1 time within 30 days"),
        (Condition("event.order_placed", "not_in_last_days", 1), "who did not do “order placed” in the last 1 day"),
        (
            Condition("event.order_placed", "sum_at_least", 100, 90, (Filter("sku", "is", "A-1"),)),
            "who did “order placed” for at least 100 in sum within 90 days (sku is A-1)",
        ),
        (
            Condition("email", "one_of", "a@b.example\nc@d.example"),
            "whose e-mail address is a@b.example or c@d.example",
        ),
        (Condition("tags", "one_of", ["gold"]), "who are tagged gold"),
        (Condition("share", "outside", [10, "spring"]), "who are outside 10 % drawn by “spring”"),
        (
            Condition("created_at", "anniversary_in_days", 7),
            "whose contact since has its anniversary in the next 7 days",
        ),
    ],
)
def test_what_people_did_reads_as_a_sentence_too(fields: Mapping[str, Field], condition: Condition, words: str) -> None:
    assert in_words(condition, fields) == words


def test_a_long_list_is_said_by_its_first_values(fields: Mapping[str, Field]) -> None:
    values = [f"{n}@example.org" for n in range(1200)]

    assert in_words(Condition("email", "one_of", values), fields).endswith("4@example.org or 1,195 others")


def test_a_whole_rule_is_one_sentence(fields: Mapping[str, Field]) -> None:
    group = Group("all", (CITY, Group("none", (POINTS,))))

    assert sentence(group, fields) == "People whose city is Sofia, except those whose points is more than 5."
    assert sentence(EVERYBODY, fields) == "everybody"


KNOWN = Condition("attribute.city", "is_set")
CITY, POINTS = Condition("attribute.city", "is", "Sofia"), Condition("attribute.points", "more_than", 5)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (EVERYBODY, "everybody"),
        (NOT_ASKING, "everybody"),
        (Group("all", (NOT_ASKING, EVERYBODY)), "everybody"),
        (Group("all", (CITY,)), "whose city is Sofia"),
        (Group("any", (CITY, POINTS)), "whose city is Sofia or whose points is more than 5"),
        (
            Group("all", (CITY, Group("any", (POINTS, CITY)))),
            "whose city is Sofia and (whose points is more than 5 or whose city is Sofia)",
        ),
        (Group("all", (CITY, Group("any", (POINTS,)))), "whose city is Sofia and whose points is more than 5"),
        (Group("all", (CITY, NOT_ASKING)), "whose city is Sofia"),
        (Group("all", (Group("all", (CITY, POINTS)),)), "whose city is Sofia and whose points is more than 5"),
        (Group("all", (Group("any", (CITY, POINTS)),)), "whose city is Sofia or whose points is more than 5"),
        (
            Group("all", (Group("all", (CITY, KNOWN)), Group("any", (CITY, POINTS)))),
            "whose city is Sofia and whose city is known and (whose city is Sofia or whose points is more than 5)",
        ),
        (
            Group("any", (Group("all", (CITY, POINTS)), CITY)),
            "(whose city is Sofia and whose points is more than 5) or whose city is Sofia",
        ),
        (
            Group("all", (CITY, Group("any", (POINTS,), negate=True))),
            "whose city is Sofia, except those whose points is more than 5",
        ),
        (Group("any", (CITY, POINTS), negate=True), "except those whose city is Sofia or whose points is more than 5"),
    ],
)
def test_a_group_reads_as_its_parts(fields: Mapping[str, Field], group: Group, words: str) -> None:
    assert in_words(group, fields) == words


def test_the_parts_narrow_the_list_one_after_the_other(workspace: Workspace, now: datetime) -> None:
    for language, consent in (("bg", "given"), ("bg", "unknown"), ("en", "given"), ("", "unknown")):
        ContactFactory.create(workspace=workspace, language=language, consent=consent)
    definition = Group(
        "all",
        (
            Condition("consent", "any_of", [Consent.GIVEN]),
            NOT_ASKING,
            Group("any", (Condition("language", "any_of", ["bg"]),), negate=True),
        ),
    )

    steps = narrowing(workspace, definition, now, fields_of(workspace))

    assert steps == [("Whose marketing consent is Given", 2), ("Except those whose language is Bulgarian", 1)]


def test_the_conditions_of_a_box_narrow_the_list_one_by_one(workspace: Workspace, now: datetime) -> None:
    for language, consent in (("bg", "given"), ("bg", "unknown"), ("en", "given"), ("", "unknown")):
        ContactFactory.create(workspace=workspace, language=language, consent=consent)
    box = Group("all", (Condition("consent", "any_of", ["given"]), Condition("language", "any_of", ["bg"])))

    steps = narrowing(workspace, Group("all", (box,)), now, fields_of(workspace))

    assert steps == [("Whose marketing consent is Given", 2), ("Whose language is Bulgarian", 1)]


def test_very_many_conditions_narrow_the_list_box_by_box(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace, first_name="Ann", consent="unknown")
    many = Group("all", tuple(Condition("first_name", "contains", "n") for _count in range(MOST_STEPS + 1)))

    steps = narrowing(
        workspace, Group("all", (many, Condition("consent", "any_of", ["given"]))), now, fields_of(workspace)
    )

    assert [left for _words, left in steps] == [1, 0]


@pytest.mark.parametrize("group", [EVERYBODY, Group("any", (CITY, POINTS)), Group("all", (CITY,), negate=True)])
def test_what_does_not_narrow_step_by_step_has_no_steps(
    workspace: Workspace, now: datetime, fields: Mapping[str, Field], group: Group
) -> None:
    assert narrowing(workspace, group, now, fields) == []


def test_a_rule_on_an_attribute_that_is_gone_says_so_everywhere(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    city = AttributeFactory.create(workspace=workspace, key="city")
    definition = Group("all", (CITY,))
    worked = contacts_in(workspace, definition, now).count()

    archive_attribute(definition=city, by=lead, now=now)

    fields = fields_of(workspace)
    assert worked == 0
    for ask in (
        lambda: contacts_in(workspace, definition, now),
        lambda: in_words(definition, fields),
        lambda: narrowing(workspace, definition, now, fields),
    ):
        with pytest.raises(SegmentBroken, match="“city”, which no longer exists"):
            ask()


def test_a_rule_on_a_list_that_is_gone_says_so(workspace: Workspace, now: datetime) -> None:
    kept, gone = ListFactory.create(workspace=workspace), ListFactory.create(workspace=workspace)
    definition = Group("all", (Condition("list", "any_of", [kept.pk, gone.pk]),))

    type(gone).objects.filter(pk=gone.pk).update(archived_at=now)

    with pytest.raises(SegmentBroken, match="names something that is gone"):
        contacts_in(workspace, definition, now)


def test_when_every_list_is_gone_the_question_itself_is_gone(workspace: Workspace, now: datetime) -> None:
    gone = ListFactory.create(workspace=workspace, archived_at=now)

    with pytest.raises(SegmentBroken, match="“list”, which no longer exists"):
        contacts_in(workspace, Group("all", (Condition("list", "any_of", [gone.pk]),)), now)
