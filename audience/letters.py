"""The mails of this app: may we write to you, and welcome."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from audience.models import (
    COPY_DAYS,
    OptInRequest,
    PrivacyRequest,
    RequestKind,
    RequestState,
    SignupForm,
    Suppression,
)
from audience.services.opt_ins import language_of, opt_in_token
from audience.services.preferences import preferences_token
from audience.services.privacy import privacy_token
from emailops.lib.languages import speaking_to
from workspaces.brand.services import look_of
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def confirmation(mail: SystemMail, _now: datetime) -> Letter | None:
    """The question whether the reader of an address agrees. Pointless once answered.

    It holds no unsubscribe header: nothing is subscribed yet, and whoever does nothing gets nothing more.
    """
    request = _request(mail)
    if request is None or request.confirmed_at is not None:
        return None
    return asking_letter(request, settings.BASE_URL + reverse("audience:opt_in", args=[opt_in_token(request)]))


def asking_letter(request: OptInRequest, link: str) -> Letter:
    """What asks whether the reader agrees, with a link to say so. The request need not be stored."""
    language = language_of(request.language, request.workspace)
    with speaking_to(language):
        name = look_of(request.workspace).name
        subject = request.form.confirm_subject if request.form else _("May %(name)s write to you?") % {"name": name}
    context = {"request": request, "form": request.form, "link": link, **_words_of(request)}
    return Letter(subject, "emails/opt_in", context, language)


def welcome(mail: SystemMail, _now: datetime) -> Letter | None:
    """The first mail to somebody who agreed. Pointless once the address must not be written to."""
    request = _request(mail)
    if request is None or request.form is None or request.contact is None:
        return None
    if Suppression.objects.for_workspace(request.workspace).of(request.address).exists():
        return None
    link = settings.BASE_URL + reverse("audience:preferences", args=[preferences_token(request.contact.pk)])
    return welcoming_letter(request, request.form, link)


def welcoming_letter(request: OptInRequest, form: SignupForm, link: str) -> Letter:
    """What a form says to who agreed, with a link to leave. The request need not be stored."""
    language = language_of(request.language, request.workspace)
    headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # RFC 8058
    subject = form.welcome_subject or form.title
    context = {"form": form, "link": link, **_words_of(request)}
    return Letter(subject, "emails/welcome", context, language, headers)


def _words_of(request: OptInRequest) -> dict[str, str]:
    """In which language the mail is, if a form's own words make up most of it."""
    return {"words_language": request.form.language} if request.form else {}


def about_data(mail: SystemMail, now: datetime) -> Letter | None:
    """To the address itself: the link to a copy, or the question whether an erasure was meant. Pointless once over."""
    found = PrivacyRequest.objects.select_related("workspace", "contact").filter(
        pk=mail.object_id, workspace=mail.workspace, state=RequestState.OPEN, contact__isnull=False
    )
    asked = found.first()
    if asked is None or asked.contact is None:
        return None
    language = language_of(asked.contact.language, asked.workspace)
    with speaking_to(language):
        is_copy = asked.kind == RequestKind.COPY
        words = _("Your data at %(name)s") if is_copy else _("You asked %(name)s to be forgotten")
        subject = words % {"name": asked.workspace.name}
    link = settings.BASE_URL + reverse("audience:privacy_link", args=[privacy_token(asked)])
    context = {"asked": asked, "is_copy": is_copy, "link": link, "days": COPY_DAYS}
    return Letter(subject, "emails/privacy", context, language)


def _request(mail: SystemMail) -> OptInRequest | None:
    found = OptInRequest.objects.select_related("workspace", "form", "contact")
    return found.filter(pk=mail.object_id, workspace=mail.workspace).first()
