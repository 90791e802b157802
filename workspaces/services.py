"""Verbs on workspaces, members, invitations and keys."""

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.models import ApiKey, Invitation, Member, User, Workspace
from workspaces.notices.wishes import follow_clock
from workspaces.permissions import SCOPES, Can, Role
from workspaces.systemmail import post

INVITATION_LIFE = timedelta(days=14)
LAST_USED_RESOLUTION = timedelta(minutes=1)  # a key's use is written at most this often
NONCE_BITS = 63  # fits PostgreSQL's bigint


class MembershipRefused(DomainError):
    """The change of members would leave the workspace in a state it must not be in."""

    code = "membership_refused"


class InvitationInvalid(DomainError):
    """The link was never ours, was used, was withdrawn or has expired."""

    code = "invitation_invalid"
    status = 410


class AccountRefused(DomainError):
    """The account asked for cannot be made."""

    code = "account_refused"


class KeyRefused(DomainError):
    """The API key asked for is not one we give."""

    code = "key_refused"


@transaction.atomic
def create_workspace(*, name: str, user: User, role: Role, now: datetime, **settings: str) -> Member:
    """Open a workspace with `user` as its first member. `settings` are fields of `Workspace`.

    Somebody's first workspace also sets that person's clock, as an invitation would.
    """
    workspace = _open(name, settings)
    if not user.memberships.exists():
        user.time_zone = workspace.time_zone
        user.save(update_fields=["time_zone"])
    member = Member.objects.create(workspace=workspace, user=user, role=role, joined_at=now)
    record("workspace.created", workspace, by=member, now=now)
    return member


def _open(name: str, settings: dict[str, str]) -> Workspace:
    while True:
        # Two people may open workspaces of one name at once: who comes second takes the next slug.
        with suppress(IntegrityError), transaction.atomic():
            return Workspace.objects.create(name=name, slug=_free_slug(name), **settings)


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


@transaction.atomic
def update_workspace(*, workspace: Workspace, by: Member, now: datetime, **changes: str) -> None:
    """Change the workspace's own fields; the audit entry keeps what they were."""
    before = Workspace.objects.select_for_update().values(*changes).get(pk=workspace.pk)
    for field, value in changes.items():
        setattr(workspace, field, value)
    workspace.save(update_fields=list(changes))
    changed = {field: [old, changes[field]] for field, old in before.items() if old != changes[field]}
    record("workspace.updated", workspace, by=by, now=now, changed=changed)


@transaction.atomic
def update_profile(*, user: User, memberships: list[Member], now: datetime, **changes: str) -> None:
    """Change one's own name, language or time zone; each workspace one belongs to sees it in its log.

    Mails of news that are planned come at the same hour of the new clock.
    """
    is_elsewhere = changes.get("time_zone", user.time_zone) != user.time_zone
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))
    for member in memberships:
        record("member.profile_updated", member, by=member, now=now, fields=sorted(changes))
        if is_elsewhere:
            member.user = user
            follow_clock(member, now)


@transaction.atomic
def invite(*, workspace: Workspace, email: str, role: Role, by: Member, now: datetime) -> Invitation:
    """Mail a link that makes its holder a member. An open invitation to the same address is replaced.

    Raises `MembershipRefused` if the address already belongs to a member.
    """
    _lock_members(workspace)
    email = email.strip().lower()
    if Member.objects.for_workspace(workspace).active().filter(user__email__iexact=email).exists():
        raise MembershipRefused(
            _("%(email)s is already a member.") % {"email": email}, fields={"email": [_("Already a member.")]}
        )
    Invitation.objects.for_workspace(workspace).filter(email__iexact=email, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email,
        role=role,
        invited_by=by,
        nonce=secrets.randbits(NONCE_BITS),
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    record("invitation.sent", invitation, by=by, now=now, role=role)
    post("workspaces.invitation", workspace=workspace, object_id=invitation.pk, to=email, now=now)
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Member, now: datetime) -> None:
    """Make the mailed link worthless. Repeating is harmless; an accepted invitation is refused."""
    open_now = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if open_now.update(revoked_at=now):
        record("invitation.revoked", invitation, by=by, now=now)
    elif Invitation.objects.filter(pk=invitation.pk).exclude(accepted_at=None).exists():
        raise MembershipRefused(_("This invitation was accepted. Remove the member instead."))


def invitation_token(invitation: Invitation) -> str:
    return seal(Kind.INVITATION, invitation.pk, invitation.nonce)


def open_invitation(token: str, now: datetime) -> Invitation:
    """The invitation behind a mailed link. Raises `InvitationInvalid`."""
    try:
        pk, nonce = unseal(Kind.INVITATION, token)
    except (BadToken, ValueError) as error:
        raise _invalid() from error
    invitation = Invitation.objects.select_related("workspace", "invited_by__user").filter(pk=pk, nonce=nonce).first()
    if invitation is None or not invitation.is_open(now):
        raise _invalid()
    return invitation


