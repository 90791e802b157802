"""What pages ask of the ledger and of readers' reactions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max

from delivery.models import (
    PENDING,
    Delivery,
    DeliveryState,
    HitKind,
    Reason,
    Run,
    RunState,
)


@dataclass(slots=True)
class RunCounts:
    """The ledger of a run in numbers. Always: matched = sent + skipped + failed + unknown + pending."""

    matched: int = 0
    sent: int = 0
    skipped: int = 0
    failed: int = 0
    unknown: int = 0
    pending: int = 0
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        return self.matched - self.pending

    @property
    def to_send(self) -> int:
        """Everybody who was not left out."""
        return self.matched - self.skipped

    @property
    def done_rate(self) -> float:
        """Share of those to send to for whom it is decided."""
        return (self.to_send - self.pending) / self.to_send if self.to_send else 1.0

    @property
    def explained(self) -> list[tuple[str, str, int]]:
        """State, reason and number of those not sent to, in words, most first."""
        rows = sorted(self.reasons.items(), key=lambda item: -item[1])
        return [(str(DeliveryState(s).label), str(Reason(r).label), n) for (s, r), n in rows]


def run_counts(run: Run) -> RunCounts:
    """One query over the ledger, and nothing else: the page cannot say otherwise than the ledger does."""
    counts = RunCounts()
    rows = Delivery.objects.filter(run=run).values_list("state", "reason").annotate(n=Count("pk")).order_by()
    for state, reason, number in rows:
        counts.matched += number
        name = "pending" if state in PENDING else state
        setattr(counts, name, getattr(counts, name) + number)
        if reason:
            counts.reasons[(state, reason)] = number
    return counts


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link of a mail with the people who followed it."""

    url: str
    people: int
    clicks: int


def links_followed(run: Run) -> Sequence[LinkLine]:
    """The links of a run by the number of people who clicked, most first. Human clicks only."""
    rows = (
        run.hits.human()
        .filter(kind=HitKind.CLICK)
        .values_list("url")
        .annotate(people=Count("delivery", distinct=True), clicks=Count("pk"))
        .order_by("-people", "url")
    )
    return [LinkLine(url, people, clicks) for url, people, clicks in rows]


def last_sent_at(run: Run) -> datetime | None:
    last: datetime | None = run.deliveries.filter(state=DeliveryState.SENT).aggregate(at=Max("decided_at"))["at"]
    return last


def is_moving(run: Run) -> bool:
    """Whether the numbers of a run can still change by sending."""
    return run.state in {RunState.PLANNING, RunState.SENDING}
