"""What people do while a campaign goes out: they unsubscribe, they press pause."""

import random
import time

from django.utils import timezone

from benchmarks.sink import FastSink, running_sink
from delivery import services
from delivery.desk import AHEAD
from delivery.messages import message_id
from delivery.models import Delivery, DeliveryState, Reason, Run
from delivery.reactions import Visit, unsubscribe
from tests.faults.books import compare
from tests.faults.finding import Finding, Scale
from tests.faults.scene import CONNECTIONS, Crew, Progress, moments, new_run, wait_for_end
from workspaces.models import Member

LATENCY = 5.0  # milliseconds
TARGET = 5.0  # seconds after the commit in which a message may still be handed over
REST = 0.5  # seconds of a pause in which nothing may come
VISIT = Visit("POST", "Mozilla/5.0", "203.0.113.7")
WORKERS = 2


def unsubscribed_meanwhile(scale: Scale, seed: int) -> Finding:
    """R13: people who wait unsubscribe while others are written to."""
    people, leavers = scale.pick(4_000, 60_000), scale.pick(100, 1_000)
    run, dice = new_run(people), random.Random(seed)
    keys = dice.sample(list(run.deliveries.order_by("pk").values_list("pk", flat=True)), leavers)
    with (
        running_sink(latency_ms=LATENCY, is_logging=True) as sink,
        Crew(run, sink.mail_settings, size=WORKERS),
    ):
        progress = Progress(sink)
        left_at = {}
        for key, moment in zip(keys, moments(leavers, people, dice), strict=True):
            progress.wait_for(moment)
            unsubscribe(delivery_id=key, visit=VISIT, source="one-click unsubscribe", now=timezone.now())
            left_at[key] = time.time()
        wait_for_end(run)
        finding = Finding(f"{people:,} messages, {leavers:,} unsubscribes, {WORKERS} workers")
        compare(run, sink.accepted()).onto(finding)
        _judge_leavers(finding, run, sink, left_at)
    return finding


def _judge_leavers(finding: Finding, run: Run, sink: FastSink, left_at: dict[int, float]) -> None:
    accepted = dict(sink.acceptances())
    sender = Run.objects.with_parts().get(pk=run.pk).campaign.sender
    if sender is None:
        raise ValueError("a run that sends has a sender")
    rows = Delivery.objects.in_bulk(left_at)
    after = [
        accepted[name] - left_at[key]
        for key, row in rows.items()
        if (name := message_id(row, sender)) in accepted and accepted[name] > left_at[key]
    ]
    left_out = sum(row.state == DeliveryState.SKIPPED and row.reason == Reason.UNSUBSCRIBED for row in rows.values())
    finding.at_most("latest handover after an unsubscribe", max(after, default=0.0), TARGET, " s")
    finding.facts = {"left out": left_out, "handed over just after": len(after)}


def paused_meanwhile(scale: Scale, seed: int) -> Finding:
    """R14: after a pause has been answered, at most what had its intent still goes out, and soon nothing."""
    people, pauses = scale.pick(4_000, 60_000), scale.pick(5, 50)
    run, dice = new_run(people), random.Random(seed)
    member = Member.objects.get(workspace=run.workspace)
    spans = []
    with (
        running_sink(latency_ms=LATENCY, is_logging=True) as sink,
        Crew(run, sink.mail_settings, size=WORKERS),
    ):
        progress = Progress(sink)
        for moment in moments(pauses, people, dice):
            progress.wait_for(moment)
            services.pause(run=run, by=member, now=timezone.now())
            answered_at = time.time()
            time.sleep(REST)
            spans.append((answered_at, time.time()))
            services.resume(run=run, by=member, now=timezone.now())
        wait_for_end(run)
        books, accepted = compare(run, sink.accepted()), sink.acceptances()
    late = [[at - begin for _name, at in accepted if begin < at < end] for begin, end in spans]
    counts = [len(moments_after) for moments_after in late]
    finding = Finding(f"{people:,} messages, {pauses} pauses, {WORKERS} workers")
    rate = WORKERS * CONNECTIONS / LATENCY * 1000  # messages a second
    finding.at_most("accepted after a pause", max(counts), rate * AHEAD)
    finding.at_most("last accepted after a pause", max(map(max, filter(None, late)), default=0.0), 1, " s")
    books.onto(finding)
    finding.facts = {"pauses": pauses, "accepted after a pause, on average": sum(counts) / pauses}
    return finding
