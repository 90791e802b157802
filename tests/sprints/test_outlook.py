"""What a plan is read with: people counted as often as they hear from us, risks that exist, and what was left out."""

from datetime import datetime

import pytest

from audience.models import Contact
from sprints.models import ApprovalRequest, Sprint, Story, Verdict
from sprints.outlook import mails_a_person
from sprints.planned import planned
from sprints.shown_outlook import shown_outlook
from sprints.shown_plan import shown_plan
from sprints.snapshot import material_fingerprint
from sprints.versions import frozen_plan, risks_since
from tests.factories.approvals import answer, asked, change_rules, ready_sprint, ready_story
from tests.factories.audience import ContactFactory
from tests.factories.sprints import (
    BlockerFactory,
    BriefFactory,
    CriterionFactory,
    HypothesisFactory,
    SprintFactory,
    StoryFactory,
)
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
IT_IS_ANN = [{"field": "first_name", "op": "is", "value": "Ann"}]


@pytest.fixture
def people(workspace: Workspace) -> list[Contact]:
    ann, *others = ContactFactory.create_batch(3, workspace=workspace, first_name="Bo")
    Contact.objects.filter(pk=ann.pk).update(first_name="Ann")
    return [ann, *others]


def test_people_are_counted_as_often_as_they_belong(workspace: Workspace, people: list[Contact], now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=3)
    change_rules(sprint.stories.order_by("pk")[0], rules=IT_IS_ANN)

    counted = mails_a_person(planned(sprint, now))

    assert counted == [0, len(people) - 1, 1]


def test_a_plan_without_a_send_reaches_nobody(workspace: Workspace, people: list[Contact], now: datetime) -> None:
    assert mails_a_person(planned(SprintFactory.create(workspace=workspace), now)) == []


def test_nobody_is_counted_for_rules_that_fit_nobody(
    workspace: Workspace, people: list[Contact], now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    change_rules(sprint.stories.get(), rules=[{"field": "first_name", "op": "is", "value": "Nobody"}])

    assert mails_a_person(planned(sprint, now)) == []


def test_what_blocks_is_frozen_and_what_blocks_later_is_told_as_new(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)
    first, second = sprint.stories.order_by("pk")
    BlockerFactory.create(story=first, reason="No product feed")

    request = asked(sprint, now, by=lead, to=owner)
    BlockerFactory.create(story=second, reason="No pictures")

    [risk] = shown_outlook(shown_plan(request)).risks
    assert risk.title == first.title
    assert "No product feed" in risk.said
    assert [new["said"] for new in risks_since(request, planned(sprint, now))] == ["No pictures"]


def test_an_audience_that_moved_beyond_what_is_tolerated_is_a_risk(
    workspace: Workspace, owner: Member, lead: Member, people: list[Contact], now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, by=lead, to=owner), Verdict.APPROVED, now)
    ContactFactory.create_batch(3, workspace=workspace)

    second = asked(sprint, now, by=lead, to=owner)

    assert "3 people at the last answer, 6 now." in [risk.said for risk in shown_outlook(shown_plan(second)).risks]
    assert shown_plan(second).since.changed


def test_what_was_ready_and_not_taken_is_named_with_the_reason(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, capacity_points=3)
    for points, title in ((2, "Too big"), (1, "Further down")):
        story = StoryFactory.create(workspace=workspace, title=title, points=points, goal=sprint.goal)
        CriterionFactory.create(story=story)
        HypothesisFactory.create(story=story)
        BriefFactory.create(story=story)
    StoryFactory.create(workspace=workspace, title="Not ready")

    left_out = shown_outlook(shown_plan(asked(sprint, now, by=lead, to=owner))).left_out

    assert [line.title for line in left_out] == ["Too big", "Further down"]
    assert "2 points, 1 were free" in left_out[0].said
    assert "ranked below" in left_out[1].said


def test_what_was_in_the_version_before_is_named(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)
    gone = sprint.stories.latest("pk")
    asked(sprint, now, by=lead, to=owner)
    Story.objects.filter(pk=gone.pk).update(sprint=None)

    lines = shown_outlook(shown_plan(asked(sprint, now, by=lead, to=owner))).left_out

    assert lines[0].title == gone.title
    assert "version before" in lines[0].said


def test_the_outlook_is_shown_and_does_not_bind(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    before = frozen_plan(planned(sprint, now))
    BlockerFactory.create(story=sprint.stories.get())

    after = frozen_plan(planned(sprint, now))

    assert before["outlook"] != after["outlook"]
    assert material_fingerprint(before) == material_fingerprint(after)


def test_a_plan_frozen_without_an_outlook_still_has_its_days(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    request.snapshot.pop("outlook")
    request.snapshot.pop("target")
    request.save(update_fields=["snapshot"])

    shown = shown_outlook(shown_plan(ApprovalRequest.objects.with_people().get(pk=request.pk)))

    assert shown.calendar is not None
    assert (shown.is_known, shown.mails, shown.risks) == (False, [], [])


def test_the_calendar_begins_with_the_sprint_and_shows_each_send_on_its_days(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint: Sprint = ready_sprint(workspace)
    ready_story(sprint)

    calendar = shown_outlook(shown_plan(asked(sprint, now, by=lead, to=owner))).calendar

    assert calendar is not None
    assert calendar.days[0].day == sprint.start_date
    assert [send.story.window for send in calendar.sends] == [
        (story.brief.window_start, story.brief.window_end) for story in planned(sprint, now).stories
    ]
    assert calendar.sends[0].x == f"{1 / len(calendar.days):.3%}"
