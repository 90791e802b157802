"""Erasures while others are at it, each on a connection of its own: nothing of the person comes back."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from threading import Event as Signal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from audience.intake import CHUNK, run_import
from audience.models import Contact, ErasureRecord, ErasureState, Event, ImportState, Order, SiteVisitor, SurveyAnswer
from audience.services import ContactRefused, NewEvent, NewOrder, Whose, record_events, record_orders, save_contact
from audience.services.erasures import erase_address, erase_contact, finish_erasure
from audience.services.survey_answers import SurveyGone, guest_of, survey_token, take_answer
from audience.services.visitors import Report, take_report
from delivery import sending
from delivery.models import Delivery, DeliveryState, Feedback
from tests.factories.audience import ContactFactory, QuestionFactory, SurveyFactory
from tests.factories.commerce import SiteFactory
from tests.factories.delivery import run_to
from tests.factories.imports import people_csv, started
from tests.factories.privacy import ADDRESS, BROWSER, places_that_hold
from tests.smtp_sink import Phase, Sink, running_sink
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20.0  # seconds after which a test that hangs has failed
A_MOMENT = 0.3  # seconds in which whoever need not wait would be done


@pytest.fixture
def person(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email=ADDRESS, first_name="Vera")
    return made


def _apart(action: Callable[[], Any]) -> Any:
    """What the action returns on a connection of its own."""

    def run() -> Any:
        try:
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(PATIENCE)


@contextmanager
def _meanwhile(action: Callable[[], Any]) -> Iterator[Signal]:
    """The action on a connection of its own, beside the block; the signal says that it is over."""
    over = Signal()

    def run() -> Any:
        try:
            return action()
        finally:
            connection.close()
            over.set()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        yield over
        running.result(PATIENCE)


def _finish() -> None:
    for receipt in ErasureRecord.objects.unfinished():
        finish_erasure(receipt.pk, timezone.now)


class TestImports:
    """A file that holds the address."""

    ROWS = CHUNK * 2

    def _run(self, lead: Member, now: datetime, line: int, erase_at: int) -> Any:
        """Import a file with the person on this line, and erase the person at this reading of the clock."""
        lines = people_csv(range(self.ROWS)).splitlines()
        lines[line] = f"{ADDRESS},Vera,Sofia"
        found = started("\n".join([*lines, ""]), by=lead, now=now)
        calls = count(1)
        pool = ThreadPoolExecutor(1)
        erasing = []

        def erase() -> None:
            try:
                erase_address(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
            finally:
                connection.close()

        def clock() -> datetime:
            if next(calls) == erase_at:
                erasing.append(pool.submit(erase))
            return now + timedelta(milliseconds=next(calls))

        run_import(found.pk, clock)
        erasing[0].result(PATIENCE)
        pool.shutdown()
        found.refresh_from_db()
        return found

    @pytest.mark.parametrize("line", [5, CHUNK + 5])
    @pytest.mark.parametrize("erase_at", [1, 5])
    def test_an_erasure_while_an_import_holds_the_address_leaves_nobody(
        self, line: int, erase_at: int, lead: Member, now: datetime, person: Contact
    ) -> None:
        found = self._run(lead, now, line, erase_at)
        _finish()

        assert found.state == ImportState.DONE
        assert ErasureRecord.objects.get().state == ErasureState.DONE
        assert places_that_hold(ADDRESS) == []
        assert Contact.objects.count() == self.ROWS - 1

    def test_the_file_that_a_worker_still_reads_goes_when_it_is_read(
        self, lead: Member, now: datetime, person: Contact
    ) -> None:
        found = started(f"email,first name\n{ADDRESS},Vera\nann@example.org,Ann\n", by=lead, now=now)
        type(found).objects.filter(pk=found.pk).update(state=ImportState.RUNNING, next_line=3)

        erase_contact(contact=person, by=lead, now=now)
        _finish()
        waits = ErasureRecord.objects.get().state
        run_import(found.pk, timezone.now)
        _finish()

        assert waits == ErasureState.SEARCHING
        assert ErasureRecord.objects.get().state == ErasureState.DONE
        assert places_that_hold(ADDRESS) == []


class TestDoors:
    """Programs, web sites and surveys."""

    @contextmanager
    def _erased_meanwhile(self, lead: Member, now: datetime) -> Iterator[None]:
        """The erasure is done but not committed while the block runs; then it is."""

        def erase() -> None:
            with transaction.atomic():
                erase_address(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
                is_done.set()
                go_on.wait(A_MOMENT)

        is_done, go_on = Signal(), Signal()
        with _meanwhile(erase):
            assert is_done.wait(PATIENCE)
            yield

    def test_orders_and_events_of_strangers_wait_for_the_erasure(
        self, lead: Member, now: datetime, person: Contact
    ) -> None:
        given: dict[str, Any] = {"workspace": lead.workspace, "by": lead, "now": now, "adds_people": True}

        with self._erased_meanwhile(lead, now):
            orders = record_orders(orders=[NewOrder(Whose(ADDRESS), "A-2", now, total=Decimal(10))], **given)
        events = record_events(events=[NewEvent(Whose(ADDRESS), "visited", now)], **given)
        _finish()

        assert [taken.became for taken in (*orders, *events)] == ["refused", "refused"]
        assert places_that_hold(ADDRESS) == []
        assert not Contact.objects.exists()

    def test_a_contact_that_is_saved_meanwhile_is_refused(self, lead: Member, now: datetime) -> None:
        with self._erased_meanwhile(lead, now), pytest.raises(ContactRefused):
            save_contact(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
        _finish()

        assert places_that_hold(ADDRESS) == []

    def test_a_contact_that_is_being_added_is_erased_too(self, lead: Member, now: datetime) -> None:
        with transaction.atomic():
            save_contact(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
            pool = ThreadPoolExecutor(1)
            erasing = pool.submit(
                _apart, lambda: erase_address(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
            )
            with suppress(TimeoutError):
                erasing.result(A_MOMENT)
            waited = not erasing.done()
        erasing.result(PATIENCE)
        pool.shutdown()
        _finish()

        assert waited
        assert places_that_hold(ADDRESS) == []
        assert not Contact.objects.exists()

    def test_what_a_known_browser_reports_meanwhile_is_a_strangers(
        self, lead: Member, now: datetime, person: Contact
    ) -> None:
        site = SiteFactory.create(workspace=lead.workspace)
        SiteVisitor.objects.create(workspace=lead.workspace, site=site, key=BROWSER, contact=person, seen_at=now)
        deed = {"kind": "event", "name": "visited", "id": "v-1", "properties": {}}

        with self._erased_meanwhile(lead, now):
            take_report(site=site, report=Report(BROWSER, "", [deed]), now=now)

        assert SiteVisitor.objects.get().contact is None
        assert not Event.objects.exists()

    def test_an_answer_that_is_sent_meanwhile_is_not_kept(self, lead: Member, now: datetime, person: Contact) -> None:
        survey = SurveyFactory.create(workspace=lead.workspace)
        score = QuestionFactory.create(survey=survey)
        guest = guest_of(survey_token(survey, person))

        with self._erased_meanwhile(lead, now), pytest.raises(SurveyGone):
            take_answer(guest=guest, given={score.pk: "9"}, ticket=None, now=now)

        assert not SurveyAnswer.objects.exists()

    def test_many_at_once_neither_die_nor_bring_anybody_back(
        self, lead: Member, now: datetime, person: Contact
    ) -> None:
        site = SiteFactory.create(workspace=lead.workspace)
        SiteVisitor.objects.create(workspace=lead.workspace, site=site, key=BROWSER, contact=person, seen_at=now)
        given: dict[str, Any] = {"workspace": lead.workspace, "by": lead, "now": now, "adds_people": True}

        def report(number: int) -> None:
            deed = {"kind": "event", "name": "visited", "id": f"v-{number}", "properties": {}}
            take_report(site=site, report=Report(BROWSER, "", [deed]), now=now)
            record_orders(orders=[NewOrder(Whose(ADDRESS), f"A-{number}", now, total=Decimal(10))], **given)
            connection.close()

        with ThreadPoolExecutor(4) as pool:
            reports = [pool.submit(report, number) for number in range(12)]
            erasing = pool.submit(
                _apart, lambda: erase_address(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
            )
            reports += [pool.submit(report, number) for number in range(12, 24)]
            for job in [*reports, erasing]:
                job.result(PATIENCE)
        _finish()

        assert places_that_hold(ADDRESS) == []
        assert not Order.objects.exists()
        assert not Contact.objects.exists()


@pytest.mark.usefixtures("bells")
class TestSends:
    """A send that hands over the person's message this instant."""

    @pytest.fixture
    def sink(self, settings: Settings) -> Iterator[Sink]:
        with running_sink() as sink:
            settings.MAIL_SANDBOX = False
            settings.MAIL = sink.mail_settings
            yield sink

    @pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
    @pytest.mark.parametrize(
        ("reply", "state"),
        [
            ("", DeliveryState.SENT),
            (f"550 5.1.1 <{ADDRESS}> unknown", DeliveryState.FAILED),
            (f"451 4.7.1 <{ADDRESS}> later", DeliveryState.DEFERRED),
        ],
    )
    def test_the_message_is_counted_and_its_answer_forgotten(
        self, phase: Phase, reply: str, state: DeliveryState, lead: Member, now: datetime, sink: Sink
    ) -> None:
        run, rows = run_to(lead.workspace, 3)
        person = Contact.objects.get(deliveries=rows[1])
        Contact.objects.filter(pk=person.pk).update(email=ADDRESS, address=ADDRESS)
        Delivery.objects.filter(pk=rows[1].pk).update(address=ADDRESS)
        if reply:
            sink.says(Phase.RCPT, reply, to=ADDRESS)
        erased = Signal()

        def erase(now_at: Phase, recipient: str) -> None:
            wanted = Phase.RCPT if reply and phase in {Phase.DATA, Phase.DOT} else phase
            if now_at == wanted and recipient in {"", ADDRESS} and not erased.is_set():
                erased.set()
                _apart(lambda: erase_contact(contact=person, by=lead, now=timezone.now()))

        sink.before = erase

        _apart(lambda: sending.work(run.pk, timezone.now))
        _finish()

        mail = Delivery.objects.get(pk=rows[1].pk)
        assert erased.is_set()
        assert (mail.contact_id, mail.address, mail.reply_text) == (None, f"erased:{mail.pk}", "")
        assert mail.state in {state, DeliveryState.SKIPPED}
        assert not Feedback.objects.exclude(words="").exists()
        assert places_that_hold(ADDRESS) == []

    def test_a_message_that_was_put_off_is_left_out_later(self, lead: Member, now: datetime, sink: Sink) -> None:
        run, rows = run_to(lead.workspace, 1)
        person = Contact.objects.get(deliveries=rows[0])
        sink.says(Phase.RCPT, "451 4.7.1 later", times=1)
        _apart(lambda: sending.work(run.pk, timezone.now))

        erase_contact(contact=person, by=lead, now=now)
        Delivery.objects.update(next_attempt_at=now)
        _apart(lambda: sending.work(run.pk, timezone.now))

        assert sink.taken == []
        assert Delivery.objects.get().state == DeliveryState.SKIPPED
