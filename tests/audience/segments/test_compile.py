"""Segments against an evaluator that is too simple to be wrong: random people, random rules, missing values."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience.models import AttributeKind, Consent, Contact, ContactList, Event, ListMembership
from audience.segments.compile import contacts_in
from audience.segments.definition import Condition, Group, read_definition, write_definition
from audience.segments.fields import OPERATORS
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory
from workspaces.models import Language, Workspace

NOW = datetime(2026, 5, 18, 21, 30, tzinfo=UTC)  # half past midnight of the 19th in Sofia
SOFIA = ZoneInfo("Europe/Sofia")
ATTRIBUTES = {
    "city": AttributeKind.TEXT,
    "points": AttributeKind.NUMBER,
    "born": AttributeKind.DATE,
    "vip": AttributeKind.BOOLEAN,
}
WORDS = ["Ann", "ann", "ANNE", "Bo%b", "b_b", "Мария", "мария", "\\", "'"]
LISTS = ["VIP", "News"]
EVENTS = ["order_placed", "visited"]


@dataclass
class Person:
    """A contact as the evaluator sees it."""

    first_name: str
    language: str
    consent: str
    created_at: datetime
    attributes: dict[str, Any]
    lists: list[str]
    events: list[tuple[str, datetime]] = field(default_factory=list)


FIRST_NAMES = ["", *WORDS]
POINTS = [0, 1, 2.5, 7, -3]
AGES = [
    timedelta(0),
    timedelta(minutes=1),
    timedelta(hours=21),
    timedelta(hours=22),
    timedelta(days=1),
    timedelta(days=7, minutes=-1),
    timedelta(days=7),
    timedelta(days=45),
]
MOMENTS = [NOW - age for age in AGES]
DATES = [(date(2026, 5, 18) + timedelta(days=days)).isoformat() for days in (-45, -8, -7, -6, -1, 0, 1, 2)]
PEOPLE = st.builds(
    Person,
    first_name=st.sampled_from(FIRST_NAMES),
    language=st.sampled_from(["", *Language.values]),
    consent=st.sampled_from(Consent.values),
    created_at=st.sampled_from(MOMENTS),
    attributes=st.fixed_dictionaries(
        {},
        optional={
            "city": st.sampled_from(WORDS),
            "points": st.sampled_from(POINTS),
            "born": st.sampled_from(DATES),
            "vip": st.booleans(),
        },
    ),
    lists=st.lists(st.sampled_from(LISTS), unique=True),
    events=st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(MOMENTS)), max_size=3),
)

# What each field is asked, with values that its operators take.
Values = list[Any]
NOTHING: Values = [None]
KNOWN = {"is_set": NOTHING, "is_not_set": NOTHING}
TEXTS: Values = [*WORDS, "n", "%", "_"]
DAYS: Values = [1, 7, 45]
SPANS: Values = [[0, 1], [1, 1], [2, 7], [-3, 2.5]]
TEXT_OPS = dict.fromkeys(["is", "is_not", "contains", "starts_with", "ends_with"], TEXTS) | KNOWN
NUMBERS: Values = [0, 1, 2, 2.5, 7]
NUMBER_OPS = dict.fromkeys(["equals", "more_than", "less_than"], NUMBERS) | {"between": SPANS} | KNOWN
DATE_OPS = dict.fromkeys(["before", "after"], DATES) | dict.fromkeys(["in_last_days", "not_in_last_days"], DAYS) | KNOWN
BOOLEAN_OPS = {"is_true": NOTHING, "is_false": NOTHING} | KNOWN
PAST_OPS = dict.fromkeys(["in_last_days", "not_in_last_days"], DAYS) | {"ever": NOTHING, "never": NOTHING}


def _choice_ops(values: list[str]) -> dict[str, Values]:
    some: Values = [values[:1], values[1:], values]
    return {"any_of": some, "none_of": some}


ASKED: dict[str, dict[str, Values]] = {
    "first_name": TEXT_OPS,
    "attribute.city": TEXT_OPS,
    "attribute.points": NUMBER_OPS,
    "attribute.born": DATE_OPS,
    "attribute.vip": BOOLEAN_OPS,
    "created_at": DATE_OPS,
    "language": _choice_ops(Language.values),
    "consent": _choice_ops(Consent.values),
    "list": _choice_ops(LISTS),
    "event.order_placed": PAST_OPS,
    "event.visited": PAST_OPS,
}
EVERY_CONDITION = [
    Condition(name, op, value) for name, ops in ASKED.items() for op, values in ops.items() for value in values
]
CONDITIONS = st.sampled_from(EVERY_CONDITION)


def _groups(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Group]:
    return st.builds(
        Group, st.sampled_from(["all", "any"]), st.lists(rules, max_size=3).map(tuple), negate=st.booleans()
    )


TREES = _groups(CONDITIONS | _groups(CONDITIONS | _groups(CONDITIONS)))


def belongs(person: Person, rule: Condition | Group) -> bool | None:
    """Whether the rule means this person; None if it asks nothing."""
    if isinstance(rule, Condition):
        return _matches(person, rule)
    answers = [answer for part in rule.rules if (answer := belongs(person, part)) is not None]
    if not answers:
        return None
    together = all(answers) if rule.match == "all" else any(answers)
    return together != rule.negate


def _matches(person: Person, asked: Condition) -> bool:
    app, _dot, key = asked.field.partition(".")
    if app == "event":
        return _happened(asked, [at for name, at in person.events if name == key])
    if app == "attribute":
        return _compared(asked, person.attributes.get(key), key)
    if asked.op in {"any_of", "none_of"}:
        held = person.lists if app == "list" else [getattr(person, app)]
        return any(value in asked.value for value in held) == (asked.op == "any_of")
    if app != "created_at":
        return _compared(asked, getattr(person, app) or None, app)
    if asked.op in {"in_last_days", "not_in_last_days"}:
        return (person.created_at > NOW - timedelta(days=asked.value)) == (asked.op == "in_last_days")
    return _compared(asked, person.created_at.astimezone(SOFIA).date().isoformat(), app)


def _happened(asked: Condition, moments: list[datetime]) -> bool:
    since = NOW - timedelta(days=asked.value) if asked.value else datetime.min.replace(tzinfo=UTC)
    return any(at > since for at in moments) == (asked.op in {"in_last_days", "ever"})


def _compared(asked: Condition, value: Any, key: str) -> bool:
    """A value that may be missing: then it is not what any straight comparison asks, and is what its opposite asks."""
    opposite = {"is_not": "is", "is_not_set": "is_set", "not_in_last_days": "in_last_days"}
    if asked.op in opposite:
        return not _compared(Condition(asked.field, opposite[asked.op], asked.value), value, key)
    return value is not None and STRAIGHT[asked.op](value, asked.value)


def _recent(value: str, days: int) -> bool:
    today = NOW.astimezone(SOFIA).date()
    return today - timedelta(days=days) < date.fromisoformat(value) <= today


STRAIGHT: dict[str, Callable[[Any, Any], bool]] = {
    "is_set": lambda _value, _asked: True,
    "is": lambda value, asked: value.upper() == asked.upper(),
    "contains": lambda value, asked: asked.upper() in value.upper(),
    "starts_with": lambda value, asked: value.upper().startswith(asked.upper()),
    "ends_with": lambda value, asked: value.upper().endswith(asked.upper()),
    "equals": lambda value, asked: value == asked,
    "more_than": lambda value, asked: value > asked,
    "less_than": lambda value, asked: value < asked,
    "between": lambda value, asked: asked[0] <= value <= asked[1],
    "before": lambda value, asked: value < asked,
    "after": lambda value, asked: value > asked,
    "in_last_days": _recent,
    "is_true": lambda value, _asked: value is True,
    "is_false": lambda value, _asked: value is False,
}


class World:
    """A workspace with everything that rules ask about, and a copy of it next door."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.lists: dict[str, ContactList] = {
            name: ListFactory.create(workspace=workspace, name=name) for name in LISTS
        }
        for key, kind in ATTRIBUTES.items():
            AttributeFactory.create(workspace=workspace, key=key, label=key, kind=kind)
        seen = ContactFactory.create(workspace=workspace, email="first@example.org")
        for name in EVENTS:
            Event.objects.create(workspace=workspace, contact=seen, name=name, occurred_at=NOW)
        Contact.objects.filter(pk=seen.pk).update(first_name="Nobody asks for this name")

    def move_in(self, people: list[Person]) -> list[int]:
        """Make these contacts; returns their keys."""
        contacts = [
            Contact(
                workspace=self.workspace,
                email=f"p{number}@example.org",
                address=f"p{number}@example.org",
                first_name=person.first_name,
                language=person.language,
                consent=person.consent,
                attributes=person.attributes,
                created_at=person.created_at,
                updated_at=NOW,
            )
            for number, person in enumerate(people)
        ]
        Contact.objects.bulk_create(contacts)
        for contact, person in zip(contacts, people, strict=True):
            ListMembership.objects.bulk_create(
                ListMembership(workspace=self.workspace, contact=contact, contact_list=self.lists[name], added_at=NOW)
                for name in person.lists
            )
            Event.objects.bulk_create(
                Event(workspace=self.workspace, contact=contact, name=name, occurred_at=at)
                for name, at in person.events
            )
        return [contact.pk for contact in contacts]

    def translated(self, group: Group) -> Group:
        """The tree with the keys of this workspace's lists in place of their names."""

        def rule(part: Condition | Group) -> Condition | Group:
            if isinstance(part, Group):
                return self.translated(part)
            named = [self.lists[name].pk for name in part.value] if part.field == "list" else part.value
            return Condition(part.field, part.op, named)

        return Group(group.match, tuple(rule(part) for part in group.rules), negate=group.negate)


