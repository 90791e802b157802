"""The last thirty days beside the thirty before, in ten steps, for the figures on the home page.

A handful of queries whatever the number of mails: everything is counted by step in the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from django.db.models import Case, Count, DateTimeField, Exists, Func, Q, Sum, Value, When

from delivery.models import Delivery, DeliveryState, Hit, HitKind, Run
from emailops.lib.statistics import Estimate, difference_interval
from insights import facts
from strategy.measures import Span, span_ending
from workspaces.models import Workspace

N = TypeVar("N", int, Decimal)
DAYS = 30
STEPS = 10  # over both stretches
STEP = timedelta(days=2 * DAYS // STEPS)
HALF = STEPS // 2
AFTERMATH = timedelta(days=1)  # after a run has ended, the last answers may still come in


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages sent and reacted to, by step."""

    sent: list[int]
    did: list[int]

    def share(self, half: slice) -> float | None:
        sent = sum(self.sent[half])
        return sum(self.did[half]) / sent if sent else None

    @property
    def change(self) -> Estimate | None:
        """This stretch minus the one before, with its interval; None when one of them is empty."""
        then, now = slice(HALF), slice(HALF, STEPS)
        sent = sum(self.sent[now]), sum(self.sent[then])
        return difference_interval((sum(self.did[now]), sum(self.did[then])), sent) if all(sent) else None

    @property
    def line(self) -> list[float]:
        """The rate of each step in which something was sent."""
        return [did / sent for did, sent in zip(self.did, self.sent, strict=True) if sent]


@dataclass(frozen=True)
class Recent:
    """What happened lately in a workspace. Each figure is counted when it is first asked for."""

    workspace: Workspace
    now: datetime

    @cached_property
    def this(self) -> Span:
        return span_ending(self.now.astimezone(self.workspace.zone).date(), DAYS, self.workspace)

    @cached_property
    def before(self) -> Span:
        day = self.now.astimezone(self.workspace.zone).date() - timedelta(days=DAYS)
        return Span(span_ending(day, DAYS, self.workspace).start, self.this.start)

    @cached_property
    def sent(self) -> list[int]:
        """Messages sent, by step."""
        during = Q(decided_at__gte=self.before.start, decided_at__lt=self.this.end)
        sent = Delivery.objects.filter(during, run__in=self._runs(), state=DeliveryState.SENT)
        return self._by_step(sent.values_list(self._bin("decided_at")).annotate(Count("pk")).order_by(), 0)

    def rates(self, kind: HitKind) -> Rates:
        """Messages people reacted to, in the step in which they were sent; until the end of their stretch."""
        return Rates(self.sent, self._reacted[kind])

    @cached_property
    def _reacted(self) -> dict[str, list[int]]:
        until = Case(
            When(delivery__decided_at__lt=self.this.start, then=Value(self.this.start)),
            default=Value(self.this.end),
            output_field=DateTimeField(),
        )
        hits = Hit.objects.for_workspace(self.workspace).human()
        rows = (
            hits.filter(kind__in=(HitKind.CLICK, HitKind.UNSUBSCRIBE), at__gte=self.before.start, at__lt=until)
            .filter(delivery__state=DeliveryState.SENT)
            .filter(delivery__decided_at__gte=self.before.start, delivery__decided_at__lt=self.this.end)
            .values_list("kind", self._bin("delivery__decided_at"))
            .annotate(Count("delivery", distinct=True))
            .order_by()
        )
        found = list(rows)
        return {
            kind: self._by_step(((step, count) for its, step, count in found if its == kind), 0)
            for kind in (HitKind.CLICK, HitKind.UNSUBSCRIBE)
        }

    @cached_property
    def revenue(self) -> list[Decimal]:
        """Orders credited to mail, by step."""
        orders = facts.orders_in(self.workspace, Span(self.before.start, self.this.end))
        credited = orders.filter(Exists(facts.crediting_clicks()))
        rows = list(credited.values_list(self._bin("occurred_at")).annotate(Sum("value")).order_by())
        sales = facts.sales_in(self.workspace, Span(self.before.start, self.this.end)).filter(credit__isnull=False)
        of_days = sales.values_list("placed_on").annotate(Sum("total")).order_by()
        return self._by_step([*rows, *((self._step_with(day), total) for day, total in of_days)], Decimal(0))

    def _step_with(self, day: date) -> datetime:
        """The start of the step that a day begins in."""
        begins = datetime.combine(day, time.min, self.workspace.zone)
        return self.this.start + (begins - self.this.start) // STEP * STEP

    @cached_property
    def readers(self) -> list[int]:
        """People who opened or clicked, by step. Nobody counts twice in a step, but may in two."""
        rows = self._engaged().values_list(self._bin("at")).annotate(Count("contact", distinct=True)).order_by()
        return self._by_step(rows, 0)

    @cached_property
    def readers_in_all(self) -> tuple[int, int]:
        """People who opened or clicked in this stretch, and in the one before."""
        return facts.engaged_readers(self.workspace, self.this), facts.engaged_readers(self.workspace, self.before)

    def _engaged(self) -> "facts.Hits":
        hits = Hit.objects.for_workspace(self.workspace).human().exclude(kind=HitKind.UNSUBSCRIBE)
        return hits.filter(at__gte=self.before.start, at__lt=self.this.end)

    def _runs(self) -> list[int]:
        """Those that can have sent something in this time; all others need not be looked at."""
        runs = Run.objects.for_workspace(self.workspace).filter(started_at__lt=self.this.end)
        lately = Q(finished_at=None) | Q(finished_at__gte=self.before.start - AFTERMATH)
        return list(runs.filter(lately).values_list("pk", flat=True))

    def _bin(self, moment: str) -> Func:
        """The start of the step a moment falls into; the steps meet where the two stretches do."""
        return facts.step_of(moment, STEP, self.this.start)

    def _by_step(self, rows: Iterable[tuple[datetime, N]], nothing: N) -> list[N]:
        """The values in the order of time. An hour that a clock change adds belongs to the step beside it."""
        steps = [nothing] * STEPS
        for start, value in rows:
            number = HALF + round((start - self.this.start) / STEP)
            steps[min(max(number, 0), STEPS - 1)] += value
        return steps
