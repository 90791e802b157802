"""What the ledger tells a person: mails with subject and day, reactions, what came back."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from audience.disclosing import Record, Section, register_section
from audience.models import Contact
from delivery.models import Delivery, Feedback, Hit


def _mails(contact: Contact) -> Iterator[Record]:
    sent = Delivery.objects.filter(contact=contact).select_related("run__content", "run__campaign")
    for mail in sent.order_by("run__started_at", "pk"):
        yield {
            "at": mail.decided_at or mail.run.started_at,
            "campaign": mail.run.campaign.name,
            "subject": mail.run.content.subject,
            "to": mail.address,
            "state": mail.state,
            "reason": mail.reason,
            "answer_of_server": mail.reply_text,
        }


def _reactions(contact: Contact) -> Iterator[Record]:
    hits = Hit.objects.filter(contact=contact).select_related("run__campaign").order_by("at", "pk")
    for hit in hits:
        yield {
            "at": hit.at,
            "what": hit.kind,
            "campaign": hit.run.campaign.name,
            "link": hit.url,
            "by": hit.nature,
            "program": hit.user_agent,
            "network": hit.network,
        }


def _came_back(contact: Contact) -> Iterator[Record]:
    yield from Feedback.objects.filter(contact=contact).order_by("at", "pk").values("at", "kind", "status", "words")


def register_disclosing() -> None:
    register_section(Section("mails", _("Mails sent to the person"), _mails))
    register_section(Section("reactions", _("Opens and clicks"), _reactions))
    register_section(Section("feedback", _("Bounces and complaints"), _came_back))
