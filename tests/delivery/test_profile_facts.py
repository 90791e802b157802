"""What contacts' profiles count of our mails, and when they come to know it."""

from datetime import datetime, timedelta

import pytest

from audience.models import ContactDay, ContactProfile
from audience.profiles import refresh_profiles
from delivery.models import Delivery, DeliveryState, HitKind, Nature
from delivery.profile_facts import profile_run
from delivery.reactions import Visit, record_hit
from tests.factories.delivery import BROWSER, DeliveryFactory, HitFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
PERSON = Visit("GET", BROWSER, "203.0.113.9")


@pytest.fixture
def row(workspace: Workspace, now: datetime) -> Delivery:
    sent = {"state": DeliveryState.SENT, "decided_at": now - timedelta(hours=2)}
    made: Delivery = DeliveryFactory.create(run__workspace=workspace, **sent)
    return made


def _profile(row: Delivery) -> ContactProfile:
    return ContactProfile.objects.get(contact=row.contact)


def test_what_was_sent_is_in_the_profiles_of_all_who_got_it(row: Delivery, now: datetime) -> None:
    left_out = DeliveryFactory.create(run=row.run, state=DeliveryState.SKIPPED)
    gone = DeliveryFactory.create(run=row.run, state=DeliveryState.SENT)
    assert gone.contact is not None
    gone.contact.delete()

    told = profile_run(row.run_id, now)

    profile = _profile(row)
    assert told == 1
    assert (profile.sent_count, profile.last_sent_at) == (1, row.decided_at)
    assert not ContactProfile.objects.filter(contact=left_out.contact).exists()


def test_telling_twice_or_of_a_run_that_is_gone_changes_nothing(row: Delivery, now: datetime) -> None:
    profile_run(row.run_id, now)

    again, unknown = profile_run(row.run_id, now), profile_run(999_999, now)

    assert (again, unknown, _profile(row).sent_count) == (1, 0, 1)
    assert ContactDay.objects.get(contact=row.contact).sent == 1


def test_opens_and_clicks_of_people_count_and_those_of_machines_do_not(row: Delivery, now: datetime) -> None:
    about = {"delivery": row, "at": now}
    HitFactory.create(**about)
    HitFactory.create(**about, nature=Nature.MACHINE)
    HitFactory.create_batch(2, **about, kind=HitKind.OPEN, url="")
    HitFactory.create(**about, kind=HitKind.OPEN, url="", nature=Nature.MACHINE)

    refresh_profiles([row.contact_id or 0], now)

    profile, day = _profile(row), ContactDay.objects.get(contact=row.contact, day=now.date())
    assert (profile.open_count, profile.click_count, profile.last_click_at) == (2, 1, now)
    assert (day.opens, day.clicks) == (2, 1)


def test_a_reaction_is_in_the_profile_at_once(row: Delivery, now: datetime) -> None:
    record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=PERSON, now=now, url="https://shop.example/")

    assert (_profile(row).click_count, _profile(row).last_click_at) == (1, now)


def test_what_turns_out_to_be_a_machines_leaves_the_profile_at_the_next_look(row: Delivery, now: datetime) -> None:
    hit = HitFactory.create(delivery=row, at=now)
    refresh_profiles([row.contact_id or 0], now)
    hit.nature = Nature.MACHINE
    hit.save(update_fields=["nature"])

    refresh_profiles([row.contact_id or 0], now)

    assert (_profile(row).click_count, _profile(row).last_click_at) == (0, None)
