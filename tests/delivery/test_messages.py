"""The message as it stands on the wire: what RFC 5322, 8058, 2369 and 2919 ask of it."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.utils import parseaddr

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from campaigns.rendering import CompiledContent
from delivery import sending
from delivery.links import is_our_link, is_tracked
from delivery.messages import campaign_message, message_id, sample_message
from delivery.models import DeliveryState
from delivery.transports import wire_bytes
from emailops.lib.signing import Kind, sign_text, unseal
from tests.delivery.conftest import Clock
from tests.factories.delivery import HTML, DeliveryFactory, RunFactory, SentSenderFactory, run_to
from tests.smtp_sink import Phase, Received, Sink
from workspaces.models import Workspace

ONCE = (
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-ID", "Feedback-ID",
)  # fmt: skip


def lines_of(headers: bytes, name: str) -> list[bytes]:
    """The header's lines as they stand, folded parts joined by what folds them."""
    return re.findall(rb"(?im)^" + name.encode() + rb":((?:.*\r\n)(?:[ \t].*\r\n)*)", headers + b"\r\n")


def head(received: Received) -> bytes:
    return received.wire.partition(b"\r\n\r\n")[0]


def sent(workspace: Workspace, sink: Sink, clock: Clock, **fields: object) -> Received:
    """One message, sent to a reader whose fields these are."""
    run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=run, **{f"contact__{name}": value for name, value in fields.items()})
    sending.work(run.pk, clock)
    (received,) = sink.taken
    return received


