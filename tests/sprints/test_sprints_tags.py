"""The parts that pages of this and of other apps show."""

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from emailops.lib.statistics import Estimate
from sprints.answers import Say
from sprints.models import OutcomeVerdict, Sprint, Story, StorySegment, Verdict
from sprints.planned import planned
from sprints.services.retros import record_outcome
from tests.factories.approvals import answer, approved_story, asked, brief_of, ready_sprint
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def _shown(source: str, member: Member, now: datetime, **context: Any) -> str:
    around = {"member": member, "workspace": member.workspace, "request": SimpleNamespace(now=now)}
    html: str = Template(f"{{% load sprints_tags %}}{source}").render(Context({**around, **context}))
    return html


def test_a_story_nobody_asked_about_says_so(workspace: Workspace, lead: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)

    assert "Not sent for approval" in _shown("{% story_standing story %}", lead, now, story=story)
    assert _shown("{% story_standing story brief=True %}", lead, now, story=story).strip() == ""


def test_an_approved_story_shows_the_words_and_the_version(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now)
    answer(request, Verdict.APPROVED, now, comment="Go ahead")

    html = _shown("{% story_standing story %}", lead, now, story=sprint.stories.get())

    assert "Approved" in html
    assert "Go ahead" in html
    assert reverse("sprints:approval_detail", kwargs={"workspace": workspace.slug, "pk": request.pk}) in html


def test_what_voids_an_approval_stands_beside_it(workspace: Workspace, lead: Member, now: datetime) -> None:
    story = approved_story(workspace, now)
    brief = brief_of(story)
    brief.offer = "20% off"
    brief.save()

    html = _shown("{% story_standing story %}", lead, now, story=Story.objects.get(pk=story.pk))

    assert "Approval no longer holds" in html
    assert "<del>no offer</del>" in html
    assert "<ins>20% off</ins>" in html


def test_a_list_of_stories_asks_once(
    workspace: Workspace, lead: Member, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sprint = ready_sprint(workspace, stories=4)
    asked(sprint, now)
    stories = list(sprint.stories.with_plan())
    source = "{% standings stories as found %}{% for story in stories %}{% story_standing story found %}{% endfor %}"

    with django_assert_max_num_queries(3):
        html = _shown(source, lead, now, stories=stories)

    assert html.count("Waiting for the owner") == 4


def _approval(sprint: Sprint, member: Member, now: datetime) -> str:
    return _shown("{% sprint_approval sprint %}", member, now, sprint=sprint)


def test_a_sprint_nobody_asked_about_offers_to_ask(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)

    html = _approval(sprint, lead, now)

    assert "Ask for approval" in html
    assert reverse("sprints:approval_request", kwargs={"workspace": workspace.slug, "pk": sprint.pk}) in html


def test_a_sprint_that_waits_offers_to_remind_and_the_owner_to_decide(
    workspace: Workspace, lead: Member, owner: Member, guest: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now, by=lead, to=owner)

    assert "Remind Marta Lindqvist" in _approval(sprint, lead, now)
    assert "Decide" in _approval(sprint, owner, now)
    for member in (owner, guest):
        assert "Remind" not in _approval(sprint, member, now)
        assert "Ask again" not in _approval(sprint, member, now)


def test_a_sprint_that_was_answered_shows_what_was_said(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)
    first = sprint.stories.ranked()[0]
    each = {first.pk: Say(Verdict.CHANGE, "Too dear")}
    answer(asked(sprint, now, by=lead, to=owner), Verdict.APPROVED, now, each=each, comment="Nearly")

    html = _approval(sprint, lead, now)

    for words in ("Change asked for", "Too dear", "Nearly", "Ask again", "Marta Lindqvist answered on"):
        assert words in html
    assert "Remind" not in html


def test_a_closed_sprint_is_history(workspace: Workspace, lead: Member, now: datetime) -> None:
    html = _approval(SprintFactory.create(workspace=workspace, closed=True), lead, now)

    assert "was never asked about this plan" in html
    assert "Ask for approval" not in html


def test_readiness_names_what_is_missing_and_leads_there(
    workspace: Workspace, lead: Member, owner: Member, guest: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    story = sprint.stories.get()
    story.criteria.all().delete()
    story.hypothesis.delete()

    html = _shown("{% sprint_readiness plan %}", lead, now, plan=planned(sprint, now))

    assert "2 things missing" in html
    for name in ("story_detail", "story_hypothesis"):
        assert reverse(f"sprints:{name}", kwargs={"workspace": workspace.slug, "pk": story.pk}) in html
    assert "Do it" not in _shown("{% sprint_readiness plan %}", guest, now, plan=planned(sprint, now))


def test_a_segment_that_broke_leads_to_the_segment(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    segment = brief_of(sprint.stories.get()).segment
    segment.definition = {"match": "all", "rules": [{"field": "attribute.gone", "op": "is", "value": "x"}]}
    segment.save()

    html = _shown("{% sprint_readiness plan %}", lead, now, plan=planned(sprint, now))

    assert reverse("audience:segment_edit", kwargs={"workspace": workspace.slug, "pk": segment.pk}) in html


def test_without_an_owner_the_way_leads_to_the_members(workspace: Workspace, lead: Member, now: datetime) -> None:
    html = _shown("{% sprint_readiness plan %}", lead, now, plan=planned(ready_sprint(workspace), now))

    assert reverse("workspaces:settings_members", kwargs={"workspace": workspace.slug}) in html


def test_a_goal_shows_its_stories_with_standing_and_outcome(workspace: Workspace, lead: Member, now: datetime) -> None:
    story = approved_story(workspace, now, title="Serum reminder")
    assert story.goal is not None
    record_outcome(
        story=story,
        estimate=Estimate(0.036, 0.033, 0.04, 8412),
        metric="click_rate",
        verdict=OutcomeVerdict.PARTLY,
        reason="Better, but less than promised.",
        revenue=Decimal(10),
        now=now,
    )
    StoryFactory.create(workspace=workspace, goal=story.goal, title="Still in the backlog")
    StoryFactory.create(workspace=workspace, goal=story.goal, title="Dropped", dropped_at=now)

    html = _shown("{% goal_stories goal %}", lead, now, goal=story.goal)

    assert html.index("Serum reminder") < html.index("Still in the backlog")
    for words in ("Approved", "Partly", "Better, but less than promised.", "In the backlog"):
        assert words in html
    assert "Dropped" not in html


def test_a_goal_without_stories_says_so(workspace: Workspace, lead: Member, now: datetime) -> None:
    html = _shown("{% goal_stories goal %}", lead, now, goal=GoalFactory.create(workspace=workspace))

    assert "No story serves this goal yet." in html


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ ends|amounts:'EUR' }}", "€900–€1,200"),
        ("{{ long|amounts:'EUR' }}", "€9.5K–€23.9K"),
        ("{{ same|amounts:'EUR' }}", "€0"),
        ("{{ none|amounts:'EUR' }}", "–"),
        ("{{ none|days }}", ""),
    ],
)
def test_ranges_are_short(lead: Member, now: datetime, source: str, shown: str) -> None:
    context = {
        "ends": (Decimal(900), Decimal(1200)),
        "long": (Decimal(9500), Decimal(23940)),
        "same": (Decimal(0), Decimal(0)),
        "none": None,
    }

    assert _shown(source, lead, now, **context) == shown


