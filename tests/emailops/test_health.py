"""What load balancers ask."""

from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.db.utils import ConnectionHandler
from django.test import Client
from pytest_django import DjangoDbBlocker


@pytest.fixture
def database_away(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """PostgreSQL does not answer."""
    away = ConnectionHandler({"default": {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": "1"}})["default"]
    ours = connections["default"]
    with django_db_blocker.unblock():
        connections["default"] = away
        yield
        connections["default"] = ours


def test_the_process_answers_without_a_database(client: Client) -> None:
    answer = client.get("/health/live/")

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


@pytest.mark.django_db
def test_ready_means_postgresql_answers(client: Client) -> None:
    answer = client.get("/health/ready/")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.usefixtures("database_away")
def test_without_a_database_the_process_is_not_ready(client: Client) -> None:
    answer = client.get("/health/ready/")

    assert (answer.status_code, answer.json()) == (503, {"status": "no database"})


@pytest.mark.parametrize("path", ["/health/live/", "/health/ready/"])
def test_health_is_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
