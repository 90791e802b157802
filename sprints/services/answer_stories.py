"""Making a story of what a reader answered to a survey, and finding the one that was made."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from audience.models import AnswerValue, SurveyAnswer
from audience.models.surveys import WORDED
from emailops.lib.errors import DomainError
from sprints.models import OriginKind, Story, StoryOrigin
from sprints.models.backlog import MOST_WORDS
from sprints.services.stories import Parts, save_story
from sprints.services.templates import Origin, set_origin
from workspaces.models import Member, Workspace

SURVEY = "survey"
"""The `system` of a story's origin that was an answer; its `external_id` is the answer's number."""
LONGEST_TITLE = 120


class AnswerHasStory(DomainError):
    """A story was made of this answer already."""

    code = "answer_has_story"


@transaction.atomic
def story_of_answer(
    *, answer: SurveyAnswer, fields: Mapping[str, Any], parts: Parts, by: Member, now: datetime
) -> Story:
    """Write a story that comes from an answer; each answer becomes one at most. Raises `AnswerHasStory`.

    Raises what `save_story` raises.
    """
    SurveyAnswer.objects.select_for_update(of=("self",)).get(pk=answer.pk)  # the second of two at once finds the first
    known = stories_of([answer]).get(answer.pk)
    if known is not None:
        raise AnswerHasStory(_("There is a story of this answer already: %(story)s.") % {"story": known})
    story = save_story(workspace=answer.workspace, story=None, fields=fields, parts=parts, by=by, now=now)
    told = Origin(OriginKind.ANSWER, words_of(answer), answer.contact, system=SURVEY, external_id=str(answer.pk))
    set_origin(story=story, origin=told, by=by, now=now)
    return story


def words_of(answer: SurveyAnswer) -> str:
    """What was said, shortened to what a story's origin holds."""
    texts = " ".join(_texts(answer)) or " · ".join(value.shown for value in _values(answer))
    return Truncator(texts).chars(MOST_WORDS)


def first_draft(answer: SurveyAnswer) -> dict[str, str]:
    """What a story of this answer can begin with: a title of its words, and all of it as the problem."""
    lines = [f"{value.question.text}\n{value.shown}" for value in _values(answer)]
    texts = _texts(answer)
    title = Truncator(" ".join(texts).replace("\n", " ")).chars(LONGEST_TITLE) if texts else str(answer.survey)
    return {"title": title, "problem": "\n\n".join(lines)}


def _values(answer: SurveyAnswer) -> list[AnswerValue]:
    return list(answer.values.select_related("question").order_by("question__position", "question"))


def _texts(answer: SurveyAnswer) -> list[str]:
    return [value.text for value in _values(answer) if value.question.kind in WORDED]


def stories_of(answers: Collection[SurveyAnswer]) -> dict[int, Story]:
    """The stories made of these answers, by the id of the answer. One query."""
    if not answers:
        return {}
    workspace = next(iter(answers)).workspace_id
    found = StoryOrigin.objects.filter(
        workspace=workspace, system=SURVEY, external_id__in=[str(answer.pk) for answer in answers]
    )
    return {int(origin.external_id): origin.story for origin in found.select_related("story")}


def answer_of(story: Story, workspace: Workspace) -> int | None:
    """The id of the answer that a story was made of."""
    found = StoryOrigin.objects.for_workspace(workspace).filter(story=story, system=SURVEY)
    external_id = found.values_list("external_id", flat=True).first()
    return int(external_id) if external_id else None
