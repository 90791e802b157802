"""One message after the other by DATA: each answer and each silence, at each moment, with and without PIPELINING."""

from dataclasses import replace

import pytest

from delivery.fates import Fate
from delivery.smtp.courier import Courier
from tests.delivery.smtp.scene import BODY, IMPATIENT, LONG_BODY, Scene, parcel, parcels, timeouts_for
from tests.delivery.smtp.sink import PIPELINING, Act, Answer, At

BAD = "reader1@example.org"  # the second of three


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def either(request: pytest.FixtureRequest, scene: Scene) -> Scene:
    scene.sink.extensions = list(PIPELINING) if request.param else ["8BITMIME"]
    return scene


def test_what_the_server_takes_is_accepted_with_its_words(either: Scene) -> None:
    either.deliver(3)

    assert either.log.fates() == [Fate.ACCEPTED] * 3
    assert either.log.outcomes[0].text == "250 2.0.0 Taken"
    assert [message.body for message in either.sink.taken] == [BODY] * 3
    assert either.log.ended == either.log.order == [0, 1, 2]
    assert either.sink.connections == 1


def test_the_body_and_the_next_envelope_leave_together(scene: Scene) -> None:
    scene.deliver(3)

    assert scene.sink.verbs == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3, "QUIT"]
    assert scene.log.most_in_doubt == 1


def test_a_body_without_a_last_line_end_is_ended_all_the_same(scene: Scene) -> None:
    scene.deliver([parcel(0, b"Hello"), parcel(1, b""), parcel(2)])

    assert [message.body for message in scene.sink.taken] == [b"Hello\r\n", b"", BODY]


@pytest.mark.parametrize(
    ("at", "answer", "fate"),
    [
        (At.RCPT, "450 4.2.0 Greylisted", Fate.LATER),
        (At.RCPT, "452 4.5.3 Too many recipients", Fate.LATER),
        (At.RCPT, "550 5.1.1 Nobody here", Fate.ADDRESS_REFUSED),
        (At.DATA, "452 4.3.1 Full", Fate.LATER),
        (At.DATA, "554 5.7.1 Not this", Fate.CONTENT_REFUSED),
        (At.DOT, "451 4.7.0 Later", Fate.LATER),
        (At.DOT, "552 5.3.4 Too big", Fate.TOO_BIG),
    ],
)
def test_a_refusal_is_about_one_message_and_leaves_the_connection_open(
    either: Scene, at: At, answer: Answer, fate: Fate
) -> None:
    either.sink.says(at, answer, to=BAD)

    either.deliver(3)

    assert either.log.fates() == [Fate.ACCEPTED, fate, Fate.ACCEPTED]
    assert either.log.outcomes[1].text == answer
    assert either.sink.recipients == ["reader0@example.org", "reader2@example.org"]
    assert either.sink.connections == 1
    assert either.sink.empty == 0


@pytest.mark.parametrize("refused", [["reader0@example.org"], [f"reader{key}@example.org" for key in range(3)]])
def test_refusals_at_the_beginning_and_throughout_are_told_one_by_one(either: Scene, refused: list[str]) -> None:
    for recipient in refused:
        either.sink.says(At.RCPT, "550 5.1.1 Nobody here", to=recipient)

    either.deliver(3)

    assert either.log.fates().count(Fate.ADDRESS_REFUSED) == len(refused)
    assert len(either.sink.taken) == 3 - len(refused)
    assert either.sink.connections == 1


@pytest.mark.parametrize("answer_to_the_dot", ["554 5.5.1 No valid recipients", "250 2.0.0 Taken by nobody"])
def test_data_taken_for_a_refused_recipient_is_ended_by_a_lone_dot(scene: Scene, answer_to_the_dot: str) -> None:
    scene.sink.says(At.RCPT, "550 5.1.1 Nobody here", to=BAD)
    scene.sink.says(At.DATA, "354 Go on all the same", to=BAD)
    scene.sink.says(At.DOT, answer_to_the_dot, to=BAD)

    scene.deliver(3)

    assert scene.log.fates() == [Fate.ACCEPTED, Fate.ADDRESS_REFUSED, Fate.ACCEPTED]
    assert scene.log.outcomes[1].text == "550 5.1.1 Nobody here"
    assert scene.sink.empty == 1
    assert scene.sink.recipients == ["reader0@example.org", "reader2@example.org"]
    assert 1 not in scene.log.ended, "no message of ours was ended"


