"""What happened, counted from the raw facts: the ledger, readers' reactions, orders.

Only people count, never machines. A message counts for the moment it was sent; a reaction counts until the end of the
span asked about, so that counting a past day again gives the same figure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TypedDict, cast

from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)

from audience.models import EARNING, AnonymousSale, Consent, ConsentEntry, Event, Order
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature, Run
from emailops.lib.statistics import Estimate, total_interval, wilson_interval
from strategy.measures import Span
from workspaces.models import Workspace

ORDER = "order_placed"
"""The name of the event that is an order; its `value` is what was paid."""

CREDIT = timedelta(days=5)
"""An order is credited to the mail whose link its buyer followed last, at most this long before it."""


ATOM = timedelta(microseconds=1)
Hits = QuerySet[Hit]


@dataclass(frozen=True, slots=True)
class Credited:
    """Orders credited to some sends."""

    orders: int
    buyers: int
    revenue: Decimal
    sum_of_squares: float


class DomainLine(TypedDict):
    """The ledger of a run for one recipient domain."""

    domain: str
    total: int
    sent: int
    failed: int
    clicks: int


def step_of(moment: str, step: timedelta, origin: datetime) -> Func:
    """For each row the start of the step that its moment falls into; two steps meet at `origin`."""
    parts = (Value(step), F(moment), Value(origin))
    return Func(*parts, function="date_bin", output_field=DateTimeField())


def sent_in(workspace: Workspace, span: Span) -> QuerySet[Delivery]:
    sent = Delivery.objects.for_workspace(workspace).filter(state=DeliveryState.SENT)
    return sent.filter(decided_at__gte=span.start, decided_at__lt=span.end)


def sent_by(runs: Iterable[Run]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(run__in=list(runs), state=DeliveryState.SENT)


def reacted(sent: QuerySet[Delivery], kind: HitKind, until: datetime) -> tuple[int, int]:
    """How many of these messages people reacted to, and how many there are."""
    hits = Hit.objects.human().filter(kind=kind, at__lt=until, delivery__in=sent)
    return hits.aggregate(did=Count("delivery", distinct=True))["did"], sent.count()


@dataclass(frozen=True, slots=True)
class Reactions:
    """What was done to the sent messages of a run: messages reacted to and reactions, by kind and nature."""

    messages: dict[tuple[str, str], int]
    times: dict[tuple[str, str], int]

    def people(self, kind: HitKind) -> int:
        return self.messages.get((kind, Nature.HUMAN), 0)

    def by_machines(self, kind: HitKind) -> int:
        """Reactions, not messages: a proxy that looks twice counts twice."""
        return self.times.get((kind, Nature.MACHINE), 0)


def reactions_to(run: Run, until: datetime) -> Reactions:
    """One query."""
    hits = Hit.objects.filter(run=run, at__lt=until, delivery__state=DeliveryState.SENT)
    rows = hits.values_list("kind", "nature").annotate(Count("delivery", distinct=True), Count("pk")).order_by()
    messages, times = {}, {}
    for kind, nature, of_messages, of_times in rows:
        messages[kind, nature], times[kind, nature] = of_messages, of_times
    return Reactions(messages, times)


def reaction_rate(sent: QuerySet[Delivery], kind: HitKind, until: datetime) -> Estimate | None:
    """The share of messages people reacted to, with its interval; None where none were sent."""
    did, total = reacted(sent, kind, until)
    return wilson_interval(did, total) if total else None


def orders_in(workspace: Workspace, span: Span) -> QuerySet[Event]:
    orders = Event.objects.for_workspace(workspace).filter(name=ORDER, value__isnull=False)
    return orders.filter(occurred_at__gte=span.start, occurred_at__lt=span.end)


def sales_in(workspace: Workspace, span: Span) -> QuerySet[AnonymousSale]:
    """Orders of people who are gone, of the days that begin in a span: of them only the day is known."""
    first, last = (moment.astimezone(workspace.zone) for moment in (span.start, span.end - ATOM))
    begun = timedelta(0) if first.time() == time.min else timedelta(days=1)
    sales = AnonymousSale.objects.for_workspace(workspace).filter(status__in=EARNING)
    return sales.filter(placed_on__gte=first.date() + begun, placed_on__lte=last.date())


def crediting_clicks(moment: str = "occurred_at") -> Hits:
    """Of an order (the outer query): its buyer's human clicks within `CREDIT` before it."""
    return Hit.objects.human().filter(
        kind=HitKind.CLICK,
        contact=OuterRef("contact"),
        at__lte=OuterRef(moment),
        at__gt=OuterRef(moment) - CREDIT,
    )


def credited_run(moment: str = "occurred_at") -> Subquery:
    """The run credited with an order: that of the last of its `crediting_clicks`."""
    return Subquery(crediting_clicks(moment).order_by("-at", "-pk").values("run")[:1])


def credits_of(rows: QuerySet[Order] | QuerySet[Event], moment: str) -> dict[int, int]:
    """The run credited with each of these orders or events, by their keys; without those that none is credited with."""
    found = rows.annotate(run=credited_run(moment)).filter(run__isnull=False)
    return dict(found.order_by().values_list("pk", "run"))


