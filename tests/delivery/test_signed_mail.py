"""A campaign on its way with signing keys: read from the bytes that the server got."""

import pytest
from pytest_django import Settings

from campaigns.preflight import Level
from delivery import sending
from delivery.checks import signing_checks
from delivery.dkim.keypairs import Algorithm
from delivery.models import DeliveryState, RunState, SigningKey
from emailops.lib.mailurl import MailSettings
from tests.delivery.conftest import Clock
from tests.delivery.dkim.conftest import tags_of
from tests.factories.delivery import SentCampaignFactory, SigningKeyFactory, run_to
from tests.smtp_sink import Sink
from tools.verifiers import dkimpy_accepts
from workspaces.models import Workspace


def test_every_message_of_a_run_is_signed_by_all_keys(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    keys = [SigningKeyFactory.create(workspace=workspace, active=True, algorithm=kind) for kind in Algorithm]
    run, _rows = run_to(workspace, 3)

    sending.work(run.pk, clock)

    records = {key.record_name: key.record for key in keys}
    assert len(sink.taken) == 3
    for received in sink.taken:
        assert dkimpy_accepts(received.raw, records) == {key.selector for key in keys}
        for tags in tags_of(received.raw):
            assert {"List-Unsubscribe", "List-Unsubscribe-Post"} <= set(tags["h"].split(":"))


def test_a_key_that_cannot_be_read_pauses_the_run_before_anything_is_sent(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)
    SigningKey.objects.filter(pk=key.pk).update(private=b"damaged")
    run, (row,) = run_to(workspace, 1)

    sending.work(run.pk, clock)

    run.refresh_from_db()
    row.refresh_from_db()
    assert (run.state, row.state, sink.taken) == (RunState.PAUSED, DeliveryState.QUEUED, [])
    assert key.selector in run.trouble


def test_preflight_says_whether_the_mail_is_signed(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    campaign = SentCampaignFactory.create(workspace=workspace)
    (without,) = signing_checks(campaign, clock())
    key = SigningKeyFactory.create(workspace=workspace, active=True, algorithm=Algorithm.RSA)

    (signed,) = signing_checks(campaign, clock())

    SigningKey.objects.filter(pk=key.pk).update(private=b"damaged")
    (unreadable,) = signing_checks(campaign, clock())
    assert [found.level for found in (without, signed, unreadable)] == [Level.WARN, Level.OK, Level.STOP]
    assert "marenmoss.example" in without.title
    assert key.selector in unreadable.detail


def test_preflight_warns_of_a_signature_that_the_big_providers_cannot_read(workspace: Workspace, clock: Clock) -> None:
    SigningKeyFactory.create(workspace=workspace, active=True)

    (found,) = signing_checks(SentCampaignFactory.create(workspace=workspace), clock())

    assert found.level == Level.WARN
    assert "RSA" in found.detail


@pytest.mark.parametrize("case", ["a provider signs", "no sender"])
def test_preflight_says_nothing_where_there_is_nothing_to_sign(
    workspace: Workspace, clock: Clock, settings: Settings, case: str
) -> None:
    campaign = SentCampaignFactory.create(workspace=workspace)
    if case == "no sender":
        campaign.sender = None
    else:
        settings.MAIL = MailSettings("anymail.backends.test.EmailBackend", provider="test")

    assert list(signing_checks(campaign, clock())) == []
