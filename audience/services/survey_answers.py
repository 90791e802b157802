"""Who answers a survey by which link, which questions come next, and keeping what was said."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from audience.erasing.turns import wait_for_erasures
from audience.models import (
    AnswerSource,
    AnswerValue,
    Contact,
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    address_hash,
)
from audience.models.surveys import ONE_CLICK
from audience.services.attributes import current_attributes
from audience.services.contacts import save_contact
from audience.services.survey_questions import current_questions
from audience.survey_values import AnswerRefused, Read, for_attribute, number_of, read_answer, refused
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from emailops.lib.throttle import is_allowed
from workspaces.audit import record
from workspaces.live import announce
from workspaces.models import Member, Workspace

NOBODY, NO_MAIL = 0, 0
TICKET_BITS = 62  # of a signed 64-bit column
TICKET_DIGITS = 15  # hexadecimal, of a column as wide
HOUR = timedelta(hours=1)
MOST_OF_NETWORK = 60  # an hour; an office or a shop's till shares one address
FASTEST = timedelta(seconds=2)  # below it nobody has read and chosen
LONGEST_OPEN = timedelta(days=2)


class SurveyGone(DomainError):
    """The address leads to no survey that takes answers. `business` is whose it was, where one can tell."""

    code = "survey_gone"
    status = 404
    business: Workspace | None = None


class AnsweredAlready(DomainError):
    """This person has answered, and the survey takes one answer of each."""

    code = "answered_already"


class TooManyAnswers(DomainError):
    """More from one network than people send."""

    code = "too_many_answers"
    status = 429


@dataclass(frozen=True, slots=True)
class Guest:
    """Who holds a link to a survey: somebody we know, or anybody."""

    survey: Survey
    contact: Contact | None
    mail: int | None
    source: AnswerSource


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page with questions: when it was shown, and its number, by which two posts from it are one answer."""

    ticket: int
    shown_at: datetime


def survey_token(survey: Survey, contact: Contact | None = None, mail: int = NO_MAIL) -> str:
    """Opens a survey: without a contact for anybody, with one as that person. An anonymous one names nobody."""
    if contact is None:
        return seal(Kind.SURVEY, survey.pk)
    if survey.is_anonymous:
        return seal(Kind.SURVEY, survey.pk, NOBODY, NO_MAIL)
    return seal(Kind.SURVEY, survey.pk, contact.pk, mail)


def guest_of(token: str, *, in_frame: bool = False) -> Guest:
    """Who a link was made for. Raises `SurveyGone`, for any defect alike, and for a survey that is not open."""
    try:
        survey_id, *who = unseal(Kind.SURVEY, token)
    except (BadToken, ValueError) as error:
        raise _gone() from error
    survey = Survey.objects.select_related("workspace").filter(pk=survey_id).first()
    if survey is None:
        raise _gone()
    if not survey.is_open:
        raise _closed(survey)
    if not who:
        return Guest(survey, None, None, AnswerSource.FORM if in_frame else AnswerSource.LINK)
    return _known_guest(survey, *who)


def _known_guest(survey: Survey, contact_id: int, mail: int) -> Guest:
    if contact_id == NOBODY:
        return Guest(survey, None, None, AnswerSource.MAIL)
    contact = Contact.objects.select_related("workspace").filter(pk=contact_id, workspace=survey.workspace).first()
    if contact is None or survey.is_anonymous:
        raise _gone()
    return Guest(survey, contact, mail or None, AnswerSource.MAIL)


def _gone() -> SurveyGone:
    return SurveyGone(_("This link does not work. Open it again from the mail, or copy it as a whole."))


def _closed(survey: Survey) -> SurveyGone:
    closed = SurveyGone(_("This survey takes no answers. Thank you for wanting to say something."))
    closed.business = survey.workspace
    return closed


def new_sheet(survey: Survey, now: datetime) -> str:
    """Says, unforgeably, when a page was shown, and which page it is."""
    return seal(Kind.SURVEY_SHOWN, survey.pk, int(now.timestamp()), secrets.randbits(TICKET_BITS))


