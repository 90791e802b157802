"""REST: comments of stories, who follows and helps, and everything else around a story."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import Segment
from sprints.linked import linked_things
from sprints.models import Audience, CommentVersion, Story, StoryComment
from sprints.services import comments, labels, story_links, watching
from sprints.services.comments import LONGEST_COMMENT
from sprints.telling import watchers
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_SPRINTS, Can.EDIT_STORIES
STORY = OpenApiParameter("story", OpenApiTypes.INT, description="Those of this story.")


def of_story(rows: Any, request: Request, path: str = "story") -> Any:
    """The rows of the story that the address asks for, else all."""
    wanted = request.query_params.get("story", "")
    if not wanted:
        return rows
    return rows.filter(**{path: int(wanted)}) if wanted.isdecimal() else rows.none()


class CommentSerializer(serializers.ModelSerializer[StoryComment]):
    """A comment. `audience` is `team` or `everybody`; one that was taken back has no text."""

    author = serializers.EmailField(source="author.user.email", read_only=True)
    mentioned = serializers.SerializerMethodField()

    class Meta:
        model = StoryComment
        fields = (
            "id", "story", "author", "audience", "text", "mentioned", "written_at", "edited_at", "removed_at",
        )  # fmt: skip

    def get_mentioned(self, comment: StoryComment) -> list[str]:
        return [member.user.email for member in comment.mentioned.all()]


class CommentWriteSerializer(serializers.Serializer[Any]):
    """A comment as it is sent. `@` and a member's name tells that member."""

    story = InWorkspace(queryset=Story.objects.all())
    text = serializers.CharField(max_length=LONGEST_COMMENT)
    audience = serializers.ChoiceField(choices=Audience.choices)


class CommentTextSerializer(serializers.Serializer[Any]):
    """Other words."""

    text = serializers.CharField(max_length=LONGEST_COMMENT)


class CommentVersionSerializer(serializers.ModelSerializer[CommentVersion]):
    """What a comment said until then."""

    class Meta:
        model = CommentVersion
        fields = ("text", "until")


