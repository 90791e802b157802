"""What campaigns add to the stand-up: what somebody wrote and put on the schedule."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from sprints.moves import Move, MoveKind, Span, acts_of
from workspaces.models import Member

Detail = Mapping[str, Any]


def _made(label: str, _detail: Detail) -> str:
    return _("Made the campaign “%(what)s”") % {"what": label}


def _wrote(label: str, _detail: Detail) -> str:
    return _("Wrote the mail of “%(what)s”") % {"what": label}


def _scheduled(label: str, _detail: Detail) -> str:
    return _("Put “%(what)s” on the schedule") % {"what": label}


CAMPAIGN = "campaigns:campaign_detail"
KINDS = {
    "campaign.created": MoveKind("plus", _made, ("campaign.content_written",), page=CAMPAIGN),
    "campaign.content_written": MoveKind("pen-line", _wrote, page=CAMPAIGN),
    "campaign.scheduled": MoveKind("calendar-days", _scheduled, page=CAMPAIGN),
}


def campaign_moves(member: Member, span: Span) -> Iterator[tuple[datetime, Move]]:
    """A member's own acts on campaigns. One query."""
    for act in acts_of(member, span, KINDS):
        yield act.at, Move(act.action, act.target_id, act.target_label)
