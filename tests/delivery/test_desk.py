"""The desk between the two threads of a worker, with a server that takes the mail and one that is not there."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from campaigns.liquid import RenderFailed
from delivery.desk import Desk
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.ledger import Held
from delivery.smtp.parcels import Parcel
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from tests.smtp_sink import Phase, Sink, running_sink

pytestmark = pytest.mark.django_db(transaction=True)
BODY = b"Subject: Glow\r\n\r\nHello\r\n"
WAIT = 20  # seconds after which a test that hangs has failed


class Notes:
    """A journal that only remembers what was begun."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    def about_to_end(self, key: int) -> None:
        self.begun.append(key)

    def settled(self, _key: int, _fate: Fate, _code: int | None) -> None:
        """Not looked at here."""

    def returned(self, _key: int) -> None:
        """Not looked at here."""


def rows(count: int) -> list[Held]:
    return [Held(key, f"reader{key}@reader.example", 1, 1, {}) for key in range(1, count + 1)]


def made(held: Held) -> Parcel:
    return Parcel(held.pk, "lena@fern.example", held.address, BODY)


def desk_to(
    mail: MailSettings, make: Callable[[Held], Parcel] = made, *, notes: Notes | None = None, connections: int = 2
) -> Desk:
    return Desk(1, mail, make, notes or Notes(), connections=connections)  # type: ignore[arg-type]  # as much of a journal as is used


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


def everything(desk: Desk, count: int) -> tuple[dict[int, Outcome], set[int]]:
    """Collect until so many rows came back; what became of them, and which were returned."""
    results: dict[int, Outcome] = {}
    returned: set[int] = set()
    deadline = time.monotonic() + WAIT
    while len(results) + len(returned) < count and time.monotonic() < deadline:
        collected = desk.collect(0.02, has_more=False)
        results |= {held.pk: outcome for held, outcome in collected.results}
        returned |= {held.pk for held in collected.returned}
    return results, returned


def test_every_row_comes_back_with_the_servers_word_and_was_noted_before_its_end(sink: Sink) -> None:
    notes = Notes()

    with desk_to(sink.mail_settings, notes=notes) as desk:
        desk.give(rows(30))
        results, returned = everything(desk, 30)

    assert {outcome.fate for outcome in results.values()} == {Fate.ACCEPTED}
    assert (len(results), returned) == (30, set())
    assert sorted(notes.begun) == list(range(1, 31))
    assert len(sink.taken) == 30


def test_a_row_whose_message_takes_long_to_make_is_in_hand_meanwhile(sink: Sink) -> None:
    began, may_go_on = threading.Event(), threading.Event()

    def make(held: Held) -> Parcel:
        began.set()
        assert may_go_on.wait(WAIT)
        return made(held)

    with desk_to(sink.mail_settings, make) as desk:
        desk.give(rows(1))
        assert began.wait(WAIT)
        was_idle = desk.is_idle  # a round that believes it ends, and takes the message back
        may_go_on.set()
        results, returned = everything(desk, 1)

    assert not was_idle
    assert (results[1].fate, returned) == (Fate.ACCEPTED, set())


@pytest.mark.parametrize("error", [RenderFailed("a filter does not take this"), KeyError("nobody foresaw this")])
def test_what_cannot_be_made_costs_only_itself(sink: Sink, error: Exception) -> None:
    def make(held: Held) -> Parcel:
        if held.pk == 2:
            raise error
        return made(held)

    with desk_to(sink.mail_settings, make) as desk:
        desk.give(rows(3))
        results, _returned = everything(desk, 3)

    assert {key: outcome.fate for key, outcome in results.items()} == {
        1: Fate.ACCEPTED,
        2: Fate.UNBUILDABLE,
        3: Fate.ACCEPTED,
    }


def test_a_relay_that_is_not_there_returns_every_row_and_is_called_trouble() -> None:
    with desk_to(MailSettings(SMTP_BACKEND, host="127.0.0.1", port=1)) as desk:
        desk.give(rows(5))
        results, returned = everything(desk, 5)
        desk.stop()

    assert (results, returned) == ({}, {1, 2, 3, 4, 5})
    with pytest.raises(RelayTrouble):
        desk.raise_trouble()


def test_stopping_waits_for_the_answer_that_is_due_and_returns_the_rest(sink: Sink) -> None:
    asked, answer = threading.Event(), threading.Event()

    def hang(phase: Phase, _recipient: str) -> None:
        if phase == Phase.DOT and not asked.is_set():
            asked.set()
            assert answer.wait(WAIT)

    sink.before = hang
    with desk_to(sink.mail_settings, connections=1) as desk:
        desk.give(rows(12))
        assert asked.wait(WAIT)
        desk.stop()
        answer.set()
        results, returned = everything(desk, 12)

    assert results[1].fate == Fate.ACCEPTED
    assert len(results) <= 2, "the message in hand, and the one that may have begun with its end"
    assert returned == set(range(1, 13)) - set(results)
    assert len(sink.taken) == len(results)


def test_little_is_ahead_until_a_relay_has_shown_what_it_takes(sink: Sink) -> None:
    with desk_to(sink.mail_settings, connections=2) as desk:
        assert desk.room == 4
        desk.give(rows(4))
        assert desk.room == 0, "half of it is still in hand"
        everything(desk, 4)
        assert desk.room > 0
        desk.stop()
