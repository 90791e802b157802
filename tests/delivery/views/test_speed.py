"""The pace in the browser: the speed of a send, the limits of a workspace, the warm-up of a mail server."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from delivery.models import LimitScope, Run, RunState, SpeedLimit, WarmUp
from delivery.pace.buckets import PREFIX, client
from delivery.pace.pacing import Pace
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from workspaces.models import AuditEntry, Member, Workspace

Browse = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _nothing_is_slowed() -> Iterator[None]:
    yield
    for key in client().scan_iter(f"{PREFIX}*"):
        client().delete(key)


@pytest.fixture
def person(lead: Member, browse: Browse) -> Client:
    return browse(lead)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    made: Run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create_batch(3, run=made)
    return made


def at(name: str, workspace: Workspace, **kwargs: Any) -> str:
    return reverse(f"delivery:{name}", kwargs={"workspace": workspace.slug, **kwargs})


def words(answer: Any) -> str:
    return unescape(answer.content.decode())


class TestTheSpeedOfASend:
    def test_it_is_set_without_script_and_one_comes_back_to_the_campaign(self, run: Run, person: Client) -> None:
        answer = person.post(at("run_speed", run.workspace, pk=run.campaign_id), {"per_minute": "600"}, follow=True)

        assert Run.objects.get().speed_limit == 600
        assert "at most 600 a minute" in words(answer)
        assert "At this speed the 3 who wait take 1 s." in words(answer)

    def test_with_script_the_part_comes_back(self, run: Run, person: Client) -> None:
        address = at("run_speed", run.workspace, pk=run.campaign_id)

        answer = person.post(address, {"per_minute": "2"}, headers=HTMX)

        assert answer.status_code == 200
        assert words(answer).lstrip().startswith("<section")
        assert "Set. Workers follow within two seconds." in words(answer)
        assert 'value="2"' in words(answer)

    def test_the_last_number_counts_so_that_a_button_beats_the_field(self, run: Run, person: Client) -> None:
        person.post(at("run_speed", run.workspace, pk=run.campaign_id), {"per_minute": ["600", "300"]})

        assert Run.objects.get().speed_limit == 300

    def test_no_limit_is_an_empty_number(self, run: Run, person: Client) -> None:
        Run.objects.update(speed_limit=600)

        person.post(at("run_speed", run.workspace, pk=run.campaign_id), {"per_minute": ["600", ""]})

        assert Run.objects.get().speed_limit is None

    def test_half_and_double_are_offered_of_what_is_set(self, run: Run, person: Client) -> None:
        Run.objects.update(speed_limit=600)

        shown = words(person.get(at("run_panel", run.workspace, pk=run.campaign_id)))

        assert 'value="300" formnovalidate>Half as fast' in shown
        assert 'value="1200" formnovalidate>Twice as fast' in shown

    @pytest.mark.parametrize("said", ["0", "-1", "fast", "99999999999999999999"])
    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_nonsense_is_said_at_the_field(self, run: Run, person: Client, said: str, headers: dict[str, str]) -> None:
        address = at("run_speed", run.workspace, pk=run.campaign_id)

        answer = person.post(address, {"per_minute": said}, headers=headers)

        assert answer.status_code == 422
        assert "field__error" in words(answer)
        assert Run.objects.get().speed_limit is None

    def test_a_send_that_has_ended_has_no_speed(self, workspace: Workspace, person: Client) -> None:
        done = RunFactory.create(workspace=workspace, state=RunState.CANCELLED)
        address = at("run_speed", workspace, pk=done.campaign_id)

        answer = person.post(address, {"per_minute": "5"})

        assert answer.status_code == 422
        assert 'id="run-speed"' not in words(person.get(at("run_panel", workspace, pk=done.campaign_id)))

    def test_who_may_not_stop_a_send_sees_the_limit_and_no_form(
        self, run: Run, analyst: Member, browse: Browse
    ) -> None:
        Run.objects.update(speed_limit=600)

        shown = words(browse(analyst).get(at("run_panel", run.workspace, pk=run.campaign_id)))

        assert "at most 600 a minute" in shown
        assert 'id="run-speed"' not in shown

    def test_the_panel_says_what_slows_it_down(self, run: Run, person: Client) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, scope=LimitScope.GROUP, group="gmail", per_minute=600)
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=None, per_day=10)
        with Pace(run) as pace:
            pace.note("gmail", accepted=100_000, throttled=1)
            pace.grant({"other": 100})

        shown = words(person.get(at("run_panel", run.workspace, pk=run.campaign_id), headers=HTMX))

        assert "Gmail asks for less: 300 a minute instead of 600" in shown
        assert "Today’s limit of 10 mails is reached." in shown


class TestLimits:
    def test_they_are_shown_with_what_they_mean(self, workspace: Workspace, person: Client, settings: Settings) -> None:
        settings.MAIL_PER_MINUTE = 3000
        SpeedLimitFactory.create(workspace=workspace, per_minute=1000, per_day=7)

        shown = words(person.get(at("settings_speed", workspace)))

        assert 'name="minute_workspace_0" value="1000"' in shown
        assert 'name="day_workspace_0" value="7"' in shown
        assert "3,000 a minute for a mail server" in shown
        assert "No mailbox provider asks for less at the moment." in shown

    def test_saying_a_number_sets_it_and_taking_it_away_lifts_it(self, workspace: Workspace, person: Client) -> None:
        SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.GROUP, group="yahoo", per_minute=60)
        said = {"minute_group_0_gmail": "90", "day_server_0": "5000", "minute_group_0_yahoo": ""}

        answer = person.post(at("settings_speed", workspace), said)

        assert answer.status_code == 302
        limits = SpeedLimit.objects.order_by("scope").values_list("scope", "group", "per_minute", "per_day")
        assert list(limits) == [("group", "gmail", 90, None), ("server", "", None, 5000)]
        assert AuditEntry.objects.count() == 3

    @pytest.mark.parametrize("said", ["0", "-1", "many", "10000001"])
    def test_nonsense_is_said_at_the_field_and_nothing_is_kept(
        self, workspace: Workspace, person: Client, said: str
    ) -> None:
        answer = person.post(at("settings_speed", workspace), {"minute_workspace_0": said, "day_workspace_0": "5"})

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["minute_workspace_0"]
        assert not SpeedLimit.objects.exists()

    def test_the_page_costs_the_same_with_all_limits(
        self, workspace: Workspace, person: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        WarmUpFactory.create(workspace=workspace)
        for group in ("gmail", "yahoo", "mailru", "other"):
            SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.GROUP, group=group)
        person.get(at("settings_speed", workspace))

        with django_assert_max_num_queries(12):
            person.get(at("settings_speed", workspace))


class TestWarmUp:
    SAID = {"first_day_count": "500", "growth_percent": "100", "target_count": "3000"}

    def test_the_usual_schedule_is_offered_with_its_days(self, workspace: Workspace, person: Client) -> None:
        shown = words(person.get(at("settings_speed_warm_up", workspace, server=0)))

        assert 'name="first_day_count" value="500"' in shown
        assert shown.count("<tr><th scope=") == 1 + 16
        assert "today</span>" in shown

    def test_it_is_started(self, workspace: Workspace, person: Client, now: datetime) -> None:
        address = at("settings_speed_warm_up", workspace, server=0)
        today = str(now.astimezone(workspace.zone).date())

        shown = person.post(address, {**self.SAID, "start_date": today}, follow=True)

        assert WarmUp.objects.get().growth_percent == 100
        assert [f"{count:,}" for _day, count in shown.context["days"]] == ["500", "1,000", "2,000"]
        assert "End the warm-up" in words(shown)

    def test_numbers_are_tried_without_keeping_them(self, workspace: Workspace, person: Client, now: datetime) -> None:
        said = {**self.SAID, "start_date": str(now.date() + timedelta(days=1))}

        answer = person.get(at("settings_speed_warm_up", workspace, server=0), said, headers=HTMX)

        assert [count for _day, count in answer.context["days"]] == [500, 1000, 2000]
        assert words(answer).count("<section") == 1
        assert not WarmUp.objects.exists()

    @pytest.mark.parametrize(
        "said", [{"target_count": "500"}, {"growth_percent": "0"}, {"start_date": "soon"}, {"first_day_count": ""}]
    )
    def test_what_is_no_schedule_is_said_at_its_field(
        self, workspace: Workspace, person: Client, now: datetime, said: dict[str, str]
    ) -> None:
        address = at("settings_speed_warm_up", workspace, server=0)
        given = {**self.SAID, "start_date": str(now.date()), **said}

        kept, tried = person.post(address, given), person.get(address, given, headers=HTMX)

        assert (kept.status_code, tried.status_code) == (422, 200)
        assert list(kept.context["form"].errors) == list(said)
        assert "make no schedule" in words(tried)
        assert not WarmUp.objects.exists()

    def test_it_is_ended(self, workspace: Workspace, person: Client) -> None:
        WarmUpFactory.create(workspace=workspace)

        person.post(at("settings_speed_warm_up_end", workspace, server=0))

        assert not WarmUp.objects.exists()

    def test_a_server_that_is_not_there_is_not_found(self, workspace: Workspace, person: Client) -> None:
        assert person.get(at("settings_speed_warm_up", workspace, server=99)).status_code == 404

    @pytest.mark.parametrize(("days_ago", "says"), [(-3, "begins on"), (0, "at most 500 today"), (90, "is over")])
    def test_the_settings_say_how_it_stands(
        self, workspace: Workspace, person: Client, now: datetime, days_ago: int, says: str
    ) -> None:
        WarmUpFactory.create(
            workspace=workspace, start_date=now.astimezone(workspace.zone).date() - timedelta(days=days_ago)
        )

        assert says in words(person.get(at("settings_speed", workspace)))
