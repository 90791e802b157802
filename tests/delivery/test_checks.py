"""What the preflight says of the way out."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from audience.models import Contact
from campaigns.preflight import Level
from delivery.checks import speed_checks, transport_checks
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings, mail_settings
from tests.factories.audience import ContactFactory
from tests.factories.delivery import SentCampaignFactory
from tests.factories.pace import SpeedLimitFactory
from tests.factories.transports import TransportFactory
from workspaces.models import Workspace


def found(workspace: Workspace, now: datetime) -> tuple[Level, str, str]:
    (finding,) = transport_checks(SentCampaignFactory.create(workspace=workspace), now)
    return finding.level, str(finding.title), str(finding.detail)


def test_the_sandbox_is_a_warning(workspace: Workspace, now: datetime) -> None:
    assert found(workspace, now)[:2] == (Level.WARN, "Mail goes into the sandbox")


@pytest.mark.parametrize(
    ("url", "level"),
    [("smtp://mail.example", Level.WARN), ("smtps://mail.example", Level.OK), ("anymail://postmark", Level.OK)],
)
def test_the_installations_server_is_judged_by_its_encryption(
    workspace: Workspace, now: datetime, settings: Settings, url: str, level: Level
) -> None:
    settings.MAIL_SANDBOX, settings.MAIL = False, mail_settings(url)

    assert found(workspace, now)[0] == level


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"security": "tls"}, Level.OK),
        ({"security": "none"}, Level.WARN),
        ({"security": "tls", "needs_attention": True}, Level.STOP),
        ({"security": "tls", "is_enabled": False}, Level.STOP),
        ({"security": "tls", "failures": 3}, Level.OK),
    ],
)
def test_servers_of_its_own_stop_a_campaign_only_when_waiting_does_not_help(
    workspace: Workspace, now: datetime, settings: Settings, fields: dict[str, Any], level: Level
) -> None:
    settings.MAIL_SANDBOX, settings.MAIL = False, MailSettings(SMTP_BACKEND, host="mail.example", port=25)
    retry_at = now + timedelta(minutes=1) if "failures" in fields else None
    TransportFactory.create(workspace=workspace, name="Our relay", retry_at=retry_at, **fields)

    shown = found(workspace, now)

    assert shown[0] == level
    assert ("Our relay" in " ".join(shown[1:])) == (level != Level.STOP)


class TestSpeed:
    def of(self, workspace: Workspace, now: datetime, people: int) -> list[tuple[Level, str, str]]:
        campaign = SentCampaignFactory.create(workspace=workspace)
        Contact.objects.bulk_create(ContactFactory.build_batch(people, workspace=workspace))
        return [(line.level, line.title, line.detail) for line in speed_checks(campaign, now)]

    def test_a_send_that_a_day_cannot_hold_is_said_before_it_begins(self, workspace: Workspace, now: datetime) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=4)

        [(level, title, todo)] = self.of(workspace, now, people=9)

        assert (level, title) == (Level.WARN, "It goes out over 3 days")
        assert "At most 4 mails go out on the first" in todo

    @pytest.mark.parametrize("per_day", [None, 9])
    def test_one_that_goes_out_in_a_day_is_not(self, workspace: Workspace, now: datetime, per_day: int | None) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=1, per_day=per_day)

        assert self.of(workspace, now, people=9) == []
