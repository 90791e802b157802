"""Two contacts who are one person become one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from audience.duplicates import duplicates_of, likenesses
from audience.models import (
    AddressChange,
    Consent,
    ConsentEntry,
    Contact,
    ContactDay,
    ContactProfile,
    ListMembership,
    OptInRequest,
    Suppression,
    SuppressionReason,
    TopicConsent,
)
from audience.services import ConsentBasis, ContactRefused, compare, give_consent, merge_contacts, suppress
from audience.services.opt_ins import Ask, ask_to_opt_in, confirm_opt_in
from audience.services.preferences import PreferencesGone, Visitor, preferences_token, visitor_of
from audience.services.wishes import say_to_topic
from tests.factories.audience import ContactFactory, ListFactory, MembershipFactory, TopicFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(
        workspace=workspace, email="ann@example.org", first_name="Ann", last_name="", tags=["a"], consent="unknown"
    )
    return made


@pytest.fixture
def other(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(
        workspace=workspace,
        email="Ann+shop@example.org",
        first_name="Anna",
        last_name="Smith",
        external_id="C-1",
        tags=["b"],
        consent="unknown",
        attributes={"points": 4},
    )
    return made


def test_what_one_lacks_comes_from_the_other(ann: Contact, other: Contact, lead: Member, now: datetime) -> None:
    one = merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert (one.first_name, one.last_name, one.external_id, one.tags) == ("Ann", "Smith", "C-1", ["a", "b"])
    assert not Contact.objects.filter(pk=other.pk).exists()
    assert AddressChange.objects.get(contact=one).email == "Ann+shop@example.org"
    assert AuditEntry.objects.filter(action="contact.merged").count() == 1


def test_each_field_can_be_taken_from_the_other_the_address_too(
    ann: Contact, other: Contact, lead: Member, now: datetime
) -> None:
    one = merge_contacts(kept=ann, merged=other, from_merged=["email", "first_name"], by=lead, now=now)

    assert (one.email, one.address, one.first_name) == ("Ann+shop@example.org", "ann+shop@example.org", "Anna")
    assert (one.last_name, one.external_id) == ("", "")
    assert AddressChange.objects.get(contact=one).address == "ann@example.org"


def test_lists_consent_and_engagement_go_together(ann: Contact, other: Contact, lead: Member, now: datetime) -> None:
    both, second = ListFactory.create_batch(2, workspace=ann.workspace)
    MembershipFactory.create(contact=ann, contact_list=both)
    for each in (both, second):
        MembershipFactory.create(contact=other, contact_list=each)
    give_consent(contact=other, basis=ConsentBasis("form", "Yes"), by=None, now=now - timedelta(days=1))
    for contact, opens in ((ann, 1), (other, 2)):
        ContactDay.objects.create(workspace=ann.workspace, contact=contact, day=now.date(), opens=opens)
        ContactProfile.objects.create(
            workspace=ann.workspace, contact=contact, open_count=opens, order_sum=Decimal(opens)
        )

    one = merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert one.consent == "given"
    assert ConsentEntry.objects.get().contact == one
    assert ListMembership.objects.filter(contact=one).count() == 2
    assert ContactDay.objects.get().opens == 3
    assert (one.profile.open_count, one.profile.order_sum) == (3, Decimal(3))


@pytest.mark.parametrize("suppressed", ["ann@example.org", "ann+shop@example.org"])
def test_suppression_of_either_address_wins(
    ann: Contact, other: Contact, lead: Member, now: datetime, suppressed: str
) -> None:
    reason = SuppressionReason.UNSUBSCRIBED
    suppress(workspace=ann.workspace, address=suppressed, reason=reason, by=None, now=now)

    one = merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert one.suppression == "unsubscribed"


def test_an_unsubscribe_gives_way_to_the_other_addresss_complaint(
    ann: Contact, other: Contact, lead: Member, now: datetime
) -> None:
    said = ((ann, SuppressionReason.UNSUBSCRIBED), (other, SuppressionReason.COMPLAINED))
    for contact, reason in said:
        suppress(workspace=ann.workspace, address=contact.address, reason=reason, by=None, now=now)

    merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert set(Suppression.objects.values_list("reason", flat=True)) == {"complained"}


BEFORE, SAME, AFTER = timedelta(days=-1), timedelta(0), timedelta(days=1)


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (words if in_order else words[::-1], holds)
        for in_order in (True, False)
        for words, holds in (
            ((("given", BEFORE), ("withdrawn", SAME)), "withdrawn"),
            ((("withdrawn", BEFORE), ("given", SAME)), "given"),
            ((("withdrawn", SAME), ("given", SAME)), "withdrawn"),
            ((("withdrawn", None), ("given", AFTER)), "withdrawn"),
            ((("given", None), ("withdrawn", BEFORE)), "withdrawn"),
            ((("given", None), ("unknown", None)), "given"),
        )
    ],
)
def test_a_withdrawal_wins_unless_consent_was_given_after_it(
    ann: Contact,
    other: Contact,
    lead: Member,
    now: datetime,
    words: Sequence[tuple[str, timedelta | None]],
    holds: str,
) -> None:
    for contact, (word, later) in zip((ann, other), words, strict=True):
        at = None if later is None else now + later
        Contact.objects.filter(pk=contact.pk).update(consent=word, consent_at=at, tracking=word, tracking_at=at)

    one = merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert (one.consent, one.tracking) == (holds, holds)


@pytest.mark.parametrize(("later", "holds"), [(BEFORE, "given"), (AFTER, "withdrawn")])
def test_the_last_word_on_a_topic_holds(
    ann: Contact, other: Contact, lead: Member, now: datetime, later: timedelta, holds: str
) -> None:
    topic = TopicFactory.create(workspace=ann.workspace)
    basis = ConsentBasis("form", "Tips")
    for contact, word, at in ((ann, Consent.GIVEN, now), (other, Consent.WITHDRAWN, now + later)):
        say_to_topic(contact=contact, topic=topic, consent=word, basis=basis, by=None, now=at)

    merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert TopicConsent.objects.get(contact=ann).consent == holds


def test_what_shows_a_confirmed_request_stays(ann: Contact, other: Contact, lead: Member, now: datetime) -> None:
    ask = Ask(other.email, ConsentBasis("asked by mail", "Write to me"))
    request = ask_to_opt_in(workspace=ann.workspace, ask=ask, by=lead, now=now)
    confirm_opt_in(request=request, evidence={"ip": "192.0.2.7"}, now=now)

    one = merge_contacts(kept=ann, merged=other, by=lead, now=now)

    assert OptInRequest.objects.get().contact == one


def test_one_with_itself_strangers_and_unknown_fields_are_refused(
    ann: Contact, other: Contact, lead: Member, outsider: Member, now: datetime
) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace)

    for second, fields in ((ann, None), (theirs, None), (other, ["consent"])):
        with pytest.raises(ContactRefused):
            merge_contacts(kept=ann, merged=second, from_merged=fields, by=lead, now=now)

    assert Contact.objects.count() == 3


def test_a_seller_merges_only_his_own(ann: Contact, other: Contact, seller: Member, now: datetime) -> None:
    Contact.objects.filter(pk=ann.pk).update(seller=seller)

    with pytest.raises(ContactRefused):
        merge_contacts(kept=ann, merged=other, by=seller, now=now)


def test_links_of_old_mails_lead_to_who_is_left(ann: Contact, other: Contact, lead: Member, now: datetime) -> None:
    third = ContactFactory.create(workspace=ann.workspace, email="third@example.org")
    tokens = [preferences_token(person.pk, 7) for person in (ann, other, third)]

    merge_contacts(kept=ann, merged=other, by=lead, now=now)
    merge_contacts(kept=third, merged=ann, by=lead, now=now)

    assert [visitor_of(token) for token in tokens] == [Visitor(third, 7)] * 3


def test_a_link_to_somebody_who_was_erased_leads_to_nobody(ann: Contact, other: Contact) -> None:
    token = preferences_token(other.pk)
    other.delete()

    with pytest.raises(PreferencesGone):
        visitor_of(token)


@pytest.mark.django_db(transaction=True)
def test_two_merges_of_the_same_people_at_once_are_one(
    ann: Contact, other: Contact, lead: Member, now: datetime
) -> None:
    answers = together(
        lambda: merge_contacts(kept=ann, merged=other, by=lead, now=now),
        lambda: merge_contacts(kept=other, merged=ann, by=lead, now=now),
    )

    assert sorted(isinstance(answer, ContactRefused) for answer in answers) == [False, True]
    left = Contact.objects.get()
    assert set(left.tags) == {"a", "b"}
    assert AddressChange.objects.get().contact == left
    assert AuditEntry.objects.filter(action="contact.merged").count() == 1


def test_likely_doubles_are_suggested(ann: Contact, other: Contact, lead: Member, now: datetime) -> None:
    dotted = ContactFactory.create(workspace=ann.workspace, email="a.n.n@example.org")
    phones = ContactFactory.create_batch(2, workspace=ann.workspace, phone="+359888123456")
    names = ContactFactory.create_batch(2, workspace=ann.workspace, first_name="Eve", last_name="Ray")

    assert set(duplicates_of(ann, lead)) == {other, dotted}
    found, looked_at = likenesses(lead, now)
    assert looked_at is None
    assert {frozenset(likeness.people) for likeness in found} == {
        frozenset(phones),
        frozenset([ann, other, dotted]),
        frozenset(names),
    }


def test_the_preview_leaves_out_what_both_lack(ann: Contact, other: Contact) -> None:
    shown = {pair.name: (pair.differs, pair.takes_merged) for pair in compare(ann, other)}

    assert "phone" not in shown
    assert shown["last_name"] == (True, True)
    assert shown["email"] == (True, False)
