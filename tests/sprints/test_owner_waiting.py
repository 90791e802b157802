"""How long the team waited for the owner: counted once, however many versions waited."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.models import ApprovalRequest, Sprint, SprintState, Story, Verdict
from sprints.owner_waiting import time_waited, waiting_in, waits_of
from tests.factories.approvals import answer, asked, asked_about_mail, ready_sprint
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _waited(stories: list[Story], now: datetime) -> dict[int, timedelta]:
    return {pk: time_waited(waits) for pk, waits in waits_of(stories, now).items()}


def _fresh(sprint: Sprint) -> Sprint:
    return Sprint.objects.select_related("workspace").get(pk=sprint.pk)


def test_an_open_question_waits_until_now_and_an_answered_one_until_its_answer(
    workspace: Workspace, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now), Verdict.DECLINED, now + DAY)
    asked(sprint, now + 2 * DAY)

    found = waiting_in(_fresh(sprint), now + 5 * DAY)

    assert [wait.length for wait in found.past] == [DAY]
    assert [wait.length for wait in found.open] == [3 * DAY]
    assert [(wait.what, wait.answer) for wait in found.waits] == [("Version 1", "Declined"), ("Version 2", "no answer")]
    assert found.total == 4 * DAY


def test_a_version_that_was_replaced_hands_its_wait_on(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now)
    answer(asked(sprint, now + DAY), Verdict.APPROVED, now + 3 * DAY)

    found = waiting_in(_fresh(sprint), now + 9 * DAY)

    assert [wait.length for wait in found.waits] == [DAY, 2 * DAY]
    assert (found.total, found.open) == (3 * DAY, [])


def test_what_waits_at_the_same_time_counts_once(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    story = sprint.stories.get()
    asked(sprint, now)
    asked_about_mail(story, now + DAY)

    found = waiting_in(_fresh(sprint), now + 3 * DAY)

    assert found.total == 3 * DAY
    assert [wait.what for wait in found.waits] == ["Version 1", f"Finished mail: {story}"]
    assert _waited([story], now + 3 * DAY) == {story.pk: 3 * DAY}


def test_a_sprint_that_is_over_waits_no_longer(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now)
    Sprint.objects.filter(pk=sprint.pk).update(state=SprintState.CLOSED, closed_at=now + 2 * DAY)

    found = waiting_in(_fresh(sprint), now + 9 * DAY)

    assert found.open == []
    assert found.total == 2 * DAY


def test_a_story_that_was_carried_over_does_not_wait_again(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    kept, changed = sprint.stories.ranked()
    answer(asked(sprint, now), Verdict.APPROVED, now + DAY)
    changed.brief.offer = "A pouch"
    changed.brief.save()
    asked(sprint, now + 2 * DAY)

    assert _waited([kept, changed], now + 4 * DAY) == {kept.pk: DAY, changed.pk: 3 * DAY}


def test_many_stories_cost_one_query(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sprint = ready_sprint(workspace, stories=4)
    asked(sprint, now)
    stories = list(sprint.stories.all())

    with django_assert_num_queries(1):
        waits_of(stories, now)


def test_ids_are_the_same_with_and_without_the_snapshot(workspace: Workspace, now: datetime) -> None:
    first = asked(ready_sprint(workspace, stories=3), now)
    ApprovalRequest.objects.filter(pk=first.pk).update(carried=[first.items[0]["id"]])

    light = ApprovalRequest.objects.without_snapshot().get(pk=first.pk)
    whole = ApprovalRequest.objects.get(pk=first.pk)

    assert "snapshot" in light.get_deferred_fields()
    assert light.asked_ids == whole.asked_ids == {item["id"] for item in whole.items[1:]}