def _invalid() -> InvitationInvalid:
    return InvitationInvalid(_("This invitation is no longer valid. Ask for a new one."))


@transaction.atomic
def accept_invitation(*, token: str, user: User, now: datetime) -> Member:
    """Make `user` a member. Each link works once; a former member comes back with the new role.

    Raises `InvitationInvalid`, also when somebody else was quicker, and `MembershipRefused` if `user` is a member
    already: the link is then somebody else's.
    """
    return _join(_use(token, now), user, now)


@transaction.atomic
def join_with_account(*, token: str, name: str, password: str, now: datetime) -> Member:
    """Make an account for the invited address and a member of it.

    Raises `InvitationInvalid`, also when somebody else was quicker, and `AccountRefused` if the address has an account
    or the password is too weak.
    """
    invitation = _use(token, now)
    email, workspace = invitation.email, invitation.workspace
    if User.objects.filter(email__iexact=email).exists():
        raise AccountRefused(_("This address has an account. Sign in, then open the link again."))
    person = {"name": name, "language": workspace.language, "time_zone": workspace.time_zone}
    try:
        validate_password(password, User(email=email, **person))
    except ValidationError as weak:
        raise AccountRefused(_("Choose a stronger password."), fields={"password": weak.messages}) from weak
    return _join(invitation, User.objects.create_user(email, password, **person), now)


def _use(token: str, now: datetime) -> Invitation:
    invitation = open_invitation(token, now)
    if not Invitation.objects.open(now).filter(pk=invitation.pk).update(accepted_at=now):
        raise _invalid()
    return invitation


def _join(invitation: Invitation, user: User, now: datetime) -> Member:
    if Member.objects.for_workspace(invitation.workspace).active().filter(user=user).exists():
        raise MembershipRefused(
            _("You are a member of %(workspace)s already. Leave this link to %(email)s.")
            % {"workspace": invitation.workspace, "email": invitation.email}
        )
    member, _created = Member.objects.update_or_create(
        workspace=invitation.workspace,
        user=user,
        defaults={"role": invitation.role, "left_at": None},
        create_defaults={"role": invitation.role, "joined_at": now},
    )
    record("member.joined", member, by=member, now=now, role=invitation.role)
    return member


@transaction.atomic
def change_role(*, member: Member, role: Role, by: Member, now: datetime) -> None:
    """Give a member another role. Raises `MembershipRefused` rather than leave nobody who can manage."""
    _lock_members(member.workspace)
    old = member.role
    member.role = role
    _require_a_manager(member.workspace, without=None if member.may(Can.MANAGE_WORKSPACE) else member)
    member.save(update_fields=["role"])
    record("member.role_changed", member, by=by, now=now, old=old, new=role)


@transaction.atomic
def remove_member(*, member: Member, by: Member, now: datetime) -> None:
    """End a membership and the keys made under it. What the person did stays in the history."""
    _lock_members(member.workspace)
    _require_a_manager(member.workspace, without=member)
    member.left_at = now
    member.save(update_fields=["left_at"])
    member.api_keys.filter(revoked_at=None).update(revoked_at=now)
    record("member.removed", member, by=by, now=now)


def _lock_members(workspace: Workspace) -> None:
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def _require_a_manager(workspace: Workspace, *, without: Member | None) -> None:
    others = Member.objects.for_workspace(workspace).active().filter(role__in=(Role.OWNER, Role.LEAD))
    if without is not None and not others.exclude(pk=without.pk).exists():
        raise MembershipRefused(_("Somebody has to manage the workspace. Make another member lead or owner first."))


@transaction.atomic
def create_api_key(
    *, workspace: Workspace, name: str, scopes: list[str], by: Member, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is shown once and never kept.

    Raises `KeyRefused` for unknown scopes, and for a key that would be expired from the start.
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise KeyRefused(_("Choose at least one scope from the list."), fields={"scopes": [_("Unknown or no scope.")]})
    if expires_at is not None and expires_at <= now:
        raise KeyRefused(_("A key has to expire in the future."), fields={"expires_at": [_("This day has passed.")]})
    prefix = f"eo_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        workspace=workspace,
        name=name,
        member=by,
        prefix=prefix,
        secret_hash=hash_secret(secret),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    record("api_key.created", key, by=by, now=now, scopes=key.scopes)
    return key, secret


def hash_secret(secret: str) -> str:
    """SHA-256: a key has 256 random bits, so a slow password hash would protect nothing more."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: Member, now: datetime) -> None:
    """End a key at once. Repeating is harmless."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        record("api_key.revoked", key, by=by, now=now)


def authenticate_key(secret: str, now: datetime) -> ApiKey | None:
    """The valid key with this secret, its member still active; None otherwise."""
    key = (
        ApiKey.objects.valid(now)
        .filter(secret_hash=hash_secret(secret), member__left_at=None, member__user__is_active=True)
        .select_related("workspace", "member__user", "member__workspace")
        .first()
    )
    if key and (key.last_used_at is None or now - key.last_used_at > LAST_USED_RESOLUTION):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key
