"""Verbs on what readers do: record a reaction or many of them, unsubscribe."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audience.models import Contact
from audience.profiles import refresh_profiles
from audience.services import ConsentBasis, withdraw_consent
from delivery.humanity import BURST, BURST_WINDOW, VERSION, Judgement, judge
from delivery.merging import reader_of
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature
from delivery.reconcile import has_arrived
from delivery.wishes import unfollowed

LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Visit:
    """How a reaction reached us."""

    method: str
    user_agent: str
    ip: str

    @property
    def evidence(self) -> dict[str, str]:
        """What shows where a word came from."""
        return {"ip": self.ip, "user_agent": self.user_agent.replace("\0", "")[:LONGEST_AGENT]}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What was done to which message, and when."""

    delivery_id: int
    kind: HitKind
    visit: Visit
    at: datetime
    url: str = ""


def record_hit(*, delivery_id: int, kind: HitKind, visit: Visit, now: datetime, url: str = "") -> Hit | None:
    """Keep a reaction with its verdict.

    None, and nothing kept, for a message that is no longer in the ledger, or to somebody who does not want to be
    followed or was erased.
    """
    return next(iter(_keep_all([Reaction(delivery_id, kind, visit, now, url)])), None)


def record_hits(reactions: Iterable[Reaction]) -> int:
    """Keep many reactions, each with the verdict that `record_hit` would have given it at its time.

    Returns how many; those to messages that are no longer in the ledger are passed over, and those of people who do not
    want to be followed. Not for `UNSUBSCRIBE`, which changes the contact. Six statements for each thousand.
    """
    return len(_keep_all(sorted(reactions, key=lambda reaction: reaction.at)))


@transaction.atomic
def _keep_all(reactions: Sequence[Reaction]) -> list[Hit]:
    """The reactions must be in the order of time."""
    deliveries = Delivery.objects.in_bulk({reaction.delivery_id for reaction in reactions})
    unwatched = _unwatched(deliveries.values())
    known = [
        reaction
        for reaction in reactions
        if (delivery := deliveries.get(reaction.delivery_id))
        and delivery.contact_id not in unwatched
        and not delivery.is_of_erased
    ]
    clicks = _clicks_near(known)
    made, unmasked = [], set()
    for reaction in known:
        delivery, nearby = deliveries[reaction.delivery_id], clicks[reaction.delivery_id]
        hit = _hit(delivery, reaction, _judged(delivery, reaction, _recent(nearby, reaction)))
        if hit.kind == HitKind.CLICK:
            nearby.append(hit)
            unmasked |= _unmask_bursts(nearby, hit.at)
        made.append(hit)
    Hit.objects.filter(pk__in=unmasked).update(nature=Nature.MACHINE, signals=["burst"])
    for hit in made:
        if hit.nature == Nature.HUMAN and deliveries[hit.delivery_id].is_doubtful:
            has_arrived(hit.delivery_id, hit.at)
    kept = Hit.objects.bulk_create(made, batch_size=1000)
    _bring_profiles_up_to_date(kept)
    return kept


def _bring_profiles_up_to_date(hits: Sequence[Hit]) -> None:
    if hits:
        seen = {hit.contact_id for hit in hits if hit.contact_id is not None}
        refresh_profiles(seen, max(hit.at for hit in hits))


def _unwatched(deliveries: Iterable[Delivery]) -> set[int | None]:
    """Contacts who are not followed as persons: of what they open and click nothing is kept."""
    readers = {delivery.contact_id for delivery in deliveries if delivery.contact_id is not None}
    return set(unfollowed(Contact.objects.filter(pk__in=readers)))


def _clicks_near(reactions: Sequence[Reaction]) -> dict[int, list[Hit]]:
    """The clicks of each of these messages from the moments before the first of these reactions on.

    Later ones are among them where one hears of things in disorder, or twice.
    """
    clicks: dict[int, list[Hit]] = defaultdict(list)
    clicked = {reaction.delivery_id for reaction in reactions if reaction.kind == HitKind.CLICK}
    if clicked:
        just_before = Hit.objects.filter(kind=HitKind.CLICK, at__gt=reactions[0].at - BURST_WINDOW)
        for hit in just_before.filter(delivery__in=clicked).order_by("at", "pk"):
            clicks[hit.delivery_id].append(hit)
    return clicks


