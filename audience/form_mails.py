"""The mails of a form as their readers would get them, before anybody fills it in."""

from dataclasses import dataclass
from enum import StrEnum

from audience.letters import asking_letter, welcoming_letter
from audience.models import OptInRequest, SignupForm
from workspaces.systemmail import Letter, drawn

NOWHERE = "#"  # where the links of a mail lead that nobody got


class FormMail(StrEnum):
    """The mails that a form sends."""

    CONFIRMATION = "confirmation"
    WELCOME = "welcome"


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One of the mails of a form, in the form's language; its links lead nowhere."""

    kind: FormMail
    subject: str
    text: str
    html: str


def sample_mail(form: SignupForm, kind: FormMail) -> SampleMail | None:
    """What the form says by this mail, or None where it sends none. The form need not be stored."""
    if not _sends(form, kind):
        return None
    written = drawn(_letter(form, kind), form.workspace)
    return SampleMail(kind, written.subject, written.text, written.html)


def sample_mails(form: SignupForm) -> list[SampleMail]:
    """All mails that the form sends."""
    return [found for kind in FormMail if (found := sample_mail(form, kind))]


def _sends(form: SignupForm, kind: FormMail) -> bool:
    return form.is_double_opt_in if kind == FormMail.CONFIRMATION else bool(form.welcome_body)


def _letter(form: SignupForm, kind: FormMail) -> Letter:
    request = OptInRequest(workspace=form.workspace, form=form, language=form.language, wording=form.consent_wording)
    return (
        asking_letter(request, NOWHERE) if kind == FormMail.CONFIRMATION else welcoming_letter(request, form, NOWHERE)
    )
