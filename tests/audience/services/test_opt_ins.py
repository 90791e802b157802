"""Nothing is known of an address before its reader presses the button, and one mail a day asks."""

from datetime import datetime, timedelta

import pytest

from audience.models import Consent, ConsentEntry, Contact, OptInRequest, Suppression, SuppressionReason
from audience.services import ConsentBasis, suppress, withdraw_consent
from audience.services.consent import OWN_WORDS
from audience.services.opt_ins import (
    Ask,
    OptInGone,
    ask_to_opt_in,
    confirm_opt_in,
    forget_unconfirmed,
    opt_in_at_once,
    opt_in_of,
    opt_in_token,
)
from tests.factories.audience import ContactFactory, ListFactory, SignupFormFactory, TopicFactory
from tests.together import together
from workspaces.models import SystemMail, Workspace

pytestmark = pytest.mark.django_db
ASK = Ask("Ann@example.org", ConsentBasis("form", "Write to me", {"ip": "192.0.2.7"}))
SEEN = {"ip": "192.0.2.8"}


def test_asking_changes_nothing_of_a_contact(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace, email="ann@example.org", consent=Consent.UNKNOWN)

    ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)

    contact.refresh_from_db()
    assert contact.consent == Consent.UNKNOWN
    assert not ConsentEntry.objects.exists()
    assert SystemMail.objects.get().to == "Ann@example.org"


def test_confirming_keeps_who_when_how_and_in_which_words(workspace: Workspace, now: datetime) -> None:
    form = SignupFormFactory.create(
        workspace=workspace,
        topics=[TopicFactory.create(workspace=workspace).pk],
        contact_list=ListFactory.create(workspace=workspace),
        welcome_body="Welcome",
    )
    ask = Ask(ASK.email, ASK.basis, form=form, topics=form.topics, tracking_wording="Follow me")
    request = ask_to_opt_in(workspace=workspace, ask=ask, by=None, now=now)

    contact = confirm_opt_in(request=request, evidence=SEEN, now=now + timedelta(hours=1))

    said = {entry.to: entry for entry in ConsentEntry.objects.all()}
    assert set(said) == {"mail", "topic", "tracking"}
    assert (said["mail"].wording, said["mail"].form_version) == ("Write to me", f"form {form.pk}, version 1")
    assert said["mail"].evidence["confirmed"] == SEEN
    assert (contact.consent, contact.tracking) == (Consent.GIVEN, Consent.GIVEN)
    assert contact.memberships.get().contact_list == form.contact_list
    assert SystemMail.objects.filter(kind="audience.welcome").count() == 1


def test_confirming_twice_changes_nothing(workspace: Workspace, now: datetime) -> None:
    request = ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)

    for _time in range(2):
        confirm_opt_in(request=request, evidence=SEEN, now=now)

    assert ConsentEntry.objects.count() == 1


def test_one_mail_a_day_asks(workspace: Workspace, now: datetime) -> None:
    for hours in (0, 5, 23, 25):
        ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now + timedelta(hours=hours))

    assert SystemMail.objects.count() == 2


def test_what_was_asked_without_a_mail_is_confirmed_with_it(workspace: Workspace, now: datetime) -> None:
    first = ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)
    ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now + timedelta(minutes=1))

    confirm_opt_in(request=first, evidence=SEEN, now=now + timedelta(hours=1))

    assert not OptInRequest.objects.filter(confirmed_at=None).exists()


def test_a_link_is_too_old_after_a_week(workspace: Workspace, now: datetime) -> None:
    request = ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)

    with pytest.raises(OptInGone):
        confirm_opt_in(request=request, evidence=SEEN, now=now + timedelta(days=8))

    assert not Contact.objects.exists()


def test_who_left_may_come_back_by_the_own_mail(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace, email="ann@example.org")
    withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=now)
    request = ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)

    confirm_opt_in(request=request, evidence=SEEN, now=now)

    assert Contact.objects.reachable().get() == contact
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("reason", [r for r in SuppressionReason if r not in OWN_WORDS])
def test_an_address_that_is_shut_is_not_asked_and_stays_shut(
    workspace: Workspace, now: datetime, reason: SuppressionReason
) -> None:
    suppress(workspace=workspace, address="ann@example.org", reason=reason, by=None, now=now)

    request = ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)
    opt_in_at_once(workspace=workspace, ask=ASK, now=now)

    assert request.mailed_at is None
    assert not SystemMail.objects.exists()
    assert not Contact.objects.reachable().exists()


def test_a_stranger_overwrites_nothing(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace, email="ann@example.org", first_name="Ann", last_name="")
    values = {"fields": {"first_name": "Mallory", "last_name": "Lee"}}

    opt_in_at_once(workspace=workspace, ask=Ask(ASK.email, ASK.basis, values=values), now=now)

    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == ("Ann", "Lee")


def test_what_nobody_confirms_is_forgotten(workspace: Workspace, now: datetime) -> None:
    ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now - timedelta(days=31))
    ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)

    assert forget_unconfirmed(now) == 1
    assert OptInRequest.objects.get().asked_at == now


@pytest.mark.parametrize("token", ["", "x", "AQ", "é"])
def test_a_forged_link_leads_nowhere(token: str) -> None:
    with pytest.raises(OptInGone):
        opt_in_of(token)


def test_a_link_leads_to_its_request(workspace: Workspace, now: datetime) -> None:
    request = ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now)

    assert opt_in_of(opt_in_token(request)) == request


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_send_one_mail(workspace: Workspace, now: datetime) -> None:
    results = together(*(lambda: ask_to_opt_in(workspace=workspace, ask=ASK, by=None, now=now) for _time in range(2)))

    assert all(isinstance(result, OptInRequest) for result in results), results
    assert SystemMail.objects.count() == 1
