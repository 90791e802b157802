"""How long data is kept: previewed, switched on, done at night in chunks, never to somebody who is being sent to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audience.models import (
    BulkEdit,
    BulkEditPast,
    Consent,
    Contact,
    ContactImport,
    Event,
    Handling,
    OptInRequest,
    RetentionRule,
    RetentionRun,
)
from audience.retention import keeping, keepings
from audience.services import ConsentBasis, give_consent, retention
from audience.services.retention import RetentionRefused, begin_rounds, go_on, outlook, set_rule
from delivery.models import Delivery, DeliveryState
from tests.factories.audience import ContactFactory
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.factories.privacy import vera
from workspaces.models import AuditEntry, Member, SystemMail

LONG_AGO = timedelta(days=1000)


def _rule(by: Member, kind: str, now: datetime, days: int = 365) -> None:
    kept = keeping(kind)
    assert kept is not None
    handling = kept.usual_handling
    set_rule(workspace=by.workspace, kind=kind, days=days, handling=handling, is_on=True, by=by, now=now)


def _night(now: datetime) -> list[RetentionRun]:
    begin_rounds(now)
    for round_ in RetentionRun.objects.unfinished().order_by("pk"):
        go_on(round_.pk, timezone.now)
    return list(RetentionRun.objects.order_by("pk"))


def _event(contact: Contact, at: datetime) -> Event:
    return Event.objects.create(workspace=contact.workspace, contact=contact, name="visited", occurred_at=at)


def test_nothing_goes_while_no_rule_is_on(lead: Member, now: datetime) -> None:
    person = vera(lead, now - LONG_AGO)

    assert _night(now) == []
    assert Event.objects.filter(contact=person).exists()


def test_what_is_old_enough_goes_and_what_is_young_stays(lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=lead.workspace)
    _event(contact, now - LONG_AGO)
    young = _event(contact, now)
    _rule(lead, "events", now)

    [round_] = _night(now)

    assert list(Event.objects.all()) == [young]
    assert (round_.gone_count, round_.finished_at is None) == (1, False)
    assert AuditEntry.objects.filter(action="retention.kept", detail__gone=1).exists()


def test_other_workspaces_keep_what_they_have(lead: Member, outsider: Member, now: datetime) -> None:
    _event(ContactFactory.create(workspace=outsider.workspace), now - LONG_AGO)
    _rule(lead, "events", now)

    _night(now)

    assert Event.objects.count() == 1


def test_the_preview_counts_names_few_and_writes_nothing(lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=lead.workspace)
    for _time in range(7):
        _event(contact, now - LONG_AGO)

    seen = outlook(workspace=lead.workspace, kind="events", days=365, now=now)

    assert (seen.count, len(seen.samples)) == (7, 5)
    assert Event.objects.count() == 7


@pytest.mark.parametrize("kept", keepings(), ids=lambda kept: kept.key)
def test_every_kind_lets_go_what_its_preview_counted_and_finds_nothing_after(
    kept: Any, lead: Member, now: datetime
) -> None:
    past = now - LONG_AGO
    person = vera(lead, past)
    _make_old(person, past)
    expected = outlook(workspace=lead.workspace, kind=kept.key, days=365, now=now).count
    _rule(lead, kept.key, now)

    [round_] = _night(now)

    assert expected > 0
    assert round_.gone_count >= expected
    assert outlook(workspace=lead.workspace, kind=kept.key, days=365, now=now).count == 0


def _make_old(person: Contact, past: datetime) -> None:
    """Everything of the person as it would lie there after years."""
    old = {"created_at": past, "updated_at": past}
    Contact.objects.filter(pk=person.pk).update(consent=Consent.UNKNOWN, **old)
    ContactImport.objects.update(created_at=past)
    OptInRequest.objects.create(
        workspace=person.workspace, email="b@example.org", address="b@example.org", source="form", wording="Yes",
        language="en", asked_at=past, confirmed_at=past,
    )  # fmt: skip
    Delivery.objects.update(contact=person)
    for run in {delivery.run for delivery in Delivery.objects.select_related("run")}:
        run.started_at = past
        run.save(update_fields=["started_at"])
    SystemMail.objects.update(state="sent", next_attempt_at=past)
    BulkEdit.objects.update(at=past)
    BulkEditPast.objects.create(workspace=person.workspace, edit=BulkEdit.objects.get(), contact=person)


class TestPeopleWhoGoByRule:
    """Inactive contacts without consent."""

    @pytest.fixture
    def quiet(self, lead: Member, now: datetime) -> Contact:
        past = now - LONG_AGO
        made: Contact = ContactFactory.create(
            workspace=lead.workspace, consent=Consent.UNKNOWN, created_at=past, updated_at=past
        )
        return made

    def test_they_go_and_may_come_back(self, quiet: Contact, lead: Member, now: datetime) -> None:
        _rule(lead, "inactive_contacts", now)

        _night(now)

        assert not Contact.objects.exists()
        ContactFactory.create(workspace=lead.workspace, email=quiet.email)

    def test_who_did_something_since_stays(self, quiet: Contact, lead: Member, now: datetime) -> None:
        _event(quiet, now)
        _rule(lead, "inactive_contacts", now)

        _night(now)

        assert Contact.objects.exists()

    def test_who_gave_consent_stays(self, quiet: Contact, lead: Member, now: datetime) -> None:
        give_consent(contact=quiet, basis=ConsentBasis("by hand", "Yes"), by=lead, now=now)
        _rule(lead, "inactive_contacts", now)

        _night(now)

        assert Contact.objects.exists()

    @pytest.mark.parametrize("state", [DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED])
    def test_nobody_goes_while_a_send_is_running_for_them(
        self, state: DeliveryState, quiet: Contact, lead: Member, now: datetime
    ) -> None:
        run = RunFactory.create(workspace=lead.workspace)
        DeliveryFactory.create(run=run, contact=quiet, address=quiet.address, state=state)
        _rule(lead, "inactive_contacts", now)

        _night(now)

        assert Contact.objects.exists()


class TestRounds:
    """Workers."""

    def test_a_round_that_was_interrupted_goes_on(
        self, lead: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contact = ContactFactory.create(workspace=lead.workspace)
        for _time in range(5):
            _event(contact, now - LONG_AGO)
        _rule(lead, "events", now)
        begin_rounds(now)
        round_ = RetentionRun.objects.get()
        monkeypatch.setattr(retention, "CHUNK", 2)
        moments = iter([now, now, now, now + timedelta(minutes=1)])  # over time after the first chunk

        go_on(round_.pk, lambda: next(moments))
        left = Event.objects.count()
        go_on(round_.pk, timezone.now)

        round_.refresh_from_db()
        assert left == 3
        assert (Event.objects.count(), round_.gone_count) == (0, 5)
        assert round_.finished_at is not None

    def test_a_second_worker_leaves_a_round_in_hand_alone(self, lead: Member, now: datetime) -> None:
        _event(ContactFactory.create(workspace=lead.workspace), now - LONG_AGO)
        _rule(lead, "events", now)
        begin_rounds(now)
        RetentionRun.objects.update(lease_until=timezone.now() + timedelta(hours=1))

        go_on(RetentionRun.objects.get().pk, timezone.now)

        assert Event.objects.count() == 1

    def test_a_rule_that_is_switched_off_ends_its_round(self, lead: Member, now: datetime) -> None:
        _event(ContactFactory.create(workspace=lead.workspace), now - LONG_AGO)
        _rule(lead, "events", now)
        begin_rounds(now)
        RetentionRule.objects.update(is_on=False)

        go_on(RetentionRun.objects.get().pk, timezone.now)

        assert Event.objects.count() == 1
        assert RetentionRun.objects.get().finished_at is not None

    def test_beginning_twice_opens_one_round(self, lead: Member, now: datetime) -> None:
        _rule(lead, "events", now)

        begin_rounds(now)
        begin_rounds(now)

        assert RetentionRun.objects.count() == 1


class TestSetting:
    """Rules by page and program."""

    @pytest.mark.parametrize(
        ("kind", "days", "handling"),
        [
            ("nothing", 365, Handling.DELETE),
            ("events", 0, Handling.DELETE),
            ("events", 1, Handling.DELETE),
            ("events", 99_999, Handling.DELETE),
            ("events", 365, Handling.ANONYMISE),
        ],
    )
    def test_a_rule_that_makes_no_sense_is_refused(
        self, kind: str, days: int, handling: Handling, lead: Member, now: datetime
    ) -> None:
        with pytest.raises(RetentionRefused):
            set_rule(workspace=lead.workspace, kind=kind, days=days, handling=handling, is_on=True, by=lead, now=now)

    def test_the_page_shows_what_another_age_would_let_go(
        self, lead: Member, browse: Callable[[Member], Client], now: datetime
    ) -> None:
        _event(ContactFactory.create(workspace=lead.workspace), now - timedelta(days=100))
        url = reverse("audience:privacy_rule", args=["maren-moss", "events"])

        answers = [browse(lead).get(url, {"days": days}) for days in ("90", "365", "nonsense", "9" * 30)]

        assert [answer.context["outlook"].count for answer in answers] == [1, 0, 0, 0]

    def test_an_age_that_nobody_has_seen_is_shown_before_the_rule_goes_on(
        self, lead: Member, browse: Callable[[Member], Client], now: datetime
    ) -> None:
        _event(ContactFactory.create(workspace=lead.workspace), now - timedelta(days=100))
        url = reverse("audience:privacy_rule", args=["maren-moss", "events"])
        said = {"days": "90", "handling": "delete", "is_on": "on"}

        hasty = browse(lead).post(url, said | {"seen_days": "365"})
        was_on = RetentionRule.objects.filter(is_on=True).exists()
        calm = browse(lead).post(url, said | {"seen_days": str(hasty.context["days"])})

        assert (hasty.status_code, hasty.context["outlook"].count, was_on) == (422, 1, False)
        assert calm.status_code == 302
        assert RetentionRule.objects.get(kind="events", is_on=True).days == 90

    def test_a_kind_that_is_unknown_has_no_page(self, lead: Member, browse: Callable[[Member], Client]) -> None:
        assert browse(lead).get(reverse("audience:privacy_rule", args=["maren-moss", "nothing"])).status_code == 404

    def test_a_program_sets_and_previews_a_rule(self, lead: Member, api: Callable[..., APIClient]) -> None:
        client, args = api(lead), ["events"]

        set_ = client.put(
            reverse("api:retention-detail", args=args),
            {"days": 400, "handling": "delete", "is_on": True},
            format="json",
        ).json()
        seen = client.get(reverse("api:retention-preview", args=args), {"days": 30}).json()

        assert (set_["days"], set_["is_on"], seen["count"]) == (400, True, 0)
        assert client.get(reverse("api:retention-preview", args=args), {"days": 1}).status_code == 400
