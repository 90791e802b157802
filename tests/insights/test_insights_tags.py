"""What pages upstream show of results."""

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from campaigns.steps import steps_of
from insights.services import measure_story
from insights.templatetags.insights_tags import floatof, linkhost, linkname
from sprints.models import Sprint, StoryOutcome
from tests.factories.campaigns import CampaignFactory
from tests.factories.insights import NOON, did, ended_run, promising_story, sent
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory, ReadingFactory
from workspaces.models import Member, Workspace

LATER = NOON + timedelta(days=3)


def shown(source: str, member: Member, now: datetime = LATER, **context: Any) -> str:
    around = {"member": member, "workspace": member.workspace, "request": SimpleNamespace(now=now)}
    page = Template(f"{{% load insights_tags %}}{source}")
    html: str = page.render(Context({**around, "csrf_token": "token-of-the-page", **context}))
    return html.strip()


@pytest.fixture
def launched(workspace: Workspace) -> Campaign:
    """Four mails, of which one was clicked."""
    run = ended_run(workspace)
    did(sent(run, 4)[0])
    return run.campaign


@pytest.fixture
def draft(workspace: Workspace) -> Campaign:
    made: Campaign = CampaignFactory.create(workspace=workspace)
    return made


def report_of(campaign: Campaign) -> str:
    return reverse("insights:campaign_report", kwargs={"workspace": campaign.workspace.slug, "pk": campaign.pk})


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("https://shop.example/glow/?a=1", "/glow?a=1", "shop.example"),
        ("https://shop.example/", "/", "shop.example"),
        ("https://shop.example", "/", "shop.example"),
        ("https://shop.example/%D0%B6?q=%D0%B6", "/ж?q=ж", "shop.example"),
        ("", "/", ""),
    ],
)
def test_a_link_is_named_by_what_tells_it_from_others(url: str, name: str, host: str) -> None:
    assert (linkname(url), linkhost(url)) == (name, host)


def test_charts_get_floats() -> None:
    assert floatof(Decimal("1.5")) == 1.5


