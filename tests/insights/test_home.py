"""What the home page shows of results."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from audience import figures
from audience.figures import keep_figures
from campaigns.models import Campaign
from delivery.models import Delivery, HitKind, Run, RunState
from insights.home import RESULTS_SHOWN, Tile, latest_results, stat_strip
from tests.factories.delivery import RunFactory
from tests.factories.insights import NOON, bought, clicked_and_bought, did, ended_run, promising_story, sent
from workspaces.models import Member, Workspace

TEN_MINUTES = timedelta(minutes=10)
A_MONTH = timedelta(days=30)


def tiles(member: Member, now: datetime = NOON) -> dict[str, Tile]:
    strip = stat_strip(member, now)
    assert strip is not None
    return {tile.label: tile for tile in strip["tiles"]}


def two_months(workspace: Workspace, *, then: int, now: int, kind: HitKind = HitKind.CLICK, people: int = 100) -> None:
    """So many mails a month before and yesterday, and how many people reacted."""
    for number, back in ((then, A_MONTH + timedelta(days=5)), (now, timedelta(days=1))):
        for row in sent(ended_run(workspace, NOON - back), people)[:number]:
            did(row, kind)


class TestStrip:
    def test_before_anything_was_sent_there_is_none(self, workspace: Workspace, guest: Member) -> None:
        ended_run(workspace)

        assert stat_strip(guest, NOON) is None

    def test_what_was_sent_long_ago_is_no_news(self, workspace: Workspace, guest: Member) -> None:
        sent(ended_run(workspace, NOON - timedelta(days=70)))

        assert stat_strip(guest, NOON) is None

    def test_four_figures_of_this_month(self, workspace: Workspace, guest: Member) -> None:
        rows = sent(ended_run(workspace, NOON - timedelta(days=2)), 10)
        clicked_and_bought(rows[0], 1250)
        did(rows[1])
        did(rows[2], HitKind.UNSUBSCRIBE)

        shown = {label: (tile.value, tile.moved) for label, tile in tiles(guest).items()}

        assert shown == {
            "Revenue from mail": ("€1,250", ""),
            "Engaged readers": ("2", ""),
            "Click rate": ("20.0%", ""),
            "Unsubscribe rate": ("10.00%", ""),
        }

    @pytest.mark.parametrize(
        ("then", "now", "tone", "is_up"), [(2, 20, "up", True), (20, 2, "down", False), (5, 6, "", True)]
    )
    def test_a_rate_that_moved_says_whether_it_may_be_chance(
        self, workspace: Workspace, guest: Member, then: int, now: int, tone: str, is_up: bool
    ) -> None:
        two_months(workspace, then=then, now=now)

        tile = tiles(guest)["Click rate"]

        assert (tile.tone, tile.is_up, bool(tile.moved)) == (tone, is_up, True)
        assert list(tile.line) == [then / 100, now / 100]

    def test_more_who_leave_is_bad(self, workspace: Workspace, guest: Member) -> None:
        two_months(workspace, then=1, now=20, kind=HitKind.UNSUBSCRIBE)

        tile = tiles(guest)["Unsubscribe rate"]

        assert (tile.tone, tile.is_up, tile.moved) == ("down", True, "19 points")

    def test_a_rate_that_stands_still_says_nothing(self, workspace: Workspace, guest: Member) -> None:
        two_months(workspace, then=5, now=5)

        assert tiles(guest)["Click rate"].moved == ""

    @pytest.mark.parametrize(
        ("then", "now", "moved", "tone"),
        [(100, 150, "50.0%", "up"), (200, 150, "25.0%", "down"), (100, 100, "", ""), (0, 100, "", "")],
    )
    def test_revenue_moves_against_the_month_before(
        self, workspace: Workspace, guest: Member, then: int, now: int, moved: str, tone: str
    ) -> None:
        for value, back in ((then, A_MONTH + timedelta(days=5)), (now, timedelta(days=2))):
            row = sent(ended_run(workspace, NOON - back))[0]
            if value:
                clicked_and_bought(row, value)

        tile = tiles(guest)["Revenue from mail"]

        assert (tile.value, tile.moved, tile.tone) == (f"€{now}", moved, tone)
        assert sum(tile.line) == then + now

    def test_it_costs_the_same_however_much_was_sent(
        self, workspace: Workspace, guest: Member, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        two_months(workspace, then=3, now=4, people=20)

        with django_assert_max_num_queries(9):
            stat_strip(guest, NOON)


class TestLatest:
    def test_before_anything_is_over_there_is_none(self, workspace: Workspace, guest: Member) -> None:
        RunFactory.create(workspace=workspace)

        assert latest_results(guest, NOON) is None

    def test_the_newest_stand_first_and_only_a_few(self, workspace: Workspace, guest: Member) -> None:
        runs = [ended_run(workspace, NOON - timedelta(days=day)) for day in range(RESULTS_SHOWN + 2)]

        panel = latest_results(guest, NOON)

        assert panel is not None
        assert [result.run for result in panel["results"]] == runs[:RESULTS_SHOWN]

    def test_what_was_stopped_half_way_has_results_too(self, workspace: Workspace, guest: Member) -> None:
        stopped = ended_run(workspace, state=RunState.CANCELLED)
        sent(stopped, 2)

        panel = latest_results(guest, NOON)

        assert panel is not None
        assert [(result.run, result.sent) for result in panel["results"]] == [(stopped, 2)]

    def test_each_shows_clicks_and_revenue_beside_the_promise(self, workspace: Workspace, guest: Member) -> None:
        run = ended_run(workspace, story=promising_story(workspace))
        rows = sent(run, 4)
        clicked_and_bought(rows[0], 1500)
        did(rows[0])

        panel = latest_results(guest, NOON + timedelta(days=1))

        assert panel is not None
        (result,) = panel["results"]
        assert (result.sent, result.clicked, result.click_rate, result.revenue) == (4, 1, 0.25, 1500)
        assert result.forecast is not None
        assert result.forecast.landing == "inside"
        assert panel["end"] == result.forecast.scale_end == 2400

    def test_without_a_promise_there_is_no_scale(self, workspace: Workspace, guest: Member) -> None:
        ended_run(workspace)

        panel = latest_results(guest, NOON)

        assert panel is not None
        (result,) = panel["results"]
        assert (result.forecast, result.click_rate, panel["end"]) == (None, None, 0)

    def test_another_businesss_results_are_not_ours(self, guest: Member, outsider: Member) -> None:
        ended_run(outsider.workspace)

        assert latest_results(guest, NOON) is None

    def test_it_takes_six_queries(
        self, workspace: Workspace, guest: Member, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for day in range(4):
            clicked_and_bought(sent(ended_run(workspace, NOON - timedelta(days=day)))[0])

        with django_assert_max_num_queries(6):
            latest_results(guest, NOON)


class TestLarge:
    """A workspace of so many people that a worker counts beforehand."""

    @pytest.fixture(autouse=True)
    def _two_are_many(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(figures, "LARGE", 2)
        rows = sent(ended_run(workspace, NOON - timedelta(days=2)), 10)
        clicked_and_bought(rows[0], 1250)
        did(rows[1], HitKind.UNSUBSCRIBE)

    def test_its_figures_are_those_that_were_kept(self, guest: Member) -> None:
        live, results = tiles(guest), latest_results(guest, NOON)
        keep_figures(lambda: NOON)
        did(Delivery.objects.order_by("pk")[5])

        strip, kept = stat_strip(guest, NOON + TEN_MINUTES), latest_results(guest, NOON + TEN_MINUTES)

        assert strip is not None
        assert ({tile.label: tile for tile in strip["tiles"]}, strip["counted_at"]) == (live, NOON)
        assert kept == results

    def test_figures_of_yesterday_are_not_told(self, guest: Member, workspace: Workspace) -> None:
        late = (NOON + timedelta(days=1)).astimezone(workspace.zone).replace(hour=0, minute=5)
        keep_figures(lambda: late - TEN_MINUTES)

        strip = stat_strip(guest, late)

        assert strip is not None
        assert strip["counted_at"] is None

    def test_a_run_that_is_newer_than_what_was_kept_has_its_result(self, guest: Member, workspace: Workspace) -> None:
        keep_figures(lambda: NOON)
        sent(ended_run(workspace, NOON), 3)

        found = latest_results(guest, NOON)

        assert found is not None
        assert [result.sent for result in found["results"]] == [3, 10]


def test_the_home_page_shows_both(
    workspace: Workspace, guest: Member, browse: Callable[[Member], Client], now: datetime
) -> None:
    run = ended_run(workspace, now - timedelta(days=3), story=promising_story(workspace))
    Campaign.objects.filter(pk=run.campaign_id).update(name="Serum <reminder>")
    rows = sent(run, 4)
    did(rows[0])
    bought(rows[0].contact, 1500, at=now - timedelta(days=2))

    shown = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})).content.decode()

    report = reverse("insights:campaign_report", kwargs={"workspace": workspace.slug, "pk": run.campaign_id})
    for words in ("Latest results", "Serum &lt;reminder&gt;", report, "25.0%", "€1,500", "€1,000 to €2,000 promised"):
        assert words in shown
    assert "The last 30 days beside the 30 before" in shown


def test_an_empty_business_has_neither(workspace: Workspace, guest: Member, browse: Callable[[Member], Client]) -> None:
    shown = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})).content.decode()

    assert "Latest results" not in shown
    assert not Run.objects.exists()