def test_every_header_stands_there_exactly_once(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    received = sent(workspace, sink, clock)

    for name in ONCE:
        assert len(lines_of(head(received), name)) == 1, name
    assert lines_of(head(received), "Bcc") == lines_of(head(received), "Cc") == []


def test_one_click_unsubscribe_is_one_address_on_one_line(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    received = sent(workspace, sink, clock)

    (where,) = lines_of(head(received), "List-Unsubscribe")
    (how,) = lines_of(head(received), "List-Unsubscribe-Post")
    assert re.fullmatch(rb" <https?://[!-;=?-~]+>\r\n", where), "one address: not folded, not encoded"
    assert b"=?" not in where
    assert how == b" List-Unsubscribe=One-Click\r\n"
    token = where.strip(b" <>\r\n").rpartition(b"/")[2].decode()
    assert len(token) <= 64
    assert unseal(Kind.UNSUBSCRIBE, token)


def test_nothing_on_the_wire_is_too_long_bare_or_eight_bits_wide(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    received = sent(workspace, sink, clock, first_name="Жана", last_name="Ö" * 90)

    lines = received.wire.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert received.wire.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", received.wire)
    assert received.wire.endswith(b"\r\n")
    long = [line for line in head(received).split(b"\r\n") if len(line) > 78]
    assert [line.partition(b":")[0] for line in long] in ([], [b"List-Unsubscribe"])
    assert max(map(len, re.findall(rb"=\?[^?]+\?.\?[^?]*\?=", received.wire))) <= 76, "RFC 2047 section 2: 75"


def test_no_line_begins_with_a_lone_dot(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run = RunFactory.create(workspace=workspace, campaign__content=HTML + "\n.\n..\n.three\n")
    DeliveryFactory.create(run=run)

    sending.work(run.pk, clock)

    (received,) = sink.taken
    assert not re.search(rb"(?m)^\.(?!\.)", received.wire)
    html = received.parsed.get_body(("html",))
    assert html is not None
    assert ".\n..\n.three" in html.get_content().replace("\r\n", "\n")


def test_names_and_subjects_of_every_alphabet_arrive_as_they_were(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    received = sent(workspace, sink, clock, first_name="Жана", last_name="Ångström, “J.”")

    assert parseaddr(str(received.parsed["To"]))[0] == "Жана Ångström, “J.”"
    assert received.parsed["Subject"] == "Glow in three steps, Жана"
    assert received.parsed["From"] == "Elena at Maren & Moss <elena@marenmoss.example>"


@pytest.mark.parametrize("trick", ["Ann\r\nBcc: everybody@example.org", "Ann\nX: y", "Ann\u2028X: y", "Ann\x0bX: y"])
def test_a_name_cannot_add_a_header(workspace: Workspace, sink: Sink, clock: Clock, trick: str) -> None:
    received = sent(workspace, sink, clock, first_name=trick)

    assert lines_of(head(received), "Bcc") == lines_of(head(received), "X") == []
    assert len(received.parsed["To"].addresses) == 1
    assert received.recipient == received.parsed["To"].addresses[0].addr_spec


def test_there_is_a_text_part_with_the_same_words_and_the_way_out(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    received = sent(workspace, sink, clock, first_name="Ann")

    text = received.parsed.get_body(("plain",))
    assert text is not None
    assert "Hello Ann, this is for you." in text.get_content()
    assert f"{settings.BASE_URL}/t/u/" in text.get_content()
    assert workspace.postal_address in text.get_content()


def test_links_are_counted_the_way_out_is_not_and_the_pixel_comes_first(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    received = sent(workspace, sink, clock)

    part = received.parsed.get_body(("html",))
    assert part is not None
    html = part.get_content()
    hrefs = re.findall(r'href="([^"]+)"', html)
    assert [href.removeprefix(settings.BASE_URL)[:5] for href in hrefs] == ["/t/c/", "/t/c/", "/t/u/"]
    assert html.index("/t/o/") < html.index("Hello")


def test_the_message_id_is_the_same_on_every_attempt(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)
    ids = []
    for answer in ("451 4.7.0 Later", "250 2.0.0 Taken"):
        sink.says(Phase.DOT, answer, times=1)
        sending.work(run.pk, clock)
        clock.forward(timedelta(hours=1))
        row.refresh_from_db()
        sender = run.campaign.sender
        assert sender is not None
        ids.append(message_id(row, sender))

    assert row.state == DeliveryState.SENT
    assert ids == [sink.taken[0].parsed["Message-ID"]] * 2
    assert ids[0].endswith("@marenmoss.example>")


def test_two_readers_have_two_message_ids(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, _rows = run_to(workspace, 2)

    sending.work(run.pk, clock)

    first, second = (received.parsed["Message-ID"] for received in sink.taken)
    assert first != second


def test_a_sender_with_a_domain_of_another_alphabet_is_written_in_ascii(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    sender = SentSenderFactory.create(workspace=workspace, email="hello@bücher.example")
    run = RunFactory.create(workspace=workspace, campaign__sender=sender)
    DeliveryFactory.create(run=run)

    sending.work(run.pk, clock)

    (received,) = sink.taken
    assert received.sender == "hello@xn--bcher-kva.example"
    assert received.parsed["Message-ID"].endswith("@xn--bcher-kva.example>")
    assert b"List-ID: <maren-moss.xn--bcher-kva.example>" in head(received)


def test_feedback_id_names_the_campaign_and_never_the_reader(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, rows = run_to(workspace, 2)

    sending.work(run.pk, clock)

    first, second = (received.parsed["Feedback-ID"] for received in sink.taken)
    assert first == second == f"{run.campaign_id}:maren-moss:campaign:emailops"
    assert str(rows[0].contact_id) not in first.split(":")[1:]


def test_a_test_mail_counts_nothing_and_promises_no_unsubscribe(workspace: Workspace) -> None:
    row = DeliveryFactory.create(run__workspace=workspace)
    campaign = row.run.campaign
    mail = CompiledContent(row.run.content).render(
        {"contact": {"first_name": "Ann"}, "unsubscribe_url": "https://example.invalid/", "postal_address": "Street 1"}
    )

    message = sample_message(mail, row.contact, "elena@marenmoss.example", campaign.sender, subject_prefix="[Test]")

    raw = wire_bytes(message, "elena@marenmoss.example")
    assert message.subject == "[Test] Glow in three steps, Ann"
    assert b"/t/c/" not in raw
    assert b"/t/o/" not in raw
    assert b"List-Unsubscribe" not in raw
    assert parseaddr(message.to[0]) == (row.contact.full_name, "elena@marenmoss.example")


@pytest.mark.django_db
@examples(max_examples=40, deadline=None)
@given(
    first=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100),
    last=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100),
)
def test_whatever_the_reader_is_called_the_message_is_sound(first: str, last: str) -> None:
    row = DeliveryFactory.create(contact__first_name=first, contact__last_name=last)
    campaign = row.run.campaign

    message = campaign_message(row, row.contact, campaign, campaign.sender, CompiledContent(row.run.content))
    raw = wire_bytes(message, row.address)

    headers = raw.partition(b"\r\n\r\n")[0]
    for name in ONCE:
        assert len(lines_of(headers, name)) == 1, name
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    parsed = message_from_bytes(raw, policy=policy.default)
    assert [address.addr_spec for address in parsed["To"].addresses] == [row.address]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://shop.example/", True),
        ("http://shop.example/a?b=c", True),
        (f"{settings.BASE_URL}/t/u/abc", False),
        ("mailto:hello@shop.example", False),
        ("tel:+359", False),
        ("#top", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_which_links_are_counted(target: str, expected: bool) -> None:
    assert is_tracked(target) is expected


def test_a_signature_for_one_link_is_worth_nothing_for_another() -> None:
    signature = sign_text(Kind.LINK, "https://shop.example/")

    assert is_our_link("https://shop.example/", signature)
    assert not is_our_link("https://evil.example/", signature)
    assert not is_our_link("javascript:alert(1)", sign_text(Kind.LINK, "javascript:alert(1)"))
