"""A campaign's report: what was promised beside what came, and no page that falls over while it still sends."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from delivery.models import Delivery, DeliveryState, HitKind, Nature, Run, RunState
from insights.facts import CREDIT
from insights.report import (
    MOST_LINKS,
    CampaignReport,
    DomainShare,
    Forecast,
    campaign_report,
    forecast_of,
    reaction_chart,
)
from sprints.models import OutcomeVerdict, SendBrief
from tests.factories.delivery import SKIPPED, DeliveryFactory, RunFactory
from tests.factories.insights import NOON, bought, clicked_and_bought, did, ended_run, promising_story, sent
from workspaces.models import Workspace

LATER = NOON + timedelta(days=30)
Report = Callable[[Run], CampaignReport]


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return ended_run(workspace, story=promising_story(workspace))


def report(run: Run, now: Any = LATER) -> CampaignReport:
    campaign = Campaign.objects.with_parts().get(pk=run.campaign_id)
    return campaign_report(campaign, Run.objects.with_parts().get(pk=run.pk), now)


class TestForecast:
    @pytest.mark.parametrize(
        ("revenue", "is_final", "landing", "tone"),
        [
            (999, False, "open", "accent"),
            (999, True, "below", "bad"),
            (1000, False, "inside", "accent"),
            (2000, True, "inside", "accent"),
            (2001, False, "above", "ok"),
        ],
    )
    def test_the_revenue_lands_somewhere(self, revenue: int, is_final: bool, landing: str, tone: str) -> None:
        forecast = Forecast(Decimal(1000), Decimal(2000), Decimal(revenue), is_final)

        assert (forecast.landing, forecast.tone) == (landing, tone)

    @pytest.mark.parametrize(("revenue", "end"), [(0, 2400.0), (5000, 6000.0)])
    def test_the_scale_holds_promise_and_outcome(self, revenue: int, end: float) -> None:
        assert Forecast(Decimal(1000), Decimal(2000), Decimal(revenue), True).scale_end == end

    @pytest.mark.parametrize(("since_end", "is_final"), [(CREDIT, False), (CREDIT + timedelta(seconds=1), True)])
    def test_it_is_final_when_the_last_mail_can_earn_no_more_credit(
        self, run: Run, since_end: timedelta, is_final: bool
    ) -> None:
        assert run.finished_at is not None

        forecast = forecast_of(run, Decimal(0), run.finished_at + since_end)

        assert forecast is not None
        assert forecast.is_final == is_final

    def test_what_still_sends_is_never_final(self, workspace: Workspace) -> None:
        moving = RunFactory.create(workspace=workspace, campaign__story=promising_story(workspace))

        forecast = forecast_of(moving, Decimal(0), LATER)

        assert forecast is not None
        assert not forecast.is_final

    def test_without_a_promise_there_is_none(self, run: Run, workspace: Workspace) -> None:
        SendBrief.objects.update(expected_low=0, expected_high=0)
        without_brief = ended_run(workspace)

        assert forecast_of(Run.objects.get(pk=run.pk), Decimal(0), LATER) is None
        assert forecast_of(without_brief, Decimal(0), LATER) is None


class TestFigures:
    def test_people_are_counted_apart_from_machines(self, run: Run) -> None:
        ann, bob, carl = sent(run, 3)
        for row, kind, by in (
            (ann, HitKind.OPEN, Nature.HUMAN),
            (ann, HitKind.CLICK, Nature.HUMAN),
            (ann, HitKind.CLICK, Nature.HUMAN),
            (bob, HitKind.OPEN, Nature.MACHINE),
            (bob, HitKind.CLICK, Nature.MACHINE),
            (carl, HitKind.UNSUBSCRIBE, Nature.HUMAN),
        ):
            did(row, kind, by=by)

        shown = report(run)

        assert (shown.opened, shown.clicked, shown.clicks, shown.unsubscribed) == (1, 1, 2, 1)
        assert (shown.machine_opens, shown.machine_clicks) == (1, 1)
        assert shown.click_rate.value == shown.unsubscribed_rate == pytest.approx(1 / 3)

    def test_revenue_is_told_per_mail_and_per_order(self, run: Run) -> None:
        ann, bob, _carl, _dora = sent(run, 4)
        clicked_and_bought(ann, 30)
        clicked_and_bought(bob, 50)

        shown = report(run)

        assert (shown.credited.revenue, shown.revenue_per_mail, shown.revenue_per_order) == (
            Decimal(80),
            Decimal(20),
            Decimal(40),
        )
        assert shown.revenue.value == 80
        assert shown.revenue_range == (0, shown.revenue.high), "revenue cannot be negative"

    def test_one_mail_is_no_ground_for_a_range(self, run: Run) -> None:
        clicked_and_bought(sent(run)[0], 30)

        assert report(run).revenue_range is None

    def test_what_never_arrived_is_a_share_of_those_written_to(self, run: Run) -> None:
        sent(run, 3)
        DeliveryFactory.create(run=run, state=DeliveryState.FAILED)
        DeliveryFactory.create(run=run, **SKIPPED)

        assert report(run).failed_rate == 0.25

    def test_of_nothing_there_are_no_rates(self, run: Run) -> None:
        shown = report(run)

        assert (shown.revenue_per_mail, shown.revenue_per_order) == (None, None)
        assert (shown.unsubscribed_rate, shown.failed_rate) == (None, None)
        assert (shown.click_rate.low, shown.click_rate.high) == (0, 1)
        assert (shown.links, shown.domains, shown.shown_links, shown.most_clicks) == ([], [], [], 0)

    def test_the_funnel_leads_from_the_segment_to_the_order(self, run: Run) -> None:
        rows = sent(run, 8)
        DeliveryFactory.create_batch(2, run=run, **SKIPPED)
        for row in rows[:4]:
            did(row, HitKind.OPEN)
        clicked_and_bought(rows[0])
        did(rows[1])

        shown = report(run)

        assert [(step.label, step.value, step.note) for step in shown.funnel] == [
            ("In the segment", 10, "people"),
            ("Sent", 8, "80.0% of those in the segment"),
            ("Opened", 4, "50.0% of sent"),
            ("Clicked", 2, "25.0% of sent"),
            ("Ordered", 1, "50.0% of those who clicked"),
        ]
        assert shown.funnel_values == [10, 8, 4, 2, 1]

    def test_an_empty_funnel_has_no_shares(self, run: Run) -> None:
        assert [step.note for step in report(run).funnel] == [
            "people", "of those in the segment", "of sent", "of sent", "of those who clicked",
        ]  # fmt: skip

    def test_days_are_counted_whole_since_the_start(self, run: Run) -> None:
        assert [report(run, run.started_at + timedelta(hours=hours)).age_days for hours in (0, 47, 48)] == [0, 1, 2]


class TestLinks:
    def test_the_links_shares_are_of_all_clicks_and_the_rest_is_counted(self, run: Run) -> None:
        (row,) = sent(run)
        for number in range(MOST_LINKS + 2):
            did(row, url=f"https://shop.example/{number:02}")
        did(row, url="https://shop.example/00")

        shown = report(run)

        first, share = shown.shown_links[0]
        assert (first.url, first.clicks, first.people) == ("https://shop.example/00", 2, 1)
        assert share == pytest.approx(2 / (MOST_LINKS + 3))
        assert (len(shown.shown_links), shown.more_links, shown.most_clicks) == (MOST_LINKS, 2, 2)

    @pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.QUEUED])
    def test_a_click_in_what_we_never_sent_breaks_nothing(self, run: Run, state: DeliveryState) -> None:
        did(DeliveryFactory.create(run=run, state=state))

        shown = report(run)

        assert (shown.clicked, shown.clicks, shown.shown_links) == (0, 0, [])

    @pytest.mark.parametrize("moment", range(3, 12))
    def test_what_happens_while_it_is_counted_breaks_nothing(self, run: Run, moment: int) -> None:
        """An answer that never came, and just before a query a reader who proves that the mail arrived."""
        lost = DeliveryFactory.create(run=run, state=DeliveryState.UNKNOWN)
        queries = 0

        def after_a_click(execute: Any, *statement: Any) -> Any:
            nonlocal queries
            queries += 1
            if queries == moment:
                Delivery.objects.filter(pk=lost.pk).update(state=DeliveryState.SENT)
                did(lost)
            return execute(*statement)

        with connection.execute_wrapper(after_a_click):
            shown = report(run)

        assert shown.click_rate.value <= 1
        assert sum(share for _line, share in shown.shown_links) == (1 if shown.links else 0)


class TestDomains:
    @pytest.mark.parametrize(("failed", "is_watched"), [(1, False), (2, True)])
    def test_a_domain_that_refuses_more_than_a_few_is_watched(self, run: Run, failed: int, is_watched: bool) -> None:
        share = DomainShare("x.example", 100 - failed, failed, 0, failed / 100, 0.0)

        assert share.is_watched == is_watched

    def test_rates_are_of_what_was_sent_there(self, run: Run) -> None:
        for number in range(3):
            row = sent(run, contact__email=f"{number}@x.example")[0]
        did(row)
        DeliveryFactory.create(run=run, contact__email="lost@x.example", state=DeliveryState.FAILED)
        DeliveryFactory.create(run=run, contact__email="a@y.example", state=DeliveryState.FAILED)

        ours, theirs = report(run).domains

        assert ours.click_rate == pytest.approx(1 / 3)
        assert ours.failed_rate == 0.25
        assert (theirs.click_rate, theirs.failed_rate) == (None, 1.0)


class TestChart:
    def test_people_are_drawn_by_the_hour_since_the_start(self, run: Run) -> None:
        (row,) = sent(run)
        for kind, minutes in (
            (HitKind.OPEN, 0),
            (HitKind.OPEN, 59),
            (HitKind.OPEN, 60),
            (HitKind.CLICK, 150),
            (HitKind.CLICK, 72 * 60),
        ):
            did(row, kind, at=NOON + timedelta(minutes=minutes))
        did(row, HitKind.OPEN, at=NOON, by=Nature.MACHINE)

        chart = reaction_chart(run)

        opens, clicks = (list(series.values) for series in chart.series)
        assert (opens, clicks) == ([2, 1, 0], [0, 0, 1])
        assert chart.labels == ["Mon 12:00", "Mon 13:00", "Mon 14:00"]
        assert chart.label == "Opens and clicks by hour; 3 opens and 1 clicks in three days"

    def test_hours_are_those_of_the_workspace(self, workspace: Workspace, run: Run) -> None:
        workspace.time_zone = "Asia/Tokyo"
        workspace.save()

        assert reaction_chart(Run.objects.with_parts().get(pk=run.pk)).labels[0] == "Mon 18:00"

    def test_a_send_without_reactions_has_a_line_at_nothing(self, run: Run) -> None:
        chart = reaction_chart(run)

        assert [list(series.values) for series in chart.series] == [[0, 0], [0, 0]]


def test_the_promise_stands_beside_its_verdict(run: Run) -> None:
    for row in sent(run, 400)[:40]:
        did(row)

    promise = report(run).promise

    assert promise is not None
    assert promise.judged.verdict == OutcomeVerdict.REACHED


def test_counting_again_later_gives_the_same_figures_for_the_same_moment(run: Run) -> None:
    row = sent(run)[0]
    clicked_and_bought(row)
    moment = NOON + timedelta(days=1)
    before = report(run, moment)

    did(row, HitKind.OPEN, at=moment)
    bought(row.contact, 99, at=moment)
    after = report(run, moment)

    assert (after.opened, after.clicked, after.credited) == (before.opened, before.clicked, before.credited)


def test_a_report_costs_the_same_for_a_large_send(
    run: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for row in sent(run, 30):
        clicked_and_bought(row)
    campaign = Campaign.objects.with_parts().get(pk=run.campaign_id)
    fresh = Run.objects.with_parts().get(pk=run.pk)

    with django_assert_max_num_queries(13):
        campaign_report(campaign, fresh, LATER)


@pytest.mark.parametrize("state", RunState)
def test_there_is_a_report_at_any_time_of_a_run(workspace: Workspace, state: RunState) -> None:
    shown = report(RunFactory.create(workspace=workspace, state=state, planned_at=None))

    assert shown.counts.matched == 0
