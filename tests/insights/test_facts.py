"""What happened, counted: people and not machines, inside the span and not outside, each order once."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from audience.models import Consent, ConsentEntry, Contact
from delivery.models import Delivery, DeliveryState, HitKind, Nature, Run
from insights import facts
from insights.facts import CREDIT
from strategy.measures import Span
from tests.factories.audience import ContactFactory
from tests.factories.delivery import SKIPPED, DeliveryFactory, OrderFactory
from tests.factories.insights import NOON, bought, clicked_and_bought, did, ended_run, sent
from workspaces.models import Member, Workspace

DAY = Span(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
LATER = NOON + timedelta(days=60)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return ended_run(workspace)


@pytest.fixture
def row(run: Run) -> Delivery:
    return sent(run)[0]


class TestMessages:
    def test_a_message_counts_in_the_span_in_which_it_was_sent(self, run: Run) -> None:
        sent(run, at=DAY.start - MOMENT)
        first, last = sent(run, at=DAY.start)[0], sent(run, at=DAY.end - MOMENT)[0]
        sent(run, at=DAY.end)

        assert set(facts.sent_in(run.workspace, DAY)) == {first, last}

    @pytest.mark.parametrize("state", sorted(set(DeliveryState) - {DeliveryState.SENT}))
    def test_only_what_was_sent_counts(self, run: Run, state: DeliveryState) -> None:
        DeliveryFactory.create(run=run, state=state, decided_at=NOON)

        assert not facts.sent_in(run.workspace, DAY).exists()
        assert not facts.sent_by([run]).exists()

    def test_what_another_business_sent_is_not_ours(self, row: Delivery, outsider: Member) -> None:
        assert list(facts.sent_in(row.workspace, DAY)) == [row]
        assert not facts.sent_in(outsider.workspace, DAY).exists()


class TestReactions:
    def test_messages_are_counted_and_not_reactions(self, run: Run) -> None:
        ann, bob, _carl = sent(run, 3)
        for row in (ann, ann, ann, bob):
            did(row)

        assert facts.reacted(facts.sent_by([run]), HitKind.CLICK, LATER) == (2, 3)

    def test_machines_do_not_count(self, row: Delivery) -> None:
        did(row, by=Nature.MACHINE)

        assert facts.reacted(facts.sent_by([row.run]), HitKind.CLICK, LATER) == (0, 1)

    def test_each_kind_counts_for_itself(self, row: Delivery) -> None:
        did(row, HitKind.OPEN)

        found = {kind: facts.reacted(facts.sent_by([row.run]), kind, LATER)[0] for kind in HitKind}

        assert found == {HitKind.OPEN: 1, HitKind.CLICK: 0, HitKind.UNSUBSCRIBE: 0}

    def test_what_is_done_later_changes_nothing_about_before(self, row: Delivery) -> None:
        did(row, at=NOON + timedelta(hours=3))

        until = [NOON + timedelta(hours=3), NOON + timedelta(hours=3) + MOMENT]

        assert [facts.reacted(facts.sent_by([row.run]), HitKind.CLICK, end)[0] for end in until] == [0, 1]

    def test_a_rate_of_nothing_is_none(self, run: Run) -> None:
        DeliveryFactory.create(run=run, state=DeliveryState.UNKNOWN)

        assert facts.reaction_rate(facts.sent_by([run]), HitKind.CLICK, LATER) is None

    def test_a_rate_has_its_interval(self, run: Run) -> None:
        did(sent(run, 10)[0])

        rate = facts.reaction_rate(facts.sent_by([run]), HitKind.CLICK, LATER)

        assert rate is not None
        assert (rate.value, rate.sample_size) == (0.1, 10)
        assert rate.low == pytest.approx(0.0179, abs=1e-4)
        assert rate.high == pytest.approx(0.4042, abs=1e-4)

    def test_a_runs_reactions_are_told_apart_by_kind_and_nature(
        self, run: Run, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ann, bob = sent(run, 2)
        for row, kind, by in (
            (ann, HitKind.OPEN, Nature.HUMAN),
            (bob, HitKind.OPEN, Nature.MACHINE),
            (bob, HitKind.OPEN, Nature.MACHINE),
            (ann, HitKind.CLICK, Nature.HUMAN),
            (ann, HitKind.CLICK, Nature.HUMAN),
        ):
            did(row, kind, by=by)
        did(DeliveryFactory.create(run=run, state=DeliveryState.FAILED))

        with django_assert_num_queries(1):
            found = facts.reactions_to(run, LATER)

        assert [found.people(kind) for kind in HitKind] == [1, 1, 0]
        assert [found.by_machines(kind) for kind in HitKind] == [2, 0, 0], "a proxy that looks twice counts twice"
        assert facts.reactions_to(run, NOON).people(HitKind.OPEN) == 0


class TestCredit:
    @pytest.mark.parametrize(
        ("after_click", "is_credited"),
        [
            (-MOMENT, False),
            (timedelta(0), True),
            (timedelta(days=1), True),
            (CREDIT - MOMENT, True),
            (CREDIT, False),
        ],
    )
    def test_an_order_is_credited_within_five_days_of_the_click(
        self, row: Delivery, after_click: timedelta, is_credited: bool
    ) -> None:
        click = did(row)
        bought(row.contact, 40, at=click.at + after_click)

        credited = facts.credited_to(row.workspace, [row.run], LATER)

        assert credited.revenue == (40 if is_credited else 0)
        assert facts.mail_revenue(row.workspace, Span(NOON, LATER)) == credited.revenue
        assert facts.revenue_by_run([row.run]) == ({row.run_id: Decimal(40)} if is_credited else {})

    @pytest.mark.parametrize(
        ("kind", "by"),
        [(HitKind.OPEN, Nature.HUMAN), (HitKind.UNSUBSCRIBE, Nature.HUMAN), (HitKind.CLICK, Nature.MACHINE)],
    )
    def test_only_a_persons_click_earns_credit(self, row: Delivery, kind: HitKind, by: Nature) -> None:
        hit = did(row, kind, by=by)
        bought(row.contact, at=hit.at)

        assert facts.credited_to(row.workspace, [row.run], LATER).orders == 0
        assert facts.mail_revenue(row.workspace, Span(NOON, LATER)) == 0
        assert facts.revenue_by_run([row.run]) == {}

    @pytest.mark.parametrize("fields", [{"name": "visited"}, {"value": None}])
    def test_only_orders_with_an_amount_count(self, row: Delivery, fields: dict[str, object]) -> None:
        click = did(row)
        OrderFactory.create(contact=row.contact, occurred_at=click.at, **fields)

        assert facts.credited_to(row.workspace, [row.run], LATER).orders == 0
        assert facts.mail_revenue(row.workspace, Span(NOON, LATER)) == 0

    def test_an_order_of_somebody_else_is_not_credited(self, row: Delivery) -> None:
        click = did(row)
        bought(ContactFactory.create(workspace=row.workspace), at=click.at)

        assert facts.credited_to(row.workspace, [row.run], LATER).orders == 0

    def test_the_last_click_takes_the_order_and_nobody_else(self, run: Run) -> None:
        first = sent(run)[0]
        second = sent(ended_run(run.workspace, NOON + timedelta(days=1)), contact=first.contact)[0]
        did(first)
        bought(first.contact, 30, at=NOON + timedelta(hours=2))
        did(second)
        bought(first.contact, 70, at=NOON + timedelta(days=2))

        assert facts.revenue_by_run([first.run, second.run]) == {first.run_id: 30, second.run_id: 70}
        assert facts.credited_to(run.workspace, [first.run], LATER).revenue == 30
        assert facts.credited_to(run.workspace, [second.run], LATER).revenue == 70
        assert facts.credited_to(run.workspace, [first.run, second.run], LATER).revenue == 100

    def test_buyers_orders_and_the_spread_between_buyers(self, run: Run) -> None:
        ann, bob = sent(run, 2)
        clicked_and_bought(ann, 30)
        clicked_and_bought(ann, 10)
        clicked_and_bought(bob, 5)

        credited = facts.credited_to(run.workspace, [run], LATER)

        assert (credited.orders, credited.buyers, credited.revenue) == (3, 2, Decimal(45))
        assert credited.sum_of_squares == 40**2 + 5**2

    def test_orders_count_until_the_moment_asked_about(self, row: Delivery) -> None:
        order = clicked_and_bought(row)

        found = [
            facts.credited_to(row.workspace, [row.run], until).orders
            for until in (order.occurred_at, order.occurred_at + MOMENT)
        ]

        assert found == [0, 1]

    def test_no_runs_brought_nothing(self, workspace: Workspace) -> None:
        credited = facts.credited_to(workspace, [], LATER)

        assert (credited.orders, credited.revenue) == (0, Decimal(0))
        assert facts.revenue_by_run([]) == {}

    def test_the_interval_is_over_everybody_written_to(self, run: Run) -> None:
        rows = sent(run, 100)
        for row in rows[:10]:
            clicked_and_bought(row, 50)

        estimate = facts.revenue_estimate(facts.credited_to(run.workspace, [run], LATER), 100)

        assert (estimate.value, estimate.sample_size) == (500, 100)
        assert estimate.low == pytest.approx(204.5, abs=0.5)
        assert estimate.high == pytest.approx(795.5, abs=0.5)

    @given(
        clicks=st.lists(
            st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 240), st.booleans()), max_size=8
        ),
        orders=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 300), st.integers(1, 99)), max_size=6),
    )
    @examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_happens_it_is_what_counting_by_hand_gives(
        self,
        workspace: Workspace,
        clicks: list[tuple[int, int, int, bool]],
        orders: list[tuple[int, int, int]],
    ) -> None:
        """Two people, two runs; clicks and orders at whole hours, so that they often fall on each other."""
        with transaction.atomic():
            runs = [ended_run(workspace) for _number in range(2)]
            people = ContactFactory.create_batch(2, workspace=workspace)
            rows = [[sent(run, contact=person)[0] for person in people] for run in runs]
            hits = [
                did(rows[run][person], at=NOON + timedelta(hours=hour), by=Nature.HUMAN if is_human else Nature.MACHINE)
                for run, person, hour, is_human in clicks
            ]
            for person, hour, value in orders:
                bought(people[person], value, at=NOON + timedelta(hours=hour))
            by_hand: dict[int, Decimal] = defaultdict(Decimal)
            for person, hour, value in orders:
                at = NOON + timedelta(hours=hour)
                before = [
                    (hit.at, hit.pk, hit.run_id)
                    for hit in hits
                    if hit.nature == Nature.HUMAN and hit.contact == people[person] and at - CREDIT < hit.at <= at
                ]
                if before:
                    by_hand[max(before)[2]] += value

            assert facts.revenue_by_run(runs) == by_hand
            for run in runs:
                assert facts.credited_to(workspace, [run], LATER).revenue == by_hand[run.pk]
            assert facts.mail_revenue(workspace, Span(NOON, LATER)) == sum(by_hand.values())
            transaction.set_rollback(True)


class TestPeople:
    def test_who_ordered_twice_in_the_span_came_back(self, workspace: Workspace) -> None:
        ann, bob, carl = ContactFactory.create_batch(3, workspace=workspace)
        for person, at in (
            (ann, NOON),
            (ann, NOON),
            (bob, NOON),
            (carl, DAY.end),
            (carl, NOON),
            (bob, DAY.start - MOMENT),
        ):
            bought(person, at=at)

        assert facts.repeat_buyers(workspace, DAY) == (1, 3)

    def test_readers_count_once_and_only_for_opening_or_clicking(self, run: Run) -> None:
        ann, bob, carl, dora = sent(run, 4)
        did(ann, HitKind.OPEN)
        did(ann, HitKind.CLICK)
        did(bob, HitKind.UNSUBSCRIBE)
        did(carl, HitKind.OPEN, by=Nature.MACHINE)
        did(dora, HitKind.OPEN, at=DAY.end)

        assert facts.engaged_readers(run.workspace, DAY) == 1

    def test_somebody_removed_is_no_reader(self, row: Delivery) -> None:
        did(row)
        assert row.contact is not None
        row.contact.delete()

        assert facts.engaged_readers(row.workspace, DAY) == 0

    def test_people_who_agreed_count_once(self, workspace: Workspace) -> None:
        ann, bob = ContactFactory.create_batch(2, workspace=workspace)

        def said(person: Contact, consent: Consent, at: datetime) -> None:
            ConsentEntry.objects.create(workspace=workspace, contact=person, consent=consent, source="form", at=at)

        for person, consent, at in (
            (ann, Consent.GIVEN, DAY.start),
            (ann, Consent.WITHDRAWN, NOON),
            (ann, Consent.GIVEN, NOON),
            (bob, Consent.GIVEN, DAY.end),
        ):
            said(person, consent, at)

        assert facts.consents_given(workspace, DAY) == 1


class TestDomains:
    def test_a_send_is_told_by_domain_the_largest_first(self, run: Run) -> None:
        for number in range(3):
            row = sent(run, contact__email=f"ann{number}@gmail.example")[0]
        did(row)
        did(row)
        DeliveryFactory.create(run=run, contact__email="x@mail.example", state=DeliveryState.FAILED)
        DeliveryFactory.create(run=run, contact__email="y@mail.example")
        DeliveryFactory.create(run=run, contact__email="z@none.example", **SKIPPED)

        assert facts.domains_of(run) == [
            {"domain": "gmail.example", "total": 3, "sent": 3, "failed": 0, "clicks": 1},
            {"domain": "mail.example", "total": 2, "sent": 0, "failed": 1, "clicks": 0},
        ]

    def test_only_the_ten_largest_are_told(self, run: Run) -> None:
        for number in range(12):
            sent(run, contact__email=f"ann@{number:02}.example")

        assert [line["domain"] for line in facts.domains_of(run)] == [f"{number:02}.example" for number in range(10)]

    def test_a_domain_is_what_stands_after_the_last_at(self, run: Run) -> None:
        sent(run, address='"a@b"@c.example')

        assert [line["domain"] for line in facts.domains_of(run)] == ["c.example"]

    def test_clicks_are_those_in_what_was_sent(self, run: Run) -> None:
        failed = DeliveryFactory.create(run=run, contact__email="a@x.example", state=DeliveryState.FAILED)
        did(failed)
        sent(run, contact__email="b@x.example")

        (line,) = facts.domains_of(run)

        assert (line["sent"], line["clicks"]) == (1, 0)