def _recent(clicks: list[Hit], reaction: Reaction) -> list[Hit]:
    """The clicks just before a click; nothing before another reaction."""
    if reaction.kind != HitKind.CLICK:
        return []
    return [hit for hit in clicks if timedelta(0) <= reaction.at - hit.at < BURST_WINDOW]


def _judged(delivery: Delivery, reaction: Reaction, recent: list[Hit]) -> Judgement:
    return judge(
        method=reaction.visit.method,
        user_agent=reaction.visit.user_agent,
        since_sent=_since_sent(delivery, reaction.at),
        links_just_before=len({hit.url for hit in recent} - {reaction.url}),
    )


def _since_sent(delivery: Delivery, at: datetime) -> timedelta | None:
    """How long the message has been out; not at all while it is still being handed over."""
    if delivery.state in {DeliveryState.QUEUED, DeliveryState.SENDING}:
        return timedelta(0)
    return at - delivery.decided_at if delivery.decided_at else None


def _unmask_bursts(clicks: list[Hit], at: datetime) -> set[int]:
    """Judge each burst that a click of this moment may belong to. Returns the rows to be written.

    Whoever follows many links at once is a scanner, in whatever order one hears of it.
    """
    unmasked = set()
    for last in clicks:
        if timedelta(0) <= last.at - at < BURST_WINDOW:
            together = [hit for hit in clicks if timedelta(0) <= last.at - hit.at < BURST_WINDOW]
            if len({hit.url for hit in together} - {last.url}) >= BURST - 1:
                unmasked |= _unmask(together)
    return unmasked


def _unmask(scanner: list[Hit]) -> set[int]:
    human = [hit for hit in scanner if hit.nature == Nature.HUMAN]
    for hit in human:
        hit.nature, hit.signals = Nature.MACHINE, ["burst"]
    return {hit.pk for hit in human if hit.pk}


def _hit(delivery: Delivery, reaction: Reaction, judged: Judgement) -> Hit:
    return Hit(
        workspace_id=delivery.workspace_id,
        run_id=delivery.run_id,
        delivery=delivery,
        contact_id=delivery.contact_id,
        kind=reaction.kind,
        url=reaction.url,
        at=reaction.at,
        nature=judged.nature,
        signals=judged.signals,
        rules_version=VERSION,
        user_agent=reaction.visit.user_agent.replace("\0", "")[:LONGEST_AGENT],
        network=network_of(reaction.visit.ip),
    )


def network_of(ip: str) -> str:
    """The network an address is in, /24 or /48: enough to recognise a scanner, too little to recognise a person."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


@transaction.atomic
def unsubscribe(*, delivery_id: int, visit: Visit, source: str, now: datetime, wording: str = "") -> None:
    """Take the reader's word: no more marketing mail. Any number of times the same; unknown messages are no error.

    Called for a POST only: whatever opens links, a person or a program that acts for one has pressed the button.
    """
    delivery = Delivery.objects.select_related("workspace").filter(pk=delivery_id).first()
    # Locked by itself: a joined row would be read as it was before the wait for the lock.
    locked = Contact.objects.select_for_update(of=("self",)).select_related("workspace")
    contact = locked.filter(pk=reader_of(delivery) or 0).first() if delivery else None
    if delivery is None or contact is None:
        return
    _note_unsubscribe(delivery, visit, now)
    evidence = {"run": delivery.run_id, "delivery": delivery.pk, **visit.evidence}
    basis = ConsentBasis(source, wording, evidence)
    withdraw_consent(contact=contact, basis=basis, by=None, now=now)


def note_left(delivery_id: int, evidence: Mapping[str, Any], now: datetime) -> None:
    """Keep that somebody left by the page of choices, which was opened from this message. Repeating is harmless."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is not None:
        visit = Visit("POST", str(evidence.get("user_agent", "")), str(evidence.get("ip", "")))
        _note_unsubscribe(delivery, visit, now)


def _note_unsubscribe(delivery: Delivery, visit: Visit, now: datetime) -> None:
    if Hit.objects.filter(delivery=delivery, kind=HitKind.UNSUBSCRIBE).exists():
        return
    reaction = Reaction(delivery.pk, HitKind.UNSUBSCRIBE, visit, now)
    _hit(delivery, reaction, Judgement(Nature.HUMAN, [])).save(force_insert=True)
    has_arrived(delivery.pk, now)
