"""Erasing a person: nothing is left that leads back, what is counted stays counted, and nothing comes back."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from audience import imports, intake
from audience.erasing import REDACTED, Fate
from audience.erasing.traces import searched_models
from audience.models import (
    AnonymousSale,
    Contact,
    ContactImport,
    ErasureRecord,
    ErasureState,
    ImportRefusal,
    OptInRequest,
    PrivacySettings,
    Segment,
    Suppression,
    SuppressionReason,
    address_hash,
)
from audience.services import ConsentBasis, ContactRefused, save_contact
from audience.services.erasures import (
    erase_address,
    erase_contact,
    finish_erasure,
    person_of,
    preview_erasure,
    receipt_document,
)
from audience.services.opt_ins import Ask, ask_to_opt_in, confirm_opt_in, opt_in_at_once
from delivery.fates import Fate as MailFate
from delivery.fates import Outcome
from delivery.ledger import Ask as AskRows
from delivery.ledger import Settlement, advance
from delivery.models import Chunk, Delivery, DeliveryState, HitKind, Lane, Reason, Run
from delivery.reactions import Visit, record_hit
from sprints.models import Idea, StoryComment
from tests.factories.audience import ContactFactory
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.factories.privacy import ADDRESS, FORMER, NAME, TRACES, places_that_hold, vera
from workspaces.models import AuditEntry, Member, Workspace


def _erased(contact: Contact, by: Member, now: datetime) -> ErasureRecord:
    receipt = erase_contact(contact=contact, by=by, now=now)
    finish_erasure(receipt.pk, timezone.now)
    receipt.refresh_from_db()
    return receipt


@pytest.mark.parametrize("trace", TRACES)
def test_no_column_and_no_file_names_an_erased_person(trace: str, lead: Member, now: datetime) -> None:
    person = vera(lead, now)
    before = places_that_hold(trace)

    receipt = _erased(person, lead, now)

    assert before
    assert places_that_hold(trace) == []
    assert receipt.state == ErasureState.DONE
    assert not receipt.clues


def test_every_model_of_a_workspace_that_can_hold_words_is_looked_through_or_says_why_not() -> None:
    labels = {model._meta.label for model in searched_models()}

    assert labels >= {"workspaces.AuditEntry", "audience.Segment", "sprints.StoryComment", "audience.ImportRefusal"}
    assert "audience.Suppression" not in labels


def test_what_others_said_stays_around_the_name(lead: Member, now: datetime) -> None:
    _erased(vera(lead, now), lead, now)

    assert StoryComment.objects.get().text == f"{REDACTED} ({REDACTED}) rang from {REDACTED}"
    assert Idea.objects.get().sender_email == ""
    assert Segment.objects.filter(definition__values=[REDACTED, "a@b.co"]).exists()


def test_other_people_stay_as_they_are(lead: Member, now: datetime) -> None:
    longer = ContactFactory.create(workspace=lead.workspace, email=f"my.{ADDRESS}", last_name="Holmqvist")
    namesake = ContactFactory.create(workspace=lead.workspace, first_name="Vera", last_name="Holmqvist")
    elsewhere = ContactFactory.create(email=ADDRESS)

    _erased(vera(lead, now), lead, now)

    for other in (longer, namesake, elsewhere):
        email, name = other.email, other.full_name
        other.refresh_from_db()
        assert (other.email, other.full_name) == (email, name)


def test_a_former_address_that_somebody_else_has_now_is_not_shut_out(lead: Member, now: datetime) -> None:
    person = vera(lead, now)
    ContactFactory.create(workspace=lead.workspace, email=FORMER)

    _erased(person, lead, now)

    assert not Suppression.objects.of(FORMER).exists()
    assert Contact.objects.filter(address=FORMER).exists()


def test_the_receipt_counts_and_proves_consent_without_the_person(lead: Member, now: datetime) -> None:
    receipt = _erased(vera(lead, now), lead, now)

    document = receipt_document(receipt)

    assert (receipt.counts["events"], receipt.counts["browsers"], receipt.counts["answers"]) == (3, 1, 1)
    assert {"contact", "orders", "mails", "hits", "feedback", "ideas", "texts"} <= set(receipt.counts)
    assert document["address_hash"] == address_hash(ADDRESS)
    [proof] = receipt.proof
    assert (proof["to"], proof["consent"], len(proof["digest"])) == ("mail", "given", 64)
    assert not any(trace in json.dumps(document) for trace in TRACES)


def test_money_stays_for_the_books_and_the_order_number_goes(lead: Member, now: datetime) -> None:
    _erased(vera(lead, now), lead, now)

    sale = AnonymousSale.objects.get()
    assert (str(sale.total), sale.lines[0]["sku"]) == ("40.00", "GLOW")
    assert sale.lines[0]["name"] == f"Glow set, engraved {REDACTED}"
    assert places_that_hold("A-1") == []


def test_a_workspace_that_keeps_no_books_keeps_no_money(lead: Member, now: datetime) -> None:
    PrivacySettings.objects.create(workspace=lead.workspace, keeps_books=False)
    person = vera(lead, now)

    fates = {line.key: line.fate for line in preview_erasure(person_of(person))}
    _erased(person, lead, now)

    assert fates["orders"] == Fate.DELETED
    assert not AnonymousSale.objects.exists()


def test_the_ledger_still_counts_the_mail(lead: Member, now: datetime) -> None:
    person = vera(lead, now)

    _erased(person, lead, now)

    mail = Delivery.objects.get()
    assert (mail.state, mail.contact_id, mail.address) == (DeliveryState.SENT, None, f"erased:{mail.pk}")
    assert Run.objects.get().deliveries.count() == Run.objects.get().matched_count


def test_the_preview_names_what_goes_and_writes_nothing(lead: Member, now: datetime) -> None:
    person = vera(lead, now)

    lines = {line.key: line for line in preview_erasure(person_of(person))}

    assert [lines[key].count for key in ("events", "browsers", "answers", "orders")] == [3, 1, 1, 1]
    assert lines["hash"].fate == Fate.KEPT
    assert Contact.objects.filter(pk=person.pk).exists()


def test_erasing_twice_gives_the_first_receipt(lead: Member, now: datetime) -> None:
    person = vera(lead, now)
    first = _erased(person, lead, now)

    again = erase_contact(contact=person, by=lead, now=now)
    by_address = erase_address(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)

    assert again == by_address == first
    assert ErasureRecord.objects.count() == 1


def test_an_address_without_a_contact_is_erased_too(lead: Member, now: datetime) -> None:
    ask = Ask(ADDRESS, ConsentBasis("form", "Yes"))
    ask_to_opt_in(workspace=lead.workspace, ask=ask, by=None, now=now)

    receipt = erase_address(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)
    finish_erasure(receipt.pk, timezone.now)

    assert receipt.contact_number is None
    assert places_that_hold(ADDRESS) == []


def test_the_erasure_is_audited_without_the_person(lead: Member, now: datetime) -> None:
    _erased(vera(lead, now), lead, now)

    assert AuditEntry.objects.filter(action="contact.erased", member=lead).count() == 1
    assert AuditEntry.objects.filter(action="contact.erasure_done").count() == 1


def test_a_search_that_was_interrupted_goes_on_where_it_was(lead: Member, now: datetime) -> None:
    receipt = erase_contact(contact=vera(lead, now), by=lead, now=now)
    moments = iter([now, now, now + timedelta(minutes=1)])  # claimed, begun, and over time before the first step
    finish_erasure(receipt.pk, lambda: next(moments))
    receipt.refresh_from_db()
    assert receipt.state == ErasureState.SEARCHING

    finish_erasure(receipt.pk, timezone.now)

    receipt.refresh_from_db()
    assert receipt.state == ErasureState.DONE
    assert places_that_hold(ADDRESS) == []


def test_a_second_worker_leaves_an_erasure_in_hand_alone(lead: Member, now: datetime) -> None:
    receipt = erase_contact(contact=vera(lead, now), by=lead, now=now)
    ErasureRecord.objects.update(lease_until=now + timedelta(hours=1))

    finish_erasure(receipt.pk, timezone.now)

    receipt.refresh_from_db()
    assert receipt.state == ErasureState.SEARCHING


class TestNothingComesBack:
    """Imports, programs, forms, and workers that were at it."""

    @pytest.fixture
    def receipt(self, lead: Member, now: datetime) -> ErasureRecord:
        return _erased(vera(lead, now), lead, now)

    def _imported(self, workspace: Workspace, by: Member, text: str, now: datetime) -> ContactImport:
        file = ContentFile(text.encode(), "people.csv")
        found = imports.open_import(workspace=workspace, file=file, by=by, now=now)
        choices = imports.ImportChoices(mapping=found.mapping)
        imports.start_import(found=found, choices=choices, by=by, now=now)
        intake.run_import(found.pk, timezone.now)
        found.refresh_from_db()
        return found

    def test_an_import_refuses_the_address_and_keeps_neither_row_nor_file(
        self, receipt: ErasureRecord, lead: Member, now: datetime
    ) -> None:
        text = f"email,first name\nann@example.org,Ann\n{ADDRESS},Vera\n"

        found = self._imported(lead.workspace, lead, text, now)

        assert (found.created_count, found.refused_count) == (1, 1)
        assert ImportRefusal.objects.get(contact_import=found).cells == []
        assert places_that_hold(ADDRESS) == []

    def test_a_row_that_is_refused_for_something_else_keeps_nothing_either(
        self, receipt: ErasureRecord, lead: Member, now: datetime
    ) -> None:
        text = f"email,language\nann@example.org,en\n{ADDRESS},Klingon\n"

        self._imported(lead.workspace, lead, text, now)

        assert places_that_hold(ADDRESS) == []

    def test_an_import_that_is_waiting_refuses_who_is_erased_meanwhile(self, lead: Member, now: datetime) -> None:
        file = ContentFile(f"email,first name\n{ADDRESS},Vera\nann@example.org,Ann\n".encode(), "people.csv")
        found = imports.open_import(workspace=lead.workspace, file=file, by=lead, now=now)
        imports.start_import(found=found, choices=imports.ImportChoices(mapping=found.mapping), by=lead, now=now)

        _erased(vera(lead, now), lead, now)
        intake.run_import(found.pk, timezone.now)

        assert places_that_hold(ADDRESS) == []
        assert not Contact.objects.filter(address=ADDRESS).exists()

    def test_neither_people_nor_programs_add_the_address_again(
        self, receipt: ErasureRecord, lead: Member, now: datetime
    ) -> None:
        with pytest.raises(ContactRefused):
            save_contact(workspace=lead.workspace, email=ADDRESS, by=lead, now=now)

        assert places_that_hold(ADDRESS) == []

    def test_a_stranger_cannot_bring_the_person_back_by_a_form(
        self, receipt: ErasureRecord, lead: Member, now: datetime
    ) -> None:
        request = opt_in_at_once(workspace=lead.workspace, ask=Ask(ADDRESS, ConsentBasis("form", "Yes")), now=now)

        assert request.confirmed_at is None
        assert not Contact.objects.filter(address=ADDRESS).exists()

    def test_the_person_can_come_back_by_confirming_a_mail(
        self, receipt: ErasureRecord, lead: Member, now: datetime
    ) -> None:
        ask = Ask(ADDRESS, ConsentBasis("form", "Yes"))
        request = ask_to_opt_in(workspace=lead.workspace, ask=ask, by=None, now=now)

        contact = confirm_opt_in(request=OptInRequest.objects.get(pk=request.pk), evidence={}, now=now)

        assert (contact.consent, contact.suppression) == ("given", "")

    def test_a_mail_that_waits_is_left_out_when_its_turn_comes(self, lead: Member, now: datetime) -> None:
        run, lane, chunk, person = self._sending(lead)

        _erased(person, lead, now)
        [row] = advance(Settlement(), [AskRows(chunk.pk, 10)], lane, run, now).rows
        advance(Settlement(left_out=[row]), [], lane, run, now)

        mail = Delivery.objects.get(run=run)
        assert row.unwilling == Reason.CONTACT_GONE
        assert (mail.state, mail.reason) == (DeliveryState.SKIPPED, Reason.CONTACT_GONE)
        assert ADDRESS not in f"{row.address} {row.context}"

    def test_a_mail_in_a_workers_hands_is_counted_and_its_answer_forgotten(self, lead: Member, now: datetime) -> None:
        run, lane, chunk, person = self._sending(lead)
        [row] = advance(Settlement(), [AskRows(chunk.pk, 10)], lane, run, now).rows

        _erased(person, lead, now)
        advance(Settlement(results=[(row, _accepted(f"250 kept for {ADDRESS}"))]), [], lane, run, now)

        mail = Delivery.objects.get(run=run)
        assert (mail.state, mail.reply_text) == (DeliveryState.SENT, "")
        assert places_that_hold(ADDRESS) == []

    def test_a_late_click_on_an_old_mail_is_not_kept(self, receipt: ErasureRecord, now: datetime) -> None:
        mail = Delivery.objects.get()

        hit = record_hit(delivery_id=mail.pk, kind=HitKind.CLICK, visit=Visit("GET", "Vera", "192.0.2.7"), now=now)

        assert hit is None

    def _sending(self, lead: Member) -> tuple[Run, Lane, Chunk, Contact]:
        run = RunFactory.create(workspace=lead.workspace)
        person = ContactFactory.create(workspace=lead.workspace, email=ADDRESS)
        mail = DeliveryFactory.create(run=run, contact=person, address=ADDRESS, state=DeliveryState.QUEUED)
        lane = Lane.objects.create(run=run, opened_at=timezone.now())
        chunk = Chunk.objects.create(
            run=run, domain_group="other", first_id=mail.pk, last_id=mail.pk, mark=mail.pk - 1, size=1, lane=lane.pk
        )
        return run, lane, chunk, person


def _accepted(words: str) -> Outcome:
    return Outcome(MailFate.ACCEPTED, 250, words)


class TestCommand:
    """`manage.py erase_contact`."""

    def test_it_erases_and_prints_the_receipt(self, lead: Member, now: datetime) -> None:
        vera(lead, now)
        said = StringIO()

        call_command("erase_contact", ADDRESS, workspace="maren-moss", stdout=said)

        assert json.loads(said.getvalue())["finished_at"]
        assert places_that_hold(NAME) == []

    def test_a_preview_writes_nothing(self, lead: Member, now: datetime) -> None:
        vera(lead, now)
        said = StringIO()

        call_command("erase_contact", ADDRESS, workspace="maren-moss", preview=True, stdout=said)

        assert json.loads(said.getvalue())["events"]["count"] == 3
        assert Contact.objects.filter(address=ADDRESS).exists()

    @pytest.mark.parametrize(("address", "slug"), [("no address", "maren-moss"), (ADDRESS, "nowhere")])
    def test_nonsense_is_refused(self, address: str, slug: str, lead: Member) -> None:
        with pytest.raises(CommandError):
            call_command("erase_contact", address, workspace=slug)

    def test_who_may_not_erase_does_not(self, lead: Member, seller: Member) -> None:
        with pytest.raises(CommandError):
            call_command("erase_contact", ADDRESS, workspace="maren-moss", by=seller.user.email)


def test_suppression_by_erasure_replaces_another_reason(lead: Member, now: datetime) -> None:
    person = vera(lead, now)
    Suppression.objects.create(
        workspace=lead.workspace, address_hash=address_hash(ADDRESS), reason="bounced", note=ADDRESS, at=now
    )

    _erased(person, lead, now)

    shut = Suppression.objects.of(ADDRESS).get()
    assert (shut.reason, shut.note) == (SuppressionReason.ERASED, "")