def credited_to(workspace: Workspace, runs: Iterable[Run], until: datetime) -> Credited:
    """The orders credited to these runs until a moment. No order counts for two runs."""
    chosen = [run.pk for run in runs]
    orders = Event.objects.for_workspace(workspace).filter(name=ORDER, value__isnull=False, occurred_at__lt=until)
    earliest = min((run.started_at for run in Run.objects.filter(pk__in=chosen)), default=until)
    clickers = Hit.objects.human().filter(run__in=chosen, kind=HitKind.CLICK).values("contact")
    candidates = orders.filter(occurred_at__gte=earliest, contact__in=clickers)
    credited = candidates.annotate(run=credited_run()).filter(run__in=chosen)
    per_buyer = credited.values("contact").annotate(paid=Sum("value"), orders=Count("pk"))
    rows = list(per_buyer.order_by("contact").values_list("paid", "orders"))
    # Whose sales are whose is not known any more, so each of them counts as a buyer's own.
    sales = AnonymousSale.objects.for_workspace(workspace).filter(status__in=EARNING, credit__in=chosen)
    day = until.astimezone(workspace.zone).date()
    rows += [(total, 1) for total in sales.filter(placed_on__lte=day).order_by("pk").values_list("total", flat=True)]
    paid = [amount for amount, _orders in rows]
    return Credited(
        orders=sum(number for _amount, number in rows),
        buyers=len(rows),
        revenue=sum(paid, Decimal(0)),
        sum_of_squares=sum(float(amount) ** 2 for amount in paid),
    )


def revenue_by_run(runs: Iterable[Run]) -> dict[int, Decimal]:
    """What was credited to each of these runs until now; a run without orders is absent. Two queries."""
    places = {run.pk: run.workspace_id for run in runs}
    chosen = list(places)
    clickers = Hit.objects.human().filter(run__in=chosen, kind=HitKind.CLICK).values("contact")
    orders = Event.objects.filter(name=ORDER, value__isnull=False, contact__in=clickers)
    credited = orders.annotate(run=credited_run()).filter(run__in=chosen)
    revenue = dict(credited.values_list("run").annotate(Sum("value")).order_by())
    ours = AnonymousSale.objects.filter(workspace__in=set(places.values()))
    sales = ours.filter(status__in=EARNING, credit__in=chosen)
    for run, total in sales.values_list("credit").annotate(Sum("total")).order_by():
        revenue[run] = revenue.get(run, Decimal(0)) + total
    return revenue


def revenue_estimate(credited: Credited, sent: int) -> Estimate:
    """Credited revenue with its interval over everybody written to; most of them bought nothing."""
    return total_interval(sent, float(credited.revenue), credited.sum_of_squares)


def mail_revenue(workspace: Workspace, span: Span) -> Decimal:
    """What was paid in orders of a span that are credited to any mail."""
    credited = orders_in(workspace, span).filter(Exists(crediting_clicks()))
    return _sum(credited, "value") + _sum(sales_in(workspace, span).filter(credit__isnull=False), "total")


def revenue(workspace: Workspace, span: Span) -> Decimal:
    """What was paid in orders of a span, also by people who are gone."""
    return _sum(orders_in(workspace, span), "value") + _sum(sales_in(workspace, span), "total")


def _sum(rows: QuerySet[Event] | QuerySet[AnonymousSale], amount: str) -> Decimal:
    total: Decimal | None = rows.aggregate(total=Sum(amount))["total"]
    return total or Decimal(0)


def repeat_buyers(workspace: Workspace, span: Span) -> tuple[int, int]:
    """Of those who ordered in a span: how many ordered more than once, and how many there are."""
    buyers = orders_in(workspace, span).values("contact").annotate(orders=Count("pk"))
    counted = buyers.aggregate(again=Count("contact", filter=Q(orders__gte=2)), all=Count("contact"))
    return counted["again"], counted["all"]


def engaged_readers(workspace: Workspace, span: Span) -> int:
    """People who opened or clicked in a span."""
    hits = Hit.objects.for_workspace(workspace).human().filter(at__gte=span.start, at__lt=span.end)
    engaged = hits.exclude(kind=HitKind.UNSUBSCRIBE).exclude(contact=None)
    return engaged.values("contact").distinct().count()


def consents_given(workspace: Workspace, span: Span) -> int:
    """People who gave consent in a span."""
    given = ConsentEntry.objects.for_workspace(workspace).filter(consent=Consent.GIVEN)
    people = given.filter(at__gte=span.start, at__lt=span.end).aggregate(n=Count("contact", distinct=True))
    return int(people["n"])


def domains_of(run: Run) -> list[DomainLine]:
    """The ledger of a run by recipient domain, the largest ten."""
    clicked = Hit.objects.human().filter(delivery=OuterRef("pk"), kind=HitKind.CLICK)
    rows = (
        Delivery.objects.filter(run=run)
        .exclude(state=DeliveryState.SKIPPED)
        .annotate(
            domain=Func(F("address"), Value("@"), Value(-1), function="split_part", output_field=CharField()),
            clicked=Exists(clicked),
        )
        .values("domain")
        .annotate(
            total=Count("pk"),
            sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
            failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
            clicks=Count("pk", filter=Q(clicked=True, state=DeliveryState.SENT)),
        )
        .order_by("-total", "domain")
    )
    return cast("list[DomainLine]", list(rows[:10]))
