"""Who works at Maren & Moss, and the order in which the company's story is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from workspaces.models import Member, User, Workspace
from workspaces.permissions import Role
from workspaces.services import create_workspace

PASSWORD = "rosehip-and-moss"  # noqa: S105  the sample people's, printed on start


@dataclass(frozen=True, slots=True)
class Person:
    """One of the sample people."""

    email: str
    name: str
    title: str
    role: Role
    language: str = "en"


PEOPLE = (
    Person("elena@marenmoss.example", "Elena Petrova", "Marketing lead", Role.LEAD),
    Person("marta@marenmoss.example", "Marta Lindqvist", "Founder", Role.OWNER),
)


def seed_if_empty(say: Callable[[str], object]) -> None:
    """Tell the company's story when there is no workspace yet."""
    if Workspace.objects.exists():
        return
    say("Telling the story of a sample company (about a minute, only this once) …")
    with transaction.atomic():
        tell(timezone.now())


def tell(now: datetime) -> None:
    """Everything, in the order in which it happened."""
    founded = now - timedelta(days=200)
    users = {
        p.email: User.objects.create_user(p.email, PASSWORD, name=p.name, time_zone="Europe/Sofia") for p in PEOPLE
    }
    lead = create_workspace(
        name="Maren & Moss",
        user=users["elena@marenmoss.example"],
        role=Role.LEAD,
        now=founded,
        time_zone="Europe/Sofia",
        postal_address="Maren & Moss Ltd, 12 Oborishte Street, 1504 Sofia, Bulgaria",
    )
    Member.objects.create(
        workspace=lead.workspace, user=users["marta@marenmoss.example"], role=Role.OWNER, joined_at=founded
    )
