"""Rows of the workspaces app."""

from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from workspaces.models import Member, User, Workspace
from workspaces.permissions import Role

PASSWORD = "correct-horse-battery"


class WorkspaceFactory(DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Business {n}")
    slug = factory.Sequence(lambda n: f"business-{n}")
    time_zone = "Europe/Sofia"
    postal_address = "12 Oborishte Street, 1504 Sofia, Bulgaria"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    time_zone = "Europe/Sofia"

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **_kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])


class MemberFactory(DjangoModelFactory[Member]):
    class Meta:
        model = Member

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.MARKETER
    joined_at = factory.LazyFunction(timezone.now)
