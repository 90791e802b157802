"""Conditions on our mails mean exactly what a plain reading of the facts says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience.models import Contact
from audience.profiles import refresh_profiles
from audience.segments.compile import contacts_in
from audience.segments.counting import count_in
from audience.segments.definition import Condition, Filter, Group
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature, Run
from tests.factories.audience import ContactFactory
from tests.factories.delivery import RunFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 18, 12, 0, tzinfo=UTC)
AGES = [
    timedelta(minutes=1), timedelta(hours=11), timedelta(hours=13), timedelta(days=1, hours=1),
    timedelta(days=7, minutes=-1), timedelta(days=7), timedelta(days=7, minutes=1), timedelta(days=45, hours=1),
]  # fmt: skip
LINKS = ["https://shop.example/glow", "https://shop.example/QUIZ"]
CAMPAIGNS = 2
OPPOSITE = {"not_in_last_days": "in_last_days", "never": "ever", "fewer_than": "at_least", "none_of": "any_of"}
KINDS = {"opened": HitKind.OPEN, "clicked": HitKind.CLICK}


@dataclass(frozen=True)
class Reaction:
    """What somebody, or a machine, did with a mail."""

    kind: HitKind
    at: datetime
    nature: Nature
    url: str


@dataclass(frozen=True)
class Mail:
    """One person's mail of the campaign at this place."""

    state: DeliveryState
    at: datetime
    reactions: tuple[Reaction, ...]


Reader = Sequence[Mail | None]
"""For each campaign, the mail that somebody got of it."""
MOMENTS = st.sampled_from([NOW - age for age in AGES])
REACTIONS = st.builds(
    Reaction, st.sampled_from(list(KINDS.values())), MOMENTS, st.sampled_from(list(Nature)), st.sampled_from(LINKS)
)
STATES = st.sampled_from([DeliveryState.SENT, DeliveryState.SENT, DeliveryState.SKIPPED])
MAILS = st.builds(Mail, STATES, MOMENTS, st.lists(REACTIONS, max_size=4).map(tuple))
READERS = st.lists(st.none() | MAILS, min_size=CAMPAIGNS, max_size=CAMPAIGNS)
DAYS = [1, 7, 45]
ASKED: dict[str, list[Any]] = {
    "in_last_days": DAYS, "not_in_last_days": DAYS, "last_before": DAYS, "ever": [None], "never": [None],
    "at_least": [1, 2], "fewer_than": [1, 2],
}  # fmt: skip
FILTERS = [
    (), (Filter("campaign", "any_of", [0]),), (Filter("campaign", "none_of", [1]),),
    (Filter("campaign", "any_of", [0, 1]),),
]  # fmt: skip
LINK_FILTERS = [
    (Filter("link", "is", LINKS[0].upper()),), (Filter("link", "contains", "quiz"),),
    (Filter("link", "is_not", LINKS[1]), Filter("campaign", "any_of", [1])),
]  # fmt: skip
EVERY_CONDITION = [
    Condition(f"mail.{key}", op, value, days, where)
    for key in ("received", *KINDS)
    for op, values in ASKED.items()
    for value in values
    for days in ([None, *DAYS] if op in {"at_least", "fewer_than"} else [None])
    for where in FILTERS + (LINK_FILTERS if key == "clicked" else [])
]


def _means(reader: Reader, asked: Condition) -> bool:
    """Whether a condition means this person, read as plainly as can be."""
    if asked.op in OPPOSITE:
        return not _means(reader, Condition(asked.field, OPPOSITE[asked.op], asked.value, asked.days, asked.where))
    moments = _moments(reader, asked)
    if asked.op == "ever":
        return bool(moments)
    if asked.op == "last_before":
        return bool(moments) and max(moments) <= NOW - timedelta(days=asked.value)
    if asked.op == "in_last_days":
        return any(at > NOW - timedelta(days=asked.value) for at in moments)
    recent = [at for at in moments if asked.days is None or _is_within(at, asked)]
    return bool(len(recent) >= asked.value)


