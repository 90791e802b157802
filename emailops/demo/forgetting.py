"""Readers of Maren & Moss who ask to be forgotten: one was, with a receipt, and one waits for an answer."""

from datetime import datetime, timedelta

from audience.models import Contact, ContactQuerySet, PrivacyRequest, RequestKind
from audience.services.erasures import finish_erasure
from audience.services.privacy import LETTER, ask_about_data, confirm_erasure, fulfil_request
from delivery.models import Delivery, DeliveryState
from emailops.demo.audience import ticking
from emailops.demo.stage import Stage
from workspaces.models import SystemMail, SystemMailState

EVIDENCE = {"page": "preferences"}
EARLIER = timedelta(days=9)  # asked by the one who is erased now
LATELY = timedelta(days=3)  # asked by the one who waits
JUST_NOW = timedelta(minutes=5)  # so that the search for texts is over by the end of the story
NEWCOMER = timedelta(days=70)  # came so lately that no figure of the first months counts her


def tell_forgetting(stage: Stage, now: datetime) -> None:
    """Both asked on the page of their choices and confirmed it by mail. Elena erases the first, and nobody else yet."""
    somebody, another = _newcomers(stage, now).order_by("-pk")[:2]
    gone = _asks(somebody, now - EARLIER)
    _asks(another, now - LATELY)
    SystemMail.objects.filter(kind=LETTER, state=SystemMailState.WAITING).update(
        state=SystemMailState.SENT, sent_at=now - LATELY, attempts=1
    )
    receipt = fulfil_request(asked=gone, by=stage.lead, now=now - JUST_NOW)
    finish_erasure(receipt.pk, ticking(now - JUST_NOW, timedelta(milliseconds=2)))


def _newcomers(stage: Stage, now: datetime) -> ContactQuerySet:
    """Who came lately, was written to and has bought something: of them there is everything a receipt counts."""
    written_to = Delivery.objects.for_workspace(stage.workspace).filter(state=DeliveryState.SENT)
    recent = Contact.objects.for_workspace(stage.workspace).filter(created_at__gt=now - NEWCOMER)
    bought = recent.filter(created_at__lt=now - EARLIER, orders__isnull=False, pk__in=written_to.values("contact"))
    return bought.distinct()


def _asks(contact: Contact, now: datetime) -> PrivacyRequest:
    asked = ask_about_data(contact=contact, kind=RequestKind.ERASURE, evidence=EVIDENCE, now=now)
    confirm_erasure(asked=asked, now=now + timedelta(hours=1))
    return PrivacyRequest.objects.select_related("contact__workspace", "workspace").get(pk=asked.pk)
