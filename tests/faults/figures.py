"""Figures that must come out the same however often, and in whatever order, one hears of what happened."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from delivery.models import DeliveryState, HitKind, Reason, Run, RunState
from delivery.queries import links_followed, run_counts
from delivery.reactions import Reaction, Visit, record_hits, unsubscribe
from insights.facts import reactions_to
from insights.measures import MEASURES
from insights.services import fold
from strategy.measures import Span
from strategy.models import Kpi, KpiReading
from tests.factories.strategy import KpiFactory
from tests.faults.finding import Finding, Scale
from tests.faults.scene import new_run

PERSON = Visit("GET", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4", "203.0.113.7")
PROXY = Visit("GET", "Mozilla/5.0", "203.0.113.8")
LINKS = [f"https://shop.example/{name}" for name in ("glow", "quiz", "soap", "visit", "friends")]
TIMES = 10
BATCH = 500  # reactions delivered together
SMALLEST = 5e-5  # what rounding may leave of a reading
MISSING = 0.3  # of a batch, the first times
MAIL = [measure for measure in MEASURES if measure.key.startswith(("mail.", "audience.engaged"))]


def repeated(scale: Scale, seed: int) -> Finding:
    """R15: the same reactions once in order, and ten times in batches that are shuffled and have gaps."""
    people, now = scale.pick(2_000, 20_000), timezone.now()
    once, often = _sent_run(people, now), _sent_run(people, now)
    record_hits(_reactions(once, seed, now))
    _unsubscribe(once, seed, now, times=1)
    dice, told = random.Random(seed), _reactions(often, seed, now)
    batches = [told[start : start + BATCH] for start in range(0, len(told), BATCH)]
    for number in range(TIMES):
        dice.shuffle(batches)
        for batch in batches:
            heard = batch if number == TIMES - 1 else [one for one in batch if dice.random() > MISSING]
            record_hits(dice.sample(heard, len(heard)))
    _unsubscribe(often, seed, now, times=TIMES)
    wanted, found = _figures(once, now), _figures(often, now)
    finding = Finding(f"{len(told):,} reactions to {people:,} messages, {TIMES} times")
    finding.at_most("figures that differ", sum(wanted[name] != found[name] for name in wanted))
    finding.note = "; ".join(f"{name}: {wanted[name]}, {found[name]}" for name in wanted if wanted[name] != found[name])
    finding.facts = {"figures compared": len(wanted)}
    return finding


def _sent_run(people: int, now: datetime) -> Run:
    run = new_run(people)
    rows = run.deliveries.filter(state=DeliveryState.QUEUED)
    rows.update(state=DeliveryState.SENT, attempt=1, reply_code=250, decided_at=now - timedelta(hours=3))
    run.chunks.all().delete()
    Run.objects.filter(pk=run.pk).update(state=RunState.DONE, finished_at=now)
    return run


def _reactions(run: Run, seed: int, now: datetime) -> list[Reaction]:
    """The same for every run of as many people: persons, proxies that open everything, scanners that click it all."""
    dice = random.Random(seed)
    made: list[Reaction] = []
    for key in run.deliveries.order_by("pk").values_list("pk", flat=True):
        made += _of_one(key, dice, now - timedelta(seconds=dice.uniform(600, 9000)))
    return sorted(made, key=lambda reaction: reaction.at)


def _of_one(key: int, dice: random.Random, at: datetime) -> Iterator[Reaction]:
    lot = dice.random()
    if lot < 0.3:
        yield Reaction(key, HitKind.OPEN, PROXY, at)
    if lot < 0.1:
        for number, link in enumerate(LINKS):
            yield Reaction(key, HitKind.CLICK, PERSON, at + timedelta(milliseconds=100 * number), link)
    elif lot > 0.5:
        yield Reaction(key, HitKind.OPEN, PERSON, at)
    if lot > 0.7:
        for number, link in enumerate(dice.sample(LINKS, dice.randint(1, 3))):
            yield Reaction(key, HitKind.CLICK, PERSON, at + timedelta(seconds=20 * (number + 1)), link)


def _unsubscribe(run: Run, seed: int, now: datetime, *, times: int) -> None:
    keys = list(run.deliveries.order_by("pk").values_list("pk", flat=True))
    for key in random.Random(seed).sample(keys, len(keys) // 50) * times:
        unsubscribe(delivery_id=key, visit=PERSON, source="one-click unsubscribe", now=now - timedelta(seconds=60))


def _figures(run: Run, now: datetime) -> dict[str, Any]:
    span = Span(now - timedelta(days=1), now)
    shown: dict[str, Any] = {measure.key: measure.take(run.workspace, span) for measure in MAIL}
    reactions = reactions_to(run, now)
    shown |= {f"people: {kind}": reactions.people(kind) for kind in HitKind}
    shown |= {f"people at {line.url}": line.people for line in links_followed(run)}
    return shown


def recounted(scale: Scale, seed: int) -> Finding:
    """R16: every figure of mail, as pages and readings have it, against plain SQL; twice, as on two nights."""
    people, now = scale.pick(2_000, 50_000), timezone.now()
    run = _sent_run(people, now)
    _spoil_some(run)
    record_hits(_reactions(run, seed, now))
    _unsubscribe(run, seed, now, times=1)
    kpis = [KpiFactory.create(workspace=run.workspace, source=measure.key, unit=measure.unit) for measure in MAIL]
    nights = [_readings(kpis, now), _readings(kpis, now)]
    finding = Finding(f"{people:,} messages, {len(kpis)} KPIs, 2 nights")
    plain = _plain(run)
    drift = [abs(nights[0][name] - plain[name]) for name in nights[0]]
    finding.at_most("readings that differ from plain SQL", sum(gap > SMALLEST for gap in drift))
    finding.at_most("readings that differ between the nights", sum(nights[0][key] != nights[1][key] for key in plain))
    finding.at_most("states that differ from plain SQL", _states_that_differ(run, now))
    finding.facts = {"KPIs with a reading": len(nights[0])}
    return finding


def _spoil_some(run: Run) -> None:
    """Not everything is sent; a reaction to what was not sent counts nowhere."""
    keys = list(run.deliveries.order_by("pk").values_list("pk", flat=True))
    some = run.deliveries.filter
    some(pk__in=keys[::10]).update(state=DeliveryState.FAILED, reason=Reason.REFUSED)
    some(pk__in=keys[5::20]).update(state=DeliveryState.SKIPPED, reason=Reason.SUPPRESSED)


def _readings(kpis: Sequence[Kpi], now: datetime) -> dict[str, float]:
    """What a night's measuring left behind for today."""
    fold(now)
    found = KpiReading.objects.filter(kpi__in=kpis).order_by("kpi", "day").values_list("kpi__source", "value")
    return {source: float(value) for source, value in found}  # the last day is today


