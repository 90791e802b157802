"""Messages to a relay: our SMTP client against smtplib, the usual way, in the same run. No ledger, no rendering."""

import argparse
import asyncio
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvloop

from benchmarks.ground import Spent, measured, run
from benchmarks.sink import FastSink, running_sink
from delivery.fates import Fate, Outcome
from delivery.smtp.courier import Courier, Manner
from delivery.smtp.parcels import Parcel

LINE = b"A calm line of a newsletter, neither long nor short, with nothing at all to say.\r\n"
SENDER = "letters@marenmoss.example"
FEW = 500  # messages that the baseline sends over a server with latency, where each costs it five round trips


@dataclass
class Tally:
    """An owner that counts."""

    ends: int = 0
    fates: dict[Fate, int] = field(default_factory=dict)
    returned_count: int = 0

    def about_to_end(self, _key: int) -> None:
        self.ends += 1

    def settled(self, _key: int, outcome: Outcome) -> None:
        self.fates[outcome.fate] = self.fates.get(outcome.fate, 0) + 1

    def returned(self, _key: int) -> None:
        self.returned_count += 1


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Messages a second and CPU microseconds a message of both, and the ratio of the rates."""
    body = LINE * (options.kilobytes * 1024 // len(LINE))
    with _sink(options) as sink:
        ours = asyncio.run(_ours(sink, body, options)) if options.asyncio else uvloop.run(_ours(sink, body, options))
    few = min(FEW, options.messages) if options.latency else max(options.messages // 10, 100)
    with _sink(options) as other_sink:
        usual = _usual(other_sink, body, few)
    assert sink.messages == options.messages, "the sink took every message, and none twice"
    return {
        "messages": options.messages,
        "kilobytes": len(body) / 1024,
        "connections": options.connections,
        "connections_opened": sink.connections,
        "messages_per_second": options.messages / ours.wall,
        "cpu_us_per_message": ours.cpu / options.messages * 1e6,
        "sink_cpu_us_per_message": sink.cpu_seconds / options.messages * 1e6,
        "baseline_messages_per_second": few / usual.wall,
        "baseline_cpu_us_per_message": usual.cpu / few * 1e6,
        "ratio": (options.messages / ours.wall) / (few / usual.wall),
    }


def _sink(options: argparse.Namespace) -> Any:
    return running_sink(latency_ms=options.latency, is_pipelining=not options.plain)


async def _ours(sink: FastSink, body: bytes, options: argparse.Namespace) -> Spent:
    tally = Tally()
    manner = Manner(window=options.window)
    async with Courier(sink.mail_settings, tally, connections=options.connections, manner=manner) as courier:
        with measured() as spent:
            await courier.deliver(_parcels(body, options.messages))
    assert tally.fates == {Fate.ACCEPTED: options.messages}, tally
    return spent


def _parcels(body: bytes, count: int) -> Iterator[Parcel]:
    for key in range(count):
        yield Parcel(key, SENDER, f"reader{key}@mail{key % 50}.example", body)


def _usual(sink: FastSink, body: bytes, count: int) -> Spent:
    with smtplib.SMTP(sink.mail_settings.host, sink.port, timeout=60) as smtp, measured() as spent:
        for key in range(count):
            smtp.sendmail(SENDER, [f"reader{key}@mail{key % 50}.example"], body)
    return spent


if __name__ == "__main__":
    run(
        "smtp",
        __doc__,
        bench,
        messages=20_000,
        kilobytes=36,
        connections=8,
        latency=0,
        window=0,
        plain=0,
        asyncio=0,
    )
