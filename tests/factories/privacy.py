"""A person with a long past, in every corner of the product, and how to find what is left of it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import factory
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone
from factory.django import DjangoModelFactory

from audience.models import (
    AddressChange,
    Contact,
    ContactNote,
    Event,
    ImportRefusal,
    OptInRequest,
    Order,
    PrivacyRequest,
    RequestKind,
)
from audience.services import ConsentBasis, give_consent
from delivery.models import DeliveryState, Feedback, FeedbackKind, Hit, HitKind, Nature, SandboxMessage
from sprints.models import Idea, IdeaSource, StoryComment, StoryOrigin
from tests.factories.audience import (
    BulkEditFactory,
    ContactFactory,
    ImportFactory,
    MembershipFactory,
    SegmentFactory,
)
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.factories.sprints import StoryFactory
from workspaces.audit import record
from workspaces.models import Member
from workspaces.systemmail import post

ADDRESS, FORMER, PHONE = "vera.holm@example.org", "v.holm@old.example", "+359888123456"
NAME = "Vera Holmqvist"
TRACES = (ADDRESS, FORMER, PHONE.removeprefix("+"), NAME)
SAID = f"{NAME} ({ADDRESS}) rang from {PHONE}"


class PrivacyRequestFactory(DjangoModelFactory[PrivacyRequest]):
    class Meta:
        model = PrivacyRequest

    workspace = factory.SelfAttribute("contact.workspace")
    contact = factory.SubFactory(ContactFactory)
    kind = RequestKind.ERASURE
    asked_at = factory.LazyFunction(timezone.now)
    due_on = factory.LazyAttribute(lambda request: request.asked_at.date())


def vera(by: Member, now: datetime) -> Contact:
    """A contact who left something everywhere: in the audience, the ledger, the backlog, the logs and a file."""
    workspace = by.workspace
    person: Contact = ContactFactory.create(
        workspace=workspace,
        email="Vera.Holm@example.org",
        first_name="Vera",
        last_name="Holmqvist",
        phone=PHONE,
        city="Sofia",
        attributes={"note": SAID},
        seller=by,
    )
    owned: dict[str, Any] = {"workspace": workspace, "contact": person}
    AddressChange.objects.create(**owned, email=FORMER, address=FORMER, by=by, at=now)
    ContactNote.objects.create(**owned, text=SAID, by=by, at=now)
    basis = ConsentBasis("form", "You may write to me", {"ip": "192.0.2.7"}, "form 1, version 1")
    give_consent(contact=person, basis=basis, by=by, now=now)
    MembershipFactory.create(contact=person)
    Event.objects.create(**owned, name="visited", occurred_at=now, properties={"who": ADDRESS})
    order = Order.objects.create(**owned, external_id="A-1", placed_at=now, total="40.00", updated_at=now)
    order.lines.create(workspace=workspace, sku="GLOW", name="Glow set", price="20.00", quantity=2)
    OptInRequest.objects.create(
        workspace=workspace, email=ADDRESS, address=ADDRESS, source="form", wording="Yes", language="en", asked_at=now
    )
    post("audience.opt_in", workspace=workspace, object_id=1, to="Vera.Holm@example.org", now=now)
    record("contact.updated", person, by=by, now=now, email=ADDRESS)
    record("events.recorded", workspace, by=by, now=now, said=SAID)
    BulkEditFactory.create(workspace=workspace, by=by, narrowed={"q": ADDRESS}, state="done")
    SegmentFactory.create(workspace=workspace, definition={"match": "all", "rules": [], "values": [ADDRESS, "a@b.co"]})
    LogEntry.objects.create(
        user=by.user,
        content_type=ContentType.objects.get_for_model(Contact),
        object_id=str(person.pk),
        object_repr=NAME,
        action_flag=2,
        change_message=SAID,
    )
    _left_in_files(by, now)
    _left_in_the_ledger(person, now)
    _left_in_the_backlog(person, by, now)
    return person


def _left_in_files(by: Member, now: datetime) -> None:
    data = f"email,first name\nann@example.org,Ann\n{ADDRESS},Vera\n".encode()
    found = ImportFactory.create(workspace=by.workspace, created_by=by, file__data=data, state="done")
    ImportRefusal.objects.create(
        workspace=by.workspace, contact_import=found, line=3, reason="No phone", cells=[ADDRESS, NAME]
    )


def _left_in_the_ledger(person: Contact, now: datetime) -> None:
    run = RunFactory.create(workspace=person.workspace, done=True, matched_count=1)
    mail = DeliveryFactory.create(
        run=run, contact=person, address=ADDRESS, state=DeliveryState.SENT, reply_text=f"250 kept for {ADDRESS}"
    )
    owned: dict[str, Any] = {"workspace": person.workspace, "run": run, "delivery": mail, "contact": person}
    Hit.objects.create(
        **owned,
        kind=HitKind.CLICK,
        at=now,
        nature=Nature.HUMAN,
        rules_version=1,
        url=f"https://shop.example/?mail={ADDRESS}",
        user_agent="Vera’s own browser",
        network="192.0.2.0/24",
    )
    Feedback.objects.create(
        **owned, kind=FeedbackKind.BOUNCE, words=f"<{ADDRESS}> mailbox full", at=now, reported_at=now
    )
    SandboxMessage.objects.create(received_at=now, recipient=ADDRESS, raw=ADDRESS.encode(), subject=NAME)


def _left_in_the_backlog(person: Contact, by: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=person.workspace, title="Smaller jars", problem=SAID)
    owned: dict[str, Any] = {"workspace": person.workspace}
    StoryOrigin.objects.create(**owned, story=story, kind="answer", words=SAID, contact=person)
    StoryComment.objects.create(**owned, story=story, author=by, text=SAID, written_at=now)
    Idea.objects.create(
        **owned,
        title="Smaller jars",
        text=SAID,
        sender_name="Vera",
        sender_email=ADDRESS,
        source=IdeaSource.LINK,
        received_at=now,
    )


def columns_with_words() -> Iterator[tuple[str, str]]:
    """Table and column of everything in which words can stand, read from the models: new ones are among them."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField)
            if is_text or isinstance(field, ArrayField):
                yield model._meta.db_table, str(field.column)


def places_that_hold(text: str) -> list[str]:
    """Columns and kept files in which a text stands, in any case."""
    found = []
    with connection.cursor() as cursor:
        for table, column in columns_with_words():
            statement = (
                f'SELECT 1 FROM "{table}" WHERE position(lower(%s) IN lower("{column}"::text)) > 0'
                f' OR position(%s IN "{column}"::text) > 0 LIMIT 1'
            )
            cursor.execute(statement, [text, text.encode().hex()])
            if cursor.fetchone():
                found.append(f"{table}.{column}")
    return found + [str(path) for path in _files() if text.lower().encode() in path.read_bytes().lower()]


def _files() -> Iterator[Path]:
    root = Path(settings.MEDIA_ROOT)
    return (path for path in root.rglob("*") if path.is_file())