@pytest.fixture
def world(workspace: Workspace) -> World:
    return World(workspace)


def _everyone() -> list[Person]:
    """One person for every value of every field, and nothing else known of that person."""
    blank = Person("", "", Consent.UNKNOWN, NOW, {}, [])
    people = [replace(blank, first_name=name) for name in FIRST_NAMES]
    people += [replace(blank, language=language) for language in Language.values]
    people += [replace(blank, consent=consent) for consent in Consent.values]
    people += [replace(blank, created_at=moment) for moment in MOMENTS]
    values = {"city": WORDS, "points": POINTS, "born": DATES, "vip": [True, False]}
    people += [replace(blank, attributes={key: value}) for key, known in values.items() for value in known]  # type: ignore[attr-defined]  # lists of several types
    people += [replace(blank, lists=[name]) for name in LISTS] + [replace(blank, lists=LISTS)]
    return people + [replace(blank, events=[(name, moment)]) for name in EVENTS for moment in MOMENTS]


def test_every_operator_means_what_it_says_at_every_edge(world: World) -> None:
    people = _everyone()
    keys = world.move_in(people)

    wrong = []
    for condition in EVERY_CONDITION:
        asked = world.translated(Group("all", (condition,)))
        found = set(contacts_in(world.workspace, asked, NOW).filter(pk__in=keys).values_list("pk", flat=True))
        if found != {key for key, person in zip(keys, people, strict=True) if _matches(person, condition)}:
            wrong.append(condition)

    assert len(EVERY_CONDITION) > 100
    assert wrong == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=1, max_size=8), tree=TREES)
