"""Which answers ask us to slow down: as servers really write them."""

import pytest

from delivery.pace.answers import SIGNS, asks_for_less

LESS = [
    (421, "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address."),
    (450, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages"),
    (421, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints"),
    (451, "451 4.7.500 Server busy. Please try again later from [192.0.2.1]."),
    (451, "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation."),
    (421, "421 Service not available, closing transmission channel"),
    (450, "450 Requested mail action not taken: too many messages this hour"),
    (452, "452 4.4.5 Insufficient system resources: congestion"),
    (453, "453 4.3.2 System not accepting network messages"),
    (450, "450 Requested action aborted: you have exceeded your hourly sending limit"),
    (429, "Too Many Requests"),
]
NOT_LESS = [
    (450, "450 4.2.0 <ann@example.org>: Recipient address rejected: Greylisted, see http://postgrey.example/help"),
    (451, "451 4.7.1 Graylisting in action, please come back in five minutes"),
    (421, "421 4.4.2 mx.example Error: timeout exceeded"),
    (452, "452 4.2.2 The recipient's inbox is out of storage space"),
    (451, "451 4.3.0 Temporary lookup failure"),
    (450, "450 4.1.8 Sender address rejected: Domain not found"),
    (550, "550 5.7.1 rate limit exceeded"),
    (250, "250 2.0.0 Ok, too many thanks"),
    (500, "Internal Server Error: slow down"),
    (None, "421 too many"),
]


@pytest.mark.parametrize(("code", "text"), LESS)
def test_this_asks_for_less(code: int, text: str) -> None:
    assert asks_for_less(code, text)


@pytest.mark.parametrize(("code", "text"), NOT_LESS)
def test_this_is_about_one_message(code: int | None, text: str) -> None:
    assert not asks_for_less(code, text)


def test_an_enhanced_code_that_is_said_apart_counts() -> None:
    assert asks_for_less(450, "Please come back later", "4.7.28")
    assert not asks_for_less(450, "Please come back later", "4.1.1")


def test_every_rule_names_its_source() -> None:
    assert all(sign.source for sign in SIGNS)
