"""Segments against an evaluator that is too simple to be wrong: random people, random rules, missing values."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience.models import (
    AttributeKind,
    Consent,
    Contact,
    ContactList,
    ContactProfile,
    Event,
    Lifecycle,
    ListMembership,
    Order,
    OrderLine,
    Segment,
    Topic,
    TopicConsent,
)
from audience.segments import counting, newest
from audience.segments.compile import contacts_in
from audience.segments.counting import count_in
from audience.segments.definition import Condition, Filter, Group, read_definition, write_definition
from audience.segments.fields import OPERATORS, fields_of
from tests.audience.segments.evaluator import NOW, Deed, Person, belongs
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory, SegmentFactory
from workspaces.models import Language, Workspace

ATTRIBUTES = {
    "city": AttributeKind.TEXT,
    "points": AttributeKind.NUMBER,
    "spent": AttributeKind.MONEY,
    "born": AttributeKind.DATE,
    "vip": AttributeKind.BOOLEAN,
    "skin": AttributeKind.CHOICE,
    "hobbies": AttributeKind.LIST,
}
KEYS = ["a", "b", "c"]
WORDS = ["Ann", "ann", "ANNE", "Bo%b", "b_b", "Мария", "мария", "\\", "'"]
LISTS = ["VIP", "News"]
TOPICS = ["Tips", "News"]
EVENTS = ["order_placed", "visited"]
TAGS = ["gold", "Gold", "press"]
STATUSES = ["open", "paid", "sent", "returned"]
NAMED = {
    "Anns": Group("any", (Condition("first_name", "is", "ann"), Condition("event.visited", "ever"))),
    "Not Anns": Group("none", (Condition("segment", "any_of", ["Anns"]), Condition("attribute.vip", "is_true"))),
    "Everybody": Group("all", ()),
}

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
DATES = [(date(2026, 5, 18) + timedelta(days=days)).isoformat() for days in (-45, -8, -7, -6, -1, 0, 1, 2, 7, 45)]
DATES += ["1990-05-18", "1990-05-19", "1988-02-29", "1990-06-01"]
VALUES = st.none() | st.sampled_from([0.0, 2.5, 7.0, -3.0, 40.0])
DEEDS = st.builds(
    Deed,
    st.sampled_from(EVENTS),
    st.sampled_from(MOMENTS),
    VALUES,
    st.fixed_dictionaries({}, optional={"page": st.sampled_from(WORDS), "n": st.sampled_from([*POINTS, "7"])}),
)
ORDERS = st.builds(
    Deed,
    st.just("order"),
    st.sampled_from(MOMENTS),
    st.sampled_from([0.0, 2.5, 7.0, 40.0]),
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(STATUSES),
            "product": st.tuples(st.sampled_from(WORDS), st.sampled_from(["SKU-1", "sku-2"])),
            "category": st.sampled_from(["Serum", "Soap"]),
        }
    ),
)
COUNTS = st.sampled_from([0, 1, 2, 7])
PROFILES: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {
        "lifecycle": st.sampled_from(Lifecycle.values),
        "rfm": st.sampled_from([0, 111, 155, 345, 515, 555]),
        "last_open_at": st.none() | st.sampled_from(MOMENTS),
        "last_order_at": st.none() | st.sampled_from(MOMENTS),
        "open_count": COUNTS,
        "order_sum": COUNTS,
    }
)
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
            "spent": st.sampled_from(POINTS),
            "skin": st.sampled_from(KEYS),
            "hobbies": st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
        },
    ),
    lists=st.lists(st.sampled_from(LISTS), unique=True),
    events=st.lists(DEEDS, max_size=3),
    orders=st.lists(ORDERS, max_size=3),
    tags=st.lists(st.sampled_from(TAGS), unique=True),
    topics=st.dictionaries(st.sampled_from(TOPICS), st.sampled_from(Consent.values)),
    profile=PROFILES,
    paused_until=st.none() | st.sampled_from(DATES).map(date.fromisoformat),
)

# What each field is asked, with values that its operators take.
Values = list[Any]
NOTHING: Values = [None]
KNOWN = {"is_set": NOTHING, "is_not_set": NOTHING}
TEXTS: Values = [*WORDS, "n", "%", "_"]
DAYS: Values = [1, 7, 45]
SPANS: Values = [[0, 1], [1, 1], [2, 7], [-3, 2.5]]
TEXT_OPS = dict.fromkeys(["is", "is_not", "contains", "starts_with", "ends_with"], TEXTS) | KNOWN
PASTED: Values = [["ann"], ["АННА", "МАРИЯ", "b_b"]]
TEXT_OPS |= dict.fromkeys(["one_of", "not_one_of"], PASTED)
NUMBERS: Values = [0, 1, 2, 2.5, 7]
COUNT_OPS = dict.fromkeys(["equals", "more_than", "less_than"], NUMBERS) | {"between": SPANS}
NUMBER_OPS = COUNT_OPS | KNOWN
DATE_OPS = dict.fromkeys(["before", "after", "on"], DATES) | KNOWN
DATE_OPS |= dict.fromkeys(["in_last_days", "not_in_last_days", "before_days_ago", "in_next_days"], DAYS)
ANNIVERSARY_DAYS: Values = [1, 14, 366, 3000]
DATE_OPS |= {"anniversary_today": NOTHING, "anniversary_in_days": ANNIVERSARY_DAYS}
BOOLEAN_OPS = {"is_true": NOTHING, "is_false": NOTHING} | KNOWN
PAST_OPS = dict.fromkeys(["in_last_days", "not_in_last_days"], DAYS) | {"ever": NOTHING, "never": NOTHING}
PAST_OPS |= {"last_before": DAYS, "at_least": [1, 2, 3], "fewer_than": [1, 2]}
SUMS: Values = [0, 2.5, 7, 40, -1]
PURCHASE_OPS = PAST_OPS | dict.fromkeys(["sum_at_least", "sum_below"], SUMS)
MANY_TAGS: Values = [["gold"], ["gold", "press"]]
TAG_OPS = dict.fromkeys(["one_of", "every_of", "not_one_of"], MANY_TAGS) | KNOWN
SHARES: Values = [[50, "a"], [12.5, "spring"]]
SHARE_OPS = dict.fromkeys(["within", "outside"], SHARES)


def _choice_ops(values: list[Any]) -> dict[str, Values]:
    some: Values = [values[:1], values[1:], values]
    return {"any_of": some, "none_of": some}


ASKED: dict[str, dict[str, Values]] = {
    "first_name": TEXT_OPS,
    "attribute.city": TEXT_OPS,
    "attribute.points": NUMBER_OPS,
    "attribute.born": DATE_OPS,
    "attribute.vip": BOOLEAN_OPS,
    "created_at": DATE_OPS,
    "language": _choice_ops(list(Language.values)),
    "consent": _choice_ops(Consent.values),
    "list": _choice_ops(LISTS),
    "event.order_placed": PURCHASE_OPS,
    "event.visited": PURCHASE_OPS,
    "order": PURCHASE_OPS,
    "attribute.spent": NUMBER_OPS,
    "attribute.skin": _choice_ops(KEYS) | KNOWN,
    "attribute.hobbies": _choice_ops(KEYS) | {"all_of": [["a"], ["a", "b"]]} | KNOWN,
    "paused_until": DATE_OPS,
    "tags": TAG_OPS,
    "topic": _choice_ops(TOPICS),
    "topic_left": _choice_ops(TOPICS),
    "lifecycle": _choice_ops([1, 3, 5]),
    "rfm.recency": _choice_ops([1, 3, 5]),
    "rfm.money": _choice_ops([1, 5]),
    "profile.last_open_at": DATE_OPS,
    "profile.last_order_at": DATE_OPS,
    "profile.open_count": COUNT_OPS,
    "profile.order_sum": COUNT_OPS,
    "segment": _choice_ops(list(NAMED)),
    "share": SHARE_OPS,
}
EVENT_FILTERS = [
    *[Filter("page", op, "ann") for op in ("is", "is_not", "contains", "starts_with", "ends_with")],
    *[Filter("page", "contains", value) for value in ("%", "_", "мария", "\\")],
    *[Filter(name, op, n) for name in ("n", "value") for op in ("equals", "more_than", "less_than") for n in (0, 2.5)],
]
ORDER_FILTERS = [
    Filter("status", "any_of", ["open", "returned"]),
    Filter("status", "none_of", ["paid"]),
    Filter("product", "is", "sku-1"),
    Filter("product", "contains", "b"),
    Filter("product", "is_not", "SKU-1"),
    Filter("category", "starts_with", "so"),
    Filter("category", "is_not", "soap"),
    *[Filter("total", op, n) for op in ("equals", "more_than", "less_than") for n in (2.5, 7)],
]
FILTERED = [
    Condition(name, op, value, None, (item,))
    for name, filters in (("event.visited", EVENT_FILTERS), ("order", ORDER_FILTERS))
    for item in filters
    for op, value in (("in_last_days", 7), ("at_least", 2), ("sum_at_least", 7), ("never", None), ("last_before", 7))
]
WINDOWED = [
    Condition(name, op, value, days, where)
    for name, where in (("event.visited", ()), ("order", ()), ("order", (ORDER_FILTERS[2],)))
    for op, value in (("at_least", 2), ("fewer_than", 2), ("sum_at_least", 7), ("sum_below", 7), ("sum_at_least", -1))
    for days in DAYS
]
EVERY_CONDITION = [
    Condition(name, op, value) for name, ops in ASKED.items() for op, values in ops.items() for value in values
]
EVERY_CONDITION += FILTERED + WINDOWED
CONDITIONS = st.sampled_from(EVERY_CONDITION)


def _groups(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Group]:
    return st.builds(
        Group, st.sampled_from(["all", "any", "none"]), st.lists(rules, max_size=3).map(tuple), negate=st.booleans()
    )


TREES = _groups(CONDITIONS | _groups(CONDITIONS | _groups(CONDITIONS)))


class World:
    """A workspace with everything that rules ask about, and a copy of it next door."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.lists: dict[str, ContactList] = {
            name: ListFactory.create(workspace=workspace, name=name) for name in LISTS
        }
        choices = [{"key": key, "label": key.upper()} for key in KEYS]
        for key, kind in ATTRIBUTES.items():
            AttributeFactory.create(workspace=workspace, key=key, label=key, kind=kind, choices=choices)
        self.topics = {name: Topic.objects.create(workspace=workspace, name=name) for name in TOPICS}
        self.segments: dict[str, Segment] = {}
        seen = ContactFactory.create(workspace=workspace, email="first@example.org")
        for name in EVENTS:
            Event.objects.create(workspace=workspace, contact=seen, name=name, occurred_at=NOW)
        Contact.objects.filter(pk=seen.pk).update(first_name="Nobody asks for this name")
        for name, group in NAMED.items():
            rule = write_definition(self.translated(group))
            self.segments[name] = SegmentFactory.create(workspace=workspace, name=name, definition=rule)

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
                tags=person.tags,
                paused_until=person.paused_until,
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
                Event(
                    workspace=self.workspace,
                    contact=contact,
                    name=deed.name,
                    occurred_at=deed.at,
                    value=deed.value,
                    properties=deed.properties,
                )
                for deed in person.events
            )
            self._remember(contact, person)
            person.key = contact.pk
        return [contact.pk for contact in contacts]

    def _remember(self, contact: Contact, person: Person) -> None:
        for name, consent in person.topics.items():
            TopicConsent.objects.create(
                workspace=self.workspace, topic=self.topics[name], contact=contact, consent=consent, at=NOW
            )
        for number, deed in enumerate(person.orders):
            self._order(contact, deed, f"{contact.pk}-{number}")
        if person.profile:
            ContactProfile.objects.create(workspace=self.workspace, contact=contact, **person.profile)

    def _order(self, contact: Contact, deed: Deed, number: str) -> None:
        order = Order.objects.create(
            workspace=self.workspace,
            contact=contact,
            external_id=number,
            status=deed.properties["status"],
            placed_at=deed.at,
            total=deed.value or 0,
            updated_at=NOW,
        )
        name, sku = deed.properties["product"]
        OrderLine.objects.create(
            workspace=self.workspace,
            order=order,
            name=name,
            sku=sku,
            category=deed.properties["category"],
            price=1,
        )

    def translated(self, group: Group) -> Group:
        """The tree with the keys of this workspace's lists in place of their names."""

        def rule(part: Condition | Group) -> Condition | Group:
            if isinstance(part, Group):
                return self.translated(part)
            rows: dict[str, dict[str, Any]] = {
                "list": self.lists, "topic": self.topics, "topic_left": self.topics, "segment": self.segments
            }  # fmt: skip
            known = rows.get(part.field)
            return part if known is None else replace(part, value=[known[name].pk for name in part.value])

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
    values = {"city": WORDS, "points": POINTS, "spent": POINTS, "born": DATES, "vip": [True, False], "skin": KEYS}
    people += [replace(blank, attributes={key: value}) for key, known in values.items() for value in known]  # type: ignore[attr-defined]  # lists of several types
    people += [replace(blank, attributes={"hobbies": held}) for held in (["a"], ["a", "b"], ["c"])]
    people += [replace(blank, lists=[name]) for name in LISTS] + [replace(blank, lists=LISTS)]
    people += [replace(blank, tags=[tag]) for tag in TAGS] + [replace(blank, tags=TAGS)]
    people += [replace(blank, topics={name: consent}) for name in TOPICS for consent in Consent.values]
    people += [replace(blank, paused_until=date.fromisoformat(day)) for day in DATES]
    profiles = {
        "lifecycle": Lifecycle.values,
        "rfm": [111, 155, 515, 555],
        "last_open_at": MOMENTS,
        "last_order_at": MOMENTS,
        "open_count": [1, 2, 7],
        "order_sum": [1, 2.5, 7],
    }
    people += [replace(blank, profile={key: value}) for key, known in profiles.items() for value in known]  # type: ignore[attr-defined]  # lists of several types
    for moment in MOMENTS:
        people += [replace(blank, events=[Deed(name, moment)]) for name in EVENTS]
        people += [replace(blank, events=[Deed("visited", moment, 7.0, {"page": word}) for word in WORDS[:2]])]
        people += [replace(blank, events=[Deed("visited", moment, n, {"n": n}) for n in (0.0, 2.5, 7.0)])]
        for status in STATUSES:
            lines = {"status": status, "product": ("Bo%b", "SKU-1"), "category": "Soap"}
            people += [replace(blank, orders=[Deed("order", moment, 2.5, lines)])]
            people += [replace(blank, orders=[Deed("order", moment, 7.0, lines), Deed("order", NOW, 40.0, lines)])]
    return people


