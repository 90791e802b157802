"""What everything stands on dies: beat, Redis, PostgreSQL."""

import os
import random
import time
from datetime import timedelta
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import redis
from django.db import connection
from django.utils import timezone

from audience.models import Consent, Contact
from benchmarks.sink import running_sink
from campaigns.models import Campaign
from delivery.ledger import LANE_KEYS
from delivery.links import unsubscribe_url
from delivery.models import DeliveryState, Run
from emailops.processes import wait_for_port
from tests.faults.books import compare
from tests.faults.finding import Finding, Scale
from tests.faults.hands import begin, ring
from tests.faults.product import Product, kill_postgres, kill_redis, revive
from tests.faults.races import new_campaign
from tests.faults.scene import CONNECTIONS, Crew, Progress, moments, new_run, wait_for_end, wait_until

LATEST_START = 30.0  # seconds after its time
LATEST_RESUME = 30.0  # seconds after Redis is back
WORKERS = 2


def beat_killed(scale: Scale, seed: int) -> Finding:
    """R3: beat is killed again and again and started by whoever supervises it, while campaigns become due."""
    campaigns, kills, dice = scale.pick(2, 12), scale.pick(4, 50), random.Random(seed)
    due = [new_campaign(50) for _number in range(campaigns)]
    span = kills * 5.0  # seconds, in which they become due one by one
    now = timezone.now()
    for number, campaign in enumerate(due):
        at = now + timedelta(seconds=5 + span * number / campaigns)
        Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=at)
    with running_sink(is_logging=True) as sink, Product(sink.mail_settings) as product:
        for _kill in range(kills):
            time.sleep(dice.uniform(3, 7))
            product.kill("beat")
            product.start("beat")
        wait_until(lambda: Run.objects.filter(campaign__in=due).count() == campaigns, 120, 0.5)
        runs = list(Run.objects.filter(campaign__in=due).select_related("campaign"))
        for run in runs:
            wait_for_end(run, 120)
        accepted = sink.accepted()
    finding = Finding(f"{campaigns} campaigns, {kills} kills")
    finding.at_most("started late by", max(_lateness(run) for run in runs), LATEST_START, " s")
    finding.at_most("sent twice", sum(count - 1 for count in accepted.values()))
    finding.at_most("not sent", campaigns * 50 - len(accepted))
    return finding


def _lateness(run: Run) -> float:
    at = Campaign.objects.get(pk=run.campaign_id).scheduled_at
    return (run.started_at - at).total_seconds() if at else 0.0


def redis_killed(scale: Scale, seed: int) -> Finding:
    """R4: Redis is killed, stays away, comes back empty; now and then it is emptied while it lives."""
    dice = random.Random(seed)
    people, latency = scale.pick((6_000, 50.0), (60_000, 100.0))
    # A task under way needs no bell for 20 seconds; some outages are longer.
    outages = scale.pick([2.0, 21.0], [dice.choice([dice.uniform(0.5, 5), dice.uniform(20, 25)]) for _ in range(20)])
    run = new_run(people)
    resumed = []
    with running_sink(latency_ms=latency, is_logging=True) as sink, Product(sink.mail_settings):
        progress = Progress(sink)
        wait_until(lambda: progress.count > 0, 60)
        for outage in outages:
            kill_redis()
            time.sleep(outage)
            revive()
            resumed.append(_seconds_until_more(run, progress))
            time.sleep(dice.uniform(0, 2))
            redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
        wait_for_end(run)
        books = compare(run, sink.accepted())
    finding = Finding(f"{people:,} messages, Redis killed and emptied {len(outages)} times, away for up to 25 s")
    books.onto(finding)
    finding.at_most("first message after Redis is back", max(resumed), LATEST_RESUME, " s")
    finding.facts = {"seconds away in all": sum(outages)}
    return finding


def _seconds_until_more(run: Run, progress: Progress) -> float:
    before = progress.count
    return wait_until(
        lambda: progress.count > before or Run.objects.get(pk=run.pk).has_ended, LATEST_RESUME * 4, pause=0.01
    )


