"""The figures of the home page, as a worker counts them for workspaces with very many people."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from audience.figures import Numbers, kept_figures
from delivery.models import HitKind, Run
from insights.recent import Recent
from workspaces.models import Workspace

REACTIONS = (HitKind.CLICK, HitKind.UNSUBSCRIBE)


def recent_of(workspace: Workspace, now: datetime) -> tuple[Recent, datetime | None]:
    """The last thirty days, and of when their figures are: None for those that are counted when they are asked for.

    One query. Those kept on another day are not told: the steps would not be the same.
    """
    recent, kept = Recent(workspace, now), kept_figures(workspace, "recent", now)
    if kept is None or kept.numbers["from"] != recent.this.start.isoformat():
        return recent, None
    known = kept.numbers
    vars(recent).update(  # where `cached_property` looks
        sent=known["sent"],
        _reacted=known["reacted"],
        revenue=[Decimal(step) for step in known["revenue"]],
        readers=known["readers"],
        readers_in_all=tuple(known["readers_in_all"]),
    )
    return recent, kept.counted_at


def recent_figures(workspace: Workspace, now: datetime) -> Numbers:
    recent = Recent(workspace, now)
    return {
        "from": recent.this.start.isoformat(),
        "sent": recent.sent,
        "reacted": {str(kind): recent.rates(kind).did for kind in REACTIONS},
        "revenue": [str(step) for step in recent.revenue],
        "readers": recent.readers,
        "readers_in_all": recent.readers_in_all,
    }


def known_results(
    runs: Sequence[Run], workspace: Workspace, now: datetime
) -> dict[int, tuple[int, int, Decimal]] | None:
    """What was sent, clicked and paid by run, as it was kept; None where one of the runs is not among those kept."""
    kept = kept_figures(workspace, "results", now)
    if kept is None or any(str(run.pk) not in kept.numbers for run in runs):
        return None
    found = {run.pk: kept.numbers[str(run.pk)] for run in runs}
    return {key: (sent, clicked, Decimal(paid)) for key, (sent, clicked, paid) in found.items()}