PLAIN = """
SELECT count(*) FILTER (WHERE state = 'sent'),
       count(*) FILTER (WHERE state = 'sent' AND EXISTS (SELECT FROM delivery_hit AS hit WHERE hit.delivery_id = row.id
                          AND hit.kind = 'click' AND hit.nature = 'human')),
       count(*) FILTER (WHERE state = 'sent' AND EXISTS (SELECT FROM delivery_hit AS hit WHERE hit.delivery_id = row.id
                          AND hit.kind = 'open' AND hit.nature = 'human')),
       count(*) FILTER (WHERE state = 'sent' AND EXISTS (SELECT FROM delivery_hit AS hit WHERE hit.delivery_id = row.id
                          AND hit.kind = 'unsubscribe')),
       count(DISTINCT contact_id) FILTER (WHERE EXISTS (SELECT FROM delivery_hit AS hit WHERE hit.delivery_id = row.id
                          AND hit.kind IN ('open', 'click') AND hit.nature = 'human'))
FROM delivery_delivery AS row WHERE run_id = %s
"""


def _plain(run: Run) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, [run.pk])
        sent, clicked, opened, left, engaged = cursor.fetchone()
    return {
        "mail.click_rate": clicked / sent,
        "mail.open_rate": opened / sent,
        "mail.unsubscribe_rate": left / sent,
        "audience.engaged": float(engaged),
    }


def _states_that_differ(run: Run, now: datetime) -> int:
    counts = run_counts(run, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM delivery_delivery WHERE run_id = %s GROUP BY state", [run.pk])
        plain: dict[str, int] = dict(cursor.fetchall())
    shown = {"sent": counts.sent, "failed": counts.failed, "skipped": counts.skipped}
    return sum(shown[state] != plain.get(state, 0) for state in shown) + (counts.pending != 0)
