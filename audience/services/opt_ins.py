"""Verbs on requests to be written to: ask by mail, confirm, forget.

Nothing is known of an address before its reader has pressed the button that the mail leads to, so nothing is written to
a contact before. Whoever asks learns nothing either: the answer is the same for every address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audience.erasing.turns import wait_for_erasures
from audience.models import (
    Consent,
    Contact,
    OptInRequest,
    SignupForm,
    Suppression,
    SuppressionReason,
    Topic,
)
from audience.services.consent import OWN_WORDS, ConsentBasis, give_consent, take_back_unsubscribe
from audience.services.contacts import save_contact
from audience.services.lists import add_to_list
from audience.services.visitors import join_visitor
from audience.services.wishes import say_to_topic, set_tracking
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.models import Language, Member, Workspace
from workspaces.systemmail import post

ONE_A_DAY = timedelta(days=1)
KEPT = timedelta(days=30)  # what nobody confirmed: long enough to see that a form is abused
CONFIRMATION, WELCOME = "audience.opt_in", "audience.welcome"


class OptInGone(DomainError):
    """The link leads to no request that could still be confirmed."""

    code = "opt_in_gone"
    status = 404


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for: mail to an address, in these words, with what else was filled in.

    `values` holds `fields` and `attributes` as `save_contact` takes them, and in `site` the `visitor` who asks, if
    known.
    """

    email: str
    basis: ConsentBasis
    language: str = ""
    form: SignupForm | None = None
    tracking_wording: str = ""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    topics: Sequence[int] = ()


@transaction.atomic
def ask_to_opt_in(*, workspace: Workspace, ask: Ask, by: Member | None, now: datetime) -> OptInRequest:
    """Keep a request, and ask the address's reader by mail: at most once a day, and never one who is shut out.

    Changes nothing of a contact. Raises `InvalidAddress`.
    """
    request = _kept(workspace, ask, now)
    if _may_be_asked(request, now) and _took_the_day(request, now):
        post(CONFIRMATION, workspace=workspace, object_id=request.pk, to=request.email, now=now)
        record("opt_in.asked", workspace, by=by, now=now, request=request.pk, source=request.source)
    return request


@transaction.atomic
def opt_in_at_once(*, workspace: Workspace, ask: Ask, now: datetime) -> OptInRequest:
    """Take a request for agreed, without asking by mail. Lifts no suppression, and fills in only what was empty.

    Somebody who was erased is asked by mail all the same: a stranger must not bring the person back. Raises
    `InvalidAddress`.
    """
    wait_for_erasures(workspace)
    shut = Suppression.objects.for_workspace(workspace).of(read_address(ask.email).key)
    if shut.filter(reason=SuppressionReason.ERASED).exists():
        return ask_to_opt_in(workspace=workspace, ask=ask, by=None, now=now)
    request = _kept(workspace, ask, now)
    request.confirmed_at = now
    request.contact = _agreed(request, now, is_proven=False)
    request.save(update_fields=["confirmed_at", "contact"])
    record("opt_in.confirmed", request.contact, by=None, now=now, source=request.source)
    _welcome(request, now)
    return request


def _kept(workspace: Workspace, ask: Ask, now: datetime) -> OptInRequest:
    address = read_address(ask.email)
    return OptInRequest.objects.create(
        workspace=workspace,
        email=address.written,
        address=address.key,
        form=ask.form,
        form_version=ask.form.version_name if ask.form else ask.basis.form_version,
        source=ask.basis.source,
        wording=ask.basis.wording,
        tracking_wording=ask.tracking_wording,
        language=ask.language or workspace.language,
        values={name: dict(given) for name, given in ask.values.items()},
        topics=list(ask.topics),
        evidence=dict(ask.basis.evidence),
        asked_at=now,
    )


def _may_be_asked(request: OptInRequest, now: datetime) -> bool:
    """Who left may come back; whose address is dead, who complained, or whom we shut out is not asked again."""
    shut = Suppression.objects.for_workspace(request.workspace).of(request.address)
    if shut.exclude(reason__in=OWN_WORDS).exists():
        return False
    asked = OptInRequest.objects.for_workspace(request.workspace).filter(address=request.address)
    return not asked.filter(mailed_at__gt=now - ONE_A_DAY).exists()


def _took_the_day(request: OptInRequest, now: datetime) -> bool:
    """Whether no other request of this moment took the one mail of the day."""
    request.mailed_at, request.mailed_on = now, now.astimezone(UTC).date()
    try:
        with transaction.atomic():
            request.save(update_fields=["mailed_at", "mailed_on"])
    except IntegrityError:
        request.mailed_at = request.mailed_on = None
        return False
    return True


def opt_in_token(request: OptInRequest) -> str:
    return seal(Kind.OPT_IN, request.pk)


def opt_in_of(token: str) -> OptInRequest:
    """The request that a mail's link leads to. Raises `OptInGone`, for any defect alike."""
    try:
        (key,) = unseal(Kind.OPT_IN, token)
    except (BadToken, ValueError) as error:
        raise _gone() from error
    request = OptInRequest.objects.select_related("workspace", "form").filter(pk=key).first()
    if request is None:
        raise _gone()
    return request