def sheet_of(survey: Survey, stamp: str, now: datetime, *, is_known: bool) -> Sheet | None:
    """The page that was shown; None for one that is not ours, is too old, or came back faster than anybody reads.

    Whom we know by name may be quick: the answer was chosen in the mail already.
    """
    try:
        key, second, ticket = unseal(Kind.SURVEY_SHOWN, stamp)
    except (BadToken, ValueError):
        return None
    open_for = timedelta(seconds=now.timestamp() - second)
    fastest = timedelta(0) if is_known else FASTEST
    if key != survey.pk or not fastest <= open_for <= LONGEST_OPEN:
        return None
    return Sheet(ticket, now - open_for)


def next_questions(
    questions: Sequence[SurveyQuestion], asked: Sequence[int], numbers: Mapping[int, int | None], focus: int = 0
) -> list[SurveyQuestion]:
    """What to ask now: first the one that a link has answered, or all that follow up nothing; then what is left."""
    left = [question for question in questions if question.pk not in asked]
    if not asked and focus:
        return [question for question in left if question.pk == focus]
    return [question for question in left if _is_asked(question, numbers)]


def _is_asked(question: SurveyQuestion, numbers: Mapping[int, int | None]) -> bool:
    if question.after_id is None:
        return True
    number, low, high = numbers.get(question.after_id), question.shown_from, question.shown_to
    return number is not None and low is not None and high is not None and low <= number <= high


def ticket_of(survey: Survey, own_id: str) -> int:
    """The page that an answer from elsewhere stands for, by the id it has there. The id cannot be read out of it."""
    return int(address_hash(f"answer {survey.pk} {own_id}")[:TICKET_DIGITS], 16)


def answer_on(survey: Survey, sheet: Sheet | None) -> SurveyAnswer | None:
    """What was said on a page so far."""
    if sheet is None:
        return None
    return SurveyAnswer.objects.filter(survey=survey, ticket=sheet.ticket).prefetch_related("values").first()


def numbers_in(answer: SurveyAnswer | None) -> dict[int, int | None]:
    return {value.question_id: number_of(value) for value in answer.values.all()} if answer else {}


def latest_of(guest: Guest) -> SurveyAnswer | None:
    """What somebody we know said last."""
    if guest.contact is None:
        return None
    return SurveyAnswer.objects.filter(survey=guest.survey, contact=guest.contact, is_latest=True).first()


def require_pace(guest: Guest, network: str) -> None:
    """Raises `TooManyAnswers` for a network that sends too many answers without a name."""
    key = f"survey:network:{guest.survey.pk}:{network}"
    if guest.contact is None and not is_allowed(key, most=MOST_OF_NETWORK, per=HOUR):
        raise TooManyAnswers(_("That was too often. Wait an hour, then try again."))


@transaction.atomic
def take_answer(
    *,
    guest: Guest,
    given: Mapping[int, Any],
    ticket: int | None,
    now: datetime,
    by: Member | None = None,
    language: str = "",
) -> SurveyAnswer:
    """Keep what somebody said: `given` holds what was sent by question, of all the questions that were shown.

    More from the same page (`ticket`) is added to the same answer, so sending twice changes nothing. Answers fill the
    attributes of their questions. Raises `AnswerRefused`, `AnsweredAlready`, `SurveyGone`.
    """
    wait_for_erasures(guest.survey.workspace)
    survey = Survey.objects.select_for_update(no_key=True, of=("self",)).select_related("workspace").get(
        pk=guest.survey.pk
    )  # fmt: skip
    if not survey.is_open:
        raise _closed(survey)
    read = _read_all(survey, given)
    answer = _row(guest, survey, ticket, now, language)
    if not answer.asked and all(value.is_empty for value in read.values()):
        raise AnswerRefused(_("Answer at least one question."))
    answer.asked = [*answer.asked, *(pk for pk in read if pk not in answer.asked)]
    answer.changed_at = now
    answer.save()
    _write_values(answer, read)
    _fill_attributes(answer, survey, read, now)
    record("survey.answered", answer, by=by, now=now, source=answer.source)
    announce(survey.workspace, "survey", survey.pk)
    return answer


def _read_all(survey: Survey, given: Mapping[int, Any]) -> dict[int, Read]:
    known = {question.pk: question for question in current_questions(survey)}
    if not given or set(given) - set(known):
        raise AnswerRefused(_("The questions were changed meanwhile. Open the page again."))
    read = {pk: read_answer(known[pk], value) for pk, value in given.items()}
    for pk, value in read.items():
        if known[pk].is_required and value.is_empty:
            raise refused(known[pk], _("Please answer this one."))
    return read


