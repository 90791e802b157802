"""What the swim lanes of a board can stand for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

NOBODY = "0"
"""The lane of stories without a goal, or without a member."""


class LaneBy(models.TextChoices):
    """What the lanes of a board stand for."""

    NONE = "", _("No lanes")
    GOAL = "goal", _("Goal")
    MEMBER = "member", _("Member")
    KIND = "kind", _("Type")


LANE_OF: dict[LaneBy, str] = {
    LaneBy.NONE: "",
    LaneBy.GOAL: "goal_id",
    LaneBy.MEMBER: "assignee_id",
    LaneBy.KIND: "kind",
}
"""The field of a story by which its lane is named."""
