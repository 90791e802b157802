"""A campaign's report in the browser, and the button that measures a sprint."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from delivery.models import DeliveryState, HitKind, Nature, Reason, Run
from sprints.models import Sprint, SprintState, Story, StoryOutcome
from tests.factories.campaigns import CampaignFactory
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.factories.insights import bought, did, ended_run, promising_story, sent
from tests.factories.sprints import SprintFactory
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture
def run(workspace: Workspace, now: datetime) -> Run:
    """A campaign of two days ago: forty mails, ten people clicked, one of them ordered; one mail failed."""
    run = ended_run(workspace, now - timedelta(days=2), story=promising_story(workspace, now))
    rows = sent(run, 40)
    for row in rows[:10]:
        did(row, HitKind.OPEN)
        did(row, url="https://shop.example/glow?a=1")
    did(rows[20], HitKind.OPEN, by=Nature.MACHINE)
    bought(rows[0].contact, 1500, at=now - timedelta(days=1))
    DeliveryFactory.create(run=run, state=DeliveryState.FAILED, reason=Reason.REFUSED)
    return run


def report(client: Client, campaign_pk: int, workspace: Workspace) -> str:
    address = reverse("insights:campaign_report", kwargs={"workspace": workspace.slug, "pk": campaign_pk})
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


class TestReport:
    def test_it_shows_what_came_beside_what_was_promised(
        self, run: Run, workspace: Workspace, guest: Member, browse: Browse
    ) -> None:
        shown = report(browse(guest), run.campaign_id, workspace)

        for words in (
            "Revenue, 2 days after the send",
            "€1,500",
            "Inside the forecast.",
            "1 order of €1,500",
            "25.0% of sent",
            "1 opens and 0 clicks by machines are left out",
            "10 clicks by 10 people",
            "/glow?a=1",
            "Promise and verdict",
            "Reached",
            "as much as promised",
            "from 3% to 4%",
        ):
            assert words in shown

    def test_people_behind_the_figures_are_for_those_who_may_see_contacts(
        self, run: Run, workspace: Workspace, guest: Member, marketer: Member, browse: Browse
    ) -> None:
        people = reverse("delivery:recipient_list", kwargs={"workspace": workspace.slug, "pk": run.campaign_id})

        ours, theirs = (report(browse(member), run.campaign_id, workspace) for member in (marketer, guest))

        assert people in ours
        assert people not in theirs

    def test_before_the_send_it_says_what_it_will_show(
        self, workspace: Workspace, guest: Member, browse: Browse
    ) -> None:
        draft = CampaignFactory.create(workspace=workspace)

        shown = report(browse(guest), draft.pk, workspace)

        assert "Nothing was sent yet" in shown
        assert reverse("campaigns:campaign_detail", kwargs={"workspace": workspace.slug, "pk": draft.pk}) in shown

    def test_the_way_above_marks_it_as_the_current_step(
        self, run: Run, workspace: Workspace, guest: Member, browse: Browse
    ) -> None:
        address = reverse("insights:campaign_report", kwargs={"workspace": workspace.slug, "pk": run.campaign_id})

        assert f'<a href="{address}" aria-current="step">' in report(browse(guest), run.campaign_id, workspace)

    def test_a_send_that_begins_has_a_report_of_nothing(
        self, workspace: Workspace, guest: Member, browse: Browse
    ) -> None:
        run = RunFactory.create(workspace=workspace, planning=True)

        shown = report(browse(guest), run.campaign_id, workspace)

        for words in (
            "Nobody has followed a link yet.",
            "Nobody was written to.",
            "The story has no hypothesis that can be measured",
            "The brief promised no revenue",
            "No order was placed",
        ):
            assert words in shown

    def test_one_mail_and_one_order_have_no_range_to_promise(
        self, workspace: Workspace, guest: Member, browse: Browse, now: datetime
    ) -> None:
        row = sent(ended_run(workspace, now - timedelta(days=2)))[0]
        did(row)
        bought(row.contact, 50, at=now)

        shown = report(browse(guest), row.run.campaign_id, workspace)

        assert "€50" in shown
        assert "would probably bring" not in shown
        assert "Infinity" not in shown

    def test_addresses_of_links_are_text(self, run: Run, workspace: Workspace, guest: Member, browse: Browse) -> None:
        did(run.deliveries.first(), url="https://evil.example/<script>alert(1)</script>")  # type: ignore[arg-type]

        shown = report(browse(guest), run.campaign_id, workspace)

        assert "<script>alert(1)" not in shown
        assert "evil.example" in shown

    def test_what_is_not_known_is_said(self, run: Run, workspace: Workspace, guest: Member, browse: Browse) -> None:
        DeliveryFactory.create_batch(2, run=run, state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST)

        shown = report(browse(guest), run.campaign_id, workspace)

        assert "Of 2 messages nobody knows whether they arrived" in shown

    @pytest.mark.parametrize(("value", "words"), [(5000, "Above the forecast."), (5, "orders may still come in")])
    def test_revenue_beside_the_forecast_is_said_in_words(
        self, workspace: Workspace, guest: Member, browse: Browse, now: datetime, value: int, words: str
    ) -> None:
        row = sent(ended_run(workspace, now - timedelta(days=2), story=promising_story(workspace, now)), 3)[0]
        did(row)
        bought(row.contact, value, at=now - timedelta(days=1))

        assert words in report(browse(guest), row.run.campaign_id, workspace)

    def test_it_costs_the_same_for_a_large_send(
        self,
        run: Run,
        workspace: Workspace,
        guest: Member,
        browse: Browse,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        client = browse(guest)
        report(client, run.campaign_id, workspace)

        with django_assert_max_num_queries(23):
            report(client, run.campaign_id, workspace)


class TestMeasure:
    @pytest.fixture
    def sprint(self, run: Run, workspace: Workspace) -> Sprint:
        made: Sprint = SprintFactory.create(workspace=workspace, running=True)
        Story.objects.filter(pk=run.campaign.story_id).update(sprint=made)
        return made

    @pytest.mark.parametrize(
        ("state", "page"),
        [
            (SprintState.RUNNING, "sprints:retro_detail"),
            (SprintState.CLOSED, "sprints:retro_detail"),
            (SprintState.PLANNING, "sprints:sprint_detail"),
        ],
    )
    def test_it_measures_and_leads_to_where_the_results_stand(
        self, sprint: Sprint, workspace: Workspace, marketer: Member, browse: Browse, state: SprintState, page: str
    ) -> None:
        Sprint.objects.update(state=state)
        address = {"workspace": workspace.slug, "pk": sprint.pk}

        answer = browse(marketer).post(reverse("insights:sprint_measure", kwargs=address), follow=True)

        assert answer.redirect_chain == [(reverse(page, kwargs=address), 302)]
        assert "Measured: 1 story has an outcome" in answer.content.decode()
        assert StoryOutcome.objects.get().value == 0.25

    def test_the_button_and_the_outcome_stand_on_the_retrospective(
        self, sprint: Sprint, workspace: Workspace, marketer: Member, guest: Member, browse: Browse
    ) -> None:
        address = {"workspace": workspace.slug, "pk": sprint.pk}
        button = reverse("insights:sprint_measure", kwargs=address)
        browse(marketer).post(button)

        ours, theirs = (
            browse(member).get(reverse("sprints:retro_detail", kwargs=address)).content.decode()
            for member in (marketer, guest)
        )

        assert f'action="{button}"' in ours
        assert button not in theirs
        assert "Reached" in theirs


def test_the_list_of_campaigns_shows_results_without_a_query_for_each(
    workspace: Workspace,
    guest: Member,
    browse: Browse,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for day in range(8):
        did(sent(ended_run(workspace, now - timedelta(days=day + 1)), 2)[0])
    client, address = browse(guest), reverse("campaigns:campaign_list", kwargs={"workspace": workspace.slug})

    client.get(address)
    with django_assert_max_num_queries(14):
        shown = client.get(address).content.decode()

    assert shown.count("2 sent, 50.0% clicked") == Campaign.objects.count() == 8
