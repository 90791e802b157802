"""The mail sandbox as a server: what it said 250 to is in PostgreSQL, and nothing makes it fall over."""

import asyncio
import smtplib
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from asgiref.sync import async_to_sync, sync_to_async
from django.db import OperationalError, connection, connections
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from delivery import sandbox
from delivery.models import SandboxMessage
from delivery.sandbox import SandboxHandler, headers_of, keep, part_of, prune, readable
from tests.factories.delivery import RAW, SandboxMessageFactory

UNUSED: Any = None  # the handler looks at neither server nor session


def handed_over(raw: bytes, *recipients: str, sender: str = "elena@marenmoss.example") -> str:
    """The sandbox's answer to a message."""
    envelope = Envelope()
    envelope.mail_from, envelope.rcpt_tos, envelope.original_content = sender, list(recipients), raw
    return async_to_sync(SandboxHandler().handle_DATA)(UNUSED, UNUSED, envelope)


def _away(*_statement: object) -> None:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.django_db
class TestTaking:
    def test_what_it_says_yes_to_is_kept_once_for_each_recipient(self) -> None:
        answer = handed_over(RAW, "ann@example.org", "bob@example.org")

        assert answer.startswith("250 ")
        kept = list(SandboxMessage.objects.order_by("pk"))
        assert [message.recipient for message in kept] == ["ann@example.org", "bob@example.org"]
        for message in kept:
            assert bytes(message.raw) == RAW
            assert (message.subject, message.message_id) == ("Gløw in three steps", "<one@marenmoss.example>")
            assert message.mail_from == "elena@marenmoss.example"

    def test_a_bounce_has_no_sender(self) -> None:
        handed_over(RAW, "ann@example.org", sender="")

        assert SandboxMessage.objects.get().mail_from == ""

    def test_what_is_too_long_for_its_column_is_cut_and_not_refused(self) -> None:
        raw = b"Subject: " + b"x" * 900 + b"\r\nMessage-ID: <" + b"y" * 900 + b">\r\n\r\nhi\r\n"

        assert handed_over(raw, "a" * 400 + "@example.org").startswith("250 ")

        kept = SandboxMessage.objects.get()
        assert (len(kept.subject), len(kept.message_id), len(kept.recipient)) == (300, 250, 320)

    @pytest.mark.parametrize("raw", [b"", b"\0", b"no headers at all", b"Subject:\r\n", b"Subject: \xff\xfe\0\r\n\r\n"])
    def test_a_broken_message_is_kept(self, raw: bytes) -> None:
        assert handed_over(raw, "ann@example.org").startswith("250 ")
        assert bytes(SandboxMessage.objects.get().raw) == raw

    def test_halves_of_letters_cost_the_subject_not_the_message(self) -> None:
        keep("", ["ann@example.org"], b"Subject: =?utf-7?q?+2AA-?= Glow\r\n\r\nhi\r\n")

        assert SandboxMessage.objects.get().subject.endswith("Glow")


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_it_asks_to_come_again() -> None:
    with connection.execute_wrapper(_away):
        answer = handed_over(RAW, "ann@example.org")

    assert answer.startswith("451 ")
    assert not SandboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_real_conversation_ends_in_the_database() -> None:
    def send(port: int) -> dict[str, Any]:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            return client.sendmail("elena@marenmoss.example", ["ann@example.org"], RAW)

    async def talk() -> dict[str, Any]:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(SandboxHandler()), "127.0.0.1", 0)
        async with server:
            refused = await asyncio.to_thread(send, server.sockets[0].getsockname()[1])
        await sync_to_async(connections.close_all)()  # of the thread in which the handler worked
        return refused

    refused = asyncio.run(talk())

    assert refused == {}
    assert SandboxMessage.objects.get().recipient == "ann@example.org"


@pytest.mark.django_db
def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "KEPT", 3)
    made = SandboxMessageFactory.create_batch(5)

    prune()
    prune()

    assert list(SandboxMessage.objects.order_by("pk")) == made[2:]


class TestReading:
    @pytest.mark.parametrize(
        ("header", "words"),
        [
            ("Glow in three steps", "Glow in three steps"),
            ("=?utf-8?b?R2zDuHc=?= today", "Gløw today"),
            ("=?utf-8?q?one?=\r\n =?utf-8?q?_two?=", "one two"),
            ("=?no-such-charset?q?one?=", "=?no-such-charset?q?one?="),
            ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
            ("folded\r\n\tline", "folded line"),
            ("bell\x07and nul\0", "bell and nul"),
        ],
    )
    def test_a_header_is_read_as_people_read_it(self, header: str, words: str) -> None:
        assert readable(header) == words

    def test_headers_keep_their_order_and_repeat(self) -> None:
        raw = b"Received: one\r\nReceived: two\r\nSubject: x\r\n\r\nbody: none\r\n"

        assert headers_of(raw) == [("Received", "one"), ("Received", "two"), ("Subject", "x")]

    def test_the_first_part_of_a_kind_is_taken(self) -> None:
        assert part_of(RAW, "text/plain") == "Hello Ann https://shop.example/\n".replace("\n", "\r\n").rstrip("\r\n")
        assert part_of(memoryview(RAW), "text/html").startswith("<html>")
        assert part_of(RAW, "text/calendar") == ""

    @given(raw=st.binary(max_size=200), head=st.sampled_from([b"", b"Content-Type: text/html; charset=utf-7\r\n\r\n"]))
    @examples(max_examples=200, deadline=None)
    def test_whatever_comes_it_can_be_shown_and_kept(self, raw: bytes, head: bytes) -> None:
        words = [readable(raw.decode("latin-1")), part_of(head + raw, "text/html"), part_of(raw, "text/plain")]
        words += [value for _name, value in headers_of(raw)]

        assert all(word.encode() is not None for word in words)
