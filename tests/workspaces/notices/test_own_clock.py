"""Mails of news come at the chosen hour of the person's own clock, also after a move."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.factories.talk import NoticeFactory
from workspaces.models import DigestPace, Member
from workspaces.notices.wishes import choose
from workspaces.services import update_profile

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)


def test_another_time_zone_moves_what_is_planned(lead: Member) -> None:
    choose(member=lead, digest=DigestPace.DAILY, hour=8, at_once=[], muted=[], now=NOON)
    waiting = NoticeFactory.create(member=lead, mail_at=NOON + timedelta(hours=17))

    update_profile(user=lead.user, memberships=[lead], now=NOON, time_zone="America/Lima")

    waiting.refresh_from_db()
    assert waiting.mail_at == datetime(2026, 6, 8, 8, 0, tzinfo=ZoneInfo("America/Lima"))


def test_what_is_due_or_in_no_mail_stays_so(lead: Member) -> None:
    due = NoticeFactory.create(member=lead, mail_at=NOON - timedelta(minutes=1))
    silent = NoticeFactory.create(member=lead, mail_at=None)

    update_profile(user=lead.user, memberships=[lead], now=NOON, time_zone="America/Lima")

    due.refresh_from_db()
    silent.refresh_from_db()
    assert (due.mail_at, silent.mail_at) == (NOON - timedelta(minutes=1), None)


def test_another_name_moves_nothing(lead: Member) -> None:
    waiting = NoticeFactory.create(member=lead, mail_at=NOON + timedelta(hours=17))

    update_profile(user=lead.user, memberships=[lead], now=NOON, name="Elena K.", time_zone=lead.user.time_zone)

    waiting.refresh_from_db()
    assert waiting.mail_at == NOON + timedelta(hours=17)
