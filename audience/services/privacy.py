"""Verbs on what people ask about their data: a copy, to be forgotten; confirmed by mail, withdrawn, declined."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audience.disclosing.making import person_archive
from audience.erasing.holding import hold_contact
from audience.models import Contact, ErasureRecord, PrivacyRequest, PrivacySettings, RequestKind, RequestState
from audience.services.erasures import erase_contact
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.systemmail import post

LETTER = "audience.privacy"


class RequestGone(DomainError):
    """The link leads to no request, or to one that is over."""

    code = "privacy_request_gone"
    status = 404


class RequestRefused(DomainError):
    """The request cannot be handled as asked."""

    code = "privacy_request_refused"


def disclose(*, contact: Contact, by: Member | None, now: datetime) -> bytes:
    """A copy of everything about the person, as a ZIP (`audience.disclosing`). Each one is written down."""
    packed = person_archive(contact, now)
    record("contact.disclosed", contact, by=by, now=now)
    return packed


@transaction.atomic
def ask_about_data(
    *, contact: Contact, kind: RequestKind, evidence: Mapping[str, Any], now: datetime
) -> PrivacyRequest:
    """Take down that the person asks for a copy, or to be forgotten, and write to the address about it.

    Who opened the reader's page may have been forwarded a mail: so nothing is shown or erased here. A copy is fetched
    by the link in the mail; an erasure is decided by a member, and the reader of the mail can confirm or stop it. One
    mail of a kind a day; an erasure that is asked for again is the request that is open already.
    """
    hold_contact(contact)
    mine = PrivacyRequest.objects.filter(contact=contact, kind=kind)
    today = now.astimezone(UTC).date()
    known = mine.filter(state=RequestState.OPEN).first() if kind == RequestKind.ERASURE else None
    known = known or mine.filter(mailed_on=today).first()
    if known is not None:
        return known
    local_day = now.astimezone(contact.workspace.zone).date()
    asked = PrivacyRequest.objects.create(
        workspace=contact.workspace,
        contact=contact,
        kind=kind,
        asked_at=now,
        due_on=a_month_after(local_day),
        mailed_on=today,
        evidence=dict(evidence),
    )
    post(LETTER, workspace=contact.workspace, object_id=asked.pk, to=contact.email, now=now)
    record("privacy.asked", asked, by=None, now=now)
    return asked


def a_month_after(day: date) -> date:
    """The same day of the next month, or its last (GDPR article 12(3); Regulation 1182/71 article 3)."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def privacy_token(request: PrivacyRequest) -> str:
    return seal(Kind.PRIVACY, request.pk)


def privacy_request_of(token: str, now: datetime) -> PrivacyRequest:
    """The request that a mail's link leads to. Raises `RequestGone`, for any defect alike."""
    try:
        (key,) = unseal(Kind.PRIVACY, token)
    except (BadToken, ValueError) as error:
        raise _gone() from error
    found = PrivacyRequest.objects.select_related("workspace", "contact__workspace", "contact__seller__user")
    asked = found.filter(pk=key, contact__isnull=False).first()
    if asked is None or (asked.kind == RequestKind.COPY and not asked.copy_works(now)):
        raise _gone()
    return asked


def _gone() -> RequestGone:
    return RequestGone(_("This link no longer works. Ask again on the page of your choices, and you get a new one."))


@transaction.atomic
def fetch_copy(*, asked: PrivacyRequest, now: datetime) -> bytes:
    """What the reader of the mail fetches: the ZIP. Works as long as the link does, any number of times."""
    if asked.contact is None or not asked.copy_works(now):
        raise _gone()
    PrivacyRequest.objects.filter(pk=asked.pk, state=RequestState.OPEN).update(
        state=RequestState.DONE, handled_at=now, confirmed_at=now
    )
    return disclose(contact=asked.contact, by=None, now=now)


@transaction.atomic
def confirm_erasure(*, asked: PrivacyRequest, now: datetime) -> None:
    """The reader of the address's mail says that it was meant. Erases nothing. Repeating is harmless."""
    waiting = PrivacyRequest.objects.waiting().filter(pk=asked.pk, confirmed_at=None)
    if waiting.update(confirmed_at=now):
        record("privacy.confirmed", asked, by=None, now=now)


@transaction.atomic
def withdraw_request(*, asked: PrivacyRequest, now: datetime) -> None:
    """The reader of the address's mail says that nothing shall be erased. Repeating is harmless."""
    if PrivacyRequest.objects.waiting().filter(pk=asked.pk).update(state=RequestState.WITHDRAWN, handled_at=now):
        record("privacy.withdrawn", asked, by=None, now=now)


@transaction.atomic
def decline_request(*, asked: PrivacyRequest, note: str, by: Member, now: datetime) -> None:
    """Do not erase, and say why: the person may ask (GDPR article 12(4)). Raises `RequestRefused`."""
    if not note.strip():
        raise RequestRefused(_("Say why not: the person may ask."), fields={"note": [_("Needed.")]})
    values = {"state": RequestState.DECLINED, "handled_by": by, "handled_at": now, "note": note.strip()[:300]}
    if not PrivacyRequest.objects.waiting().filter(pk=asked.pk).update(**values):
        raise RequestRefused(_("Somebody has handled this request already."))
    record("privacy.declined", asked, by=by, now=now)


def fulfil_request(*, asked: PrivacyRequest, by: Member, now: datetime) -> ErasureRecord:
    """Erase the person who asked. Repeating gives the same receipt. Raises `RequestRefused` if it is not open."""
    if asked.contact is None or asked.kind != RequestKind.ERASURE or asked.state != RequestState.OPEN:
        raise RequestRefused(_("Somebody has handled this request already."))
    return erase_contact(contact=asked.contact, by=by, now=now)


def privacy_settings(workspace: Workspace) -> PrivacySettings:
    """What the workspace says; one that is not stored while it has said nothing."""
    return PrivacySettings.objects.for_workspace(workspace).first() or PrivacySettings(workspace=workspace)


@transaction.atomic
def change_privacy_settings(
    *, workspace: Workspace, said: Mapping[str, Any], by: Member, now: datetime
) -> PrivacySettings:
    """Write what the workspace says about its data; fields that are not named stay."""
    try:
        with transaction.atomic():
            found, _created = PrivacySettings.objects.update_or_create(workspace=workspace, defaults=dict(said))
    except IntegrityError:  # somebody wrote the first row at the same moment
        found, _created = PrivacySettings.objects.update_or_create(workspace=workspace, defaults=dict(said))
    record("privacy.settings_changed", found, by=by, now=now, fields=sorted(said))
    return found