def _gone() -> OptInGone:
    return OptInGone(_("This link no longer works. Fill in the form again, and you get a new one."))


def open_requests(request: OptInRequest, now: datetime) -> list[OptInRequest]:
    """What its reader can confirm now: the request, and others to the same address for which no mail went out."""
    rows = OptInRequest.objects.for_workspace(request.workspace).open(now).filter(address=request.address)
    return list(rows.select_related("form__contact_list", "workspace").order_by("asked_at", "pk"))


@transaction.atomic
def confirm_opt_in(*, request: OptInRequest, evidence: Mapping[str, Any], now: datetime) -> Contact:
    """Take the word of the address's reader for all that was asked for it. Confirming twice changes nothing.

    An unsubscribe of before is taken back, since its own reader asks for it; no other suppression is. Raises
    `OptInGone` when the link is too old.
    """
    wait_for_erasures(request.workspace)
    locked = OptInRequest.objects.select_for_update(of=("self",)).select_related("workspace", "contact")
    found = locked.filter(pk=request.pk).first()
    if found is None:  # erased since the page was opened
        raise _gone()
    request = found
    if request.confirmed_at is not None and request.contact is not None:
        return request.contact
    waiting = open_requests(request, now)
    if request.pk not in {row.pk for row in waiting}:
        raise _gone()
    take_back_unsubscribe(workspace=request.workspace, address=request.address, now=now)
    for row in waiting:
        row.evidence = {**row.evidence, "confirmed": dict(evidence), "confirmed_at": now.isoformat()}
        row.contact, row.confirmed_at = _agreed(row, now, is_proven=row.mailed_at is not None), now
        row.save(update_fields=["evidence", "contact", "confirmed_at"])
        record("opt_in.confirmed", row.contact, by=None, now=now, source=row.source)
    _welcome(next(row for row in waiting if row.pk == request.pk), now)
    return Contact.objects.select_related("workspace").get(workspace=request.workspace, address=request.address)


def _agreed(request: OptInRequest, now: datetime, *, is_proven: bool) -> Contact:
    """The contact with everything that the request said."""
    contact = _contact_of(request, now, overwrites=is_proven)
    basis = ConsentBasis(request.source, request.wording, request.evidence, request.form_version)
    give_consent(contact=contact, basis=basis, by=None, now=now)
    for topic in Topic.objects.for_workspace(request.workspace).filter(pk__in=request.topics).order_by("pk"):
        say_to_topic(contact=contact, topic=topic, consent=Consent.GIVEN, basis=basis.saying(""), by=None, now=now)
    if request.tracking_wording:
        words = basis.saying(request.tracking_wording)
        set_tracking(contact=contact, consent=Consent.GIVEN, basis=words, by=None, now=now)
    if request.form is not None and request.form.contact_list is not None:
        source = f"{request.source}: {request.form}"[:60]
        add_to_list(contact_list=request.form.contact_list, contact=contact, source=source, by=None, now=now)
    mark = request.values.get("site", {}).get("visitor", "")
    # A stranger who types somebody's address must not fill that person's history.
    if mark and (is_proven or contact.created_at == now):
        join_visitor(contact=contact, mark=mark, now=now)
    return contact


def _contact_of(request: OptInRequest, now: datetime, *, overwrites: bool) -> Contact:
    """The contact with what was filled in; a stranger, who has proved nothing, only fills gaps."""
    known = Contact.objects.for_workspace(request.workspace).filter(address=request.address).first()
    fields, attributes = dict(request.values.get("fields", {})), dict(request.values.get("attributes", {}))
    if known is None:
        fields.setdefault("language", request.language)
    elif not overwrites:
        fields = {name: value for name, value in fields.items() if not getattr(known, name)}
        attributes = {key: value for key, value in attributes.items() if key not in known.attributes}
    given: dict[str, Any] = {"workspace": request.workspace, "email": request.email, "by": None, "now": now}
    try:
        with transaction.atomic():
            return save_contact(fields=fields, attributes=attributes, **given)[0]
    except DomainError:
        # An attribute that was changed or put away since must not cost the reader's word.
        return save_contact(**given)[0]


def _welcome(request: OptInRequest, now: datetime) -> None:
    """Greet whom a form with words for it won, unless the address must not be written to."""
    if request.form is None or not request.form.welcome_body or request.contact is None:
        return
    if not Suppression.objects.for_workspace(request.workspace).of(request.address).exists():
        post(WELCOME, workspace=request.workspace, object_id=request.pk, to=request.email, now=now)


def forget_unconfirmed(now: datetime) -> int:
    """Delete requests of long ago that nobody confirmed. Returns how many."""
    count, _by_model = OptInRequest.objects.filter(confirmed_at=None, asked_at__lt=now - KEPT).delete()
    return count


def language_of(code: str, workspace: Workspace) -> str:
    """A language that subscribers can be spoken to in: this one, or the workspace's."""
    return code if code in Language.values else workspace.language
