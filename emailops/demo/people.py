"""Who works at Maren & Moss, and how they came in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.core.mail.backends.dummy import EmailBackend

from workspaces import systemmail
from workspaces.models import Member, User
from workspaces.permissions import Role
from workspaces.services import accept_invitation, create_workspace, invitation_token, invite

PASSWORD = "rosehip-and-moss"  # noqa: S105  the sample people's, printed on start


@dataclass(frozen=True, slots=True)
class Person:
    """One of the sample people."""

    email: str
    name: str
    title: str
    role: Role
    language: str = "en"

    @property
    def key(self) -> str:
        return self.name.split(maxsplit=1)[0].lower()


PEOPLE = (
    Person("elena@marenmoss.example", "Elena Petrova", "Marketing lead", Role.LEAD),
    Person("marta@marenmoss.example", "Marta Lindqvist", "Founder", Role.OWNER),
    Person("sofia@marenmoss.example", "Sofia Marchetti", "Copywriter", Role.MARKETER),
    Person("ivo@marenmoss.example", "Ivo Dimitrov", "Email developer", Role.MARKETER),
    Person("nika@marenmoss.example", "Nika Sokolova", "Designer", Role.MARKETER),
    Person("daniel@marenmoss.example", "Daniel Okafor", "Analyst", Role.ANALYST),
    Person("tomas@marenmoss.example", "Tomas Berg", "Key accounts", Role.SELLER),
    Person("greta@marenmoss.example", "Greta Holm", "Accountant", Role.GUEST),
    Person("freja@ateliernord.example", "Freja Nordahl", "Studio owner", Role.OWNER),
)
PAUSE = timedelta(minutes=80)  # between two invitations, so that all have come by the evening
AT_THE_SHOP = PEOPLE[:-1]
STUDIO_OWNER = PEOPLE[-1]


def make_users() -> dict[str, User]:
    """The sample people's accounts, by first name."""
    hashed = make_password(PASSWORD)  # once: hashing is slow by intent, and they all share it
    users = {}
    for person in PEOPLE:
        user = User.objects.create_user(
            person.email, name=person.name, language=person.language, time_zone="Europe/Sofia"
        )
        user.password = hashed
        user.save(update_fields=["password"])
        users[person.key] = user
    return users


def found_shop(users: dict[str, User], founded: datetime) -> dict[str, Member]:
    """Elena opens the workspace and invites the others, who come in one after the other."""
    lead = create_workspace(
        name="Maren & Moss",
        user=users["elena"],
        role=Role.LEAD,
        now=founded,
        time_zone="Europe/Sofia",
        postal_address="Maren & Moss Ltd\n12 Oborishte Street\n1504 Sofia, Bulgaria",
    )
    cast = {"elena": lead}
    for n, person in enumerate(AT_THE_SHOP[1:], start=1):
        cast[person.key] = bring_in(person, users[person.key], by=lead, now=founded + PAUSE * n)
    return cast


def bring_in(person: Person, user: User, *, by: Member, now: datetime) -> Member:
    """Invite somebody who follows the mailed link before the hour is over."""
    invitation = invite(workspace=by.workspace, email=person.email, role=person.role, by=by, now=now)
    empty_outbox(now)
    return accept_invitation(token=invitation_token(invitation), user=user, now=now + PAUSE / 2)


def empty_outbox(now: datetime) -> None:
    """Send the product's own mails of that time to nobody: they were read long ago."""
    while systemmail.send_due(now, connection=EmailBackend()):
        pass


def invite_lena(lead: Member, now: datetime) -> None:
    """Somebody who has not come in yet."""
    invite(workspace=lead.workspace, email="lena@marenmoss.example", role=Role.MARKETER, by=lead, now=now)
    empty_outbox(now)
