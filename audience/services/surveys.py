"""Verbs on surveys: make, word, open, close, put away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audience.models import Survey, SurveyStatus
from audience.models.surveys import MOVES
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.live import announce
from workspaces.models import Language, Member, Workspace

WORDS = ("title", "intro", "button", "thanks")
CONTENT = ("name", *WORDS, "words", "is_anonymous", "may_answer_again")
"""What a member decides about a survey."""
LONGEST_SLUG = 40


class SurveyRefused(DomainError):
    """The survey cannot be written or moved as asked."""

    code = "survey_refused"
    status = 400


@transaction.atomic
def create_survey(*, workspace: Workspace, content: Mapping[str, Any], by: Member, now: datetime) -> Survey:
    """Make a draft without questions. `content` holds names of `CONTENT`. Raises `SurveyRefused`."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # two at once may want the same address
    survey = Survey(workspace=workspace, created_by=by, created_at=now, updated_at=now)
    _fill(survey, content)
    survey.slug = _free_slug(workspace, survey.name)
    survey.save()
    record("survey.created", survey, by=by, now=now)
    return survey


@transaction.atomic
def change_survey(*, survey: Survey, content: Mapping[str, Any], by: Member, now: datetime) -> Survey:
    """Change words and settings; the address stays. Raises `SurveyRefused`, also once named answers are there."""
    row = locked_survey(survey)
    was_anonymous = row.is_anonymous
    _fill(row, content)
    if row.is_anonymous != was_anonymous and row.answers.exists():
        words = _("People have answered already: whether their names are kept cannot change any more.")
        raise SurveyRefused(words, fields={"is_anonymous": [words]})
    _save(row, now)
    record("survey.changed", row, by=by, now=now)
    return row


@transaction.atomic
def move_survey(*, survey: Survey, to: SurveyStatus, by: Member, now: datetime) -> Survey:
    """Open it for answers, or close it. Doing so twice changes nothing. Raises `SurveyRefused`."""
    row = locked_survey(survey)
    if row.status == to:
        return row
    if to not in MOVES[SurveyStatus(row.status)]:
        raise SurveyRefused(_("A survey that was open does not become a draft again."))
    if to == SurveyStatus.OPEN and not row.questions.filter(archived_at=None, after=None).exists():
        raise SurveyRefused(_("Add a question first: there is nothing to answer."))
    row.status = to
    _save(row, now)
    if to == SurveyStatus.OPEN:
        record("survey.opened", row, by=by, now=now)
    else:
        record("survey.closed", row, by=by, now=now)
    return row


@transaction.atomic
def archive_survey(*, survey: Survey, by: Member, now: datetime) -> None:
    """Put a survey away: it takes nothing more, and its answers stay. Repeating is harmless."""
    if Survey.objects.filter(pk=survey.pk, archived_at=None).update(archived_at=now):
        record("survey.archived", survey, by=by, now=now)
        announce(survey.workspace, "survey", survey.pk)


def locked_survey(survey: Survey) -> Survey:
    """The survey as it stands now, until the transaction ends. Raises `SurveyRefused` when it was put away."""
    row = Survey.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=survey.pk)
    if row.archived_at is not None:
        raise SurveyRefused(_("This survey was put away."))
    return row


def _save(row: Survey, now: datetime) -> None:
    row.updated_at = now
    row.save()
    announce(row.workspace, "survey", row.pk)


def _fill(survey: Survey, content: Mapping[str, Any]) -> None:
    if set(content) - set(CONTENT):
        raise TypeError(f"A survey has no {', '.join(sorted(set(content) - set(CONTENT)))}")
    for name, value in content.items():
        setattr(survey, name, value)
    survey.words = _read_words(survey.words)
    for name in ("name", "title", "button", "thanks"):
        if not getattr(survey, name).strip():
            raise SurveyRefused(_("Write something here."), fields={name: [_("Empty.")]})


def _read_words(given: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What other languages say, without what they leave empty."""
    read = {
        language: {part: str(said.get(part, "")).strip() for part in WORDS if str(said.get(part, "")).strip()}
        for language, said in given.items()
        if language in Language.values
    }
    return {language: said for language, said in read.items() if said}


def _free_slug(workspace: Workspace, name: str) -> str:
    """An address in plain letters that no other survey has, and that stays whatever the name becomes."""
    base = slugify(name)[: LONGEST_SLUG - 4].strip("-") or "survey"
    taken = set(Survey.objects.for_workspace(workspace).filter(slug__startswith=base).values_list("slug", flat=True))
    return base if base not in taken else next(s for n in range(2, 1000) if (s := f"{base}-{n}") not in taken)
