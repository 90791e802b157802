"""The full path of a campaign: ledger, rendering, MIME, SMTP, outcome; beside it the usual Django way and a ceiling.

The usual way is what most applications do: a contact through the ORM, a Django template, `EmailMultiAlternatives`, one
smtplib connection, a saved row. The ceiling is our SMTP client with messages made beforehand and no ledger.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from benchmarks.certificate import trusted_certificate
from benchmarks.crew import watched_memory, work_off, worked_off_by
from benchmarks.ground import Spent, measured, run
from benchmarks.newsletter import django_context, newsletter_django, newsletter_html, reader_context
from benchmarks.sink import FastSink, running_sink
from benchmarks.smtp import Tally
from benchmarks.stage import planned_run

SENDER = "maren@letters.example"
ALGORITHMS = ("", "rsa-sha256", "ed25519-sha256")  # by the number given as --dkim
FEW = 100  # messages that warm the process up
MOST_USUAL = 2_000  # messages the usual way
MOST_BODIES = 20_000  # each reader's own message, made beforehand; a gigabyte of them


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Messages a second of the three ways, and what the ledger and the server say about ours."""
    _warm_up(options)
    planned = planned_run(options.recipients, newsletter_html(), ALGORITHMS[options.dkim])
    with _sink(options) as sink:
        with watched_memory() as memory:
            ours = _ours(planned, sink, options.workers)
        accepted = sink.accepted()
    bodies = _bodies(planned, min(options.recipients, MOST_BODIES))
    with _sink(options) as other_sink:
        ceiling = uvloop.run(_ceiling(bodies, other_sink, options.recipients))
    few = min(max(options.recipients // 50, 100), MOST_USUAL)
    with _sink(options) as third_sink:
        usual = _usual(few, third_sink)
    rate = options.recipients / ours.wall
    return {
        "recipients": options.recipients,
        "messages_per_second": rate,
        "cpu_us_per_message": ours.cpu / options.recipients * 1e6,
        "baseline_messages_per_second": few / usual.wall,
        "baseline_cpu_us_per_message": usual.cpu / few * 1e6,
        "ratio": rate / (few / usual.wall),
        "ceiling_messages_per_second": options.recipients / ceiling.wall,
        "ceiling_share": ceiling.wall / ours.wall,
        "sink_cpu_us_per_message": sink.cpu_seconds / options.recipients * 1e6,
        "duplicates": sum(count - 1 for count in accepted.values()),
        "lost": options.recipients - len(accepted) - _accounted_otherwise(planned),
        "memory_growth_mb": memory.growth,
    }


def _warm_up(options: argparse.Namespace) -> None:
    """What a process does once in its life, such as reading the URLs of the product, is not what is measured."""
    few = planned_run(FEW, newsletter_html())
    with _sink(options) as sink:
        work_off(few, sink.mail_settings)


@contextmanager
def _sink(options: argparse.Namespace) -> Iterator[FastSink]:
    with TemporaryDirectory() as folder:
        certificate = trusted_certificate(Path(folder)) if options.tls else None
        with running_sink(
            latency_ms=options.latency,
            certificate=certificate,
            is_pipelining=not options.plain,
            is_logging=True,
        ) as sink:
            yield sink


def _ours(planned: Any, sink: FastSink, workers: int) -> Spent:
    """As configured by default, until the run is done: this process, or as many others."""
    if workers > 1:
        return worked_off_by(workers, planned, sink.mail_settings)
    with measured() as spent:
        work_off(planned, sink.mail_settings)
    return spent


def _accounted_otherwise(planned: Any) -> int:
    """Rows that the ledger does not call sent, each with its reason."""
    from delivery.models import DeliveryState

    return int(planned.deliveries.exclude(state=DeliveryState.SENT).exclude(reason="").count())


def _bodies(planned: Any, count: int) -> list[bytes]:
    """Messages as they leave, made beforehand."""
    from delivery.mime import compile_mail

    mail = compile_mail(planned.content, planned.campaign.sender, planned.campaign)
    return [mail.wire(key, _address(key), reader_context(key)) for key in range(count)]


async def _ceiling(bodies: list[bytes], sink: FastSink, count: int) -> Spent:
    from delivery.smtp.courier import Courier
    from delivery.smtp.parcels import Parcel

    parcels = (Parcel(key, SENDER, _address(key), bodies[key % len(bodies)]) for key in range(count))
    async with Courier(sink.mail_settings, Tally(), connections=8) as courier:
        with measured() as spent:
            await courier.deliver(parcels)
    return spent


def _address(number: int) -> str:
    return f"reader{number}@mail{number % 50}.example"


def _usual(count: int, sink: FastSink) -> Spent:
    from django.core.mail import EmailMultiAlternatives, get_connection
    from django.template import engines

    from audience.models import Contact
    from campaigns.plaintext import text_from_html
    from delivery.models import Delivery, DeliveryState

    run_ = planned_run(count, newsletter_html())
    template = engines["django"].from_string(newsletter_django())
    text = text_from_html(template.render(django_context(reader_context(0))))
    keys = list(run_.deliveries.values_list("pk", flat=True))
    mail = sink.mail_settings
    relay = get_connection(mail.backend, host=mail.host, port=mail.port, use_ssl=mail.implicit_tls)
    with relay as smtp, measured() as spent:
        for number, key in enumerate(keys):
            row = Delivery.objects.get(pk=key)
            contact = Contact.objects.get(deliveries=row)
            html = template.render(django_context(reader_context(number)))
            message = EmailMultiAlternatives("The Moss Letter", text, SENDER, [contact.email], connection=smtp)
            message.attach_alternative(html, "text/html")
            message.send()
            row.state = DeliveryState.SENT
            row.save()
    return spent


if __name__ == "__main__":
    run("send", __doc__, bench, recipients=20_000, workers=1, latency=0, tls=0, plain=0, dkim=0)