class CommentViewSet(ScopedViewSet[StoryComment], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """Comments, newest first; those of the team only for members of the team."""

    queryset = StoryComment.objects.select_related("author__user").prefetch_related("mentioned__user")
    serializer_class = CommentSerializer
    can: ClassVar = {
        "list": SEE,
        "retrieve": SEE,
        "versions": SEE,
        "create": EDIT,
        "update": EDIT,
        "destroy": EDIT,
    }

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        return of_story(found.for_reader(self.member), self.request)

    @extend_schema(parameters=[STORY])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=CommentWriteSerializer, responses={201: CommentSerializer})
    def create(self, request: Request) -> Response:
        """Say something about a story."""
        data = self.checked(CommentWriteSerializer)
        said = comments.write_comment(
            story=data["story"],
            text=data["text"],
            audience=Audience(data["audience"]),
            by=self.member,
            now=self.now,
        )
        return self.shown(said, status=201)

    @extend_schema(request=CommentTextSerializer, responses={200: CommentSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change the words of one's own comment."""
        text = self.checked(CommentTextSerializer)["text"]
        comments.change_comment(comment=self.get_object(), text=text, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(responses={200: CommentSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a comment back; its place stays, without words."""
        comments.remove_comment(comment=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(responses={200: CommentVersionSerializer(many=True)})
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, pk: str) -> Response:
        """Earlier words, newest first."""
        found = self.get_object().versions.order_by("-until", "-pk")
        return Response(CommentVersionSerializer(found, many=True).data)


class ThingSerializer(serializers.Serializer[Any]):
    """Something that was made for the story elsewhere."""

    kind = serializers.CharField()
    name = serializers.CharField(source="label")
    state = serializers.CharField()
    href = serializers.CharField(help_text="The path of its page.")


class AroundSerializer(serializers.Serializer[Any]):
    """What belongs to a story beside its own fields."""

    labels = serializers.ListField(child=serializers.CharField())
    helpers = serializers.ListField(child=serializers.EmailField())
    watchers = serializers.ListField(child=serializers.EmailField())
    segments = serializers.ListField(child=serializers.IntegerField())
    things = ThingSerializer(many=True)


class SetLabelsSerializer(serializers.Serializer[Any]):
    """All labels of a story by name; those that do not exist are made."""

    labels = serializers.ListField(child=serializers.CharField(max_length=40))


class SetHelpersSerializer(serializers.Serializer[Any]):
    """All who work on it beside the lead, by address."""

    helpers = serializers.ListField(child=MemberByEmail())


class SetSegmentsSerializer(serializers.Serializer[Any]):
    """All segments that it is about, beside the one of its brief."""

    segments = InWorkspace(queryset=Segment.objects.current(), many=True)


class WatchSerializer(serializers.Serializer[Any]):
    """Whether the member behind the key follows the story."""

    is_watching = serializers.BooleanField()


class StoryAroundViewSet(ScopedViewSet[Story]):
    """Labels, people, segments and things of one story."""

    queryset = Story.objects.with_plan()
    serializer_class = AroundSerializer
    can: ClassVar = {"around": SEE, "labels": EDIT, "helpers": EDIT, "segments": EDIT, "watch": SEE}

    def _around(self, story: Story) -> Response:
        shown = {
            "labels": list(story.labels.order_by("name").values_list("name", flat=True)),
            "helpers": list(story.helpers.order_by("pk").values_list("member__user__email", flat=True)),
            "watchers": [member.user.email for member in watchers(story)],
            "segments": list(story.segment_links.order_by("pk").values_list("segment_id", flat=True)),
            "things": linked_things(story, self.member),
        }
        return Response(AroundSerializer(shown).data)

    @extend_schema(responses={200: AroundSerializer})
    @action(detail=True, methods=["get"])
    def around(self, request: Request, pk: str) -> Response:
        """Labels, people, segments, and what was made for it elsewhere."""
        return self._around(self.get_object())

    @extend_schema(request=SetLabelsSerializer, responses={200: AroundSerializer})
    @action(detail=True, methods=["put"])
    def labels(self, request: Request, pk: str) -> Response:
        """Say which labels it has."""
        story, names = self.get_object(), self.checked(SetLabelsSerializer)["labels"]
        labels.set_labels(story=story, labels=[], new=names, by=self.member, now=self.now)
        return self._around(story)

    @extend_schema(request=SetHelpersSerializer, responses={200: AroundSerializer})
    @action(detail=True, methods=["put"])
    def helpers(self, request: Request, pk: str) -> Response:
        """Say who works on it beside the lead."""
        story, members = self.get_object(), self.checked(SetHelpersSerializer)["helpers"]
        watching.set_helpers(story=story, members=members, by=self.member, now=self.now)
        return self._around(story)

    @extend_schema(request=SetSegmentsSerializer, responses={200: AroundSerializer})
    @action(detail=True, methods=["put"])
    def segments(self, request: Request, pk: str) -> Response:
        """Say which segments it is about."""
        story, segments = self.get_object(), self.checked(SetSegmentsSerializer)["segments"]
        story_links.set_segments(story=story, segments=segments, by=self.member, now=self.now)
        return self._around(story)

    @extend_schema(request=WatchSerializer, responses={200: AroundSerializer})
    @action(detail=True, methods=["post"])
    def watch(self, request: Request, pk: str) -> Response:
        """Follow it, or stop."""
        story, is_watching = self.get_object(), self.checked(WatchSerializer)["is_watching"]
        watching.watch(story=story, member=self.member, is_watching=is_watching, now=self.now)
        return self._around(story)


def register(router: SimpleRouter) -> None:
    router.register("comments", CommentViewSet, basename="comment")
    router.register("stories", StoryAroundViewSet, basename="story-parts")
