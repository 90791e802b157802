"""Whatever happens in whatever order: nobody may be mailed without a recorded basis, and suppression wins."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from audience.models import (
    Consent,
    ConsentEntry,
    ConsentTo,
    Contact,
    OptInRequest,
    SignupForm,
    Suppression,
    SuppressionReason,
    Topic,
    TopicConsent,
)
from audience.services import (
    ConsentBasis,
    Wishes,
    give_consent,
    merge_contacts,
    save_contact,
    save_wishes,
    suppress,
    withdraw_consent,
)
from audience.services.opt_ins import Ask, OptInGone, ask_to_opt_in, confirm_opt_in
from audience.services.preferences import NO_MAIL, Visitor, leave_everything
from audience.services.signup import take_signup
from tests.factories.audience import SignupFormFactory, TopicFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

PEOPLE = st.sampled_from(["ann@example.org", "bob@example.org"])
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
SHUT = [SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED, SuppressionReason.MANUAL]


class ConsentMachine(RuleBasedStateMachine):
    """All doors by which a word about consent comes in, and a model that remembers what people said."""

    workspace: Workspace
    lead: Member
    double: SignupForm
    single: SignupForm
    topic: Topic

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.workspace = WorkspaceFactory.create()
        self.lead = MemberFactory.create(workspace=self.workspace, role=Role.LEAD)
        self.topic = TopicFactory.create(workspace=self.workspace)
        make = partial(SignupFormFactory.create, workspace=self.workspace, topics=[self.topic.pk])
        self.double, self.single = make(), make(is_double_opt_in=False)
        self.agreed: set[str] = set()  # a word was recorded, whatever came of it later
        self.left: set[str] = set()
        self.shut: set[str] = set()

    def _tick(self) -> datetime:
        self.now += timedelta(hours=5)
        return self.now

    def _contact(self, email: str) -> Contact | None:
        found = Contact.objects.select_related("workspace").filter(workspace=self.workspace, address=email)
        return found.first()

    def _saved(self, email: str) -> Contact:
        return save_contact(workspace=self.workspace, email=email, by=None, now=self._tick())[0]

    @rule(email=PEOPLE)
    def import_without_basis(self, email: str) -> None:
        self._saved(email)

    @rule(email=PEOPLE, source=st.sampled_from(["import", "api", "by hand"]))
    def bring_a_basis(self, email: str, source: str) -> None:
        basis = ConsentBasis(source, "Yes, write to me")
        give_consent(contact=self._saved(email), basis=basis, by=None, now=self._tick())
        self.agreed.add(email)

    @rule(email=PEOPLE, at_once=st.booleans())
    def fill_in_a_form(self, email: str, at_once: bool) -> None:
        form = self.single if at_once else self.double
        ask = Ask(email, ConsentBasis("form", form.consent_wording), form=form, topics=[self.topic.pk])
        taken = take_signup(form=form, ask=ask, network=f"machine-{self.workspace.pk}-{self.now}", now=self._tick())
        if at_once and taken is not None:
            self.agreed.add(email)

    @rule(email=PEOPLE)
    def a_member_asks_by_mail(self, email: str) -> None:
        ask = Ask(email, ConsentBasis("asked by mail", "They may write to me"))
        ask_to_opt_in(workspace=self.workspace, ask=ask, by=None, now=self._tick())

    @rule(email=PEOPLE, wait=st.sampled_from([timedelta(0), timedelta(days=9)]))
    def press_the_button_of_the_mail(self, email: str, wait: timedelta) -> None:
        asked = OptInRequest.objects.filter(workspace=self.workspace, address=email, mailed_at__isnull=False)
        request = asked.order_by("pk").last()
        if request is None:
            return
        self.now += wait
        was_open = request.confirmed_at is None
        try:
            confirm_opt_in(request=request, evidence={"ip": "192.0.2.7"}, now=self._tick())
        except OptInGone:
            return
        if was_open:
            self.agreed.add(email)
            self.left.discard(email)

    @rule(email=PEOPLE, yes=st.booleans(), weeks=st.none() | st.integers(1, 8))
    def choose_on_the_page(self, email: str, yes: bool, weeks: int | None) -> None:
        contact = self._contact(email)
        if contact is None:
            return
        now = self._tick()
        until = (now + timedelta(weeks=weeks)).date() if weeks else None
        chosen = [self.topic] if yes else []
        wishes = Wishes(chosen, [self.topic], is_pausing=True, paused_until=until, tracking=yes, tracking_wording="ok")
        save_wishes(contact=contact, wishes=wishes, basis=ConsentBasis("preference page"), by=None, now=now)

    @rule(email=PEOPLE, by_page=st.booleans())
    def leave(self, email: str, by_page: bool) -> None:
        contact = self._contact(email)
        if contact is None:
            return
        given: dict[str, Any] = {"basis": ConsentBasis("one-click unsubscribe"), "now": self._tick()}
        if by_page:
            leave_everything(visitor=Visitor(contact, NO_MAIL), **given)
        else:
            withdraw_consent(contact=contact, by=None, **given)
        self.left.add(email)

    @rule(email=PEOPLE, reason=st.sampled_from(SHUT))
    def bounce_complain_or_shut(self, email: str, reason: SuppressionReason) -> None:
        suppress(workspace=self.workspace, address=email, reason=reason, by=None, now=self._tick())
        self.shut.add(email)

    @rule(email=PEOPLE, takes_address=st.booleans())
    def merge_with_the_other(self, email: str, takes_address: bool) -> None:
        found = list(Contact.objects.filter(workspace=self.workspace))
        if len(found) < 2:
            return
        kept, merged = sorted(found, key=lambda one: one.address != email)
        taken = ["email"] if takes_address else []
        merge_contacts(kept=kept, merged=merged, from_merged=taken, by=self.lead, now=self._tick())
        both = {kept.address, merged.address}
        for said in (self.agreed, self.left, self.shut):
            said.update(both if said & both else ())

    @rule(email=PEOPLE)
    def erase(self, email: str) -> None:
        contact = self._contact(email)
        if contact is not None:
            contact.delete()

    def _reachable(self) -> dict[str, Contact]:
        return {found.address: found for found in Contact.objects.for_workspace(self.workspace).reachable()}

    @invariant()
    def nobody_is_mailed_without_a_recorded_basis(self) -> None:
        for address, contact in self._reachable().items():
            said = ConsentEntry.objects.filter(contact=contact, to=ConsentTo.MAIL).order_by("-at", "-pk").first()
            assert address in self.agreed
            assert said is not None
            assert said.consent == Consent.GIVEN
            assert said.wording

    @invariant()
    def suppression_wins(self) -> None:
        reachable = set(self._reachable())
        assert not reachable & self.left
        assert not reachable & self.shut
        for address in reachable:
            assert not Suppression.objects.for_workspace(self.workspace).of(address).exists()

    @invariant()
    def what_holds_is_what_was_said_last(self) -> None:
        for contact in Contact.objects.for_workspace(self.workspace):
            log = ConsentEntry.objects.filter(contact=contact).order_by("-at", "-pk")
            mail, tracking = (log.filter(to=to).first() for to in (ConsentTo.MAIL, ConsentTo.TRACKING))
            assert contact.consent == (mail.consent if mail else Consent.UNKNOWN)
            assert contact.tracking == (tracking.consent if tracking else Consent.UNKNOWN)
            for held in TopicConsent.objects.filter(contact=contact):
                word = log.filter(to=ConsentTo.TOPIC, topic=held.topic_id).first()
                assert word is not None
                assert word.consent == held.consent

    @invariant()
    def one_mail_a_day_asks(self) -> None:
        for address in ("ann@example.org", "bob@example.org"):
            mails = OptInRequest.objects.filter(workspace=self.workspace, address=address, mailed_at__isnull=False)
            moments = list(mails.order_by("mailed_at").values_list("mailed_at", flat=True))
            assert all(b - a >= timedelta(days=1) for a, b in pairwise(moments) if a and b)


@pytest.mark.django_db
def test_no_path_leads_to_mail_without_a_recorded_basis_and_suppression_wins() -> None:
    run_state_machine_as_test(
        ConsentMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
