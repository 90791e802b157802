"""Verbs on what readers do: record a reaction, unsubscribe."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audience.services import ConsentBasis, withdraw_consent
from delivery.humanity import BURST_WINDOW, VERSION, Judgement, judge
from delivery.models import Delivery, Hit, HitKind, Nature
from delivery.reconcile import has_arrived


@dataclass(frozen=True, slots=True)
class Visit:
    """How a reaction reached us."""

    method: str
    user_agent: str
    ip: str


def record_hit(*, delivery_id: int, kind: HitKind, visit: Visit, now: datetime, url: str = "") -> Hit | None:
    """Keep a reaction with its verdict. None, and nothing kept, for a message that is no longer in the ledger."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        return None
    judged = judge(
        method=visit.method,
        user_agent=visit.user_agent,
        since_sent=now - delivery.decided_at if delivery.decided_at else None,
        links_just_before=_links_just_before(delivery, url, now) if kind == HitKind.CLICK else 0,
    )
    return _keep(delivery, kind, visit, judged, now, url)


def _keep(delivery: Delivery, kind: HitKind, visit: Visit, judged: Judgement, now: datetime, url: str) -> Hit:
    has_arrived(delivery)
    return Hit.objects.create(
        workspace_id=delivery.workspace_id,
        run_id=delivery.run_id,
        delivery=delivery,
        contact_id=delivery.contact_id,
        kind=kind,
        url=url,
        at=now,
        nature=judged.nature,
        signals=judged.signals,
        rules_version=VERSION,
        user_agent=visit.user_agent[:300],
        network=network_of(visit.ip),
    )


def _links_just_before(delivery: Delivery, url: str, now: datetime) -> int:
    recent = Hit.objects.filter(delivery=delivery, kind=HitKind.CLICK, at__gt=now - BURST_WINDOW)
    return recent.exclude(url=url).values("url").distinct().count()


def network_of(ip: str) -> str:
    """The network an address is in, /24 or /48: enough to recognise a scanner, too little to recognise a person."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


@transaction.atomic
def unsubscribe(*, delivery_id: int, visit: Visit, source: str, now: datetime) -> None:
    """Take the reader's word: no more marketing mail. Any number of times the same; unknown messages are no error.

    Called for a POST only: whatever opens links, a person or a program that acts for one has pressed the button.
    """
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("contact__workspace")
        .filter(pk=delivery_id)
        .first()
    )
    if delivery is None or delivery.contact is None:
        return
    if not Hit.objects.filter(delivery=delivery, kind=HitKind.UNSUBSCRIBE).exists():
        _keep(delivery, HitKind.UNSUBSCRIBE, visit, Judgement(Nature.HUMAN, []), now, "")
    basis = ConsentBasis(source, evidence={"run": delivery.run_id, "delivery": delivery.pk})
    withdraw_consent(contact=delivery.contact, basis=basis, by=None, now=now)
