"""Answers to surveys beside stories, both ways: what was made of an answer, and the answer that a story comes from."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext as _

from audience.models import SurveyAnswer
from audience.survey_uses import Use, register_uses
from sprints.linked import LinkedThing, register_linked
from sprints.models import Story
from sprints.services.answer_stories import answer_of, stories_of
from workspaces.models import Member
from workspaces.permissions import Can


def uses_of(answers: Collection[SurveyAnswer], member: Member) -> dict[int, list[Use]]:
    """The story of each answer, or where one can be made. One query."""
    if not member.may(Can.SEE_SPRINTS):
        return {}
    made, slug = stories_of(answers), member.workspace.slug
    uses: dict[int, list[Use]] = {}
    for answer in answers:
        story = made.get(answer.pk)
        if story is not None:
            href = reverse("sprints:story_detail", kwargs={"workspace": slug, "pk": story.pk})
            words = _("Story #%(number)s: %(title)s") % {"number": story.number, "title": story.title}
            uses[answer.pk] = [Use(words, href, "layers")]
        elif member.may(Can.EDIT_STORIES):
            href = reverse("sprints:story_answer", kwargs={"workspace": slug, "pk": answer.pk})
            uses[answer.pk] = [Use(_("Make a story"), href, "plus", is_offer=True)]
    return uses


def answers_of(story: Story, member: Member) -> list[LinkedThing]:
    """The answer that the story comes from, for who may see it."""
    pk = answer_of(story, member.workspace) if member.may(Can.SEE_AUDIENCE) else None
    if pk is None:
        return []
    found = SurveyAnswer.objects.seen_by(member).filter(pk=pk).select_related("survey", "contact").first()
    if found is None:
        return []
    href = reverse("audience:answer_detail", kwargs={"workspace": member.workspace.slug, "pk": found.pk})
    who = str(found.contact) if found.contact else _("Without a name")
    return [LinkedThing(_("Reader’s answer"), who, str(found.survey), href, "message-square")]


def register_answers() -> None:
    register_uses("stories", uses_of)
    register_linked("answers", answers_of)
