"""One reader's message: our prepared bytes against our own reference path and the usual Django way, in the same run."""

import argparse
from collections.abc import Callable
from email import message_from_bytes
from typing import Any

from benchmarks.ground import measured, run
from benchmarks.newsletter import SUBJECT, django_context, newsletter_django, newsletter_html, reader_context

ROUNDS = 5  # taken in turns, so that whatever else the machine does hits all alike; the middle one counts
FEWER = 100  # times, of the slow ways
Way = Callable[[int], bytes]


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Microseconds of CPU a message, each with another reader, from the values to the bytes of the wire."""
    from delivery.mime import compile_mail

    compiled = compile_mail(*_run())
    ways = {"ours": _ours(compiled), "reference": _reference(), "baseline": _usual()}
    for number in range(FEWER):
        assert _parts(ways["ours"](number)) == _parts(ways["reference"](number))
    few = max(options.messages // FEWER, 10)
    spent = _in_turns(ways, {"ours": options.messages, "reference": few, "baseline": few})
    assert compiled.reference_count == 0
    return {
        "html_bytes": len(newsletter_html().encode()),
        "message_bytes": len(ways["ours"](1)),
        **{f"{name}_us_per_message": found for name, found in spent.items()},
        "ratio": spent["baseline"] / spent["ours"],
    }


def _run() -> tuple[Any, Any, Any]:
    """A content version, its sender and its campaign; none of them is in the database."""
    from campaigns.models import Campaign, ContentVersion, Sender
    from workspaces.models import Workspace

    workspace = Workspace(name="Maren & Moss", slug="maren-moss", postal_address="12 Oborishte Street, Sofia")
    sender = Sender(name="Maren", email="maren@letters.example", reply_to="hello@letters.example")
    return ContentVersion(subject=SUBJECT, html=newsletter_html()), sender, Campaign(pk=7, workspace=workspace)


def _ours(compiled: Any) -> Way:
    def make(number: int) -> bytes:
        context = reader_context(number)
        made: bytes = compiled.wire(number, context["contact"]["email"], context)
        return made

    return make


def _reference() -> Way:
    from campaigns.rendering import UNSUBSCRIBE, CompiledContent, workspace_context
    from delivery.links import unsubscribe_url
    from delivery.messages import message_for
    from delivery.transports import wire_bytes

    version, sender, campaign = _run()
    content, common = CompiledContent(version), workspace_context(campaign.workspace)

    def make(number: int) -> bytes:
        context = {**common, **reader_context(number), UNSUBSCRIBE: unsubscribe_url(number)}
        address = context["contact"]["email"]
        return wire_bytes(message_for(number, address, context, campaign, sender, content), address)

    return make


def _usual() -> Way:
    """A template of Django's and `EmailMultiAlternatives`; no link is counted and no text part is made."""
    from django.core.mail import EmailMultiAlternatives
    from django.template import engines

    from campaigns.rendering import UNSUBSCRIBE, workspace_context
    from delivery.links import unsubscribe_url

    _version, sender, campaign = _run()
    template, common = engines["django"].from_string(newsletter_django()), workspace_context(campaign.workspace)

    def make(number: int) -> bytes:
        context = {**common, **reader_context(number), UNSUBSCRIBE: unsubscribe_url(number)}
        contact = context["contact"]
        subject = f"{contact['first_name']}, the Moss Letter"
        message = EmailMultiAlternatives(subject, "Please look at the HTML.", str(sender), [contact["email"]])
        message.attach_alternative(template.render(django_context(context)), "text/html")
        return bytes(message.message())

    return make


def _parts(wire: bytes) -> list[Any]:
    plain = wire.replace(b"\r\n..", b"\r\n.")  # as the receiving server does
    return [part.get_payload(decode=True) for part in message_from_bytes(plain).walk() if not part.is_multipart()]


def _in_turns(ways: dict[str, Way], counts: dict[str, int]) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, make in ways.items():
            with measured() as spent:
                for number in range(turn * counts[name], (turn + 1) * counts[name]):
                    make(number)
            taken[name].append(spent.cpu / counts[name] * 1e6)
    return {name: sorted(times)[ROUNDS // 2] for name, times in taken.items()}


if __name__ == "__main__":
    run("render", __doc__, bench, messages=5_000)
