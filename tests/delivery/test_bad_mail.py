"""Bad input on the way out: each has a recorded reason of its own, and stops nothing else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from audience.models import Consent, Contact
from campaigns.liquid import TemplateRefused
from campaigns.models import CampaignState
from campaigns.services import CampaignRefused, add_sender, write_content
from delivery import sending
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState
from delivery.queries import run_counts
from delivery.sending import TROUBLE_PAUSE
from tests.certificates import new_authority
from tests.delivery.conftest import Clock
from tests.factories.delivery import HTML, DeliveryFactory, RunFactory, run_to
from tests.smtp_sink import DROP_KEPT, Phase, Sink
from workspaces.models import Member, Workspace

TRAP = "{% if contact.first_name == 'Zoe' %}{{ 1 | divided_by: 0 }}{% endif %}"
SIZE = 20_000  # bytes that the server takes


class TestTheServer:
    """What is wrong with a server is nobody's fault among the readers: the run says it, and everybody waits."""

    def _nobody_was_touched(self, run: Run) -> bool:
        return set(run.deliveries.values_list("state", "attempt", "reason")) == {(DeliveryState.QUEUED, 0, "")}

    def test_a_refused_login_pauses_with_the_servers_words(
        self, workspace: Workspace, sink: Sink, clock: Clock, settings: Settings
    ) -> None:
        run, _rows = run_to(workspace, 3)
        sink.extensions.append("AUTH PLAIN")
        sink.says(Phase.AUTH, "535 5.7.8 Wrong password")
        settings.MAIL = replace(sink.mail_settings, user="relay", password="secret")

        sending.work(run.pk, clock)

        run.refresh_from_db()
        run.campaign.refresh_from_db()
        assert (run.state, run.campaign.state) == (RunState.PAUSED, CampaignState.PAUSED)
        assert "535 5.7.8 Wrong password" in run.trouble
        assert "secret" not in run.trouble
        assert self._nobody_was_touched(run)

    def test_an_expired_certificate_pauses_and_nothing_is_said_in_clear_text(
        self,
        workspace: Workspace,
        sink: Sink,
        clock: Clock,
        settings: Settings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        run, _rows = run_to(workspace, 3)
        authority = new_authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        sink.certificate = authority.server("localhost", days=-1)
        settings.MAIL = replace(sink.mail_settings, host="localhost", starttls=True, user="relay", password="secret")

        sending.work(run.pk, clock)

        run.refresh_from_db()
        assert run.state == RunState.PAUSED
        assert "The certificate of localhost cannot be trusted: certificate has expired." in run.trouble
        assert [command for command in sink.commands if command.startswith(("AUTH", "MAIL"))] == []
        assert self._nobody_was_touched(run)

    def test_a_valid_certificate_of_the_same_authority_is_trusted(
        self,
        workspace: Workspace,
        sink: Sink,
        clock: Clock,
        settings: Settings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        run, _rows = run_to(workspace, 3)
        authority = new_authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        sink.certificate = authority.server("localhost")
        settings.MAIL = replace(sink.mail_settings, host="localhost", starttls=True)

        sending.work(run.pk, clock)

        assert run_counts(run, clock()).sent == 3

    def test_a_relay_that_takes_everything_and_then_drops_stops_after_a_few_and_nobody_gets_it_twice(
        self, workspace: Workspace, sink: Sink, clock: Clock, settings: Settings
    ) -> None:
        settings.SMTP_CONNECTIONS = 2
        run, rows = run_to(workspace, 40)
        sink.says(Phase.DOT, DROP_KEPT)

        sending.work(run.pk, clock)
        run.refresh_from_db()
        stopped, taken = run.trouble, len(sink.taken)
        sink.relents()
        clock.forward(TROUBLE_PAUSE)
        sending.work(run.pk, clock)

        unknown = run.deliveries.filter(state=DeliveryState.UNKNOWN)
        assert "We try again by ourselves." in stopped
        assert taken == unknown.count() <= 4, "two answers in a row that never came, over two connections"
        assert set(unknown.values_list("reason", flat=True)) == {Reason.CONNECTION_LOST}
        assert sorted(sink.recipients) == sorted(row.address for row in rows)
        assert run_counts(run, clock()).sent == 40 - taken


class TestOneMessage:
    """What is wrong with one message costs that one; the two around it leave."""

    @pytest.fixture
    def run(self, workspace: Workspace) -> Run:
        made: Run = RunFactory.create(
            workspace=workspace, campaign__content=HTML.replace("this is for you", TRAP + "{{ contact.last_name }}")
        )
        return made

    def _three(self, run: Run, **zoe: Any) -> Delivery:
        DeliveryFactory.create(run=run, contact__first_name="Ann")
        bad: Delivery = DeliveryFactory.create(run=run, **zoe)
        DeliveryFactory.create(run=run, contact__first_name="Bob")
        return bad

    def _reason(self, run: Run, bad: Delivery, sink: Sink, clock: Clock) -> tuple[str, str]:
        """The bad one's state and reason; the others have to have left, and the run is done with."""
        sending.work(run.pk, clock)
        others = run.deliveries.exclude(pk=bad.pk)
        assert set(others.values_list("state", flat=True)) == {DeliveryState.SENT}
        assert sorted(sink.recipients) == sorted(others.values_list("address", flat=True))
        run.refresh_from_db()
        assert run.state == RunState.DONE
        assert run_counts(run, clock()).matched == 3
        bad.refresh_from_db()
        return bad.state, bad.reason

    def test_a_template_that_fails_for_one_contact(self, run: Run, sink: Sink, clock: Clock) -> None:
        bad = self._three(run, contact__first_name="Zoe")

        assert self._reason(run, bad, sink, clock) == (DeliveryState.FAILED, Reason.RENDER_FAILED)

    def test_a_message_above_size(self, run: Run, sink: Sink, clock: Clock) -> None:
        sink.extensions.append(f"SIZE {SIZE}")
        bad = self._three(run, contact__attributes={"story": "long " * SIZE})
        run.content.html = run.content.html.replace("contact.last_name", "contact.attributes.story")
        run.content.save(update_fields=["html"])

        assert self._reason(run, bad, sink, clock) == (DeliveryState.FAILED, Reason.TOO_BIG)
        assert f"The server takes {SIZE} bytes" in bad.reply_text
        assert bad.address not in " ".join(sink.commands), "it was known without asking"

    def test_a_message_that_the_server_finds_too_long_when_it_has_it(self, run: Run, sink: Sink, clock: Clock) -> None:
        bad = self._three(run)
        sink.says(Phase.DOT, "552 5.3.4 Too big", to=bad.address)

        assert self._reason(run, bad, sink, clock) == (DeliveryState.FAILED, Reason.TOO_BIG)

    def test_an_address_whose_local_part_is_not_ascii(self, run: Run, sink: Sink, clock: Clock) -> None:
        sink.extensions = ["8BITMIME"]
        bad = self._three(run, address="жана@example.org")

        assert self._reason(run, bad, sink, clock) == (DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8)
        assert bad.address not in " ".join(sink.commands)

    def test_a_contact_that_was_deleted_after_planning(self, run: Run, sink: Sink, clock: Clock) -> None:
        bad = self._three(run)
        Contact.objects.filter(pk=bad.contact_id or 0).delete()

        assert self._reason(run, bad, sink, clock) == (DeliveryState.SKIPPED, Reason.CONTACT_GONE)

    def test_a_contact_that_unsubscribed_after_planning(self, run: Run, sink: Sink, clock: Clock) -> None:
        bad = self._three(run)
        Contact.objects.filter(pk=bad.contact_id or 0).update(consent=Consent.WITHDRAWN)

        assert self._reason(run, bad, sink, clock) == (DeliveryState.SKIPPED, Reason.UNSUBSCRIBED)

    def test_every_reason_has_words_of_its_own(self) -> None:
        words = [str(label) for label in Reason.labels]

        assert len(set(words)) == len(words) == len(Reason)


BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"]


class TestALineBreakInAHeader:
    """It would end the header and begin another, or the body."""

    @pytest.mark.parametrize("end", BREAKS)
    def test_a_sender_with_one_is_refused(self, lead: Member, clock: Clock, end: str) -> None:
        with pytest.raises(CampaignRefused, match="one line"):
            add_sender(
                workspace=lead.workspace, name=f"Ann{end}Bcc: x@y.example", email="a@b.example", by=lead, now=clock()
            )

    @pytest.mark.parametrize("end", BREAKS)
    def test_a_subject_with_one_is_refused(self, workspace: Workspace, lead: Member, clock: Clock, end: str) -> None:
        run = RunFactory.create(workspace=workspace, campaign__state=CampaignState.DRAFT)

        with pytest.raises(TemplateRefused, match="one line"):
            write_content(
                campaign=run.campaign,
                subject=f"Glow{end}Bcc: x@y.example",
                preheader="",
                written_as=run.content.format,
                source=HTML,
                by=lead,
                now=clock(),
            )

    @pytest.mark.parametrize("end", BREAKS)
    @pytest.mark.parametrize("where", ["subject", "sender", "value"])
    def test_one_that_got_in_all_the_same_adds_nothing(
        self, workspace: Workspace, sink: Sink, clock: Clock, where: str, end: str
    ) -> None:
        run, (row,) = run_to(workspace, 1)
        trick = f"Ann{end}Bcc: all@example.org{end}{end}body"
        {"subject": _in_subject, "sender": _in_sender, "value": _in_value}[where](row, trick)

        sending.work(run.pk, clock)

        (received,) = sink.taken
        assert received.parsed["Bcc"] is None
        assert received.parsed.is_multipart(), "the header did not end early"
        assert [len(received.parsed.get_all(name, [])) for name in ("From", "To", "Subject")] == [1, 1, 1]
        assert sink.recipients == [row.address]


def _in_subject(row: Delivery, trick: str) -> None:
    row.run.content.subject = trick
    row.run.content.save(update_fields=["subject"])


def _in_sender(row: Delivery, trick: str) -> None:
    sender = row.run.campaign.sender
    assert sender is not None
    sender.name = trick[:100]
    sender.save(update_fields=["name"])


def _in_value(row: Delivery, trick: str) -> None:
    Contact.objects.filter(pk=row.contact_id or 0).update(first_name=trick[:100])