def test_exactly_those_belong_whom_the_rule_means(world: World, people: list[Person], tree: Group) -> None:
    with transaction.atomic():
        keys = world.move_in(people)
        definition = read_definition(write_definition(world.translated(tree)))

        found = set(contacts_in(world.workspace, definition, NOW).filter(pk__in=keys).values_list("pk", flat=True))

        transaction.set_rollback(True)
    expected = {key for key, person in zip(keys, people, strict=True) if belongs(person, tree) is not False}
    assert found == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=1, max_size=4), tree=TREES)
def test_nobody_of_another_workspace_ever_belongs(
    world: World, outsider_world: World, people: list[Person], tree: Group
) -> None:
    with transaction.atomic():
        outsider_world.move_in(people)

        found = contacts_in(world.workspace, world.translated(tree), NOW)
        theirs = found.filter(workspace=outsider_world.workspace).count()

        transaction.set_rollback(True)
    assert theirs == 0


@pytest.fixture
def outsider_world(outsider: Any) -> World:
    return World(outsider.workspace)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=1, max_size=8), tree=TREES)
def test_a_rule_and_its_opposite_divide_everybody(world: World, people: list[Person], tree: Group) -> None:
    tree = world.translated(tree)
    if tree.asks_nothing:
        return
    opposite = Group(tree.match, tree.rules, negate=not tree.negate)

    with transaction.atomic():
        world.move_in(people)
        inside, outside = (set(contacts_in(world.workspace, rule, NOW)) for rule in (tree, opposite))
        everybody = set(Contact.objects.for_workspace(world.workspace))
        transaction.set_rollback(True)

    assert inside | outside == everybody
    assert inside & outside == set()


def test_every_operator_is_asked() -> None:
    """The evaluator would prove nothing about operators that it never meets."""
    asked = {op for ops in ASKED.values() for op in ops}

    assert asked == {operator.key for operators in OPERATORS.values() for operator in operators}
