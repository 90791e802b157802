"""What a server offers, and what it is therefore told."""

from dataclasses import replace

import pytest

from delivery.fates import Fate
from delivery.smtp.envelopes import Capabilities, Envelopes
from delivery.smtp.parcels import Parcel

ANN = Parcel(1, "elena@marenmoss.example", "ann@example.org", b"Hello\r\n")
ALL = Capabilities(pipelining=True, eight_bits=True, smtputf8=True, size=1000)


def test_the_answer_to_ehlo_says_what_a_server_can_do() -> None:
    lines = ["mx.example Hello", "PIPELINING", "size 5000", "8BITMIME", "AUTH PLAIN login", "AUTH=XOAUTH2"]
    reply = "\n".join([*(f"250-{line}" for line in lines), "250 HELP"])

    assert Capabilities.read(reply.encode()) == Capabilities(
        pipelining=True, eight_bits=True, size=5000, auth=frozenset({"PLAIN", "LOGIN", "XOAUTH2"})
    )


def test_a_name_in_the_first_line_is_not_an_extension() -> None:
    assert Capabilities.read(b"250 PIPELINING") == Capabilities()


@pytest.mark.parametrize(("line", "size"), [(b"SIZE", 0), (b"SIZE 0", 0), (b"SIZE lots", 0), (b"SIZE 9", 9)])
def test_a_size_may_be_without_a_limit(line: bytes, size: int) -> None:
    assert Capabilities.read(b"250-mx\n250-" + line + b"\n250 x").size == size


def test_parameters_are_given_only_where_they_are_offered() -> None:
    foreign = replace(ANN, recipient="жана@example.org", has_eight_bits=True)

    assert Envelopes(ALL).mail(ANN) == "MAIL FROM:<elena@marenmoss.example> SIZE=7\r\n"
    assert Envelopes(ALL).mail(foreign).endswith(" SIZE=7 BODY=8BITMIME SMTPUTF8\r\n")
    assert (
        Envelopes(Capabilities()).mail(replace(ANN, has_eight_bits=True)) == "MAIL FROM:<elena@marenmoss.example>\r\n"
    )
    assert Envelopes(replace(ALL, size=None)).mail(replace(ANN, sender="")) == "MAIL FROM:<>\r\n"


def test_a_group_holds_everything_up_to_data() -> None:
    group = Envelopes(Capabilities(pipelining=True)).group(ANN)

    assert group == b"MAIL FROM:<elena@marenmoss.example>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n"


@pytest.mark.parametrize(
    ("parcel", "server", "fate"),
    [
        (replace(ANN, body=b"x" * 1001), ALL, Fate.TOO_BIG),
        (replace(ANN, body=b"x" * 1001), replace(ALL, size=0), None),
        (replace(ANN, recipient="жана@example.org"), ALL, None),
        (replace(ANN, recipient="жана@example.org"), replace(ALL, smtputf8=False), Fate.NEEDS_SMTPUTF8),
        (replace(ANN, sender="жана@example.org"), replace(ALL, smtputf8=False), Fate.NEEDS_SMTPUTF8),
        (replace(ANN, has_eight_bits=True), replace(ALL, eight_bits=False), Fate.NEEDS_8BITMIME),
        (replace(ANN, has_eight_bits=True), ALL, None),
        (replace(ANN, sender=""), ALL, None),
    ],
)
def test_what_a_server_cannot_take_is_known_without_asking(
    parcel: Parcel, server: Capabilities, fate: Fate | None
) -> None:
    unfit = Envelopes(server).unfit(parcel)

    assert (unfit and unfit.fate) == fate


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", ">", "<", " ", "\0", "\x85", "\u2028", "\x7f"])
@pytest.mark.parametrize("whose", ["sender", "recipient"])
def test_an_address_that_could_end_the_command_never_leaves(whose: str, end: str) -> None:
    address = f"ann@example.org{end}RCPT TO:<all@example.org>"

    parcel = replace(ANN, sender=address) if whose == "sender" else replace(ANN, recipient=address)
    unfit = Envelopes(ALL).unfit(parcel)

    assert unfit is not None
    assert unfit.fate == Fate.UNBUILDABLE


def test_a_message_that_is_too_large_is_told_both_sizes() -> None:
    unfit = Envelopes(ALL).unfit(replace(ANN, body=b"x" * 1001))

    assert unfit is not None
    assert unfit.text == "The server takes 1000 bytes; the message has 1001."
