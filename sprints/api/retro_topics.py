"""REST: topics of retrospectives: names, decisions, votes."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.models import RetroGroup
from sprints.services import retro_groups
from workspaces.api import InWorkspace, ScopedViewSet
from workspaces.permissions import Can

SEE, PART = Can.SEE_SPRINTS, Can.EDIT_STORIES


class GroupSerializer(serializers.ModelSerializer[RetroGroup]):
    """A topic as it stands; with votes it is read in its retrospective."""

    notes: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = RetroGroup
        fields = ("id", "name", "decision", "discussed_at", "notes")


class NameSerializer(serializers.Serializer[Any]):
    """What a topic is called; empty: its first note stands for it."""

    name = serializers.CharField(max_length=120, allow_blank=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """What the team takes from a topic."""

    decision = serializers.CharField(max_length=500, allow_blank=True)


class TopicMergeSerializer(serializers.Serializer[Any]):
    """Into which other topic."""

    into: Any = InWorkspace(queryset=RetroGroup.objects.all())


class TopicViewSet(ScopedViewSet[RetroGroup]):
    """Topics of retrospectives."""

    queryset = RetroGroup.objects.select_related("retro__sprint__workspace").prefetch_related("notes")
    serializer_class = GroupSerializer
    can: ClassVar = {"retrieve": SEE} | dict.fromkeys(("rename", "decide", "merge", "vote", "unvote", "discuss"), PART)

    @extend_schema(responses={200: GroupSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """One topic with the ids of its notes."""
        return self.shown(self.get_object())

    @extend_schema(request=NameSerializer, responses={200: GroupSerializer})
    @action(detail=True, methods=["post"], url_path="name")
    def rename(self, request: Request, pk: str) -> Response:
        """Name it."""
        group = self.get_object()
        retro_groups.name_group(group=group, by=self.member, now=self.now, **self.checked(NameSerializer))
        return self.shown(self.get_object())

    @extend_schema(request=DecisionSerializer, responses={200: GroupSerializer})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Keep what the team takes from it."""
        group = self.get_object()
        retro_groups.decide_on(group=group, by=self.member, now=self.now, **self.checked(DecisionSerializer))
        return self.shown(self.get_object())

    @extend_schema(request=TopicMergeSerializer, responses={200: GroupSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make one topic of two; answers with the one that stays."""
        group, into = self.get_object(), self.checked(TopicMergeSerializer)["into"]
        stays = retro_groups.merge_groups(group=group, into=into, by=self.member, now=self.now)
        return self.shown(get_object_or_404(self.get_queryset(), pk=stays.pk))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: str) -> Response:
        """Give it one of one's votes."""
        retro_groups.cast_vote(group=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=None, responses={204: None})
    @vote.mapping.delete
    def unvote(self, request: Request, pk: str) -> Response:
        """Take one vote back."""
        retro_groups.take_vote_back(group=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=None, responses={200: GroupSerializer})
    @action(detail=True, methods=["post"])
    def discuss(self, request: Request, pk: str) -> Response:
        """Turn to it. The facilitator may."""
        retro_groups.discuss(group=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())


def register(router: SimpleRouter) -> None:
    router.register("retro-topics", TopicViewSet, basename="retro-topic")
