"""Who is not followed as a person: no pixel, plain links, nothing kept, whatever way the mail goes."""

from datetime import datetime

import pytest
from django.test import Client

from audience.models import Consent, Contact, Following, PreferencePage, TopicConsent
from delivery import ledger
from delivery.letterpress import Letterpress
from delivery.links import open_url, unsubscribe_url
from delivery.models import Delivery, Hit, Run
from delivery.wishes import unfollowed
from tests.delivery.conftest import Clock
from tests.delivery.hands import Hands
from tests.factories.audience import ContactFactory, TopicFactory
from tests.factories.delivery import DeliveryFactory, run_to
from workspaces.models import Workspace

WORDS = list(Consent)


def _page(workspace: Workspace, following: Following) -> None:
    PreferencePage.objects.create(workspace=workspace, following=following)


@pytest.mark.parametrize(
    ("following", "followed"),
    [
        (None, {Consent.GIVEN, Consent.UNKNOWN}),
        (Following.UNLESS_NO, {Consent.GIVEN, Consent.UNKNOWN}),
        (Following.IF_YES, {Consent.GIVEN}),
        (Following.NOBODY, set()),
    ],
)
def test_the_ledger_and_the_reactions_agree_on_who_is_followed(
    following: Following | None, followed: set[Consent], workspace: Workspace, clock: Clock
) -> None:
    if following:
        _page(workspace, following)
    run, rows = run_to(workspace, len(WORDS))
    for row, word in zip(rows, WORDS, strict=True):
        Contact.objects.filter(pk=row.contact_id or 0).update(tracking=word)
    with ledger.open_lane(run, clock) as lane:
        held = Hands(run, lane).take(10, clock())

    left = unfollowed(Contact.objects.all())

    words = dict(zip([row.pk for row in rows], WORDS, strict=True))
    assert {words[row.pk] for row in held if row.is_followed} == followed
    assert set(Contact.objects.exclude(pk__in=left).values_list("tracking", flat=True)) == followed


def test_a_mail_to_who_said_no_leads_straight_to_where_its_links_lead(workspace: Workspace, clock: Clock) -> None:
    run, rows = run_to(workspace, 2)
    run.content.html = '<p><a href="https://shop.example/glow">Glow</a> <a href="{{ unsubscribe_url }}">Leave</a></p>'
    run.content.save()
    Contact.objects.filter(pk=rows[0].contact_id or 0).update(tracking=Consent.WITHDRAWN)
    with ledger.open_lane(run, clock) as lane:
        held = Hands(run, lane).take(10, clock())
    press = Letterpress(Run.objects.with_parts().get(pk=run.pk))

    plain, counted = (press.parcel(row).body.replace(b"=\r\n", b"") for row in held)

    assert b'href=3D"https://shop.example/glow"' in plain
    assert b"/t/o/" not in plain
    assert b"/t/u/" in plain
    assert b"/t/o/" in counted
    assert b'href=3D"https://shop.example/glow"' not in counted


def test_an_old_pixel_tells_nothing_once_the_workspace_asks_for_a_yes(client: Client, workspace: Workspace) -> None:
    row: Delivery = DeliveryFactory.create(run__workspace=workspace, state="sent")
    _page(workspace, Following.IF_YES)

    answer = client.get("/t/" + open_url(row.pk).partition("/t/")[2])

    assert answer.status_code == 200
    assert not Hit.objects.exists()


@pytest.fixture
def about(workspace: Workspace) -> Delivery:
    """A mail about a topic."""
    topic = TopicFactory.create(workspace=workspace, name="Tips", names={"bg": "Съвети"})
    contact = ContactFactory.create(workspace=workspace, language="bg")
    made: Delivery = DeliveryFactory.create(
        run__workspace=workspace, run__campaign__topic=topic, contact=contact, state="sent"
    )
    return made


def _door(row: Delivery) -> str:
    return "/t/" + unsubscribe_url(row.pk).partition("/t/")[2]


def test_one_topic_can_be_left_by_the_page_to_unsubscribe(client: Client, about: Delivery) -> None:
    offered = client.get(_door(about)).content.decode()

    answer = client.post(_door(about), {"do": "topic"}, REMOTE_ADDR="192.0.2.7")

    assert "Only no more about “Съвети”" in offered
    assert "go on" in answer.content.decode()
    said = TopicConsent.objects.get()
    assert said.consent == Consent.WITHDRAWN
    entry = said.contact.consent_log.get()
    assert (entry.source, entry.wording) == ("unsubscribe page", "No more about “Съвети”")
    assert entry.evidence["ip"] == "192.0.2.7"
    assert Contact.objects.reachable().exists()


def test_a_mailbox_providers_click_leaves_everything_whatever_it_says_besides(client: Client, about: Delivery) -> None:
    client.post(_door(about), {"List-Unsubscribe": "One-Click", "do": "topic"})

    assert not TopicConsent.objects.exists()
    assert not Contact.objects.reachable().exists()


def test_a_look_at_the_page_leaves_no_topic(client: Client, about: Delivery) -> None:
    for _again in range(3):
        client.get(_door(about), {"do": "topic"})

    assert not TopicConsent.objects.exists()


def test_a_mail_without_a_topic_offers_none(client: Client, workspace: Workspace) -> None:
    row = DeliveryFactory.create(run__workspace=workspace, state="sent")

    page = client.get(_door(row)).content.decode()
    answer = client.post(_door(row), {"do": "topic"}).content.decode()

    assert "Only no more" not in page
    assert "You are unsubscribed" in answer


def test_who_pressed_by_mistake_finds_the_way_back(client: Client, about: Delivery, now: datetime) -> None:
    answer = client.post(_door(about), {"List-Unsubscribe": "One-Click"}).content.decode()

    assert "Pressed by mistake?" in answer
    evidence = about.contact.consent_log.get().evidence if about.contact else {}
    assert set(evidence) == {"run", "delivery", "ip", "user_agent"}