def test_a_window_of_one_day_is_one_day(lead: Member, now: datetime) -> None:
    day = now.date()

    assert "–" not in _shown("{{ window|days }}", lead, now, window=(day, day))
    assert "–" in _shown("{{ window|days }}", lead, now, window=(day, day + timedelta(days=1)))


def test_stories_of_a_goal_cost_the_same_for_many(
    workspace: Workspace, lead: Member, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    goal = GoalFactory.create(workspace=workspace)
    for _number in range(10):
        StoryFactory.create(workspace=workspace, goal=goal)

    with django_assert_max_num_queries(6):
        html = _shown("{% goal_stories goal %}", lead, now, goal=goal)

    assert html.count("<li") == Story.objects.count()


def test_a_segment_names_the_stories_that_still_write_to_it(workspace: Workspace, lead: Member, now: datetime) -> None:
    story = approved_story(workspace, now)
    segment = brief_of(story).segment
    source = "{% segment_stories segment %}"

    ahead = _shown(source, lead, now, segment=segment)
    story.status = "done"
    story.save()

    assert "One story that is not done yet" in ahead
    assert reverse("sprints:story_detail", kwargs={"workspace": workspace.slug, "pk": story.pk}) in ahead
    assert _shown(source, lead, now, segment=segment).strip() == ""


def test_a_segment_lists_the_stories_that_write_to_it_or_are_about_it(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    story = approved_story(workspace, now)
    segment = brief_of(story).segment
    other = StoryFactory.create(workspace=workspace, title="Only about it")
    StoryFactory.create(workspace=workspace, title="Neither")
    StorySegment.objects.create(workspace=workspace, story=other, segment=segment)

    html = _shown("{% stories_about segment %}", lead, now, segment=segment)

    assert str(story) in html
    assert "writes to it" in html
    assert "Only about it" in html
    assert "is about it" in html
    assert "Neither" not in html
    assert f"segment={segment.pk}" in html
