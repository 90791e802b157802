"""Clocks that are wrong, and nights in which they are changed."""

import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import redis
from django.utils import timezone

from campaigns.models import Campaign
from delivery import planning
from delivery.models import DeliveryState, Run
from emailops.lib.queue import silence
from tests.factories.audience import ContactFactory
from tests.factories.delivery import approved_campaign
from tests.factories.workspaces import WorkspaceFactory
from tests.faults.books import Books, compare
from tests.faults.finding import Finding, Scale
from tests.faults.races import new_campaign
from tests.faults.relay import GREYLISTED, Script, accepted
from tests.faults.scene import PATIENCE, new_run, wait_until
from tests.faults.skewed import SkewedMachine
from tests.smtp_sink import running_sink

HOUR = 3600.0  # seconds by which clocks jump
SILENCE = 30.0  # seconds for which beat may ring nothing
NIGHTS = {
    "Europe/Sofia": ("2027-03-28T03:00", "2027-10-31T03:30"),
    "America/New_York": ("2027-03-14T02:00", "2027-11-07T01:30"),
    "Australia/Lord_Howe": ("2027-10-03T02:00", "2027-04-04T01:45"),  # by half an hour
}
"""Moments of local time that the change of the clocks leaves out, or makes twice."""


def jumping(scale: Scale, seed: int) -> Finding:
    """R9: the clock of a sending machine jumps by an hour, to and fro; and nights in which every clock is changed."""
    people, later = scale.pick(3_000, 30_000), timezone.now() + timedelta(minutes=40)
    dice = random.Random(seed)
    run, ahead = new_run(people), new_campaign(10)
    Campaign.objects.filter(pk=ahead.pk).update(scheduled_at=later)
    addresses = run.deliveries.order_by("pk").values_list("address", flat=True)
    put_off = set(dice.sample(list(addresses), people // 10))
    sink = Script(tries={address: [GREYLISTED] for address in put_off}, clock=timezone.now)
    jumps = 0
    with running_sink(sink), SkewedMachine(f"smtp://127.0.0.1:{sink.port}") as machine:
        bells = Bells()
        machine.start("beat")
        wait_until(bells.listen, 60)
        for words in (["ring"], ["send", str(run.pk)], ["send", str(run.pk)]):
            machine.start(*words)
        until = time.monotonic() + PATIENCE
        while run.deliveries.filter(state__in=(DeliveryState.QUEUED, DeliveryState.SENDING)).exists():
            machine.set(dice.choice([-HOUR, 0.0, HOUR]))
            jumps += 1
            bells.listen()
            time.sleep(dice.uniform(0.05, 0.3))
            assert time.monotonic() < until, "it did not get on"
        for ahead_by in (HOUR, -HOUR, 0.0):
            machine.set(ahead_by)
            wait_until(bells.listen, SILENCE * 2, 0.1)
    books = compare(run, accepted(sink))
    finding = Finding(f"{people:,} messages, {jumps} jumps by an hour, {len(list(_nights()))} nights")
    _judge_books(finding, books)
    finding.at_most("sent although put off", sum(len(sink.asked[address]) > 1 for address in put_off))
    finding.at_most("campaigns started before their time", Run.objects.filter(campaign=ahead).count())
    finding.at_most("started before their time in such a night", sum(_early_starts(*night) for night in _nights()))
    finding.at_most("longest silence of beat", round(bells.longest_silence, 1), SILENCE, " s")
    return finding


def _judge_books(finding: Finding, books: Books) -> None:
    """Who was put off still waits when we stop looking."""
    finding.at_most("sent twice", books.duplicates)
    finding.at_most("not known", books.unknown)
    finding.at_most("lost without trace", books.lost - books.pending)


class Bells:
    """What beat rings for a worker that is not there: they gather in the queue."""

    def __init__(self) -> None:
        self._client = redis.Redis.from_url(os.environ["REDIS_URL"])
        self._client.flushall()
        self._count, self._since = 0, 0.0
        self.longest_silence = 0.0

    def listen(self) -> bool:
        """Whether there were more since the last time."""
        count, now = int(self._client.llen("default")), time.monotonic()
        has_more = count > self._count
        if self._since:
            self.longest_silence = max(self.longest_silence, now - self._since)
        if has_more:
            self._count, self._since = count, now
        return has_more


def _nights() -> Iterator[tuple[str, datetime]]:
    for zone, moments in NIGHTS.items():
        for moment in moments:
            yield zone, datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _early_starts(zone: str, due: datetime) -> int:
    """Look every five minutes from three hours before; 1 when it started early, not at all, or more than once."""
    workspace = WorkspaceFactory.create(time_zone=zone)
    ContactFactory.create(workspace=workspace)
    campaign = approved_campaign(workspace, due)
    Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=due)
    with silence():
        for minutes in range(-180, 16, 5):
            planning.start_due(due + timedelta(minutes=minutes))
    started = list(Run.objects.filter(campaign=campaign).values_list("started_at", flat=True))
    return int(started != [due])
