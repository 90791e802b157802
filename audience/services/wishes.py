"""Verbs on what somebody wishes to get: which topics, how often, from when on, and whether to be followed.

A wish never lifts a withdrawal: whoever wants no mail gets none, whatever is chosen here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audience.erasing.holding import hold_contact
from audience.erasing.turns import wait_for_erasures
from audience.models import Consent, ConsentTo, Contact, Frequency, Topic, TopicConsent
from audience.services.attributes import checked_attributes
from audience.services.consent import ConsentBasis, Word, give_consent, log_word, withdraw_consent
from audience.services.contacts import save_contact
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member

LONGEST_PAUSE = timedelta(days=366)  # beyond it, leaving is what is meant


class WishRefused(DomainError):
    """The wish cannot be met."""

    code = "wish_refused"
    status = 400


@transaction.atomic
def say_to_topic(
    *, contact: Contact, topic: Topic, consent: Consent, basis: ConsentBasis, by: Member | None, now: datetime
) -> None:
    """Write down a yes or no to mails about a topic. Saying the same again changes nothing.

    Without words of its own, the log keeps the topic's name as this contact's language has it.
    """
    hold_contact(contact)
    said = TopicConsent.objects.filter(topic=topic, contact=contact).first()
    if said is not None and said.consent == consent:
        return
    TopicConsent.objects.update_or_create(
        topic=topic, contact=contact, defaults={"workspace": contact.workspace, "consent": consent, "at": now}
    )
    worded = basis if basis.wording else basis.saying(topic.name_in(contact.language))
    log_word(contact, Word(consent, ConsentTo.TOPIC, topic), worded, by, now)
    if consent == Consent.GIVEN:
        record("topic.accepted", contact, by=by, now=now, topic=topic.pk)
    else:
        record("topic.declined", contact, by=by, now=now, topic=topic.pk)


@transaction.atomic
def choose_topics(
    *,
    contact: Contact,
    chosen: Collection[Topic],
    offered: Iterable[Topic],
    basis: ConsentBasis,
    by: Member | None,
    now: datetime,
) -> None:
    """Decline the offered topics that were not chosen, and accept those chosen that were declined before.

    Silence about a topic stays silence when its box is left as it was found: a box that was ticked for the reader is
    no word of the reader's (Court of Justice of the EU, C-673/17).
    """
    declined = declined_topics(contact)
    wanted = {topic.pk for topic in chosen}
    for topic in offered:
        if topic.pk in wanted and topic.pk in declined:
            say_to_topic(contact=contact, topic=topic, consent=Consent.GIVEN, basis=basis, by=by, now=now)
        elif topic.pk not in wanted and topic.pk not in declined:
            say_to_topic(contact=contact, topic=topic, consent=Consent.WITHDRAWN, basis=basis, by=by, now=now)


def declined_topics(contact: Contact) -> set[int]:
    """Keys of the topics that the contact wants no mails about."""
    said = TopicConsent.objects.filter(contact=contact, consent=Consent.WITHDRAWN)
    return set(said.values_list("topic_id", flat=True))


@transaction.atomic
def set_tracking(*, contact: Contact, consent: Consent, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down a yes or no to being followed as a person. Saying the same again changes nothing."""
    row = hold_contact(contact)
    if row.tracking == consent:
        return
    contact.tracking, contact.tracking_at = consent, now
    contact.save(update_fields=["tracking", "tracking_at"])
    log_word(contact, Word(consent, ConsentTo.TRACKING), basis, by, now)
    if consent == Consent.GIVEN:
        record("tracking.given", contact, by=by, now=now, source=basis.source)
    else:
        record("tracking.withdrawn", contact, by=by, now=now, source=basis.source)


