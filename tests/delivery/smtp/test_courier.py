"""Many connections at once: how many, in which order, what happens in trouble, and how it ends."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.smtp.courier import Courier, Pauses
from delivery.smtp.parcels import Parcel
from tests.delivery.smtp.scene import PATIENT, Log, Scene, parcel, parcels
from tests.delivery.smtp.sink import Act, At


def test_as_many_connections_are_opened_as_there_is_work_for_and_no_more(scene: Scene) -> None:
    scene.connections = 4

    scene.deliver(200)

    assert scene.log.fates() == [Fate.ACCEPTED] * 200
    assert scene.sink.connections == scene.sink.most_open == 4
    assert scene.log.most_in_doubt <= 4


def test_one_message_opens_one_connection(scene: Scene) -> None:
    scene.connections = 4

    scene.deliver(1)

    assert scene.sink.connections == 1


def test_parcels_are_started_in_the_order_in_which_they_were_submitted(scene: Scene) -> None:
    scene.connections = 4

    scene.deliver(100)

    assert all(abs(key - place) <= 8 for place, key in enumerate(scene.log.ended))


def test_one_connection_keeps_the_order_exactly(scene: Scene) -> None:
    scene.deliver(100)

    assert scene.log.ended == scene.log.order == list(range(100))


def test_a_connection_that_has_carried_enough_is_replaced_with_a_farewell(scene: Scene) -> None:
    scene.with_manner(most_on_connection=2)

    scene.deliver(5)

    assert scene.log.fates() == [Fate.ACCEPTED] * 5
    assert scene.sink.connections == scene.sink.verbs.count("QUIT") == 3
    assert scene.sink.most_open == 1
    assert scene.log.back == []


def test_a_server_that_closes_after_so_many_messages_is_served_all_the_same(scene: Scene) -> None:
    scene.sink.most_messages, scene.connections = 3, 2

    async def act(courier: Courier) -> None:
        await courier.deliver(parcels(20))
        while scene.log.back:
            await courier.deliver([parcel(scene.log.back.pop()) for _number in range(len(scene.log.back))])

    scene.play(act)

    assert scene.log.fates() == [Fate.ACCEPTED] * 20
    assert len(set(scene.sink.recipients)) == len(scene.sink.recipients) == 20


def test_a_server_that_takes_fewer_connections_is_not_in_trouble(scene: Scene) -> None:
    scene.connections, scene.sink.most_connections = 8, 3

    scene.deliver(300)

    assert scene.trouble is None
    assert scene.log.fates() == [Fate.ACCEPTED] * 300


def test_another_connection_is_tried_again_later_and_later() -> None:
    pauses = Pauses(first=1, longest=10)

    spans = [pauses.after(setbacks) for setbacks in (1, 2, 3, 4, 5, 100)]

    assert all(most / 2 <= span <= most for span, most in zip(spans, (1, 2, 4, 8, 10, 10), strict=True))


def test_whoever_renders_is_slowed_down_to_the_pace_of_the_server(scene: Scene) -> None:
    scene.with_manner(most_waiting=5)
    distance = []

    def rendered() -> Iterator[Parcel]:
        for key in range(100):
            distance.append(key - len(scene.log.outcomes))
            yield parcel(key)

    scene.deliver(rendered())

    assert max(distance) <= 5 + 2 + 1


def test_a_connection_at_rest_carries_what_comes_later_and_leaves_in_time(scene: Scene) -> None:
    scene.timeouts = replace(PATIENT, rest=0.1)

    async def act(courier: Courier) -> None:
        await courier.deliver(parcels(1))
        await courier.deliver([parcel(1)])
        assert scene.sink.connections == 1
        await asyncio.sleep(0.3)
        assert scene.sink.open == 0
        await courier.deliver([parcel(2)])

    scene.play(act)

    assert scene.log.fates() == [Fate.ACCEPTED] * 3
    assert scene.sink.connections == 2
    assert scene.sink.verbs.count("QUIT") == 2


def test_a_connection_that_is_closed_at_rest_is_no_event(scene: Scene) -> None:
    async def act(courier: Courier) -> None:
        await courier.deliver(parcels(1))
        for carrier in list(courier._carriers):
            carrier.hear([b"421 4.4.2 Idle for too long"])
        await courier.deliver([parcel(1)])

    scene.play(act)

    assert scene.log.fates() == [Fate.ACCEPTED] * 2
    assert scene.log.back == []


def test_trouble_is_raised_once_and_the_courier_can_be_used_again(scene: Scene) -> None:
    scene.connections = 4
    scene.sink.says(At.BANNER, "451 4.3.0 Later")

    async def act(courier: Courier) -> None:
        with pytest.raises(RelayTrouble, match="451"):
            await courier.deliver(parcels(50))
        await courier.drain()
        scene.sink.relents()
        await courier.deliver([parcel(key) for key in scene.log.back])

    scene.play(act)

    assert set(scene.log.fates()) == {Fate.ACCEPTED}
    assert scene.log.outcomes.keys() == set(scene.log.back)


def test_connections_that_were_still_being_opened_in_trouble_do_not_stand_in_the_way_later(scene: Scene) -> None:
    scene.connections = 4
    scene.sink.says(At.BANNER, "220 sink", times=1)
    scene.sink.says(At.BANNER, Act.HANG, times=3)
    scene.sink.says(At.DOT, "451 4.3.0 Later", times=1)
    scene.sink.says(At.MAIL, "250 2.1.0 Ok", times=3)
    scene.sink.says(At.MAIL, "550 5.7.1 Suspended", times=1)

    async def act(courier: Courier) -> None:
        with pytest.raises(RelayTrouble, match="Suspended"):
            await courier.deliver(parcels(50))
        async with asyncio.timeout(2):
            await courier.deliver([parcel(key) for key in scene.log.back])

    scene.play(act)

    assert set(scene.log.outcomes) >= set(scene.log.back)


def test_trouble_leaves_what_was_on_its_way_its_reply(scene: Scene) -> None:
    scene.connections = 2
    scene.sink.says(At.MAIL, "250 2.1.0 Ok", times=6)
    scene.sink.says(At.MAIL, "550 5.7.1 Account suspended")

    scene.deliver(50)

    assert scene.trouble is not None
    assert scene.trouble.is_lasting
    assert set(scene.log.fates()) == {Fate.ACCEPTED}
    assert len(scene.log.outcomes) == len(scene.sink.taken) == 6
    assert not scene.log.in_doubt
    assert not set(scene.log.back) & set(scene.log.outcomes)


def test_trouble_is_raised_from_submit_to_stop_whoever_renders(scene: Scene) -> None:
    scene.sink.says(At.MAIL, "550 5.7.1 Not you")
    asked = []

    def rendered() -> Iterator[Parcel]:
        for key in range(10_000):
            asked.append(key)
            yield parcel(key)

    scene.deliver(rendered())

    assert scene.trouble is not None
    assert len(asked) < 20
    assert sorted(scene.log.back) == asked


def test_stop_hears_out_what_is_between_dot_and_reply_and_returns_the_rest(scene: Scene) -> None:
    scene.connections = 2
    scene.sink.piece = 1

    async def act(courier: Courier) -> None:
        delivery = asyncio.create_task(courier.deliver(parcels(500)))
        while len(scene.log.ended) < 10:
            await asyncio.sleep(0)
        await courier.stop()
        await delivery

    scene.play(act)

    assert set(scene.log.fates()) == {Fate.ACCEPTED}
    assert len(scene.sink.taken) == len(scene.log.outcomes) < 500
    assert not set(scene.log.back) & set(scene.log.outcomes)
    assert set(scene.log.ended) == set(scene.log.outcomes)


def test_stop_waits_only_so_long(scene: Scene) -> None:
    scene.sink.says(At.DOT, Act.HANG)

    async def act(courier: Courier) -> None:
        await courier.submit(parcel(0))
        while not scene.log.ended:
            await asyncio.sleep(0)
        await courier.stop(seconds=0.05)
        await courier.submit(parcel(1))

    scene.play(act)

    assert scene.log.outcomes == {0: Outcome(Fate.UNKNOWN, None, "We stopped before the answer came.")}
    assert scene.log.back == [1]


@pytest.mark.parametrize("at", [At.BANNER, At.EHLO, At.MAIL, At.RCPT, At.DATA])
def test_stop_does_not_wait_for_what_was_not_ended(scene: Scene, at: At) -> None:
    scene.sink.says(at, Act.HANG)

    async def act(courier: Courier) -> None:
        await courier.submit(parcel(0))
        await asyncio.sleep(0.02)
        async with asyncio.timeout(1):
            await courier.stop()

    scene.play(act)

    assert scene.log.back == [0]
    assert scene.log.outcomes == {}


def test_a_worker_that_is_cancelled_leaves_nothing_unsaid(scene: Scene) -> None:
    scene.connections = 3

    async def act(courier: Courier) -> None:
        delivery = asyncio.create_task(courier.deliver(parcels(500)))
        while len(scene.log.ended) < 10:
            await asyncio.sleep(0)
        delivery.cancel()

    scene.play(act)

    assert set(scene.log.ended) == set(scene.log.outcomes)
    assert len(scene.sink.taken) == len(scene.log.outcomes)
    assert not scene.log.in_doubt


class Careless(Log):
    """An owner whose journal fails at the third message."""

    def about_to_end(self, key: int) -> None:
        if key == 2:
            raise OSError("no space left on device")
        super().about_to_end(key)


def test_an_owner_that_fails_stops_everything_before_the_bytes_leave(scene: Scene) -> None:
    scene.log = Careless()

    with pytest.raises(OSError, match="no space left"):
        scene.deliver(50)

    assert len(scene.sink.taken) <= 2
    assert 2 not in scene.log.outcomes


class Forgetful(Log):
    """An owner that fails when it is told."""

    def settled(self, key: int, outcome: Outcome) -> None:
        raise ValueError("no such row")


@pytest.mark.parametrize("recipient", ["reader@example.org", "two words@example.org"])
def test_an_owner_that_fails_to_listen_is_told_by_the_error_itself(scene: Scene, recipient: str) -> None:
    scene.log = Forgetful()

    with pytest.raises(ValueError, match="no such row"):
        scene.deliver([parcel(0, recipient=recipient)])