@pytest.mark.parametrize("at", [At.RCPT, At.DATA, At.DOT])
def test_421_ends_the_connection_wherever_it_is_said(either: Scene, at: At) -> None:
    either.sink.says(at, "421 4.3.2 Closing", to=BAD, times=1)

    either.deliver(3)

    assert either.trouble is None
    assert either.log.outcomes[1].fate == Fate.LATER
    done = set(either.log.outcomes) | set(either.log.back)
    assert done == {0, 1, 2}
    assert either.log.keys(Fate.ACCEPTED) == {0, 2} - set(either.log.back)


@pytest.mark.parametrize("answer", ["421 4.4.2 You have had your share", Act.DROP, "451 4.7.0 Enough"])
def test_a_server_that_closes_a_used_connection_at_mail_is_not_in_trouble(either: Scene, answer: Answer) -> None:
    async def act(courier: Courier) -> None:
        await courier.deliver(parcels(1))
        either.sink.says(At.MAIL, answer, times=1)
        await courier.deliver([parcel(1)])
        await courier.deliver([parcel(key) for key in [*either.log.back, 2]])

    either.play(act)

    assert either.log.back == [1]
    assert either.log.outcomes.keys() == {0, 1, 2}
    assert set(either.log.fates()) == {Fate.ACCEPTED}
    assert either.sink.connections == 2


@pytest.mark.parametrize(
    ("answer", "is_lasting"),
    [("451 4.3.0 Later", False), ("421 4.3.2 Closing", False), ("550 5.7.1 Not you", True), ("530 5.7.0 Who?", True)],
)
def test_a_refused_mail_on_a_fresh_connection_is_trouble(either: Scene, answer: str, *, is_lasting: bool) -> None:
    either.sink.says(At.MAIL, answer)

    either.deliver(3)

    assert either.trouble is not None
    assert either.trouble.is_lasting is is_lasting
    assert str(either.trouble) == answer
    assert sorted(either.log.back) == [0, 1, 2]
    assert either.log.outcomes == {}


@pytest.mark.parametrize("at", [At.RCPT, At.DATA])
def test_being_asked_to_sign_in_late_blames_no_recipient(either: Scene, at: At) -> None:
    either.sink.says(at, "530 5.7.0 Authentication required")

    either.deliver(2)

    assert either.trouble is not None
    assert either.trouble.is_lasting
    assert either.log.outcomes == {}


def test_being_asked_to_sign_in_after_the_dot_stops_but_blames_no_text(either: Scene) -> None:
    either.sink.says(At.DOT, "530 5.7.0 Authentication required")

    either.deliver(2)

    assert either.trouble is not None
    assert either.log.fates() == [Fate.LATER]
    assert either.log.back == [1]


@pytest.mark.parametrize("at", [At.RCPT, At.DATA])
@pytest.mark.parametrize("answer", [Act.DROP, Act.HANG, b"nonsense\r\n", b"250-x\r\n" * 200, b"220 " + b"x" * 5000])
def test_a_connection_that_breaks_before_the_dot_gives_its_parcel_back(either: Scene, at: At, answer: Answer) -> None:
    either.timeouts = timeouts_for(answer)
    either.sink.says(at, answer, times=1)

    either.deliver(1)

    assert either.log.back == [0]
    assert either.log.outcomes == {}
    assert either.sink.taken == []
    assert either.trouble is None, "one broken connection is no trouble yet"


@pytest.mark.parametrize("at", [At.MAIL, At.RCPT, At.DATA])
def test_a_relay_of_which_every_connection_breaks_is_in_trouble(either: Scene, at: At) -> None:
    either.sink.says(at, Act.DROP)

    either.deliver(10)

    assert either.trouble is not None
    assert not either.trouble.is_lasting
    assert sorted(either.log.back) == list(range(len(either.log.back))), "the rest was not looked at"
    assert either.log.outcomes == {}
    assert either.sink.connections == 3


