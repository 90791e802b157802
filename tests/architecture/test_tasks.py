"""Bells: every name that is rung belongs to a task, and tasks have the shape that a rolling deployment needs."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings

from tests.architecture.sources import APPS, calls, product_modules, tree_of, words_in

Tasks = dict[str, object]


def _ours() -> Tasks:
    """Registered tasks by name, without Celery's own."""
    return {name: task for name, task in current_app.tasks.items() if name.split(".")[0] in APPS}


def _unheard(tree: ast.AST, registered: Tasks) -> Iterator[str]:
    """Bells that no task hears, or whose name cannot be read from the source."""
    for call in calls(tree, "enqueue"):
        names = _names(call.args[0]) if call.args else []
        if not names:
            yield f"line {call.lineno}: the name of the task is not written out"
        yield from (f"line {call.lineno}: {name}" for name in names if name not in registered)


def _names(argument: ast.expr) -> list[str]:
    """One name, or the two of `a if condition else b`."""
    ends = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
    return [word for end in ends if isinstance(end, ast.Constant) for word in words_in(end)]


@pytest.mark.parametrize("module", product_modules(), ids=str)
def test_every_bell_is_heard_by_a_task(module: Path) -> None:
    assert list(_unheard(tree_of(module), _ours())) == []


@pytest.mark.parametrize(
    "source",
    ["enqueue('delivery.gone', pk=1)", "enqueue('delivery.ring' if a else 'delivery.gone')", "queue.enqueue(name)"],
)
def test_a_bell_that_nobody_hears_is_found(source: str) -> None:
    assert len(list(_unheard(ast.parse(source), {"delivery.ring": None}))) == 1


def test_every_app_rings_somebody_or_is_rung() -> None:
    assert {name.split(".")[0] for name in _ours()} >= {"workspaces", "audience", "strategy", "delivery", "insights"}


def test_beat_rings_registered_tasks() -> None:
    rung = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert rung - set(_ours()) == set()


def test_routes_name_registered_tasks() -> None:
    assert set(settings.CELERY_TASK_ROUTES) - set(_ours()) == set()


def _misshapen(name: str, task: object) -> Iterator[str]:
    """Web and workers are deployed at different moments: a task must bear arguments it does not know yet."""
    run = inspect.unwrap(getattr(task, "run", task))  # type: ignore[arg-type]  # a task or a plain function
    if not name.startswith(f"{run.__module__.split('.')[0]}."):
        yield f"{name} is not named after its app"
    if not any(part.kind is part.VAR_KEYWORD for part in inspect.signature(run).parameters.values()):
        yield f"{name} takes no **_future"


def test_every_task_is_named_after_its_app_and_takes_what_it_does_not_know_yet() -> None:
    assert [fault for name, task in _ours().items() for fault in _misshapen(name, task)] == []


def test_a_task_of_another_shape_is_found() -> None:
    def ring(run_id: int) -> None: ...

    assert len(list(_misshapen("delivery.ring", ring))) == 2