def postgres_killed(scale: Scale, seed: int) -> Finding:
    """R5: PostgreSQL stops at once and comes back; once it stays away. People go on unsubscribing."""
    people, crashes, longest = scale.pick((6_000, 3, 3.0), (100_000, 20, 60.0))
    run, dice = new_run(people), random.Random(seed)
    readers = list(run.deliveries.order_by("-pk").values_list("pk", "contact_id")[: crashes * 4])
    answers: dict[int, int] = {}
    reverted = 0
    with (
        running_sink(latency_ms=2, is_logging=True) as sink,
        Product(sink.mail_settings, names=["web"]) as product,
        Crew(run, sink.mail_settings, size=WORKERS) as crew,
    ):
        assert wait_for_port(product.port, product.running["web"]), "the web does not answer"
        progress = Progress(sink)
        for number, moment in enumerate(moments(crashes, people, dice)):
            progress.wait_for(moment)
            sent = _sent(run)
            kill_postgres()
            connection.close()
            if number == crashes // 2:
                time.sleep(longest)
            answers |= {contact: _press(product, key) for key, contact in readers[number * 4 : number * 4 + 4]}
            revive()
            reverted += len(sent - _sent(run))
            crew.mend()
        wait_for_end(run)
        books = compare(run, sink.accepted())
    finding = Finding(
        f"{people:,} messages, {crashes} immediate stops, one of them for {longest:g} s, {WORKERS} workers"
    )
    books.onto(finding, unknown=crashes * WORKERS * CONNECTIONS)
    finding.at_most("sent, and then not any more", reverted)
    _judge_answers(finding, answers)
    return finding


def _sent(run: Run) -> set[int]:
    return set(run.deliveries.filter(state=DeliveryState.SENT).values_list("pk", flat=True))


def _press(product: Product, delivery_id: int) -> int:
    """The answer to somebody's one-click unsubscribe."""
    address = f"http://127.0.0.1:{product.port}/{unsubscribe_url(delivery_id).split('/', 3)[3]}"
    request = Request(address, data=b"List-Unsubscribe=One-Click", method="POST")
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310  as above
            return int(answer.status)
    except HTTPError as refusal:
        says_when = bool(refusal.headers["Retry-After"])
        return refusal.code if says_when else -refusal.code  # a refusal without a time is neither yes nor no


def _judge_answers(finding: Finding, answers: dict[int, int]) -> None:
    """While the database is away nobody may be told that they are unsubscribed."""
    said_yes = [contact for contact, status in answers.items() if status == HTTPStatus.OK]
    done = Contact.objects.filter(pk__in=said_yes, consent=Consent.WITHDRAWN).count()
    finding.at_most("told that they are unsubscribed, and were not", len(said_yes) - done)
    others = set(answers.values()) - {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
    finding.at_most("told neither yes nor to come again", sum(status in others for status in answers.values()))
    finding.facts["unsubscribes refused with 503"] = len(answers) - len(said_yes)


def sessions_cut(scale: Scale, seed: int) -> Finding:
    """R5b: workers lose their session with PostgreSQL and live on, while pollers bury whoever seems dead."""
    people, cuts = scale.pick((6_000, 10), (100_000, 100))
    run, dice = new_run(people), random.Random(seed)
    with (
        running_sink(latency_ms=2, is_logging=True) as sink,
        Crew(run, sink.mail_settings, size=WORKERS, poller=begin(ring, 0.001)) as crew,
    ):
        progress = Progress(sink)
        cut = 0
        for moment in moments(cuts, people, dice):
            progress.wait_for(moment)
            time.sleep(dice.uniform(0, 0.05))
            cut += _cut_lanes()
            crew.mend()
        wait_for_end(run)
        books = compare(run, sink.accepted())
    finding = Finding(f"{people:,} messages, {cuts} cuts, {WORKERS} workers")
    books.onto(finding, unknown=cut * CONNECTIONS)
    finding.facts = {"sessions cut": cut}
    return finding


def _cut_lanes() -> int:
    """End the sessions that hold lanes. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND classid = %s AND granted AND pid <> pg_backend_pid()",
            [LANE_KEYS >> 32],
        )
        return len(cursor.fetchall())
