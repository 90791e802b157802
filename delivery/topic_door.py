"""Leaving one topic by the page to unsubscribe: the topic of the mail, and no other."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Consent, Contact, Topic
from audience.services import ConsentBasis, say_to_topic
from campaigns.models import Campaign
from delivery.merging import reader_of
from delivery.models import Delivery
from delivery.reactions import Visit


def topic_of(delivery: Delivery) -> Topic | None:
    """What the mail was about, where its campaign says so."""
    of_campaign = Campaign.objects.filter(run=delivery.run_id).values("topic")
    return Topic.objects.filter(pk__in=of_campaign, archived_at=None).first()


@transaction.atomic
def leave_topic(*, delivery: Delivery, topic: Topic, visit: Visit, now: datetime) -> None:
    """Write no more about this topic to the reader of a mail. Other mails go on. Repeating changes nothing."""
    contact = Contact.objects.select_related("workspace").filter(pk=reader_of(delivery) or 0).first()
    if contact is None:
        return
    wording = _("No more about “%(topic)s”") % {"topic": topic.name_in(contact.language)}
    evidence = {"run": delivery.run_id, "delivery": delivery.pk, **visit.evidence}
    basis = ConsentBasis("unsubscribe page", wording, evidence)
    say_to_topic(contact=contact, topic=topic, consent=Consent.WITHDRAWN, basis=basis, by=None, now=now)
