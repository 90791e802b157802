"""What a member wants to be told, and how: mutes and the settings of mails."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.models import DigestPace, Member, Notice, NoticeMute, NoticeSettings
from workspaces.models.notices import FIRST_HOUR, LAST_HOUR
from workspaces.notices.kinds import is_object, kinds_for, places
from workspaces.notices.times import mail_time


class NoticeRefused(DomainError):
    """The wish names something that nobody is told of."""

    code = "notice_refused"


class NoticeLinkInvalid(DomainError):
    """The link in the mail was never ours, or belongs to a member who has left."""

    code = "notice_link_invalid"
    status = 410


@transaction.atomic
def mute_object(*, member: Member, about_type: str, about_id: int, is_muted: bool, now: datetime) -> None:
    """Tell a member nothing more of an object, or again. Repeating changes nothing.

    Raises `NoticeRefused` for an object that does not exist in the workspace.
    """
    if is_muted and about_id not in places(member, about_type, {about_id}):
        raise NoticeRefused(_("There is nothing of this kind to be told of."))
    _set(member, is_muted=is_muted, now=now, about_type=about_type, about_id=about_id)
    if is_muted:
        Notice.objects.filter(member=member).unread().about(about_type, about_id).update(mail_at=None)


def is_muted(member: Member, about_type: str, about_id: int) -> bool:
    return NoticeMute.objects.filter(member=member, about_type=about_type, about_id=about_id, kind="").exists()


def _set(member: Member, *, is_muted: bool, now: datetime, **what: Any) -> None:
    if is_muted:
        _mute, changed = NoticeMute.objects.get_or_create(workspace=member.workspace, member=member, **what)
    else:
        changed = bool(NoticeMute.objects.filter(member=member, **what).delete()[0])
    if changed:
        record("notices.muted" if is_muted else "notices.unmuted", member, by=member, now=now)


def settings_of(member: Member) -> NoticeSettings:
    """What a member has chosen, else the usual; not saved."""
    found = NoticeSettings.objects.filter(member=member).first()
    return found or NoticeSettings(workspace=member.workspace, member=member)


def muted_kinds(member: Member) -> set[str]:
    found = NoticeMute.objects.filter(member=member).exclude(kind="")
    return set(found.values_list("kind", flat=True))


def muted_objects(member: Member) -> list[NoticeMute]:
    found = NoticeMute.objects.filter(member=member, kind="")
    return [mute for mute in found.order_by("-pk") if is_object(mute.about_type)]


@transaction.atomic
def choose(
    *,
    member: Member,
    digest: DigestPace,
    hour: int,
    at_once: Iterable[str],
    muted: Iterable[str],
    now: datetime,
) -> NoticeSettings:
    """Choose when mails come, which kinds come at once, and which kinds are not told at all.

    What waits for a mail is planned anew. Raises `NoticeRefused` for an hour that no day has, a kind the member cannot
    be told of, or one at once that is not urgent.
    """
    known = {kind.key: kind for kind in kinds_for(member)}
    wanted, silent = set(at_once), set(muted)
    if not FIRST_HOUR <= hour <= LAST_HOUR:
        raise NoticeRefused(_("A day has the hours 0 to 23."), fields={"hour": [_("No hour of a day.")]})
    if not silent <= set(known):
        raise NoticeRefused(_("There is no such kind of news."), fields={"muted": [_("Unknown kind.")]})
    if not wanted <= {key for key, kind in known.items() if kind.is_urgent}:
        raise NoticeRefused(_("Only urgent news come by mail at once."), fields={"at_once": [_("Not urgent.")]})
    chosen, _created = NoticeSettings.objects.update_or_create(
        member=member,
        defaults={"workspace": member.workspace, "digest": digest, "hour": hour, "at_once": sorted(wanted)},
    )
    for key in known:
        _set(member, is_muted=key in silent, now=now, kind=key)
    _plan_mails_anew(member, chosen, now)
    record("notices.settings_changed", member, by=member, now=now, digest=digest, hour=hour, at_once=sorted(wanted))
    return chosen


def follow_clock(member: Member, now: datetime) -> None:
    """Plan mails by the time zone in which the person lives now; what is due already goes out as it is."""
    _plan_mails_anew(member, settings_of(member), now, after=now)


def _plan_mails_anew(member: Member, chosen: NoticeSettings, now: datetime, after: datetime | None = None) -> None:
    """Move what waits for a mail to the moment chosen now; what is to be in no mail stays so.

    With `after`, only what was planned for later than that.
    """
    waiting = Notice.objects.filter(member=member, mail=None, mail_at__isnull=False).unread()
    if after is not None:
        waiting = waiting.filter(mail_at__gt=after)
    for kind in waiting.order_by().values_list("kind", flat=True).distinct():
        waiting.filter(kind=kind).update(mail_at=mail_time(chosen, member.user, kind, now))


def way_out(member: Member) -> str:
    """The token in the link with which a mail is stopped without signing in. It works for as long as the key does."""
    return seal(Kind.NOTICES, member.pk)


def member_behind(token: str) -> Member:
    """Whose mails a link stops. Raises `NoticeLinkInvalid`."""
    try:
        (pk,) = unseal(Kind.NOTICES, token)
    except (BadToken, ValueError) as error:
        raise NoticeLinkInvalid(_("This link is not valid. Open the one in the newest mail.")) from error
    member = Member.objects.active().select_related("workspace").filter(pk=pk).first()
    if member is None:
        raise NoticeLinkInvalid(_("You are no longer a member, so no mails come any more."))
    return member


def stop_mails(*, member: Member, now: datetime) -> None:
    """No more mails of what happens; the app goes on telling. Repeating is harmless."""
    chosen = settings_of(member)
    if chosen.digest != DigestPace.NEVER:
        choose(
            member=member,
            digest=DigestPace.NEVER,
            hour=chosen.hour,
            at_once=chosen.at_once,
            muted=muted_kinds(member),
            now=now,
        )
