"""A frozen plan as people read it."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.models import ApprovalRequest, Verdict
from sprints.shown_plan import plain_plan, shown_plan
from tests.factories.approvals import answer, asked, asked_about_mail, brief_of, ready_sprint, ready_story
from tests.factories.audience import ContactFactory
from tests.factories.strategy import ReadingFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def test_the_hypothesis_is_read_as_a_sentence(workspace: Workspace, now: datetime) -> None:
    [story] = plain_plan(asked(ready_sprint(workspace), now)).stories

    assert story.why == (
        "A reminder before the bottle is empty for people who bought a serum should move the click rate from 3% to 4%."
        " Half of them reorder after seven weeks."
    )


def test_a_story_that_sends_nothing_says_what_its_reader_wants(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=0)
    ready_story(sprint, kind="content")

    [story] = plain_plan(asked(sprint, now)).stories

    assert story.why.startswith("As a customer who ordered a serum, I want to hear in time")
    assert (story.brief, story.window) == (None, None)
    assert (*story.expected, story.cost) == (Decimal(0), Decimal(0), Decimal(0))


def test_the_plan_adds_up_its_stories(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(4, workspace=workspace)
    sprint = ready_sprint(workspace, stories=2)
    ready_story(sprint, kind="research", points=3)
    brief = brief_of(sprint.stories.ranked()[0])
    brief.offer, brief.cost = "Free pouch", Decimal(540)
    brief.save()

    plan = plain_plan(asked(sprint, now))

    assert plan.expected == (Decimal(2000), Decimal(4000))
    assert (plan.cost, plan.points) == (Decimal(540), 7)
    assert (len(plan.stories), len(plan.sends), len(plan.offers)) == (3, 2, 1)
    assert (plan.people, plan.people_rate) == (4, 1.0)
    assert plan.first_day == brief.window_start
    assert plan.days == (sprint.start_date, sprint.end_date)


def test_without_contacts_there_is_no_share_of_them(workspace: Workspace, now: datetime) -> None:
    assert plain_plan(asked(ready_sprint(workspace), now)).people_rate is None


@pytest.mark.parametrize(
    ("value", "shown", "at"),
    [("0.31", "31%", "50.00%"), ("0.25", "25%", "0.00%"), ("0.40", "40%", "100.00%")],
)
def test_the_scale_shows_where_the_goal_stands(
    workspace: Workspace, now: datetime, value: str, shown: str, at: str
) -> None:
    sprint = ready_sprint(workspace)
    assert sprint.goal is not None
    ReadingFactory.create(kpi=sprint.goal.kpi, value=Decimal(value))

    scale = plain_plan(asked(sprint, now)).scale

    assert scale is not None
    assert (scale.baseline, scale.now, scale.target, scale.at) == ("28%", shown, "34%", at)


def test_a_goal_without_a_reading_has_no_now(workspace: Workspace, now: datetime) -> None:
    scale = plain_plan(asked(ready_sprint(workspace), now)).scale

    assert scale is not None
    assert (scale.now, scale.at) == ("", "0.00%")


def test_a_finished_mail_is_shown_with_its_story_and_no_plan(workspace: Workspace, now: datetime) -> None:
    plan = shown_plan(asked_about_mail(ready_story(ready_sprint(workspace)), now))

    assert plan.content is not None
    assert plan.content["subject"] == "Your serum is running low"
    assert (plan.sprint, plan.scale, plan.days, plan.before) == (None, None, None, None)


def test_stories_are_marked_by_what_changed_since_the_answer_before(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    changed, same = sprint.stories.ranked()
    first = asked(sprint, now)
    answer(first, Verdict.CHANGE, now)
    brief = brief_of(changed)
    brief.cost = Decimal(300)
    brief.save()
    new = ready_story(sprint)

    plan = shown_plan(asked(sprint, now))

    assert plan.before == first
    marks = {story.pk: story.change for story in plan.stories}
    assert marks == {changed.pk: "changed", same.pk: "same", new.pk: "new"}
    assert [story.differences[0].now for story in plan.stories if story.differences] == ["€300"]


def test_the_first_version_marks_nothing(workspace: Workspace, now: datetime) -> None:
    plan = shown_plan(asked(ready_sprint(workspace), now))

    assert plan.stories[0].change == ""
    assert not plan.since


def test_answers_stand_beside_their_stories(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = asked(ready_sprint(workspace, stories=3), now)
    answer(request, Verdict.APPROVED, now)
    request = ApprovalRequest.objects.with_people().get(pk=request.pk)

    with django_assert_num_queries(4):
        plan = shown_plan(request)

    assert [story.decision and story.decision.verdict for story in plan.stories] == [Verdict.APPROVED] * 3


def test_the_day_of_judgement_is_a_date(workspace: Workspace, now: datetime) -> None:
    [story] = plain_plan(asked(ready_sprint(workspace), now)).stories

    assert isinstance(story.looked_at, date)
