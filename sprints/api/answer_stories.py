"""REST: stories made of what readers answered."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import SurveyAnswer
from sprints.api.stories import StorySerializer
from sprints.models import Story, StoryKind
from sprints.services.answer_stories import first_draft, story_of_answer
from sprints.services.stories import Parts
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can


class AnswerStoryWriteSerializer(serializers.Serializer[Any]):
    """Of which answer; without a title and a problem, the reader's own words."""

    answer = serializers.IntegerField(min_value=1)
    title = serializers.CharField(max_length=160, required=False)
    problem = serializers.CharField(required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=StoryKind.choices, default=StoryKind.CAMPAIGN)


class AnswerStoryViewSet(ScopedViewSet[Story]):
    """A story from the voice of a reader."""

    queryset = Story.objects.with_plan()
    serializer_class = StorySerializer
    can: ClassVar = {"create": Can.EDIT_STORIES}

    @extend_schema(request=AnswerStoryWriteSerializer, responses={201: StorySerializer})
    def create(self, request: Request) -> Response:
        """Put a story of an answer on top of the backlog; each answer becomes one at most."""
        given = self.checked(AnswerStoryWriteSerializer)
        seen = SurveyAnswer.objects.seen_by(self.member).select_related("workspace", "survey", "contact")
        answer = get_object_or_404(seen, pk=given.pop("answer"))
        fields = {**first_draft(answer), **given}
        story = story_of_answer(answer=answer, fields=fields, parts=Parts(), by=self.member, now=self.now)
        return self.shown(self.get_queryset().get(pk=story.pk), status=201)


def register(router: SimpleRouter) -> None:
    """Put this endpoint among the others of the app."""
    router.register("answer-stories", AnswerStoryViewSet, basename="answer-story")
