"""What the tests of the SMTP client share: an owner that writes everything down, and ways to run a courier."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import uvloop

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.smtp.courier import Courier, Manner, Pauses
from delivery.smtp.opening import Opener
from delivery.smtp.parcels import Parcel
from delivery.smtp.timeouts import Timeouts
from tests.delivery.smtp.sink import Act, Answer, Sink, running

SENDER = "elena@marenmoss.example"
BODY = b"Subject: Glow\r\n\r\nHello\r\n"
LONG_BODY = BODY + b"A line of a long letter, of which there are many.\r\n" * 200_000
IMPATIENT = Timeouts(connect=0.3, tls=0.3, command=0.2, data=0.2, body=0.2, dot=0.2, quit=0.2, rest=5)
PATIENT = Timeouts(connect=5, tls=5, command=5, data=5, body=5, dot=5, quit=0.5, rest=30)
HASTE = Pauses(first=0.001, longest=0.01)
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
T = TypeVar("T")


@dataclass
class Log:
    """An owner that holds the courier to its word: one end a parcel, nothing after it, no silence after an end."""

    ended: list[int] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    in_doubt: set[int] = field(default_factory=set)
    most_in_doubt: int = 0

    def about_to_end(self, key: int) -> None:
        assert key not in self.outcomes
        assert key not in self.in_doubt
        self.ended.append(key)
        self.in_doubt.add(key)
        self.most_in_doubt = max(self.most_in_doubt, len(self.in_doubt))

    def settled(self, key: int, outcome: Outcome) -> None:
        assert key not in self.outcomes, "told twice"
        self.outcomes[key] = outcome
        self.order.append(key)
        self.in_doubt.discard(key)

    def returned(self, key: int) -> None:
        assert key not in self.outcomes, "settled and returned"
        self.back.append(key)
        self.in_doubt.discard(key)

    def fates(self) -> list[Fate]:
        return [outcome.fate for _key, outcome in sorted(self.outcomes.items())]

    def keys(self, fate: Fate) -> set[int]:
        return {key for key, outcome in self.outcomes.items() if outcome.fate == fate}


def parcel(key: int = 0, body: bytes = BODY, recipient: str = "") -> Parcel:
    return Parcel(key, SENDER, recipient or f"reader{key}@example.org", body)


def parcels(count: int, body: bytes = BODY) -> list[Parcel]:
    return [parcel(key, body) for key in range(count)]


def timeouts_for(answer: Answer) -> Timeouts:
    """Short ones only where they are to pass, so that a busy machine fails no other test."""
    return IMPATIENT if answer == Act.HANG else PATIENT


@dataclass
class Scene:
    """A sink, a courier that is given parcels, and what came of it."""

    sink: Sink = field(default_factory=Sink)
    log: Log = field(default_factory=Log)
    connections: int = 1
    manner: Manner = field(default_factory=lambda: Manner(pauses=HASTE))
    timeouts: Timeouts = PATIENT
    settings: dict[str, object] = field(default_factory=dict)
    trust: object = None
    access_token: Callable[[], str] | None = None
    trouble: RelayTrouble | None = None
    loop: str = "asyncio"

    def with_manner(self, **changes: object) -> None:
        self.manner = replace(self.manner, **changes)  # type: ignore[arg-type]  # a test's own words

    def courier(self) -> Courier:
        mail = self.sink.mail_settings(**self.settings)
        opener = Opener(mail, self.timeouts, access_token=self.access_token)
        if self.trust is not None:
            opener = replace(opener, trust=self.trust)  # type: ignore[arg-type]  # a context, kept loosely here
        return Courier(mail, self.log, connections=self.connections, manner=self.manner, opener=opener)

    def deliver(self, given: Iterable[Parcel] | int = 1) -> Log:
        """Start the sink, deliver, stop both. Trouble is kept in `trouble`."""
        chosen = parcels(given) if isinstance(given, int) else given

        async def scene() -> None:
            async with running(self.sink), self.courier() as courier:
                try:
                    await courier.deliver(chosen)
                except RelayTrouble as trouble:
                    self.trouble = trouble

        self.run(scene)
        return self.log

    def play(self, act: Callable[[Courier], Awaitable[None]]) -> Log:
        """The same with something else to do than to deliver."""

        async def scene() -> None:
            async with running(self.sink), self.courier() as courier:
                await act(courier)

        self.run(scene)
        return self.log

    def run(self, scene: Callable[[], Awaitable[None]]) -> None:
        async def within() -> None:
            async with asyncio.timeout(20):
                await scene()

        with asyncio.Runner(loop_factory=LOOPS[self.loop]) as runner:
            runner.run(within())
