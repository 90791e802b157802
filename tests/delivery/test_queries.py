"""What the pages ask of the ledger."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from delivery import queries
from delivery.models import Delivery, DeliveryState, HitKind, Nature, Reason, Run
from delivery.queries import links_followed, page_of_ledger, recipients, run_counts
from tests.factories.delivery import DeliveryFactory, HitFactory, RunFactory
from workspaces.models import Member, Workspace


def test_the_counts_add_up_from_one_query(
    workspace: Workspace, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = RunFactory.create(workspace=workspace)
    for state in DeliveryState:
        DeliveryFactory.create_batch(2, run=run, state=state)
    DeliveryFactory.create(state=DeliveryState.SENT)

    with django_assert_max_num_queries(1):
        counts = run_counts(run, now)

    assert (counts.matched, counts.sent, counts.skipped, counts.failed, counts.unknown) == (14, 2, 2, 2, 2)
    assert (counts.pending, counts.deferred) == (6, 2)
    assert counts.matched == counts.sent + counts.skipped + counts.failed + counts.unknown + counts.pending
    assert (counts.decided, counts.to_send, counts.done_rate) == (8, 12, 6 / 12)


def test_the_rate_is_that_of_the_last_minute_and_tells_what_is_left(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create_batch(6, run=run, state=DeliveryState.SENT, decided_at=now - timedelta(seconds=20))
    DeliveryFactory.create(run=run, state=DeliveryState.SENT, decided_at=now - timedelta(minutes=5))
    DeliveryFactory.create(run=run, state=DeliveryState.SKIPPED, decided_at=now)
    DeliveryFactory.create_batch(3, run=run)

    counts = run_counts(run, now)

    assert counts.rate == 6
    assert counts.time_left == timedelta(seconds=30)


def test_a_run_that_began_just_now_is_measured_over_its_own_life(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace, started_at=now - timedelta(seconds=10))
    DeliveryFactory.create_batch(5, run=run, state=DeliveryState.SENT, decided_at=now - timedelta(seconds=1))

    assert run_counts(run, now).rate == pytest.approx(30)


def test_nobody_can_tell_how_long_it_takes_while_nothing_goes_out(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=run)

    assert run_counts(run, now).time_left is None


def test_the_next_attempt_is_the_earliest_of_those_put_off(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    for minutes in (30, 5):
        DeliveryFactory.create(
            run=run, state=DeliveryState.DEFERRED, next_attempt_at=now + timedelta(minutes=minutes), decided_at=None
        )

    counts = run_counts(run, now)

    assert (counts.deferred, counts.next_attempt_at) == (2, now + timedelta(minutes=5))
    assert counts.time_left is None


def test_an_empty_run_is_done(workspace: Workspace, now: datetime) -> None:
    counts = run_counts(RunFactory.create(workspace=workspace), now)

    assert (counts.matched, counts.done_rate) == (0, 1.0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, 4),
        ({"state": "sent"}, 1),
        ({"state": "pending"}, 2),
        ({"reason": "no_consent"}, 1),
        ({"state": "sent", "reason": "no_consent"}, 0),
        ({"words": "ANN example"}, 1),
        ({"words": "nobody"}, 0),
        ({"words": "%"}, 0),
    ],
)
def test_the_ledger_is_narrowed(workspace: Workspace, lead: Member, asked: dict[str, str], expected: int) -> None:
    run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=run, contact__email="ann@example.org", state=DeliveryState.SENT)
    DeliveryFactory.create(run=run)
    DeliveryFactory.create(run=run, state=DeliveryState.DEFERRED)
    DeliveryFactory.create(run=run, state=DeliveryState.SKIPPED, reason=Reason.NO_CONSENT)

    assert recipients(run, lead, **asked).count() == expected


@pytest.mark.parametrize(("words", "expected"), [("ANN example", 1), ("nn", 0), ("", 2), ("%", 0)])
def test_in_a_large_run_words_are_found_by_how_they_begin(
    workspace: Workspace, lead: Member, monkeypatch: pytest.MonkeyPatch, words: str, expected: int
) -> None:
    monkeypatch.setattr(queries, "LARGEST_READ", 1)
    run = RunFactory.create(workspace=workspace, matched_count=2)
    DeliveryFactory.create(run=run, contact__email="ann@example.org")
    DeliveryFactory.create(run=run)

    assert recipients(run, lead, words=words).count() == expected


def test_the_ledger_is_read_page_by_page_both_ways(workspace: Workspace, lead: Member) -> None:
    run: Run = RunFactory.create(workspace=workspace)
    made: list[Delivery] = DeliveryFactory.create_batch(7, run=run)
    rows = recipients(run, lead)

    first = page_of_ledger(rows, size=3)
    second = page_of_ledger(rows, size=3, after=first.after)
    third = page_of_ledger(rows, size=3, after=second.after)
    back = page_of_ledger(rows, size=3, before=third.before)
    start = page_of_ledger(rows, size=3, before=back.before)

    assert [row.pk for page in (first, second, third) for row in page.rows] == [row.pk for row in made]
    assert (first.before, third.after) == (None, None)
    assert [row.pk for row in back.rows] == [row.pk for row in second.rows]
    assert [row.pk for row in start.rows] == [row.pk for row in first.rows]
    assert start.before is None
    assert page_of_ledger(rows, size=3, after=made[-1].pk).rows == []


def test_links_count_people_and_leave_out_machines(workspace: Workspace) -> None:
    run = RunFactory.create(workspace=workspace)
    ann, bob = DeliveryFactory.create_batch(2, run=run, state=DeliveryState.SENT)
    for row, url, nature in (
        (ann, "https://a.example/", Nature.HUMAN),
        (ann, "https://a.example/", Nature.HUMAN),
        (bob, "https://a.example/", Nature.HUMAN),
        (bob, "https://b.example/", Nature.HUMAN),
        (bob, "https://c.example/", Nature.MACHINE),
    ):
        HitFactory.create(delivery=row, url=url, nature=nature)
    HitFactory.create(delivery=ann, kind=HitKind.OPEN, url="")

    lines = [(line.url, line.people, line.clicks) for line in links_followed(run)]

    assert lines == [("https://a.example/", 2, 3), ("https://b.example/", 1, 1)]