def _row(guest: Guest, survey: Survey, ticket: int | None, now: datetime, language: str) -> SurveyAnswer:
    """The answer of this page, or a new one. The survey's lock lets one at a time decide which."""
    rows = SurveyAnswer.objects.filter(survey=survey)
    if ticket is not None and (same := rows.filter(ticket=ticket).first()):
        if same.contact_id != (guest.contact.pk if guest.contact else None):
            raise AnswerRefused(_("This answer is another person’s."))
        return same
    if guest.contact is not None:
        if not Contact.objects.filter(pk=guest.contact.pk).exists():
            raise _gone()
        earlier = rows.filter(contact=guest.contact, is_latest=True)
        if earlier.exists() and not survey.may_answer_again:
            raise AnsweredAlready(_("You have answered already. Thank you!"))
        earlier.update(is_latest=False)
    return SurveyAnswer(
        workspace=survey.workspace, survey=survey, contact=guest.contact, source=guest.source,
        mail=guest.mail, ticket=ticket, language=language, at=now, changed_at=now,
    )  # fmt: skip


def _write_values(answer: SurveyAnswer, read: Mapping[int, Read]) -> None:
    for pk, value in read.items():
        rows = AnswerValue.objects.filter(answer=answer, question_id=pk)
        if value.is_empty:
            rows.delete()
            continue
        said = {"number": value.number, "choices": value.choices, "text": value.text}
        AnswerValue.objects.update_or_create(
            answer=answer, question_id=pk, defaults={**said, "workspace": answer.workspace}
        )


def _fill_attributes(answer: SurveyAnswer, survey: Survey, read: Mapping[int, Read], now: datetime) -> None:
    """What was said fills the attributes in use; nothing said takes nothing away."""
    if answer.contact is None:
        return
    known = current_attributes(survey.workspace)
    filled: dict[str, Any] = {}
    with override(survey.workspace.language):  # words that are kept are the workspace's
        for question in current_questions(survey):
            value = read.get(question.pk, Read())
            if question.attribute and question.attribute.key in known and not value.is_empty:
                filled[question.attribute.key] = for_attribute(question, question.attribute, value)
    if any(answer.contact.attributes.get(key) != value for key, value in filled.items()):
        contact = answer.contact
        save_contact(
            workspace=survey.workspace, contact=contact, email=contact.email, attributes=filled, by=None, now=now
        )


def focus_of(questions: Sequence[SurveyQuestion], wanted: str, value: str) -> tuple[int, Any]:
    """The question that a link in a mail answers, and the answer chosen by it; (0, "") when it fits none.

    Without its number it is the first that one click can answer.
    """
    fit = [q for q in questions if q.after_id is None and q.kind in ONE_CLICK and wanted in ("", str(q.pk))]
    if not fit or not value:
        return 0, ""
    try:
        read = read_answer(fit[0], value)
    except AnswerRefused:
        return 0, ""
    return fit[0].pk, chosen_in_form(fit[0], read)


def chosen_in_form(question: SurveyQuestion, read: Read | AnswerValue) -> Any:
    """A stored answer as its control has it."""
    if question.kind == QuestionKind.YES_NO and read.number is not None:
        return "yes" if read.number else "no"
    if question.kind == QuestionKind.CHOICE:
        return read.choices[0] if read.choices else ""
    if question.kind == QuestionKind.SEVERAL:
        return read.choices
    return read.text if read.number is None else str(read.number)


def move_answers(kept: Contact, merged: Contact) -> None:
    """When two contacts become one, both their answers are kept, and the newer of each survey counts."""
    for theirs in SurveyAnswer.objects.filter(contact=merged, is_latest=True):
        mine = SurveyAnswer.objects.filter(contact=kept, survey=theirs.survey_id, is_latest=True).first()
        if mine is not None:
            older = min(mine, theirs, key=lambda answer: (answer.at, answer.pk))
            SurveyAnswer.objects.filter(pk=older.pk).update(is_latest=False)
    SurveyAnswer.objects.filter(contact=merged).update(contact=kept)
