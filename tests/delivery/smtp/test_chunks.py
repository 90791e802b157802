"""Several messages on the way at once by BDAT: who is to blame, who is not, and of whom nobody knows."""

import pytest

from delivery.fates import Fate
from tests.delivery.smtp.scene import BODY, LONG_BODY, Scene, parcel, parcels, timeouts_for
from tests.delivery.smtp.sink import PIPELINING, Act, Answer, At

BAD = "reader1@example.org"


@pytest.fixture
def chunking(scene: Scene) -> Scene:
    scene.sink.extensions = [*PIPELINING, "CHUNKING"]
    scene.with_manner(window=4)
    return scene


def test_so_many_messages_are_on_the_way_at_once(chunking: Scene) -> None:
    chunking.deliver(20)

    assert chunking.log.fates() == [Fate.ACCEPTED] * 20
    assert chunking.sink.recipients == [f"reader{key}@example.org" for key in range(20)]
    assert 1 < chunking.log.most_in_doubt <= 4
    assert "DATA" not in chunking.sink.verbs


@pytest.mark.parametrize("missing", ["CHUNKING", "PIPELINING"])
def test_a_server_that_lacks_either_extension_is_given_data(chunking: Scene, missing: str) -> None:
    chunking.sink.extensions.remove(missing)

    chunking.deliver(3)

    assert chunking.log.fates() == [Fate.ACCEPTED] * 3
    assert "BDAT" not in chunking.sink.verbs


def test_dots_are_as_they_were_before_they_were_doubled(chunking: Scene) -> None:
    chunking.deliver([parcel(0, b"..first\r\nSecond..\r\n..third\r\n....fourth\r\n"), parcel(1, LONG_BODY)])

    assert chunking.sink.taken[0].body == b".first\r\nSecond..\r\n.third\r\n...fourth\r\n"
    assert chunking.sink.taken[1].body == LONG_BODY


@pytest.mark.parametrize(
    ("at", "answer", "fate"),
    [
        (At.RCPT, "550 5.1.1 Nobody here", Fate.ADDRESS_REFUSED),
        (At.RCPT, "450 4.2.0 Greylisted", Fate.LATER),
        (At.DOT, "554 5.7.1 Not this", Fate.CONTENT_REFUSED),
        (At.DOT, "451 4.7.0 Later", Fate.LATER),
    ],
)
def test_a_refusal_in_the_middle_of_the_window_costs_nobody_else(
    chunking: Scene, at: At, answer: str, fate: Fate
) -> None:
    chunking.sink.says(at, answer, to=BAD)

    chunking.deliver(8)

    assert chunking.log.fates() == [Fate.ACCEPTED, fate, *[Fate.ACCEPTED] * 6]
    assert chunking.log.outcomes[1].text == answer
    assert len(chunking.sink.taken) == 7
    assert chunking.sink.connections == 1


def test_a_sender_that_is_refused_is_trouble_and_nothing_was_delivered(chunking: Scene) -> None:
    chunking.sink.says(At.MAIL, "550 5.7.1 Not you")

    chunking.deliver(8)

    assert chunking.trouble is not None
    assert chunking.trouble.is_lasting
    assert chunking.log.outcomes == {}
    assert set(chunking.log.ended) <= set(chunking.log.back)
    assert chunking.sink.taken == []


@pytest.mark.parametrize("answer", [Act.DROP, Act.KEEP_AND_DROP, Act.HANG, b"nonsense\r\n"])
def test_what_was_on_the_way_when_the_connection_broke_is_of_unknown_fate(chunking: Scene, answer: Answer) -> None:
    chunking.timeouts = timeouts_for(answer)
    chunking.sink.says(At.DOT, answer, to=BAD, times=1)

    chunking.deliver(4)

    assert chunking.log.outcomes[0].fate == Fate.ACCEPTED
    assert chunking.log.keys(Fate.UNKNOWN) == {1, 2, 3}


def test_421_to_a_recipient_is_about_that_one_and_the_rest_is_unknown(chunking: Scene) -> None:
    chunking.sink.says(At.RCPT, "421 4.3.2 Closing", to=BAD, times=1)

    chunking.deliver(4)

    assert chunking.log.fates() == [Fate.ACCEPTED, Fate.LATER, Fate.UNKNOWN, Fate.UNKNOWN]


def test_being_asked_to_sign_in_at_the_end_stops_but_blames_no_text(chunking: Scene) -> None:
    chunking.sink.says(At.DOT, "530 5.7.0 Authentication required")

    chunking.deliver(2)

    assert chunking.trouble is not None
    assert set(chunking.log.fates()) == {Fate.LATER}


def test_a_refused_rset_leaves_everything_in_doubt(chunking: Scene) -> None:
    chunking.sink.says(At.RSET, "500 5.5.1 What")

    chunking.deliver(2)

    assert chunking.log.fates() == [Fate.UNKNOWN] * 2


def test_connections_are_replaced_and_many_long_bodies_wait_for_the_network(chunking: Scene) -> None:
    chunking.connections = 2
    chunking.with_manner(most_on_connection=3)
    body = BODY + b"A line.\r\n" * 30_000

    chunking.deliver(parcels(10, body))

    assert chunking.log.fates() == [Fate.ACCEPTED] * 10
    assert all(message.body == body for message in chunking.sink.taken)
    assert chunking.sink.connections >= 4
