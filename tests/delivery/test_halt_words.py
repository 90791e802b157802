"""Why a send stopped, in words."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from delivery.halt_words import halt_words, share, warning_words
from delivery.models import Halt

SOFIA = ZoneInfo("Europe/Sofia")


@pytest.mark.parametrize(
    ("halt", "facts", "measured", "advice"),
    [
        (
            Halt.REFUSED, {"count": 1100, "of": 20000, "limit": 0.05, "code": ""},
            "1,100 of 20,000 addresses were refused or do not exist, 5.5%; the limit is 5%.", "old or bought",
        ),
        (
            Halt.COMPLAINTS, {"count": 4, "of": 1000, "limit": 0.003, "code": ""},
            "4 of 1,000 people called the mail spam, 0.4%; the limit is 0.3%.", "Cancel the rest",
        ),
        (
            Halt.CONTENT, {"count": 11, "of": 100, "limit": 0.1, "code": ""},
            "11 of 100 mails were refused for what they say, 11%; the limit is 10%.", "change text or links",
        ),
        (
            Halt.SENDER, {"count": 20, "of": 0, "limit": 20, "code": "5.7.25"},
            "20 messages were refused or put off because of the sender (5.7.25); the limit is 20.", "PTR",
        ),
        (
            Halt.UNANSWERED, {"count": 10, "of": 0, "limit": 10, "code": ""},
            "The last 10 messages got no answer after they were handed over; the limit is 10.", "may or may not",
        ),
        (
            Halt.INTERRUPTED, {"from": "2026-05-18T20:00:00+00:00", "until": "2026-05-19T05:30:00+00:00"},
            "Nothing went out between 18 May 2026, 23:00 and 19 May 2026, 08:30.", "Go on now, or cancel the rest?",
        ),
    ],
)  # fmt: skip
def test_it_says_what_was_measured_the_limit_and_what_to_do(
    halt: Halt, facts: dict[str, Any], measured: str, advice: str
) -> None:
    words = halt_words(halt, facts, SOFIA)

    assert words.measured == measured
    assert advice in words.advice
    assert str(words).startswith(f"{halt.label}. {measured}")


@pytest.mark.parametrize(("rate", "said"), [(0.05, "5%"), (0.003, "0.3%"), (0.00314, "0.31%"), (1.0, "100%")])
def test_a_share_has_as_many_places_as_it_needs(rate: float, said: str) -> None:
    assert share(rate) == said


def test_a_warning_has_its_figures() -> None:
    figures = {"count": 2, "of": 1000, "limit": 0.001}

    assert warning_words(figures) == "2 of 1,000 people called the mail spam: 0.2%. A warning is due from 0.1%."
