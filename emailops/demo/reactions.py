"""What readers do with a mail, and when: they open it, follow links, buy, leave. Machines do some of that as well."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from campaigns.links import links_in
from delivery import reactions
from delivery.models import DeliveryState, HitKind, Run
from delivery.reactions import Reaction, Visit
from emailops.demo.crowd import Reader
from emailops.demo.shop import Shop
from emailops.demo.stage import ZONE, Stage

PROXY = Visit("GET", "Mozilla/5.0", "17.58.101.44")  # Apple's mail privacy proxy says no more of itself
SCANNERS = ("Mozilla/5.0 (compatible; BarracudaCentral/1.0)", "Mozilla/5.0 (Windows NT 10.0) Safelinks/2.1")
NIGHT_ENDS = 6  # o'clock
LONGEST_TAIL = timedelta(days=12)
NEVER_BUYS_AFTER = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Mood:
    """How a mail was received: shares of those it was sent to, and numbers of people."""

    opened: float
    clicked: float
    left: int
    buyers: int


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """One message that arrived, and the person it came to."""

    pk: int
    at: datetime
    reader: Reader

    @property
    def visit(self) -> Visit:
        return Visit("GET", self.reader.agent, self.reader.network)


class Audience:
    """The readers. What they do is known as soon as a mail is out, and reported when its time has come."""

    def __init__(self, stage: Stage, shop: Shop, crowd: dict[str, Reader], seed: int) -> None:
        self._stage = stage
        self._shop = shop
        self._crowd = crowd
        self._random = Random(seed)  # noqa: S311  invented people, no secrets
        self._to_come: list[Reaction] = []

    def report(self, now: datetime) -> None:
        """Record what happened until now, all at once."""
        due = [reaction for reaction in self._to_come if reaction.at <= now]
        self._to_come = [reaction for reaction in self._to_come if reaction.at > now]
        reactions.record_hits(due)

    def react(self, run: Run, mood: Mood) -> None:
        """Think up what the readers of a mail do with it."""
        links = [link for link in dict.fromkeys(links_in(run.content.html)) if link.startswith("https://")]
        sent = self._arrived(run)
        openers = self._keenest([one for one in sent if not one.reader.is_proxied], round(mood.opened * len(sent)))
        clickers = self._keenest(
            [*openers, *(one for one in sent if one.reader.is_proxied)], round(mood.clicked * len(sent))
        )
        opened = {one.pk: self._first_look(one) for one in dict.fromkeys([*openers, *clickers])}
        for one in openers:
            self._to_come += self._opens(one, opened[one.pk])
        for one in clickers:
            self._to_come += self._clicks(one, opened[one.pk], links)
        for one in sent:
            self._to_come += self._machines(one, links)
        self._buy(clickers[: mood.buyers], opened)
        self._leave(openers, opened, mood.left)

    def _arrived(self, run: Run) -> list[Sent]:
        """By address: the ledger's own order is that in which PostgreSQL found the contacts, another every time."""
        rows = run.deliveries.filter(state=DeliveryState.SENT, decided_at__isnull=False)
        return [
            Sent(pk, at, self._crowd[address])
            for pk, at, address in rows.order_by("address").values_list("pk", "decided_at", "address")
            if at is not None
        ]

    def _keenest(self, people: Sequence[Sent], count: int) -> list[Sent]:
        """A choice in which keen readers are likelier, in no particular order of keenness (Efraimidis, Spirakis)."""
        drawn = sorted(people, key=lambda one: -(self._random.random() ** (1 / one.reader.keenness)))
        chosen = drawn[:count]
        self._random.shuffle(chosen)
        return chosen

    def _first_look(self, one: Sent) -> datetime:
        hours = self._random.choices((1.2, 7, 38), weights=(58, 29, 13))[0]
        delay = timedelta(hours=self._random.expovariate(1 / hours), seconds=self._random.uniform(20, 90))
        return self._awake(one.at + min(delay, LONGEST_TAIL))

    def _awake(self, at: datetime) -> datetime:
        local = at.astimezone(ZONE)
        if local.hour >= NIGHT_ENDS:
            return local
        return local.replace(hour=NIGHT_ENDS, minute=30) + timedelta(minutes=self._random.expovariate(1 / 55))

    def _opens(self, one: Sent, first: datetime) -> Iterator[Reaction]:
        again = self._random.choices((0, 1, 2, 4), weights=(38, 30, 20, 12))[0]
        for n in range(again + 1):
            later = timedelta(hours=self._random.expovariate(1 / 14)) * n
            yield Reaction(one.pk, HitKind.OPEN, one.visit, self._awake(first + later))

    def _clicks(self, one: Sent, opened: datetime, links: Sequence[str]) -> Iterator[Reaction]:
        """The button is followed most, then what stands first."""
        count = min(len(links), self._random.choices((1, 2, 3), weights=(50, 32, 18))[0])
        weights = [3.0 if "?" in link else 1.6 / (1 + n) + 0.25 for n, link in enumerate(links)]
        at = opened
        for url in self._random.choices(links, weights=weights, k=count):
            at += timedelta(seconds=self._random.uniform(6, 120))
            yield Reaction(one.pk, HitKind.CLICK, one.visit, at, url)
        if self._random.random() < 0.3:
            again = self._awake(opened + timedelta(days=self._random.uniform(0.4, 2.5)))
            yield Reaction(one.pk, HitKind.CLICK, one.visit, again, links[0])

    def _machines(self, one: Sent, links: Sequence[str]) -> Iterator[Reaction]:
        """A proxy fetches pictures for its readers; a company's scanner follows every link before anybody reads."""
        if one.reader.is_proxied:
            for _look in range(self._random.choices((1, 2, 3), weights=(40, 35, 25))[0]):
                at = one.at + timedelta(minutes=self._random.expovariate(1 / 40), seconds=4)
                yield Reaction(one.pk, HitKind.OPEN, PROXY, at)
        if one.reader.is_scanned:
            visit = Visit("GET", self._random.choice(SCANNERS), "40.94.102.7")
            for n, url in enumerate(links):
                at = one.at + timedelta(milliseconds=700 + 140 * n)
                yield Reaction(one.pk, HitKind.CLICK, visit, at, url)

    def _buy(self, buyers: Sequence[Sent], opened: dict[int, datetime]) -> None:
        """Two of three order in the same sitting, the others sleep on it."""
        for one in buyers:
            at = opened[one.pk] + timedelta(minutes=self._random.uniform(4, 40))
            if self._random.random() < 0.33:
                at = self._awake(at + NEVER_BUYS_AFTER * self._random.random())
            self._shop.buy(at, one.reader)

    def _leave(self, openers: Sequence[Sent], opened: dict[int, datetime], count: int) -> None:
        for one in sorted(openers, key=lambda one: one.reader.keenness)[:count]:
            self._stage.diary.on(opened[one.pk] + timedelta(seconds=50), partial(self._unsubscribe, one))

    def _unsubscribe(self, one: Sent, now: datetime) -> None:
        source = self._random.choice(("one-click unsubscribe", "unsubscribe page"))
        reactions.unsubscribe(delivery_id=one.pk, visit=one.visit, source=source, now=now)
