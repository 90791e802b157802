"""Verbs on visitors of web sites: take what their browsers report, know them, forget them.

A browser reports only after its reader agreed on the site. Whatever it says can be forged, so it never changes what is
known from elsewhere, and is never told whether anybody is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from audience.erasing.turns import wait_for_erasures
from audience.models import Consent, Contact, OrderStatus, Site, SiteDeed, SiteVisitor, Source
from audience.services.events import NewEvent, record_events
from audience.services.orders import NewLine, NewOrder, record_orders
from audience.services.sites import person_of
from emailops.lib.throttle import is_allowed
from workspaces.models import Workspace

MINUTE = timedelta(minutes=1)
MOST_OF_NETWORK = 240  # a minute; an office shares one address
MOST_OF_VISITOR = 60  # a minute
MOST_OF_SITE = 6000  # a minute, of all visitors together
MOST_WAITING = 200  # deeds of a visitor whom we do not know
KEPT = timedelta(days=30)  # how long they wait, and how long a browser is remembered that does not come back


@dataclass(frozen=True, slots=True)
class Report:
    """What one browser reports at once: who it is, and what was done. `deeds` are checked, as JSON keeps them.

    An event is `{"kind": "event", "name", "id", "properties"}`; an order `{"kind": "order", "id", "total", "currency",
    "status", "lines"}` with sums as texts.
    """

    visitor: str
    token: str = ""
    deeds: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def site_at(key: str, origin: str) -> Site | None:
    """The site with this key, if a page at this origin may report for it."""
    rows = Site.objects.select_related("workspace")
    return rows.filter(key=key, origins__contains=[origin]).first() if "\0" not in key + origin else None


def is_site_open(site: Site, network: str, visitor: str) -> bool:
    """Whether one more report of this site, network and browser is taken now."""
    return (
        is_allowed(f"site:network:{site.pk}:{network}", most=MOST_OF_NETWORK, per=MINUTE)
        and is_allowed(f"site:visitor:{site.pk}:{visitor}", most=MOST_OF_VISITOR, per=MINUTE)
        and is_allowed(f"site:{site.pk}", most=MOST_OF_SITE, per=MINUTE)
    )


@transaction.atomic
def take_report(*, site: Site, report: Report, now: datetime) -> None:
    """Keep what a browser did: with its contact where it is known, else until it is. Doing it twice changes nothing.

    Of a contact who declined to be followed nothing is kept, and the browser is forgotten.
    """
    wait_for_erasures(site.workspace)
    visitor = _visitor(site, report.visitor, now)
    named = person_of(site.workspace, report.token, now) if report.token else None
    contact = named or visitor.contact
    if contact is not None and contact.tracking == Consent.WITHDRAWN:
        visitor.delete()
        return
    if contact is None:
        _keep(visitor, report.deeds, now)
    else:
        _join(visitor, contact, now)
        _record(site.workspace, contact, [(deed, now) for deed in report.deeds], now)
    Site.objects.filter(pk=site.pk).update(seen_at=now, deed_count=F("deed_count") + len(report.deeds))


def _visitor(site: Site, key: str, now: datetime) -> SiteVisitor:
    """The browser's row, ours alone until the end of the transaction."""
    SiteVisitor.objects.bulk_create(
        [SiteVisitor(workspace=site.workspace, site=site, key=key, seen_at=now)], ignore_conflicts=True
    )
    rows = SiteVisitor.objects.select_related("contact").select_for_update(of=("self",))
    visitor = rows.get(site=site, key=key)
    visitor.seen_at = now
    visitor.save(update_fields=["seen_at"])
    return visitor


def _keep(visitor: SiteVisitor, deeds: Sequence[Mapping[str, Any]], now: datetime) -> None:
    room = MOST_WAITING - visitor.deeds.count()
    SiteDeed.objects.bulk_create(
        SiteDeed(workspace_id=visitor.workspace_id, visitor=visitor, content=dict(deed), at=now)
        for deed in list(deeds)[: max(room, 0)]
    )


def _join(visitor: SiteVisitor, contact: Contact, now: datetime) -> None:
    """From now on the browser is this person's, and so is what waited."""
    waiting = list(visitor.deeds.order_by("at", "pk"))
    if visitor.contact_id != contact.pk:
        visitor.contact = contact
        visitor.save(update_fields=["contact"])
    if waiting:
        _record(visitor.workspace, contact, [(deed.content, deed.at) for deed in waiting], now)
        visitor.deeds.all().delete()


@transaction.atomic
def join_visitor(*, contact: Contact, mark: str, now: datetime) -> None:
    """Give what a browser did on a site to the person who signed up by it. `mark` is “site key.visitor”.

    A mark that leads nowhere, or of a browser that is known as another's, changes nothing.
    """
    wait_for_erasures(contact.workspace)
    key, _dot, visitor_key = mark.partition(".")
    rows = SiteVisitor.objects.for_workspace(contact.workspace).select_for_update(of=("self",))
    visitor = rows.select_related("workspace").filter(site__key=key, key=visitor_key, contact=None).first()
    if visitor is None:
        return
    if contact.tracking == Consent.WITHDRAWN:
        visitor.delete()
    else:
        _join(visitor, contact, now)


def _record(
    workspace: Workspace, contact: Contact, deeds: Sequence[tuple[Mapping[str, Any], datetime]], now: datetime
) -> None:
    events = [_event(contact, deed, at) for deed, at in deeds if deed["kind"] == "event"]
    orders = [_order(contact, deed, at) for deed, at in deeds if deed["kind"] == "order"]
    given: dict[str, Any] = {"workspace": workspace, "by": None, "now": now, "source": Source.SITE}
    if events:
        record_events(events=events, **given)
    if orders:
        record_orders(orders=orders, **given)


def _event(contact: Contact, deed: Mapping[str, Any], at: datetime) -> NewEvent:
    return NewEvent(contact, deed["name"], at, properties=deed["properties"], external_id=deed["id"])


def _order(contact: Contact, deed: Mapping[str, Any], at: datetime) -> NewOrder:
    lines = [
        NewLine(line["name"], Decimal(line["price"]), line["sku"], line["category"], Decimal(line["quantity"]))
        for line in deed["lines"]
    ]
    return NewOrder(
        contact,
        deed["id"],
        at,
        total=None if deed["total"] is None else Decimal(deed["total"]),
        status=OrderStatus(deed["status"]),
        lines=lines,
        currency=deed["currency"],
    )


def forget_visitors(now: datetime) -> int:
    """Delete what waited too long, and browsers that did not come back. Returns how many rows."""
    count, _by_model = SiteVisitor.objects.filter(seen_at__lt=now.astimezone(UTC) - KEPT).delete()
    return count
