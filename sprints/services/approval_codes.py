"""The mailed code: a yes to more than a set amount is confirmed by six digits sent to the one who says it."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.approval_log import tell
from sprints.deciders import policy_of
from sprints.models import YES, ApprovalCode, ApprovalEvent, ApprovalRequest
from workspaces.models import Member
from workspaces.systemmail import post

DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5
PAUSE = timedelta(minutes=1)  # between two codes, so that nobody floods a mailbox
MOST_CODES_AN_HOUR = 6  # 30 tries of 1,000,000 an hour


class CodeNeeded(DomainError):
    """The mailed code is missing, wrong, used up or too old. Nothing was decided."""

    code = "code_needed"


class HasVerdict(Protocol):
    """Whatever says yes or no."""

    @property
    def verdict(self) -> str: ...


def is_above(request: ApprovalRequest) -> bool:
    """Whether a yes to the whole of it would have to be confirmed."""
    above = policy_of(request.workspace).code_above
    return above is not None and request.cost > above


def needs_code(request: ApprovalRequest, whole: str, each: Iterable[HasVerdict]) -> bool:
    """Whether this answer has to be confirmed by a mailed code: any yes, once the plan costs more than the amount."""
    return (whole in YES or any(say.verdict in YES for say in each)) and is_above(request)


def confirm_code(*, request: ApprovalRequest, by: Member, code: str, now: datetime) -> ApprovalCode:
    """The row of the code that was typed, if it is right; each wrong one costs a try. Without a code one is mailed.

    Raises `CodeNeeded` for everything but the right code.
    """
    digits = "".join(filter(str.isdigit, code))
    if not digits:
        raise _mailed(request, by, now)
    row = _spend_try(request, by, now)
    if row is None:
        raise CodeNeeded(
            _("This code does not work any more. Leave the field empty and press the button again for a new one."),
            fields={"code": [_("Too old, or tried too often.")]},
        )
    if not constant_time_compare(row.code_hash, hash_code(row, digits)):
        left = MOST_TRIES - row.tries
        with transaction.atomic():
            tell(ApprovalEvent.CODE_REFUSED, request, by=by, now=now, left=left)
        raise CodeNeeded(
            _("That is not the code. Tries left: %(left)d.") % {"left": left}, fields={"code": [_("Wrong code.")]}
        )
    return row


def _mailed(request: ApprovalRequest, by: Member, now: datetime) -> CodeNeeded:
    is_new = ask_for_code(request=request, by=by, now=now)
    words = (
        _("We mailed a code of six digits to %(address)s. Type it here and press the button again.")
        if is_new
        else _("A code is on its way to %(address)s. Type it here; a new one can be had in a minute.")
    )
    return CodeNeeded(words % {"address": by.user.email}, fields={"code": [words % {"address": by.user.email}]})


@transaction.atomic
def ask_for_code(*, request: ApprovalRequest, by: Member, now: datetime) -> bool:
    """Have a code mailed to the one who decides. False, and nothing is mailed, when one was asked for just now."""
    ApprovalRequest.objects.select_for_update().get(pk=request.pk)
    mine = ApprovalCode.objects.filter(request=request, member=by)
    if mine.filter(asked_at__gt=now - PAUSE).exists():
        return False
    if mine.filter(asked_at__gt=now - timedelta(hours=1)).count() >= MOST_CODES_AN_HOUR:
        raise CodeNeeded(_("Too many codes were asked for. Try again in an hour."))
    row = ApprovalCode.objects.create(
        workspace=request.workspace, request=request, member=by, asked_at=now, expires_at=now + CODE_LIFE
    )
    tell(ApprovalEvent.CODE_MAILED, request, by=by, now=now, to=by.user.email)
    post("sprints.approval_code", workspace=request.workspace, object_id=row.pk, to=by.user.email, now=now)
    return True


def make_code(row: ApprovalCode, now: datetime) -> str:
    """A fresh code for the mail that is being built; its ten minutes begin now, and any earlier one is void."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row.code_hash, row.expires_at = hash_code(row, code), now + CODE_LIFE
    row.save(update_fields=["code_hash", "expires_at"])
    return code


def hash_code(row: ApprovalCode, code: str) -> str:
    """Keyed with the installation's secret: a million codes are soon tried, but not without the key."""
    return salted_hmac("sprints.approval_code", f"{row.pk}:{code}", algorithm="sha256").hexdigest()


def _spend_try(request: ApprovalRequest, by: Member, now: datetime) -> ApprovalCode | None:
    """The newest code with one try less; None when there is none that still works."""
    newest = ApprovalCode.objects.filter(request=request, member=by).order_by("-asked_at", "-pk").first()
    if newest is None or not newest.works(now):
        return None
    usable = ApprovalCode.objects.filter(pk=newest.pk, used_at=None, tries__lt=MOST_TRIES).exclude(code_hash="")
    # A conditional update: of tries at the same moment no more than five get through.
    if not usable.update(tries=F("tries") + 1):
        return None
    newest.refresh_from_db()
    return newest


def use_code(row: ApprovalCode, now: datetime) -> None:
    """Void the code with the decision it confirmed. Raises `CodeNeeded` when another decision used it first."""
    if not ApprovalCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        raise CodeNeeded(_("This code was used already."), fields={"code": [_("Used.")]})
