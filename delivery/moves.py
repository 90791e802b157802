"""What delivery adds to the stand-up: the sends that came to their end."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import ngettext

from delivery.models import Run, RunState
from sprints.moves import Move, MoveKind, Span
from workspaces.models import AuditEntry, Member

SENT = "run.done"


def _sent(label: str, detail: Mapping[str, Any]) -> str:
    count = detail.get("sent", 0)
    words = ngettext("“%(what)s” was sent to %(people)s person", "“%(what)s” was sent to %(people)s people", count)
    return words % {"what": label, "people": number_format(count, use_l10n=True, force_grouping=True)}


KINDS = {SENT: MoveKind("mail", _sent, page="campaigns:campaign_detail")}


def send_moves(member: Member, span: Span) -> Iterator[tuple[datetime, Move]]:
    """The ended sends of a member's campaigns and stories, with how many mails were taken. Two queries at most."""
    own = Q(campaign__created_by=member) | Q(campaign__story__assignee=member)
    ended = Run.objects.for_workspace(member.workspace).filter(
        own, state=RunState.DONE, finished_at__gt=span.since, finished_at__lte=span.until
    )
    runs = {run.pk: run.campaign for run in ended.select_related("campaign")}
    if not runs:
        return
    # The log knows the figure; counting a ledger of a million rows would keep a page waiting.
    said = AuditEntry.objects.for_workspace(member.workspace).filter(
        action=SENT, target_type="run", target_id__in=list(runs)
    )
    for entry in said.order_by("at", "pk"):
        campaign = runs[entry.target_id]
        yield entry.at, Move(SENT, campaign.pk, campaign.name, {"sent": entry.detail["sent"]})
