"""Who goes first, and that the processes we start serve everybody."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from delivery import services
from delivery.models import Run, RunState
from delivery.pace.queues import SMALL_RUN, Queue, queue_of, ring_run
from emailops.processes import specs
from tests.factories.delivery import RunFactory
from workspaces.models import Member, Workspace

Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Bells with how they were rung."""
    from celery import current_app

    rung: Sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **how: rung.append((name, how)))
    return rung


@pytest.mark.parametrize(("people", "queue"), [(1, "triggered"), (SMALL_RUN, "triggered"), (SMALL_RUN + 1, "bulk")])
def test_the_size_decides(people: int, queue: str) -> None:
    assert queue_of(Run(matched_count=people)) == queue


def test_a_run_without_a_list_is_bulk() -> None:
    assert queue_of(Run()) == Queue.BULK


def test_a_bell_goes_to_the_queue_of_its_run(
    workspace: Workspace, sent: Sent, django_capture_on_commit_callbacks: Any
) -> None:
    run = RunFactory.create(workspace=workspace, matched_count=3)

    with django_capture_on_commit_callbacks(execute=True):
        ring_run(run)

    [(name, how)] = sent
    assert (name, how["queue"], how["kwargs"]) == ("delivery.send_run", "triggered", {"run_id": run.pk})


def test_a_run_that_goes_on_is_rung_for_where_it_belongs(
    lead: Member, now: Any, sent: Sent, django_capture_on_commit_callbacks: Any
) -> None:
    run = RunFactory.create(workspace=lead.workspace, matched_count=3, state=RunState.PAUSED, campaign__state="paused")

    with django_capture_on_commit_callbacks(execute=True):
        services.resume(run=run, by=lead, now=now)

    assert [how["queue"] for name, how in sent if name == "delivery.send_run"] == ["triggered"]


def served(commands: list[str]) -> list[set[str]]:
    """The queues of each worker."""
    return [set(found[1].split(",")) for found in (re.search(r"--queues (\S+)", each) for each in commands) if found]


def compose() -> list[str]:
    text = (Path(settings.BASE_DIR) / "docker-compose.yml").read_text()
    return re.findall(r"command: (celery .* worker .*)", text)


def started() -> list[str]:
    return [" ".join(spec.command) for spec in specs(port=1, sandbox_port=2)]


@pytest.mark.parametrize("commands", [compose(), started()], ids=["docker-compose.yml", "demo"])
def test_every_queue_is_served_and_one_worker_serves_transactional_alone(commands: list[str]) -> None:
    queues = served(commands)

    assert set().union(*queues) == {*Queue, settings.CELERY_TASK_DEFAULT_QUEUE}
    assert {Queue.TRANSACTIONAL} in queues


def test_what_somebody_waits_for_is_transactional() -> None:
    routes = {name: route["queue"] for name, route in settings.CELERY_TASK_ROUTES.items()}

    assert {routes["delivery.send_test"], routes["workspaces.send_system_mail"]} == {Queue.TRANSACTIONAL}
    assert set(routes.values()) <= set(Queue)
