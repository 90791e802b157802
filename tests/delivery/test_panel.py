"""How far a send is, in words, colours and five parts."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from delivery.models import DeliveryState, Reason, Run, RunState
from delivery.panel import RunPanel, about
from delivery.progress import Progress
from delivery.queries import RunCounts
from tests.factories.delivery import SKIPPED, DeliveryFactory, RunFactory
from tests.factories.pace import use_up_the_day
from workspaces.models import Workspace


def panel(now: datetime, state: RunState = RunState.SENDING, trouble: str = "", **counts: float) -> RunPanel:
    """A panel over counts that need no ledger, without a limit a day."""
    made = RunPanel(Run(state=state, trouble=trouble), now)
    made.__dict__["progress"] = Progress(RunCounts(**counts), [])  # type: ignore[arg-type]
    made.__dict__["days_left"] = 1
    return made


def test_the_parts_are_everybody(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    for number, state in enumerate(DeliveryState, start=1):
        DeliveryFactory.create_batch(number, run=run, state=state)

    shown = RunPanel(run, now)

    assert sum(share.count for share in shown.shares) == shown.counts.matched == run.deliveries.count()
    assert [share.key for share in shown.shares] == ["sent", "pending", "skipped", "failed", "unknown"]


def test_trouble_is_coloured_only_where_there_is_some(now: datetime) -> None:
    clean, troubled = panel(now), panel(now, failed=1, unknown=2)

    assert [share.tone for share in clean.shares] == ["ok", "", "", "", ""]
    assert [share.tone for share in troubled.shares] == ["ok", "", "", "bad", "warn"]


def test_reasons_are_told_most_first_with_state_and_words(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=run, state=DeliveryState.FAILED, reason=Reason.REFUSED)
    DeliveryFactory.create_batch(2, run=run, **SKIPPED)
    DeliveryFactory.create(run=run, state=DeliveryState.SENT)

    lines = [(line.state, line.reason, line.state_label, line.label, line.count) for line in RunPanel(run, now).reasons]

    assert lines == [
        ("skipped", "no_consent", "Left out", "No consent", 2),
        ("failed", "refused", "Failed", "The receiving server refused the address", 1),
    ]


def test_everything_comes_from_two_queries(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shown = RunPanel(RunFactory.create(workspace=workspace), now)

    with django_assert_num_queries(2):
        _all = shown.groups, shown.shares, shown.reasons, shown.rate_words, shown.time_left_words, shown.tone


@pytest.mark.parametrize(
    ("state", "trouble", "tone"),
    [
        (RunState.DONE, "", "ok"),
        (RunState.SENDING, "", ""),
        (RunState.SENDING, "The mail server is away", "warn"),
        (RunState.PAUSED, "", "warn"),
        (RunState.CANCELLED, "", ""),
    ],
)
def test_the_bar_is_coloured_by_how_it_goes(now: datetime, state: RunState, trouble: str, tone: str) -> None:
    assert panel(now, state, trouble).tone == tone


@pytest.mark.parametrize(
    ("state", "rate", "words"),
    [
        (RunState.SENDING, 0.0, ""),
        (RunState.SENDING, 0.4, "1 a minute"),
        (RunState.SENDING, 119.0, "119 a minute"),
        (RunState.SENDING, 6000.0, "100 a second"),
        (RunState.PLANNING, 60.0, "60 a minute"),
        (RunState.PAUSED, 60.0, ""),
        (RunState.DONE, 60.0, ""),
    ],
)
def test_the_pace_is_told_while_it_moves(now: datetime, state: RunState, rate: float, words: str) -> None:
    assert panel(now, state, rate=rate).rate_words == words


def test_the_time_left_is_told_only_while_it_sends(now: datetime) -> None:

    told = {
        state: panel(now, state, matched=100, pending=60, deferred=20, rate=4.0).time_left_words for state in RunState
    }

    assert told == {state: "about 10 minutes left" if state == RunState.SENDING else "" for state in RunState}


def test_a_limit_a_day_says_how_long_it_takes(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace, speed_limit=60)
    use_up_the_day(run, now)  # a hundred mails
    DeliveryFactory.create_batch(150, run=run)

    shown = RunPanel(run, now)

    assert shown.time_left_words == "about 3 days left"  # nobody today, a hundred tomorrow, the rest the day after
    assert shown.speed_words == "At this speed the 150 who wait take 3 days."


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=1), "about 10 seconds left"),
        (timedelta(seconds=44), "about 40 seconds left"),
        (timedelta(seconds=90), "about 90 seconds left"),
        (timedelta(seconds=91), "about 2 minutes left"),
        (timedelta(minutes=89), "about 89 minutes left"),
        (timedelta(minutes=90), "about 2 hours left"),
        (timedelta(hours=47), "about 47 hours left"),
        (timedelta(hours=50), "about 2 days left"),
        (timedelta(days=1500), "about 1,500 days left"),
    ],
)
def test_a_span_is_said_as_people_say_it(span: timedelta, words: str) -> None:
    assert about(span) == words