def test_a_recipient_at_whom_connections_break_is_put_off_so_that_the_others_get_theirs(either: Scene) -> None:
    either.sink.says(At.RCPT, Act.DROP, to=BAD)

    async def act(courier: Courier) -> None:
        await courier.deliver(parcels(3))
        while either.log.back:
            await courier.deliver([parcel(either.log.back.pop())])

    either.play(act)

    assert either.log.fates() == [Fate.ACCEPTED, Fate.LATER, Fate.ACCEPTED]
    assert either.log.outcomes[1].text


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Act.DROP, "closed the connection"),
        (Act.KEEP_AND_DROP, "closed the connection"),
        (Act.HANG, "No answer to the final dot within 0.2 seconds."),
        (b"nonsense\r\n", "not a reply"),
        (b"250-x\r\n" * 200, "without an end"),
        ("354 What", "354 What"),
    ],
)
def test_after_the_dot_silence_means_that_nobody_knows(either: Scene, answer: Answer, says: str) -> None:
    either.timeouts = timeouts_for(answer)
    either.sink.says(At.DOT, answer, to=BAD)

    either.deliver(3)

    assert either.log.keys(Fate.UNKNOWN) == {1}
    assert says in either.log.outcomes[1].text
    assert either.log.outcomes[0].fate == Fate.ACCEPTED
    assert set(either.log.outcomes) | set(either.log.back) == {0, 1, 2}


@pytest.mark.parametrize("answer", [Act.DROP, "552 5.3.4 That is enough"])
def test_a_long_body_that_is_interrupted_delivered_nothing(either: Scene, answer: Answer) -> None:
    either.sink.says(At.BODY, answer, times=1)

    either.deliver([parcel(0, LONG_BODY)])

    assert either.log.ended == [], "the dot is held back until the body has left"
    assert either.log.back == [0] or either.log.outcomes[0].fate == Fate.TOO_BIG
    assert either.sink.taken == []


def test_a_long_body_that_nobody_reads_gives_up_in_time(either: Scene) -> None:
    either.timeouts = IMPATIENT
    either.sink.says(At.BODY, Act.HANG, times=1)

    either.deliver([parcel(0, LONG_BODY)])

    assert either.log.ended == []
    assert either.log.back == [0]


def test_a_long_body_arrives_whole_and_the_next_follows(either: Scene) -> None:
    either.deliver([parcel(0, LONG_BODY), parcel(1), parcel(2, LONG_BODY)])

    assert either.log.fates() == [Fate.ACCEPTED] * 3
    assert [message.body for message in either.sink.taken] == [LONG_BODY, BODY, LONG_BODY]


@pytest.mark.parametrize("piece", [1, 2, 7])
def test_replies_that_arrive_in_pieces_are_understood(either: Scene, piece: int) -> None:
    either.sink.piece = piece
    either.sink.says(At.RCPT, b"550-5.1.1 Nobody\r\n550 5.1.1 here\r\n", to=BAD)

    either.deliver(4)

    assert either.log.fates() == [Fate.ACCEPTED, Fate.ADDRESS_REFUSED, Fate.ACCEPTED, Fate.ACCEPTED]
    assert either.log.outcomes[1].text == "550 5.1.1 Nobody here"


def test_a_message_above_the_servers_size_costs_only_itself(either: Scene) -> None:
    either.sink.extensions.append("SIZE 100")

    either.deliver([parcel(0), parcel(1, b"x" * 101), parcel(2)])

    assert either.log.fates() == [Fate.ACCEPTED, Fate.TOO_BIG, Fate.ACCEPTED]
    assert either.log.outcomes[1].code is None
    assert "100 bytes" in either.log.outcomes[1].text
    assert len(either.sink.taken) == 2


def test_the_size_is_said_beforehand_where_the_server_knows_it(scene: Scene) -> None:
    scene.sink.extensions.append("SIZE")

    scene.deliver(1)

    assert scene.sink.commands[1] == f"MAIL FROM:<elena@marenmoss.example> SIZE={len(BODY)}"


def test_an_address_that_needs_smtputf8_stands_as_it_is_or_does_not_leave(either: Scene) -> None:
    foreign = replace(parcel(1, recipient="жана@example.org"), has_eight_bits=True)
    is_known = "SMTPUTF8" in either.sink.extensions

    either.deliver([parcel(0), foreign, parcel(2)])

    assert either.log.outcomes[1].fate == (Fate.ACCEPTED if is_known else Fate.NEEDS_SMTPUTF8)
    assert ("жана@example.org" in either.sink.recipients) is is_known


def test_only_parcels_that_the_server_cannot_take_leave_the_connection_at_rest(either: Scene) -> None:
    either.deliver([parcel(key, recipient="two words@example.org") for key in range(3)])

    assert either.log.fates() == [Fate.UNBUILDABLE] * 3
    assert "MAIL" not in either.sink.verbs