def test_every_operator_means_what_it_says_at_every_edge(world: World) -> None:
    people = _everyone()
    keys = world.move_in(people)
    fields = fields_of(world.workspace)

    wrong = []
    for condition in EVERY_CONDITION:
        asked = world.translated(Group("all", (condition,)))
        found = contacts_in(world.workspace, asked, NOW, fields).values_list("pk", flat=True)
        meant = {key for key, person in zip(keys, people, strict=True) if belongs(person, condition, NAMED)}
        if set(found) & set(keys) != meant or count_in(world.workspace, asked, NOW, fields) != len(found):
            wrong.append(condition)

    assert len(EVERY_CONDITION) > 300
    assert wrong == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=1, max_size=8), tree=TREES)
def test_exactly_those_belong_whom_the_rule_means(world: World, people: list[Person], tree: Group) -> None:
    with transaction.atomic():
        keys = world.move_in(people)
        definition = read_definition(write_definition(world.translated(tree)))

        found = set(contacts_in(world.workspace, definition, NOW).filter(pk__in=keys).values_list("pk", flat=True))

        transaction.set_rollback(True)
    expected = {key for key, person in zip(keys, people, strict=True) if belongs(person, tree, NAMED) is not False}
    assert found == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@pytest.mark.parametrize("worth", [counting.WORTH, float("inf")], ids=["the shortest way", "any way round"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=1, max_size=8), tree=TREES)
def test_the_short_way_of_counting_finds_as_many_as_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch, worth: float, people: list[Person], tree: Group
) -> None:
    monkeypatch.setattr(counting, "WORTH", worth)
    with transaction.atomic():
        world.move_in(people)
        definition = world.translated(tree)

        counted, found = count_in(world.workspace, definition, NOW), contacts_in(world.workspace, definition, NOW)

        there = found.count()
        transaction.set_rollback(True)
    assert counted == there


@pytest.mark.parametrize("near", [1, 3, 6])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=1, max_size=8), tree=TREES)
def test_the_newest_who_belong_are_the_same_however_few_are_asked_first(
    world: World, monkeypatch: pytest.MonkeyPatch, near: int, people: list[Person], tree: Group
) -> None:
    monkeypatch.setattr(newest, "NEAR", near)
    with transaction.atomic():
        world.move_in(people)
        definition = world.translated(tree)

        found = newest.newest_in(
            lambda among: contacts_in(world.workspace, definition, NOW, among=among), world.workspace, 2
        )

        sorted_all = list(contacts_in(world.workspace, definition, NOW).order_by("-created_at", "-pk")[:2])
        transaction.set_rollback(True)
    assert found == sorted_all
