"""Web sites and their visitors: who may report, whose it is, and what is never kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audience.models import Consent, Contact, Event, Order, Site, SiteDeed, SiteVisitor, Source
from audience.services import ConsentBasis, NameTaken, set_tracking
from audience.services.opt_ins import Ask, ask_to_opt_in, confirm_opt_in
from audience.services.sites import (
    SiteDetails,
    SiteRefused,
    change_site,
    create_site,
    person_of,
    person_token,
    read_origin,
    with_person,
)
from audience.services.visitors import KEPT, MOST_WAITING, Report, forget_visitors, take_report
from emailops.lib.signing import Kind, seal
from tests.factories.audience import ContactFactory
from tests.factories.commerce import SiteFactory
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.django_db
VISITOR = "5f0c5c1e-visitor"


@pytest.fixture
def site(lead: Member) -> Site:
    made: Site = SiteFactory.create(workspace=lead.workspace, key="shop-key")
    return made


@pytest.fixture
def ann(lead: Member) -> Contact:
    made: Contact = ContactFactory.create(workspace=lead.workspace, email="ann@example.org")
    return made


def _event(name: str = "product_viewed", own_id: str = "e-1") -> dict[str, Any]:
    return {"kind": "event", "name": name, "id": own_id, "properties": {"product": "Serum"}}


def _order(own_id: str = "O-1") -> dict[str, Any]:
    line = {"name": "Serum", "sku": "", "category": "", "quantity": "1", "price": "34.00"}
    return {"kind": "order", "id": own_id, "total": None, "currency": "EUR", "status": "paid", "lines": [line]}


def _report(site: Site, now: datetime, *deeds: dict[str, Any], token: str = "", visitor: str = VISITOR) -> None:
    take_report(site=site, report=Report(visitor, token, deeds), now=now)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://Shop.Example:443/cart?x=1", "https://shop.example"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("shop.example", "https://shop.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_browsers_name_it(text: str, origin: str) -> None:
    assert read_origin(text) == origin


@pytest.mark.parametrize("text", ["", "ftp://shop.example", "https://", "https://*.example", "https://a@b.example",
                                  "https://shop.example:99999", "javascript://x", "https://" + "a" * 300])  # fmt: skip
def test_what_is_no_address_of_a_site_is_refused(text: str) -> None:
    with pytest.raises(SiteRefused):
        read_origin(text)


def test_a_site_is_made_changed_and_switched_off(lead: Member, now: datetime) -> None:
    details = SiteDetails("Shop", ["shop.example", "https://shop.example/cart"])
    site = create_site(workspace=lead.workspace, details=details, by=lead, now=now)

    change_site(site=site, details=SiteDetails("Shop", ["b.example"], is_on=False), by=lead, now=now)

    key = site.key
    site.refresh_from_db()
    assert (site.origins, site.is_on, site.key) == (["https://b.example"], False, key)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == ["site.created", "site.changed"]


def test_two_sites_have_two_names_and_each_an_address(lead: Member, site: Site, now: datetime) -> None:
    with pytest.raises(NameTaken):
        create_site(workspace=lead.workspace, details=SiteDetails(site.name, ["a.example"]), by=lead, now=now)
    with pytest.raises(SiteRefused, match="at which address"):
        create_site(workspace=lead.workspace, details=SiteDetails("Other", []), by=lead, now=now)


def test_what_an_unknown_browser_does_waits_and_belongs_to_who_it_turns_out_to_be(
    site: Site, ann: Contact, now: datetime
) -> None:
    _report(site, now, _event())
    waiting = (SiteDeed.objects.count(), Event.objects.count())

    _report(site, now + timedelta(hours=1), _order(), token=person_token(ann, now))

    event = ann.events.get(name="product_viewed")
    order = ann.orders.get()
    site.refresh_from_db()
    assert waiting == (1, 0)
    assert (event.occurred_at, event.source, event.properties) == (now, Source.SITE, {"product": "Serum"})
    assert (order.source, order.lines.get().name) == (Source.SITE, "Serum")
    assert not SiteDeed.objects.exists()
    assert (site.deed_count, site.seen_at) == (2, now + timedelta(hours=1))


def test_a_browser_that_is_known_stays_so(site: Site, ann: Contact, now: datetime) -> None:
    _report(site, now, token=person_token(ann, now))

    _report(site, now, _event())

    assert ann.events.count() == 1


def test_the_same_report_twice_counts_once(site: Site, ann: Contact, now: datetime) -> None:
    for _time in range(2):
        _report(site, now, _event(), _order(), token=person_token(ann, now))

    assert (ann.events.filter(name="product_viewed").count(), ann.orders.count()) == (1, 1)


def test_of_who_declined_to_be_followed_nothing_is_kept(site: Site, ann: Contact, lead: Member, now: datetime) -> None:
    token = person_token(ann, now)
    _report(site, now, _event(), visitor="another-browser")
    set_tracking(contact=ann, consent=Consent.WITHDRAWN, basis=ConsentBasis("page", "No"), by=lead, now=now)

    _report(site, now, _event(), _order(), token=token, visitor="another-browser")

    assert not Event.objects.exists()
    assert not Order.objects.exists()
    assert not SiteVisitor.objects.exists()
    assert not SiteDeed.objects.exists()


def test_tokens_are_ours_of_this_workspace_and_a_month_old_at_most(
    site: Site, ann: Contact, outsider: Member, now: datetime
) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace)
    token = person_token(ann, now)

    found = [
        person_of(site.workspace, text, now + timedelta(days=days))
        for text, days in (
            (token, 29), (token, 31), (token, -1), (token[:-1], 0), ("", 0), (seal(Kind.LINK, ann.pk, 1), 0),
            (seal(Kind.SITE_PERSON, ann.pk), 0), (person_token(theirs, now), 0),
        )
    ]  # fmt: skip

    assert found == [ann, *[None] * 7]


def test_a_link_of_a_mail_says_who_comes_to_a_site_of_ours_alone(
    site: Site, ann: Contact, lead: Member, now: datetime
) -> None:
    ours, theirs = "https://shop.example/a?b&c=%20#d", "https://other.example/a"

    marked = with_person(ours, ann, now)
    others = with_person(theirs, ann, now)
    ann.tracking = Consent.WITHDRAWN
    declined = with_person(ours, ann, now)

    assert marked == f"https://shop.example/a?b&c=%20&eo_person={person_token(ann, now)}#d"
    assert (others, declined) == (theirs, ours)


def test_who_signs_up_by_a_form_of_ours_gets_what_the_browser_did(site: Site, lead: Member, now: datetime) -> None:
    _report(site, now, _event())
    ask = Ask("new@example.org", ConsentBasis("form", "Yes"), values={"site": {"visitor": f"shop-key.{VISITOR}"}})
    request = ask_to_opt_in(workspace=lead.workspace, ask=ask, by=None, now=now)
    before = Event.objects.count()

    contact = confirm_opt_in(request=request, evidence={}, now=now + timedelta(minutes=5))

    assert before == 0
    assert contact.events.get().name == "product_viewed"
    assert SiteVisitor.objects.get().contact == contact


def test_the_mark_of_another_workspaces_browser_gives_nothing(
    site: Site, outsider: Member, lead: Member, now: datetime
) -> None:
    other = SiteFactory.create(workspace=outsider.workspace, key="their-key")
    _report(other, now, _event())
    for mark in (f"their-key.{VISITOR}", "nonsense", f"shop-key.{VISITOR}"):
        ask = Ask(f"{len(mark)}@example.org", ConsentBasis("form", "Yes"), values={"site": {"visitor": mark}})
        request = ask_to_opt_in(workspace=lead.workspace, ask=ask, by=None, now=now)
        confirm_opt_in(request=request, evidence={}, now=now)

    assert not Event.objects.exists()
    assert SiteDeed.objects.count() == 1


def test_no_browser_makes_us_keep_without_bound(site: Site, now: datetime) -> None:
    for batch in range(MOST_WAITING // 20 + 2):
        _report(site, now, *(_event(own_id=f"{batch}-{n}") for n in range(20)))

    assert SiteDeed.objects.count() == MOST_WAITING


def test_browsers_that_do_not_come_back_are_forgotten(site: Site, now: datetime) -> None:
    _report(site, now - KEPT - timedelta(seconds=1), _event())
    _report(site, now, _event(), visitor="still-here")

    forget_visitors(now)

    assert SiteVisitor.objects.get().key == "still-here"
