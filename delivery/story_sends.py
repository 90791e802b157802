"""What a sprint's retrospective is told of the sends made for its stories."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Count
from django.urls import reverse

from delivery.models import Delivery, DeliveryState, Reason, Run
from sprints.models import Story
from sprints.sends import Loss, StorySend

LOST = (DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNKNOWN)

Counts = dict[tuple[str, str], int]


def story_sends(stories: Collection[Story], _now: datetime) -> Iterator[StorySend]:
    """Each send with its ledger in numbers. Two queries; the second reads the ledger rows of all these sends."""
    brief_of = {story.pk: getattr(story, "brief", None) for story in stories}
    runs = list(Run.objects.filter(campaign__story__in=brief_of).select_related("campaign", "workspace"))
    counted = _counted(runs)
    for run in runs:
        campaign, counts = run.campaign, counted[run.pk]
        brief = brief_of[campaign.story_id]
        yield StorySend(
            story_id=campaign.story_id,
            name=campaign.name,
            started_at=run.started_at,
            matched=sum(counts.values()),
            sent=sum(count for (state, _reason), count in counts.items() if state == DeliveryState.SENT),
            window_end=brief.window_end if brief else None,
            losses=_losses(counts),
            address=reverse("delivery:recipient_list", args=[run.workspace.slug, campaign.pk]),
        )


def _counted(runs: Collection[Run]) -> dict[int, Counts]:
    found: dict[int, Counts] = defaultdict(dict)
    rows = Delivery.objects.filter(run__in=runs).values("run", "state", "reason").annotate(number=Count("pk"))
    for run, state, reason, number in rows.order_by().values_list("run", "state", "reason", "number"):
        found[run][state, reason] = number
    return found


def _losses(counts: Counts) -> list[Loss]:
    lost = sorted(((count, *why) for why, count in counts.items() if why[0] in LOST), reverse=True)
    return [
        Loss(DeliveryState(state).label, Reason(reason).label if reason else "", count) for count, state, reason in lost
    ]
