"""A worker's notes: what they tell apart after it died between two commits."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoCaptureOnCommitCallbacks

from delivery import ledger
from delivery.fates import Fate
from delivery.journal import SIZE, Journal, Note, discard_notes, path_of, read_notes
from delivery.models import Delivery, DeliveryState, Lane, Reason, Run
from tests.delivery.hands import Hands
from tests.factories.delivery import DeliveryFactory, RunFactory
from workspaces.models import Workspace

LANE = Lane(pk=7_000_001, opened_at=datetime(2026, 5, 18, tzinfo=UTC))
ANOTHER = Lane(pk=7_000_001, opened_at=datetime(2026, 5, 19, tzinfo=UTC))
KEYS = st.integers(min_value=1, max_value=2**50 - 1)
EVENTS = st.tuples(KEYS, st.sampled_from([None, *Fate]), st.integers(min_value=200, max_value=599))


@pytest.fixture
def journal() -> Iterator[Journal]:
    notes = Journal(LANE)
    yield notes
    notes.close()
    discard_notes(LANE)


def test_a_lane_without_notes_here_is_told_from_one_that_did_nothing(journal: Journal) -> None:
    assert read_notes(LANE) == {}
    assert read_notes(ANOTHER) is None


@given(st.lists(EVENTS, max_size=50))
def test_the_last_note_on_each_message_is_read_back(events: list[tuple[int, Fate | None, int]]) -> None:
    notes = Journal(ANOTHER)
    expected: dict[int, Note] = {}
    for key, fate, code in events:
        if fate is None:
            notes.about_to_end(key)
        else:
            notes.settled(key, fate, code)
        expected[key] = Note(fate, code if fate else None)

    assert read_notes(ANOTHER) == expected
    notes.close()
    discard_notes(ANOTHER)


def test_an_answer_without_a_code_has_none(journal: Journal) -> None:
    journal.settled(5, Fate.UNKNOWN, None)

    assert read_notes(LANE) == {5: Note(Fate.UNKNOWN, None)}


def test_a_message_that_came_back_is_as_if_it_had_never_left(journal: Journal) -> None:
    journal.about_to_end(5)
    journal.about_to_end(6)
    journal.returned(5)

    assert read_notes(LANE) == {6: Note(None, None)}


def test_the_room_for_all_notes_is_taken_at_the_start(journal: Journal) -> None:
    assert path_of(LANE).stat().st_blocks * 512 >= SIZE, "a hole would kill the worker once the disk is full"


def test_a_round_ends_before_the_notes_are_full(journal: Journal) -> None:
    for key in range(1, SIZE * 3 // 4 // 8 + 1):
        journal.about_to_end(key)

    assert not journal.is_full
    journal.about_to_end(1)
    assert journal.is_full


class TestAfterADeath:
    """Four messages were intended in one commit; the process died before the next."""

    @pytest.fixture
    def run(self, workspace: Workspace) -> Run:
        made: Run = RunFactory.create(workspace=workspace)
        return made

    def _left_behind(self, run: Run, now: datetime, count: int) -> tuple[Lane, list[Delivery]]:
        lane = Lane.objects.create(run=run, opened_at=now)
        rows = [DeliveryFactory.create(run=run) for _number in range(count)]
        Hands(run, lane).take(1000, now)
        return lane, rows

    def test_each_message_is_settled_by_what_is_known_of_it(self, run: Run, now: datetime) -> None:
        lane, (untouched, asked, taken, refused, later) = self._left_behind(run, now, 5)
        notes = Journal(lane)
        for row in (asked, taken, refused, later):
            notes.about_to_end(row.pk)
        notes.settled(taken.pk, Fate.ACCEPTED, 250)
        notes.settled(refused.pk, Fate.CONTENT_REFUSED, 554)
        notes.settled(later.pk, Fate.LATER, 451)
        notes.close()

        assert ledger.reap(now) == 1

        found = {row.pk: row for row in run.deliveries.all()}
        assert (found[untouched.pk].state, found[untouched.pk].attempt) == (DeliveryState.QUEUED, 0)
        assert (found[asked.pk].state, found[asked.pk].reason) == (DeliveryState.UNKNOWN, Reason.WORKER_LOST)
        assert (found[taken.pk].state, found[taken.pk].reply_code) == (DeliveryState.SENT, 250)
        assert (found[refused.pk].state, found[refused.pk].reply_code) == (DeliveryState.FAILED, 554)
        assert found[later.pk].state == DeliveryState.DEFERRED
        again_at = found[later.pk].next_attempt_at
        assert again_at
        assert again_at > now

    def test_a_worker_that_lost_its_session_and_lives_on_is_not_buried(self, run: Run, now: datetime) -> None:
        lane, (row,) = self._left_behind(run, now, 1)
        notes = Journal(lane)

        buried_alive = ledger.reap(now)
        notes.about_to_end(row.pk)
        notes.settled(row.pk, Fate.ACCEPTED, 250)
        notes.close()
        buried = ledger.reap(now)

        row.refresh_from_db()
        assert (buried_alive, buried) == (0, 1)
        assert row.state == DeliveryState.SENT, "it would have gone out a second time"

    def test_the_notes_go_once_the_ledger_has_everything(
        self, run: Run, now: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        lane, _rows = self._left_behind(run, now, 1)
        Journal(lane).close()

        with django_capture_on_commit_callbacks(execute=True):
            ledger.reap(now)

        assert not path_of(lane).exists()

    def test_without_notes_nobody_guesses(self, run: Run, now: datetime) -> None:
        _lane, rows = self._left_behind(run, now, 2)

        ledger.reap(now)

        assert {row.state for row in run.deliveries.all()} == {DeliveryState.UNKNOWN}
        assert len(rows) == 2
