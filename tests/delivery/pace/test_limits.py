"""Which limits apply to whom, as they stand in the database."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from delivery.models import LimitScope, SpeedLimit
from delivery.pace.buckets import Bucket, Quota, Rate
from delivery.pace.days import day_of
from delivery.pace.limits import Limits, limits_in_force
from delivery.pace.pacing import add_volumes
from delivery.pace.queues import Queue
from tests.factories.delivery import RunFactory
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from workspaces.models import Member, Workspace

OWN = 7  # a mail server of the workspace's own


def in_force(workspace: Workspace, now: datetime, transport_id: int = 0, queue: Queue = Queue.TRIGGERED) -> Limits:
    return limits_in_force(workspace, transport_id, now, queue=queue)


def per_minute(*buckets: Bucket) -> list[int]:
    return [round(bucket.per_second * 60) for bucket in buckets if isinstance(bucket, Rate)]


def quotas(*buckets: Bucket) -> list[tuple[int, int]]:
    return [(bucket.limit, bucket.drawn) for bucket in buckets if isinstance(bucket, Quota)]


def test_a_fresh_installation_on_the_sandbox_limits_nothing(workspace: Workspace, now: datetime) -> None:
    found = in_force(workspace, now)

    assert found.common == ()
    assert found.of_group == {}
    assert found.allowed_per_second("gmail") == 0


def test_the_installations_server_has_one_limit_for_all(
    workspace: Workspace, outsider: Member, now: datetime, settings: Settings
) -> None:
    settings.MAIL_PER_MINUTE = 3000

    ours, theirs = in_force(workspace, now).common, in_force(outsider.workspace, now).common

    assert per_minute(*ours) == [3000]
    assert [bucket.key for bucket in ours] == [bucket.key for bucket in theirs]


def test_a_workspace_can_want_less_of_the_installations_server_but_not_more(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    settings.MAIL_PER_MINUTE = 3000
    SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.SERVER, per_minute=9000)

    assert per_minute(*in_force(workspace, now).common) == [9000, 3000]


def test_a_limit_on_a_server_of_ones_own_takes_the_place_of_the_usual(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    settings.MAIL_PER_MINUTE = 3000
    SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.SERVER, transport_id=OWN, per_minute=9000)

    assert per_minute(*in_force(workspace, now, OWN).common) == [9000]
    assert per_minute(*in_force(workspace, now, OWN + 1).common) == [3000]


def test_everything_together_and_a_group_apply_besides(workspace: Workspace, now: datetime) -> None:
    SpeedLimitFactory.create(workspace=workspace, per_minute=600)
    SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.GROUP, group="gmail", per_minute=60)

    found = in_force(workspace, now)

    assert per_minute(*found.buckets("gmail")) == [600, 60]
    assert per_minute(*found.buckets("other")) == [600]
    assert found.allowed_per_second("gmail") == 1.0


def test_a_limit_of_another_workspace_is_none_of_ours(workspace: Workspace, outsider: Member, now: datetime) -> None:
    SpeedLimitFactory.create(workspace=outsider.workspace)

    assert in_force(workspace, now).common == ()


def test_a_run_has_a_speed_of_its_own(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace, speed_limit=120)

    found = limits_in_force(workspace, 0, now, queue=Queue.BULK, run=run)

    assert per_minute(*found.buckets("gmail")) == [120]
    assert found.allowed_per_second("gmail") == 0, "a slow run must not slow a group down for all"


def test_the_day_of_a_warm_up_and_what_was_drawn_are_known(workspace: Workspace, now: datetime) -> None:
    WarmUpFactory.create(workspace=workspace, start_date=day_of(now, workspace.zone).date - timedelta(days=1))
    SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=1000)
    SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.GROUP, group="gmail", per_minute=None, per_day=90)
    add_volumes(workspace, 0, in_force(workspace, now), {"gmail": 30, "other": 5})
    add_volumes(workspace, OWN, in_force(workspace, now), {"gmail": 2})

    found = in_force(workspace, now)

    assert quotas(*found.common) == [(1000, 37), (700, 35)]
    assert quotas(*found.of_group["gmail"]) == [(90, 32)]


def test_yesterday_is_another_window(workspace: Workspace, now: datetime) -> None:
    SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=1000)
    add_volumes(workspace, 0, in_force(workspace, now), {"gmail": 30})

    tomorrow = in_force(workspace, now + timedelta(days=1)).common

    assert quotas(*tomorrow) == [(1000, 0)]
    assert tomorrow[0].key != in_force(workspace, now).common[0].key


def test_what_was_granted_adds_up_and_what_was_not_used_goes(workspace: Workspace, now: datetime) -> None:
    SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=1000)
    limits = in_force(workspace, now)

    for counts in ({"gmail": 30}, {"gmail": -10, "other": 4}, {"gmail": 0}, {"yahoo": -4}, {}):
        add_volumes(workspace, 0, limits, counts)

    assert quotas(*in_force(workspace, now).common) == [(1000, 24)]


def test_bulk_leaves_a_share_to_those_before_it(workspace: Workspace, now: datetime) -> None:
    SpeedLimitFactory.create(workspace=workspace, per_minute=600, per_day=1000)

    bulk, triggered = (in_force(workspace, now, queue=queue).common for queue in (Queue.BULK, Queue.TRIGGERED))

    assert [bucket.share for bucket in bulk if isinstance(bucket, Rate | Quota)] == [0.1, 0.02]
    assert [bucket.share for bucket in triggered if isinstance(bucket, Rate | Quota)] == [0.0, 0.0]


def test_reading_takes_four_queries_however_much_is_limited(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = RunFactory.create(workspace=workspace, speed_limit=120)
    WarmUpFactory.create(workspace=workspace)
    SpeedLimitFactory.create(workspace=workspace, per_day=9)
    for group in ("gmail", "yahoo", "other"):
        SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.GROUP, group=group, per_day=5)

    with django_assert_num_queries(4):
        limits_in_force(workspace, 0, now, queue=Queue.BULK, run=run)


@pytest.mark.parametrize("per_minute", [1, 60, 100_000])
def test_at_once_goes_a_second_or_one_message(workspace: Workspace, now: datetime, per_minute: int) -> None:
    SpeedLimitFactory.create(workspace=workspace, per_minute=per_minute)

    [bucket] = in_force(workspace, now).common

    assert isinstance(bucket, Rate)
    assert bucket.burst == max(1, per_minute / 60)


def test_a_limit_is_named_for_the_log(workspace: Workspace) -> None:
    assert str(SpeedLimit(scope=LimitScope.GROUP, group="gmail")) == "One mailbox provider gmail"