class TestRows:
    def test_a_row_tells_sent_and_clicked(self, launched: Campaign, guest: Member) -> None:
        assert "4 sent, 25.0% clicked" in shown("{% campaign_row_result campaign %}", guest, campaign=launched)

    def test_what_was_not_sent_has_nothing_to_tell(self, draft: Campaign, guest: Member, workspace: Workspace) -> None:
        reached_nobody = ended_run(workspace).campaign

        for campaign in (draft, reached_nobody):
            assert shown("{% campaign_row_result campaign %}", guest, campaign=campaign) == ""

    def test_a_list_asks_once_for_all(
        self, workspace: Workspace, guest: Member, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        campaigns = [sent(ended_run(workspace))[0].run.campaign for _number in range(5)]
        rows = "{% for campaign in campaigns %}{% campaign_row_result campaign %}{% endfor %}"

        with django_assert_max_num_queries(6):
            html = shown(rows, guest, campaigns=campaigns)

        assert html.count("1 sent, 0.0% clicked") == 5


class TestWays:
    def test_the_report_is_offered_once_something_was_sent(
        self, launched: Campaign, draft: Campaign, guest: Member
    ) -> None:
        assert report_of(launched) in shown("{% campaign_report_link campaign %}", guest, campaign=launched)
        assert shown("{% campaign_report_link campaign %}", guest, campaign=draft) == ""

    def test_the_last_step_is_a_link_after_the_send_and_words_before(
        self, launched: Campaign, draft: Campaign, guest: Member
    ) -> None:
        def step_of(campaign: Campaign, current: str) -> str:
            last = steps_of(campaign)[-1]
            source = "{% campaign_report_step campaign step %}"
            return shown(source, guest, campaign=campaign, step=last, current=current)

        assert f'<a href="{report_of(launched)}" aria-current="step">' in step_of(launched, "report")
        assert "aria-current" not in step_of(launched, "brief")
        assert "<a" not in step_of(draft, "brief")
        assert "Report" in step_of(draft, "brief")


class TestOutcome:
    def test_a_storys_outcome_is_told_with_verdict_and_reason(self, workspace: Workspace, guest: Member) -> None:
        story = promising_story(workspace)
        for row in sent(ended_run(workspace, story=story), 50)[:10]:
            did(row)
        measure_story(story=story, now=LATER)

        html = shown("{% story_outcome story %}", guest, story=story)

        for words in ("What came of it", "Reached", "as much as promised", "Click rate", "20%", "11.2% to 33%", ">50<"):
            assert words in html

    def test_before_it_was_measured_there_is_none(self, workspace: Workspace, guest: Member) -> None:
        assert shown("{% story_outcome story %}", guest, story=StoryFactory.create(workspace=workspace)) == ""

    def test_a_metric_that_is_gone_and_open_ends_are_shown_as_they_are(
        self, workspace: Workspace, guest: Member
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        StoryOutcome.objects.create(
            workspace=workspace, story=story, metric="heartbeats", value=12.0, sample_size=1, verdict="unclear",
            reason="1 < 2", measured_at=NOON,
        )  # fmt: skip

        html = shown("{% story_outcome story %}", guest, story=story)

        assert "heartbeats" in html
        assert "1 &lt; 2" in html
        assert " to " not in html


class TestSprint:
    @pytest.fixture
    def sprint(self, workspace: Workspace) -> Sprint:
        goal = GoalFactory.create(workspace=workspace, kpi__name="Repeat purchase")
        made: Sprint = SprintFactory.create(
            workspace=workspace, goal=goal, running=True, start_date=NOON.date(),
            end_date=NOON.date() + timedelta(days=11),
        )  # fmt: skip
        return made

    def _read(self, sprint: Sprint, first: str, last: str) -> None:
        assert sprint.goal is not None
        for day, value in ((NOON, first), (LATER, last)):
            ReadingFactory.create(kpi=sprint.goal.kpi, day=day.date(), value=Decimal(value))

    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [
            ("0.28", "0.31", "That is the way the goal wants it."),
            ("0.31", "0.28", "That is away from the goal."),
            ("0.31", "0.31", "It stood still during the sprint."),
        ],
    )
    def test_the_kpi_of_its_goal_is_drawn_and_told(
        self, sprint: Sprint, guest: Member, first: str, last: str, words: str
    ) -> None:
        self._read(sprint, first, last)

        html = shown("{% sprint_results sprint %}", guest, sprint=sprint)

        assert words in html
        assert "<svg" in html
        assert "Repeat purchase" in html

    def test_with_few_readings_it_says_why_there_is_no_line(self, sprint: Sprint, guest: Member) -> None:
        assert "too few readings" in shown("{% sprint_results sprint %}", guest, sprint=sprint)

    def test_without_a_goal_it_says_so(self, workspace: Workspace, guest: Member) -> None:
        sprint = SprintFactory.create(workspace=workspace, goal=None, closed=True)

        assert "serves no goal" in shown("{% sprint_results sprint %}", guest, sprint=sprint)

    def test_measuring_is_offered_to_those_who_may(self, sprint: Sprint, marketer: Member, guest: Member) -> None:
        ours, theirs = (shown("{% sprint_results sprint %}", member, sprint=sprint) for member in (marketer, guest))

        button = reverse("insights:sprint_measure", kwargs={"workspace": sprint.workspace.slug, "pk": sprint.pk})
        assert f'action="{button}"' in ours
        assert 'value="token-of-the-page"' in ours
        assert button not in theirs

    def test_before_a_sprint_begins_there_is_nothing(self, workspace: Workspace, marketer: Member) -> None:
        planned = SprintFactory.create(workspace=workspace)

        assert shown("{% sprint_results sprint %}", marketer, sprint=planned) == ""
