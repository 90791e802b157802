"""The ledger's statements stay cheap for a planner that knows only how the table was yesterday."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from delivery import ledger
from delivery.fates import Fate, Outcome
from delivery.ledger import Held, Settlement
from delivery.models import DeliveryState, Lane, Run
from tests.delivery.hands import Hands
from tests.factories.delivery import RunFactory, settled
from workspaces.models import Workspace

WAITING, IN_HAND = 2_000, 100
ACCEPTED = Outcome(Fate.ACCEPTED, 250, "2.0.0 Ok")


@contextmanager
def explained(*marks: str) -> Iterator[list[dict[str, Any]]]:
    """Run the statements that hold these words under EXPLAIN ANALYZE; the roots of their plans are what it gives."""
    plans: list[dict[str, Any]] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not all(mark in sql for mark in marks):
            return execute(sql, params, many, context)
        result = execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
        plans.append(context["cursor"].fetchone()[0][0]["Plan"])
        return result

    with connection.execute_wrapper(explain):
        yield plans


def rows_looked_at_in_vain(plan: dict[str, Any]) -> int:
    here = sum(plan.get(f"Rows Removed by {why}", 0) * plan["Actual Loops"] for why in ("Join Filter", "Filter"))
    return int(here) + sum(rows_looked_at_in_vain(part) for part in plan.get("Plans", ()))


@pytest.fixture
def run(workspace: Workspace, now: datetime) -> Run:
    """A run that waits whole, while the statistics tell of a ledger in which everything has been sent."""
    settled(RunFactory.create(workspace=workspace), 500, DeliveryState.SENT, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE delivery_delivery")
    run: Run = RunFactory.create(workspace=workspace)
    settled(run, WAITING, DeliveryState.QUEUED, now, decided_at=None, attempt=0)
    return run


def test_a_row_is_settled_without_a_look_through_the_ledger(run: Run, now: datetime) -> None:
    hands = Hands(run, Lane.objects.create(run=run, opened_at=now))
    taken: list[Held] = hands.take(IN_HAND, now)
    assert len(taken) == IN_HAND

    with explained("settled AS") as plans:
        ledger.settle(Settlement([(row, ACCEPTED) for row in taken]), hands.lane, now)

    assert run.deliveries.filter(state=DeliveryState.SENT).count() == IN_HAND
    assert sum(rows_looked_at_in_vain(plan) for plan in plans) <= WAITING + 500


def test_rows_that_are_due_again_are_taken_up_without_a_look_through_the_ledger(run: Run, now: datetime) -> None:
    hands = Hands(run, Lane.objects.create(run=run, opened_at=now))
    run.deliveries.update(next_attempt_at=now)

    with explained("picked AS") as plans:
        ledger.retake(run, hands.lane, limit=IN_HAND, now=now)

    assert run.deliveries.filter(state=DeliveryState.SENDING).count() == IN_HAND
    assert sum(rows_looked_at_in_vain(plan) for plan in plans) <= WAITING + 500
