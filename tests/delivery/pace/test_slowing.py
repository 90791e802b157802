"""What pages say of groups that servers have slowed down."""

from datetime import datetime, timedelta

from delivery.pace.buckets import PREFIX, client
from delivery.pace.limits import slowed_key
from delivery.pace.pacing import Pace
from delivery.pace.slowing import slowed_groups
from tests.factories.delivery import RunFactory
from tests.factories.pace import SpeedLimitFactory
from workspaces.models import Workspace


def complain(workspace: Workspace, group: str = "gmail") -> None:
    """A server of a group with 600 a minute that is fully used asks for less."""
    SpeedLimitFactory.create(workspace=workspace, scope="group", group=group, per_minute=600)
    pace = Pace(RunFactory.create(workspace=workspace, matched_count=5))
    pace.note(group, accepted=100_000, throttled=1)


def test_a_quiet_workspace_has_none(workspace: Workspace, now: datetime) -> None:
    assert slowed_groups(workspace, now) == []


def test_it_says_how_much_goes_and_until_when(workspace: Workspace, now: datetime) -> None:
    complain(workspace)

    [slowed] = slowed_groups(workspace, now)

    assert (slowed.label, slowed.per_minute, slowed.usual_per_minute) == ("Gmail", 300, 600)
    assert timedelta(minutes=3, seconds=50) < slowed.gone_at - now <= timedelta(minutes=4)


def test_it_grows_by_a_fifth_each_quiet_minute(workspace: Workspace, now: datetime) -> None:
    complain(workspace)
    client().hincrbyfloat(PREFIX + slowed_key(0, "gmail"), "seen", -61)

    [slowed] = slowed_groups(workspace, now)

    assert slowed.per_minute == 360


def test_without_redis_the_page_says_nothing_rather_than_fail(
    workspace: Workspace, now: datetime, redis_is_away: None
) -> None:
    assert slowed_groups(workspace, now) == []