def _is_within(at: datetime, asked: Condition) -> bool:
    """Without a filter, whole days of UTC are counted; single mails to the minute."""
    since = NOW - timedelta(days=asked.days)
    return at > since if asked.where else at.date() > since.date()


def _moments(reader: Reader, asked: Condition) -> list[datetime]:
    got = [(number, mail) for number, mail in enumerate(reader) if mail is not None]
    key = asked.field.removeprefix("mail.")
    if key == "received":
        sent = [(number, mail) for number, mail in got if mail.state == DeliveryState.SENT]
        return [mail.at for number, mail in sent if all(_fits(number, "", item) for item in asked.where)]
    return [
        reaction.at
        for number, mail in got
        for reaction in mail.reactions
        if reaction.kind == KINDS[key] and reaction.nature == Nature.HUMAN
        if all(_fits(number, reaction.url, item) for item in asked.where)
    ]


def _fits(campaign: int, url: str, item: Filter) -> bool:
    if item.property == "campaign":
        return (campaign in item.value) == (item.op == "any_of")
    if item.op == "contains":
        return str(item.value).upper() in url.upper()
    return (url.upper() == str(item.value).upper()) == (item.op == "is")


class World:
    """A workspace with two campaigns that were sent."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.runs: list[Run] = RunFactory.create_batch(CAMPAIGNS, workspace=workspace, done=True)

    def deliver(self, readers: Sequence[Reader]) -> list[int]:
        """Let all this have happened; returns the readers' keys."""
        people = ContactFactory.create_batch(len(readers), workspace=self.workspace)
        for contact, reader in zip(people, readers, strict=True):
            for run, mail in zip(self.runs, reader, strict=True):
                if mail is not None:
                    self._deliver(contact, run, mail)
        refresh_profiles([contact.pk for contact in people], NOW)
        return [contact.pk for contact in people]

    def _deliver(self, contact: Contact, run: Run, mail: Mail) -> None:
        given: dict[str, Any] = {"workspace": self.workspace, "run": run, "contact": contact}
        row = Delivery.objects.create(**given, address=contact.address, state=mail.state, decided_at=mail.at)
        Hit.objects.bulk_create(
            Hit(**given, delivery=row, kind=did.kind, at=did.at, nature=did.nature, rules_version=1,
                url=did.url if did.kind == HitKind.CLICK else "")
            for did in mail.reactions
        )  # fmt: skip

    def asked(self, condition: Condition) -> Group:
        """The condition with the keys of the campaigns in place of their places."""
        where = tuple(self._filter(item) for item in condition.where)
        return Group("all", (Condition(condition.field, condition.op, condition.value, condition.days, where),))

    def _filter(self, item: Filter) -> Filter:
        if item.property != "campaign":
            return item
        return Filter(item.property, item.op, [self.runs[number].campaign_id for number in item.value])


@pytest.fixture
def world(workspace: Workspace) -> World:
    return World(workspace)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    readers=st.lists(READERS, min_size=1, max_size=5),
    conditions=st.lists(st.sampled_from(EVERY_CONDITION), min_size=1, max_size=12),
)
def test_exactly_those_belong_whom_a_condition_on_mails_means(
    world: World, readers: list[Reader], conditions: list[Condition]
) -> None:
    wrong = []
    with transaction.atomic():
        keys = world.deliver(readers)
        for condition in conditions:
            asked = world.asked(condition)
            found = set(contacts_in(world.workspace, asked, NOW).values_list("pk", flat=True))
            meant = {key for key, reader in zip(keys, readers, strict=True) if _means(reader, condition)}
            if found & set(keys) != meant or count_in(world.workspace, asked, NOW) != len(found):
                wrong.append(condition)
        transaction.set_rollback(True)

    assert wrong == []


def test_every_comparison_of_what_people_did_is_asked_of_mails() -> None:
    asked = {(condition.field, condition.op) for condition in EVERY_CONDITION}

    assert asked == {(f"mail.{key}", op) for key in ("received", "opened", "clicked") for op in ASKED}
    assert len(EVERY_CONDITION) > 200
