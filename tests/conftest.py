"""The cast, and the doors through which it enters: browser clients and API clients.

Everybody works at one business, except the outsider, who leads another.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django import Settings
from rest_framework.test import APIClient

from delivery.pace import buckets
from tests.chromium import chromium
from tests.databases import migrated_database
from tests.factories.workspaces import MemberFactory, UserFactory, WorkspaceFactory
from workspaces.models import Member, Workspace
from workspaces.permissions import SCOPES, Role
from workspaces.services import create_api_key

pytest_plugins = ["tests.abreast"]
Bell = tuple[str, dict[str, object]]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The tests' database begins as a copy, which takes a second."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def workspace(db: None) -> Workspace:
    made: Workspace = WorkspaceFactory.create(name="Maren & Moss", slug="maren-moss")
    return made


def _member(workspace: Workspace, role: Role, name: str) -> Member:
    user = UserFactory.create(name=name, email=f"{name.split(maxsplit=1)[0].lower()}@marenmoss.example")
    made: Member = MemberFactory.create(workspace=workspace, role=role, user=user)
    return made


@pytest.fixture
def owner(workspace: Workspace) -> Member:
    return _member(workspace, Role.OWNER, "Marta Lindqvist")


@pytest.fixture
def lead(workspace: Workspace) -> Member:
    return _member(workspace, Role.LEAD, "Elena Petrova")


@pytest.fixture
def marketer(workspace: Workspace) -> Member:
    return _member(workspace, Role.MARKETER, "Sofia Marchetti")


@pytest.fixture
def seller(workspace: Workspace) -> Member:
    return _member(workspace, Role.SELLER, "Tomas Berg")


@pytest.fixture
def analyst(workspace: Workspace) -> Member:
    return _member(workspace, Role.ANALYST, "Daniel Okafor")


@pytest.fixture
def guest(workspace: Workspace) -> Member:
    return _member(workspace, Role.GUEST, "Greta Holm")


@pytest.fixture
def outsider(db: None) -> Member:
    """Leads another business, so nothing of ours exists for this person."""
    return _member(WorkspaceFactory.create(name="Other Shop", slug="other-shop"), Role.LEAD, "Oleg Strange")


@pytest.fixture
def cast(
    owner: Member, lead: Member, marketer: Member, seller: Member, analyst: Member, guest: Member
) -> dict[Role, Member]:
    """One member for each role."""
    return {Role(member.role): member for member in (owner, lead, marketer, seller, analyst, guest)}


@pytest.fixture
def browse() -> Callable[[Member], Client]:
    """A signed-in browser for a member."""

    def enter(member: Member) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return enter


@pytest.fixture
def api(now: datetime) -> Callable[..., APIClient]:
    """A program's client with a key of this member; all scopes unless told otherwise."""

    def enter(member: Member, scopes: list[str] | None = None) -> APIClient:
        wanted = SCOPES if scopes is None else scopes
        _key, secret = create_api_key(workspace=member.workspace, name="test", scopes=wanted, by=member, now=now)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return enter


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[Bell]:
    """What was rung, in order, instead of going to the broker. Needs `django_capture_on_commit_callbacks`."""
    rung: list[Bell] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **_options: rung.append((name, kwargs)))
    return rung


@pytest.fixture(scope="session", autouse=True)
def _quick_settings(django_test_environment: None) -> None:
    """What only production needs: slow password hashes, and static files that were collected and hashed."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"


@pytest.fixture(autouse=True)
def _files_stay_in_the_test(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    """No limit that another test drew from, and nobody slowed down by its servers."""
    client = buckets.client()
    if keys := list(client.scan_iter(f"{buckets.PREFIX}*", count=1000)):
        client.delete(*keys)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its module: Playwright keeps a loop running, in which Django's database calls are refused."""
    with chromium() as running:
        yield running
