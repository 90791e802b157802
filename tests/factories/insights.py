"""What came of sends: messages that arrived, what readers did with them, what they bought."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from audience.models import Contact, Event
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature, Run
from sprints.models import Hypothesis, Story
from tests.factories.delivery import DeliveryFactory, HitFactory, OrderFactory, RunFactory
from tests.factories.sprints import BriefFactory, HypothesisFactory, StoryFactory
from workspaces.models import Workspace

SOFIA = ZoneInfo("Europe/Sofia")
NOON = datetime(2026, 5, 18, 12, tzinfo=SOFIA)


def ended_run(workspace: Workspace, at: datetime = NOON, *, story: Story | None = None, **fields: Any) -> Run:
    """A run that began at `at` and was over an hour later."""
    made_for = {"campaign__story": story} if story else {}
    values = {"started_at": at, "finished_at": at + timedelta(hours=1), **made_for, **fields}
    made: Run = RunFactory.create(workspace=workspace, done=True, campaign__launched_at=at, **values)
    return made


def sent(run: Run, people: int = 1, *, at: datetime | None = None, **fields: Any) -> list[Delivery]:
    """Messages of a run that arrived, when it began unless told otherwise."""
    values = {"state": DeliveryState.SENT, "decided_at": at or run.started_at, **fields}
    made: list[Delivery] = DeliveryFactory.create_batch(people, run=run, **values)
    return made


def did(
    row: Delivery, kind: HitKind = HitKind.CLICK, *, at: datetime | None = None, by: Nature = Nature.HUMAN, **more: Any
) -> Hit:
    """What somebody, or something, did with a message: an hour after its run began unless told otherwise."""
    values = {"at": at or row.run.started_at + timedelta(hours=1), "nature": by, **more}
    made: Hit = HitFactory.create(delivery=row, kind=kind, **values)
    return made


def bought(person: Contact | None, value: int = 50, *, at: datetime) -> Event:
    made: Event = OrderFactory.create(contact=person, value=Decimal(value), occurred_at=at)
    return made


def clicked_and_bought(row: Delivery, value: int = 50) -> Event:
    """An order two hours after the run began, of somebody who clicked an hour before."""
    did(row)
    return bought(row.contact, value, at=row.run.started_at + timedelta(hours=2))


def promising_story(workspace: Workspace, now: datetime = NOON, **hypothesis: Any) -> Story:
    """A story that promised a click rate of 4 % after 3 %, looked at today unless told otherwise, and its brief."""
    story: Story = StoryFactory.create(workspace=workspace)
    BriefFactory.create(story=story)
    HypothesisFactory.create(story=story, **{"check_date": now.astimezone(workspace.zone).date(), **hypothesis})
    return with_plan(story)


def with_plan(story: Story) -> Story:
    return Story.objects.with_plan().get(pk=story.pk)


def hypothesis(**fields: Any) -> Hypothesis:
    """A promise that is not kept anywhere: from 3 % to 4 %, half a point is worth it."""
    values = {"baseline": 0.03, "expected": 0.04, "minimum_effect": 0.005, "check_date": NOON.date(), **fields}
    return Hypothesis(**values)
