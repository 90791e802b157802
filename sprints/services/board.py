"""The verb on the board: move a card, if it still stands where it was seen."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.lanes import NOBODY, LaneBy
from sprints.models import SprintState, Story
from sprints.ordering import Place, one_at_a_time
from sprints.services.stories import StoryRefused, place_on_board, rewrite_story
from sprints.standing import Standing, standing_of
from strategy.models import Goal
from workspaces.models import Member


class MoveConflict(StoryRefused):
    """Somebody else has moved it since it was seen."""

    code = "move_conflict"


@dataclass(frozen=True, slots=True)
class LaneChange:
    """From which lane a card goes into which; a lane is named by the id of its goal or member, or `NOBODY`."""

    by: LaneBy
    was: str
    to: str


@dataclass(frozen=True, slots=True)
class Move:
    """A card's move: where to, the version that was seen (empty: does not matter), the lanes it crosses, and why."""

    place: Place
    version: str = ""
    lane: LaneChange | None = None
    reason: str = ""


@transaction.atomic
def move_card(*, story: Story, move: Move, by: Member, now: datetime) -> None:
    """Move a story on the board; into another lane it gets that lane's member or goal.

    Raises `MoveConflict` when it no longer stands where it was seen, and `StoryRefused` for a lane that cannot take it
    and for whatever `place_on_board` refuses.
    """
    one_at_a_time(story.workspace_id)
    found = Story.objects.with_plan().get(pk=story.pk)
    if move.version and move.version != found.version:
        raise MoveConflict(
            _("Somebody has moved “%(story)s” meanwhile. This is where it stands now.") % {"story": found}
        )
    if move.lane is not None and move.lane.was != move.lane.to:
        _change_lane(found, move.lane, by, now)
    place_on_board(story=found, place=move.place, by=by, now=now, reason=move.reason)


def _change_lane(story: Story, lane: LaneChange, by: Member, now: datetime) -> None:
    if lane.by == LaneBy.KIND:
        raise StoryRefused(_("What type of work a story is does not change by moving it. Edit the story."))
    is_now = str((story.assignee_id if lane.by == LaneBy.MEMBER else story.goal_id) or NOBODY)
    if is_now != lane.was:
        raise MoveConflict(_("Somebody has moved “%(story)s” into another lane meanwhile.") % {"story": story})
    if lane.by == LaneBy.MEMBER:
        rewrite_story(story=story, assignee=_member(story, lane.to), by=by, now=now)
    else:
        rewrite_story(story=story, goal=_goal(story, lane.to, now), by=by, now=now)


def _member(story: Story, key: str) -> Member | None:
    if key == NOBODY:
        return None
    found = Member.objects.for_workspace(story.workspace).active().filter(pk=_number(key)).first()
    if found is None:
        raise StoryRefused(_("Whoever this lane belongs to has left the workspace."))
    return found


def _goal(story: Story, key: str, now: datetime) -> Goal | None:
    """The goal of a lane, unless the story's goal is something that the owner has been asked about."""
    if story.sprint_id and story.sprint and story.sprint.state == SprintState.RUNNING:
        standing = standing_of([story], now)[story.pk].standing
        if standing in {Standing.WAITING, Standing.APPROVED}:
            raise StoryRefused(
                _("The owner was asked about “%(story)s” for its goal. Change the goal on the story’s page.")
                % {"story": story}
            )
    if key == NOBODY:
        return None
    found = Goal.objects.for_workspace(story.workspace).filter(pk=_number(key), closed_at=None).first()
    if found is None:
        raise StoryRefused(_("This goal is closed: no story can be put under it any more."))
    return found


def _number(key: str) -> int:
    return int(key) if key.isdecimal() else 0
