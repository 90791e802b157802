"""Verbs on forms: make, change, put away, take what was filled in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from audience.models import FORM_FIELDS, OptInRequest, SignupForm, SignupFormVersion, Topic
from audience.services.attributes import current_attributes
from audience.services.contacts import CONTACT_FIELDS
from audience.services.lists import NameTaken, hold_lists
from audience.services.opt_ins import Ask, ask_to_opt_in, opt_in_at_once
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from emailops.lib.throttle import is_allowed
from workspaces.audit import record
from workspaces.models import Member, Workspace

CONTENT = (
    "name", "kind", "language", "fields", "contact_list", "topics", "title", "intro", "button", "thanks",
    "consent_wording", "tracking_wording", "is_double_opt_in", "confirm_subject", "confirm_body", "welcome_subject",
    "welcome_body", "redirect_url", "popup_delay",
)  # fmt: skip
"""What a member decides about a form."""
UNWORDED = {"name", "contact_list", "redirect_url", "popup_delay"}
"""What may change without a new version: nobody who fills in the form reads it."""
ATTRIBUTE = "attribute."
HOUR = timedelta(hours=1)
MOST_OF_NETWORK = 30  # an hour; an office or a shop's till shares one address
MOST_OF_ADDRESS = 5  # an hour
FASTEST = timedelta(seconds=2)  # below it nobody has read and typed
LONGEST_OPEN = timedelta(days=1)


class FormRefused(DomainError):
    """The form cannot be written as asked."""

    code = "form_refused"
    status = 400


class FormGone(DomainError):
    """The address leads to no form in use. `business` is whose it was, where one can tell."""

    code = "form_gone"
    status = 404
    business: Workspace | None = None


class TooManySignups(DomainError):
    """More from one network than people send."""

    code = "too_many_signups"
    status = 429


def askable_fields(workspace: Workspace) -> list[str]:
    """Everything a form can ask for besides the address: fields, then attributes as `attribute.<key>`."""
    own = [name for name in FORM_FIELDS if name in CONTACT_FIELDS]
    return own + [f"{ATTRIBUTE}{key}" for key in current_attributes(workspace)]


@transaction.atomic
def create_form(*, workspace: Workspace, content: Mapping[str, Any], by: Member, now: datetime) -> SignupForm:
    """Make a form. `content` holds the names of `CONTENT`; what is left out has its default.

    Raises `FormRefused`, or `NameTaken`.
    """
    form = SignupForm(workspace=workspace, created_by=by, created_at=now, updated_at=now)
    form.language = workspace.language
    _fill(form, content)
    form.save()
    _freeze(form, by, now)
    record("form.created", form, by=by, now=now)
    return form


@transaction.atomic
def change_form(*, form: SignupForm, content: Mapping[str, Any], by: Member, now: datetime) -> SignupForm:
    """Change a form; a change of what people read or are asked makes a new version. Raises as `create_form` does."""
    row = SignupForm.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=form.pk)
    before = _frozen(row)
    _fill(row, content)
    row.updated_at = now
    if _frozen(row) != before:
        row.version += 1
        _freeze(row, by, now)
    row.save()
    record("form.changed", row, by=by, now=now, version=row.version)
    return row


@transaction.atomic
def archive_form(*, form: SignupForm, by: Member, now: datetime) -> None:
    """Take nothing more by a form. What it took stays. Repeating is harmless."""
    if SignupForm.objects.filter(pk=form.pk, archived_at=None).update(archived_at=now):
        record("form.archived", form, by=by, now=now)


def _fill(form: SignupForm, content: Mapping[str, Any]) -> None:
    if set(content) - set(CONTENT):
        raise TypeError(f"A form has no {', '.join(sorted(set(content) - set(CONTENT)))}")
    for name, value in content.items():
        setattr(form, name, value)
    others = SignupForm.objects.for_workspace(form.workspace).filter(archived_at=None, name=form.name)
    if others.exclude(pk=form.pk).exists():
        raise NameTaken(_("There is a form “%(name)s” already.") % {"name": form.name}, fields={"name": [_("Taken.")]})
    _require_known_fields(form)
    _require_list_in_use(form)
    known = set(Topic.objects.for_workspace(form.workspace).filter(pk__in=form.topics).values_list("pk", flat=True))
    if set(form.topics) - known:
        raise FormRefused(_("One of the topics does not exist."), fields={"topics": [_("Not there.")]})
    if not form.consent_wording.strip():
        words = _("Say what people agree to: without it there is no consent.")
        raise FormRefused(words, fields={"consent_wording": [words]})


def _require_list_in_use(form: SignupForm) -> None:
    if form.contact_list_id is not None and not hold_lists(form.workspace, [form.contact_list_id]):
        words = _("This list was put away. Take it into use again, or choose another one.")
        raise FormRefused(words, fields={"contact_list": [words]})


def _require_known_fields(form: SignupForm) -> None:
    askable = askable_fields(form.workspace)
    keys = [str(asked.get("key")) for asked in form.fields]
    if len(set(keys)) < len(keys) or set(keys) - set(askable):
        words = _("A form asks for each field once, and for fields that exist.")
        raise FormRefused(words, fields={"fields": [words]})
    form.fields = [{"key": str(f["key"]), "required": bool(f.get("required"))} for f in form.fields]


def _frozen(form: SignupForm) -> dict[str, Any]:
    return {name: getattr(form, name) for name in CONTENT if name not in UNWORDED}


def _freeze(form: SignupForm, by: Member, now: datetime) -> None:
    SignupFormVersion.objects.create(
        workspace=form.workspace, form=form, number=form.version, content=_frozen(form), by=by, at=now
    )


def form_token(form: SignupForm) -> str:
    return seal(Kind.SIGNUP_FORM, form.pk)


def form_of(token: str) -> SignupForm:
    """The form in use at an address. Raises `FormGone`, for any defect alike."""
    try:
        (key,) = unseal(Kind.SIGNUP_FORM, token)
    except (BadToken, ValueError) as error:
        raise _gone() from error
    form = SignupForm.objects.select_related("workspace", "contact_list").filter(pk=key).first()
    if form is None or form.archived_at is not None:
        raise _gone(form)
    return form


def _gone(form: SignupForm | None = None) -> FormGone:
    gone = FormGone(_("This form is closed."))
    gone.business = form.workspace if form else None
    return gone


def count_shown(form: SignupForm) -> None:
    SignupForm.objects.filter(pk=form.pk).update(shown_count=F("shown_count") + 1)


def shown_stamp(form: SignupForm, now: datetime) -> str:
    """Says, unforgeably, when the form was shown."""
    return seal(Kind.SIGNUP_SHOWN, form.pk, int(now.timestamp()))


def is_human_pace(form: SignupForm, stamp: str, now: datetime) -> bool:
    """Whether the form was shown a while ago, and not too long: programs fill in at once, or keep a stamp for ever."""
    try:
        key, second = unseal(Kind.SIGNUP_SHOWN, stamp)
    except (BadToken, ValueError):
        return False
    return key == form.pk and FASTEST.total_seconds() <= now.timestamp() - second <= LONGEST_OPEN.total_seconds()


def take_signup(*, form: SignupForm, ask: Ask, network: str, now: datetime) -> OptInRequest | None:
    """Take what was filled in, by mail or at once as the form has it. None when one address is asked too often.

    Raises `InvalidAddress`, or `TooManySignups` for a network that sends too many.
    """
    if not is_allowed(f"signup:network:{form.workspace_id}:{network}", most=MOST_OF_NETWORK, per=HOUR):
        raise TooManySignups(_("That was too often. Wait an hour, then try again."))
    address = read_address(ask.email).key
    if not is_allowed(f"signup:address:{form.workspace_id}:{address}", most=MOST_OF_ADDRESS, per=HOUR):
        return None  # the answer is the same: who asks learns nothing of the address
    if form.is_double_opt_in:
        return ask_to_opt_in(workspace=form.workspace, ask=ask, by=None, now=now)
    return opt_in_at_once(workspace=form.workspace, ask=ask, now=now)