@transaction.atomic
def set_frequency(
    *, contact: Contact, frequency: Frequency, basis: ConsentBasis, by: Member | None, now: datetime
) -> None:
    """Write no more often than this from now on. Repeating is harmless."""
    row = hold_contact(contact)
    if row.frequency == frequency:
        return
    contact.frequency = frequency
    contact.save(update_fields=["frequency"])
    log_word(contact, Word(Consent.GIVEN, ConsentTo.PACE), basis.saying(str(Frequency(frequency).label)), by, now)
    record("contact.frequency_set", contact, by=by, now=now, frequency=frequency)


@transaction.atomic
def pause(*, contact: Contact, until: date | None, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write nothing before this day of the workspace's calendar; None: write again. Repeating is harmless.

    Raises `WishRefused` for a day that is past, or more than a year away.
    """
    row = hold_contact(contact)
    if row.paused_until == until:
        return
    today = now.astimezone(contact.workspace.zone).date()
    if until is not None and not today < until <= today + LONGEST_PAUSE:
        words = _("Choose a day after today, and within a year.")
        raise WishRefused(words, fields={"paused_until": [words]})
    contact.paused_until = until
    contact.save(update_fields=["paused_until"])
    said = _("Not before %(day)s") % {"day": date_format(until, "DATE_FORMAT")} if until else _("The pause is over")
    log_word(contact, Word(Consent.GIVEN, ConsentTo.PACE), basis.saying(said), by, now)
    record("contact.paused", contact, by=by, now=now, until=until.isoformat() if until else None)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything that a person can wish at once. `offered` are the topics that were shown, `chosen` those ticked.

    `tracking_wording` is what stood beside the box.
    """

    chosen: Collection[Topic] = ()
    offered: Collection[Topic] = ()
    frequency: Frequency | None = None
    is_pausing: bool = False
    paused_until: date | None = None
    tracking: bool | None = None
    tracking_wording: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def save_wishes(*, contact: Contact, wishes: Wishes, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down all that was wished, or nothing. What is the same as before leaves no trace.

    Raises `WishRefused`, or what `save_contact` raises.
    """
    wait_for_erasures(contact.workspace)  # before the contact is locked, for which an erasure would wait in turn
    who: dict[str, Any] = {"contact": contact, "by": by, "now": now}
    choose_topics(chosen=wishes.chosen, offered=wishes.offered, basis=basis, **who)
    if wishes.frequency is not None:
        set_frequency(frequency=wishes.frequency, basis=basis, **who)
    if wishes.is_pausing:
        pause(until=wishes.paused_until, basis=basis, **who)
    if wishes.tracking is not None:
        consent = Consent.GIVEN if wishes.tracking else Consent.WITHDRAWN
        set_tracking(consent=consent, basis=basis.saying(wishes.tracking_wording), **who)
    changed = {name: value for name, value in wishes.fields.items() if getattr(contact, name) != value}
    read = checked_attributes(contact.workspace, wishes.attributes)
    known = {key: value for key, value in read.items() if contact.attributes.get(key) != value}
    if changed or known:
        save_contact(workspace=contact.workspace, email=contact.email, fields=changed, attributes=known, **who)


@dataclass(frozen=True, slots=True)
class Said:
    """A person's word to mail (`given`, `withdrawn` or None) and to topics, as somebody else reports it."""

    consent: str | None = None
    yes: Collection[Topic] = ()
    no: Collection[Topic] = ()


@transaction.atomic
def write_down(
    *, contact: Contact, said: Said, wishes: Wishes, basis: ConsentBasis, by: Member | None, now: datetime
) -> None:
    """Write down what a person said elsewhere, or nothing of it. Lifts no suppression. Raises as `save_wishes` does."""
    wait_for_erasures(contact.workspace)
    who: dict[str, Any] = {"contact": contact, "basis": basis, "by": by, "now": now}
    if said.consent == Consent.GIVEN:
        give_consent(**who)
    elif said.consent == Consent.WITHDRAWN:
        withdraw_consent(**who)
    for topics, consent in ((said.yes, Consent.GIVEN), (said.no, Consent.WITHDRAWN)):
        for topic in topics:
            say_to_topic(topic=topic, consent=consent, **who)
    save_wishes(wishes=wishes, **who)
