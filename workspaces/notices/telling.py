"""Telling members what somebody did. Called by services, inside their transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from emailops.lib.queue import enqueue
from workspaces.live import announce
from workspaces.models import Member, Notice, NoticeMute, NoticeSettings
from workspaces.notices.kinds import kind_of
from workspaces.notices.times import mail_time
from workspaces.permissions import Can

TOPIC = "member"
"""The live topic of a person's bell, with the id of the member."""


def notify(
    kind: str,
    about: Model,
    *,
    to: Iterable[Member],
    by: Member | None,
    now: datetime,
    is_team_only: bool = False,
    is_mailed: bool = True,
    **detail: Any,
) -> list[Member]:
    """Tell members (each once) what `by` did to an object, in the app and, later or at once, by mail.

    Nobody is told of his or her own act, of a kind or an object that was muted, or of what the role may not see.
    `detail` holds ids, no words; `is_mailed` is False where a mail of its own goes out. Returns who was told.
    """
    told = _listeners(kind, about, {member.pk for member in to}, by, is_team_only)
    wishes = {wish.member_id: wish for wish in NoticeSettings.objects.filter(member__in=told)}
    notices = [
        Notice(
            workspace_id=member.workspace_id,
            member=member,
            kind=kind,
            about_type=about._meta.model_name or "",
            about_id=about.pk,
            detail=detail,
            is_team_only=is_team_only,
            by=by,
            at=now,
            mail_at=mail_time(wishes.get(member.pk), member.user, kind, now) if is_mailed else None,
        )
        for member in told
    ]
    Notice.objects.bulk_create(notices)
    for member in told:
        announce(member.workspace, TOPIC, member.pk)
    if any(notice.mail_at == now for notice in notices):
        enqueue("workspaces.mail_notices")
    return told


def _listeners(kind: str, about: Model, ids: set[int], by: Member | None, is_team_only: bool) -> list[Member]:
    """Those of the members who want to know it, and may."""
    ids -= {by.pk} if by else set()
    if not ids:
        return []
    found = Member.objects.active().filter(pk__in=ids, user__is_active=True).select_related("workspace")
    of_this = Q(about_type=about._meta.model_name or "", about_id=about.pk) | Q(kind=kind)
    deaf = set(NoticeMute.objects.filter(of_this, member__in=ids).values_list("member_id", flat=True))
    told = [member for member in found.order_by("pk") if member.pk not in deaf and kind_of(kind).is_for(member)]
    return [member for member in told if not is_team_only or member.may(Can.SEE_TEAM)]


def spare_mail(kinds: Collection[str], about: Model) -> None:
    """What was told of an object is over: it stays in the app and goes into no mail any more. Repeating is harmless."""
    waiting = Notice.objects.about(about._meta.model_name or "", about.pk).filter(kind__in=kinds, mail=None).unread()
    waiting.update(mail_at=None)
