"""Whatever goes wrong, each parcel has one end, and the server's own log agrees with it."""

from collections import Counter
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.fates import Fate, RelayTrouble
from delivery.smtp.courier import Courier
from tests.delivery.smtp.scene import Scene, parcel
from tests.delivery.smtp.sink import PIPELINING, Act, Answer, At, Sink

FAULTS: list[tuple[At, Answer]] = [
    (At.RCPT, "550 5.1.1 Nobody here"),
    (At.RCPT, "450 4.2.0 Greylisted"),
    (At.RCPT, "421 4.3.2 Closing"),
    (At.RCPT, Act.DROP),
    (At.RCPT, b"what\r\n"),
    (At.DATA, "451 4.3.0 Later"),
    (At.DATA, "554 5.7.1 Not this"),
    (At.DATA, "421 4.3.2 Closing"),
    (At.DATA, Act.DROP),
    (At.DOT, "451 4.7.0 Later"),
    (At.DOT, "552 5.3.4 Too big"),
    (At.DOT, "421 4.3.2 Closing"),
    (At.DOT, "354 What"),
    (At.DOT, b"what\r\n"),
    (At.DOT, Act.DROP),
    (At.DOT, Act.KEEP_AND_DROP),
]
SERVERS = [["8BITMIME"], PIPELINING, [*PIPELINING, "CHUNKING"]]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    faults=st.lists(st.one_of(st.none(), st.sampled_from(FAULTS)), min_size=1, max_size=25),
    extensions=st.sampled_from(SERVERS),
    connections=st.integers(1, 4),
    window=st.sampled_from([0, 3]),
    most_messages=st.sampled_from([1, 3, 1000]),
    piece=st.sampled_from([0, 0, 1]),
    loop=st.sampled_from(["asyncio", "uvloop"]),
)
def test_each_parcel_has_one_end_and_the_servers_log_agrees(
    faults: list[tuple[At, Answer] | None],
    extensions: list[str],
    connections: int,
    window: int,
    most_messages: int,
    piece: int,
    loop: str,
) -> None:
    sink = Sink(extensions=list(extensions), most_messages=most_messages, piece=piece)
    for key, fault in enumerate(faults):
        if fault is not None:
            sink.says(*fault, to=f"reader{key}@example.org", times=1)
    scene = Scene(sink, connections=connections, loop=loop)
    scene.with_manner(window=window, most_on_connection=7)

    scene.play(lambda courier: _until_all_are_settled(courier, scene, len(faults)))

    accepted, unknown = scene.log.keys(Fate.ACCEPTED), scene.log.keys(Fate.UNKNOWN)
    kept = Counter(int(name[len("reader") : name.index("@")]) for name in sink.recipients)
    assert scene.log.outcomes.keys() == set(range(len(faults)))
    assert max(kept.values(), default=1) == 1, "none was delivered twice"
    assert accepted <= kept.keys() <= accepted | unknown
    assert sink.empty == 0 or window
    if not window:
        assert unknown == _swallowed(faults)


async def _until_all_are_settled(courier: Courier, scene: Scene, count: int) -> None:
    """Give what came back again, through all troubles, as a worker does."""
    open_keys = set(range(count))
    while open_keys:
        with suppress(RelayTrouble):
            await courier.deliver([parcel(key) for key in sorted(open_keys)])
        open_keys = set(range(count)) - scene.log.outcomes.keys()


def _swallowed(faults: list[tuple[At, Answer] | None]) -> set[int]:
    """Those that were ended and got no answer that means anything."""
    silent = {"354 What", b"what\r\n", Act.DROP, Act.KEEP_AND_DROP}
    return {key for key, fault in enumerate(faults) if fault and fault[0] == At.DOT and fault[1] in silent}
