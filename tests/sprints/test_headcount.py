"""Counting the people of segments: each once, however many stories are for it."""

from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.headcount import Headcount
from sprints.planned import planned
from sprints.snapshot import sprint_snapshot
from tests.factories.approvals import ready_sprint
from tests.factories.audience import ContactFactory, SegmentFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
ANN = {"field": "first_name", "op": "is", "value": "Ann"}


def test_a_segment_is_counted_once(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    segment = SegmentFactory.create(workspace=workspace, definition={"match": "all", "rules": [ANN]})
    ContactFactory.create_batch(2, workspace=workspace, first_name="Ann")
    heads = Headcount(now)
    first = heads.people_in(segment)

    with django_assert_num_queries(0):
        again = heads.people_in(segment)

    assert (first, again) == (2, 2)


def test_what_can_be_asked_is_read_once_for_all_segments(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one, other = SegmentFactory.create_batch(2, workspace=workspace, definition={"match": "all", "rules": [ANN]})
    heads = Headcount(now)
    heads.people_in(one)

    with django_assert_num_queries(1):
        heads.people_in(other)


def test_a_segment_that_no_longer_works_holds_nobody(workspace: Workspace, now: datetime) -> None:
    gone = {"field": "attribute.gone", "op": "is", "value": "x"}
    ContactFactory.create(workspace=workspace)
    segment = SegmentFactory.create(workspace=workspace, definition={"match": "all", "rules": [gone]})

    assert Headcount(now).people_in(segment) == 0


def test_a_plan_for_one_segment_costs_the_same_however_many_stories_are_for_it(
    workspace: Workspace, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sprint = ready_sprint(workspace, stories=6)
    plan = planned(sprint, now)
    for story in plan.stories:
        story.brief.segment = plan.stories[0].brief.segment

    with django_assert_max_num_queries(8):
        snapshot = sprint_snapshot(plan)

    assert len(snapshot["stories"]) == 6
