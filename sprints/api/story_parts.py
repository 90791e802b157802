"""REST: labels of the workspace; checklists, files and links of stories."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.api.talk import STORY, of_story
from sprints.downloads import downloaded
from sprints.models import Attachment, Checklist, ChecklistItem, Label, LabelTone, LinkKind, Story, StoryLink
from sprints.services import attachments, checklists, labels, story_links
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_SPRINTS, Can.EDIT_STORIES
GONE = {204: OpenApiResponse(description="It is gone.")}


class LabelSerializer(serializers.ModelSerializer[Label]):
    """A label; `tone` is one of the colours."""

    class Meta:
        model = Label
        fields = ("id", "name", "tone")


class LabelWriteSerializer(serializers.Serializer[Any]):
    """A label as it is sent."""

    name = serializers.CharField(max_length=40)
    tone = serializers.ChoiceField(choices=LabelTone.choices)


class LabelMergeSerializer(serializers.Serializer[Any]):
    """The label that takes over the stories."""

    into = InWorkspace(queryset=Label.objects.all())


class StoriesSerializer(serializers.Serializer[Any]):
    """On how many stories it was."""

    stories = serializers.IntegerField()


class LabelViewSet(ScopedViewSet[Label], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """The labels of the workspace."""

    queryset = Label.objects.select_related("workspace")
    serializer_class = LabelSerializer
    can: ClassVar = {
        "list": SEE, "retrieve": SEE, "create": EDIT, "update": EDIT, "destroy": EDIT, "merge": EDIT,
    }  # fmt: skip

    @extend_schema(request=LabelWriteSerializer, responses={201: LabelSerializer})
    def create(self, request: Request) -> Response:
        """Make a label; the one that has this name already, however it is spelt in case, is answered as it is."""
        data = self.checked(LabelWriteSerializer)
        tone = LabelTone(data["tone"])
        made = labels.make_label(workspace=self.workspace, name=data["name"], tone=tone, by=self.member, now=self.now)
        return self.shown(made, status=201)

    @extend_schema(request=LabelWriteSerializer, responses={200: LabelSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Give it another name or colour."""
        label, data = self.get_object(), self.checked(LabelWriteSerializer)
        tone = LabelTone(data["tone"])
        labels.change_label(label=label, name=data["name"], tone=tone, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(responses={200: StoriesSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it away from all stories and delete it."""
        count = labels.delete_label(label=self.get_object(), by=self.member, now=self.now)
        return Response({"stories": count})

    @extend_schema(request=LabelMergeSerializer, responses={200: StoriesSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Put another label on all its stories, and delete it."""
        label, into = self.get_object(), self.checked(LabelMergeSerializer)["into"]
        count = labels.merge_labels(label=label, into=into, by=self.member, now=self.now)
        return Response({"stories": count})


class StepSerializer(serializers.ModelSerializer[ChecklistItem]):
    """A step of a checklist."""

    assignee = serializers.EmailField(source="assignee.user.email", allow_null=True, read_only=True)

    class Meta:
        model = ChecklistItem
        fields = ("id", "checklist", "text", "is_done", "assignee")


class ChecklistSerializer(serializers.ModelSerializer[Checklist]):
    """A checklist with its steps in their order."""

    steps = serializers.SerializerMethodField()

    class Meta:
        model = Checklist
        fields = ("id", "story", "name", "steps")

    @extend_schema(responses=StepSerializer(many=True))
    def get_steps(self, checklist: Checklist) -> list[dict[str, Any]]:
        items = sorted(checklist.items.all(), key=lambda item: (item.rank, item.pk))
        return [dict(StepSerializer(item).data) for item in items]


class ChecklistWriteSerializer(serializers.Serializer[Any]):
    """A checklist as it is sent. Its story stays."""

    story = InWorkspace(queryset=Story.objects.all())
    name = serializers.CharField(max_length=80)


class ChecklistViewSet(ScopedViewSet[Checklist], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """The checklists of stories."""

    queryset = Checklist.objects.select_related("story__workspace").prefetch_related("items__assignee__user")
    serializer_class = ChecklistSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "update": EDIT, "destroy": EDIT}

    def get_queryset(self) -> Any:
        return of_story(super().get_queryset(), self.request)

    @extend_schema(parameters=[STORY])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ChecklistWriteSerializer, responses={201: ChecklistSerializer})
    def create(self, request: Request) -> Response:
        """Begin a checklist."""
        made = checklists.add_checklist(**self.checked(ChecklistWriteSerializer), by=self.member, now=self.now)
        return self.shown(made, status=201)

    @extend_schema(request=ChecklistWriteSerializer, responses={200: ChecklistSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Give it another name."""
        name = self.checked(ChecklistWriteSerializer, partial=True).get("name", "")
        checklists.rename_checklist(checklist=self.get_object(), name=name, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it with its steps."""
        checklists.remove_checklist(checklist=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


class StepWriteSerializer(serializers.Serializer[Any]):
    """A step as it is sent. Its checklist stays."""

    checklist = InWorkspace(queryset=Checklist.objects.select_related("story__workspace"))
    text = serializers.CharField(max_length=200)
    assignee = MemberByEmail(required=False, allow_null=True)


class StepDoneSerializer(serializers.Serializer[Any]):
    """Whether it is done."""

    is_done = serializers.BooleanField()


class StepMoveSerializer(serializers.Serializer[Any]):
    """Before which other step of its list; without one it goes to the end."""

    before = InWorkspace(queryset=ChecklistItem.objects.all(), required=False, allow_null=True)


class StepViewSet(ScopedViewSet[ChecklistItem], mixins.RetrieveModelMixin):
    """The steps of checklists."""

    queryset = ChecklistItem.objects.select_related("checklist__story__workspace", "assignee__user")
    serializer_class = StepSerializer
    can: ClassVar = {
        "retrieve": SEE, "create": EDIT, "update": EDIT, "destroy": EDIT, "tick": EDIT, "move": EDIT,
    }  # fmt: skip

    @extend_schema(request=StepWriteSerializer, responses={201: StepSerializer})
    def create(self, request: Request) -> Response:
        """Put a step at the end."""
        data = self.checked(StepWriteSerializer)
        made = checklists.add_item(checklist=data["checklist"], text=data["text"], by=self.member, now=self.now)
        if data.get("assignee"):
            checklists.change_item(item=made, text=made.text, assignee=data["assignee"], by=self.member, now=self.now)
        return self.shown(ChecklistItem.objects.select_related("assignee__user").get(pk=made.pk), status=201)

    @extend_schema(request=StepWriteSerializer, responses={200: StepSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Give it other words, or somebody to do it. What is left out stays."""
        item, data = self.get_object(), self.checked(StepWriteSerializer, partial=True)
        text, assignee = data.get("text", item.text), data.get("assignee", item.assignee)
        checklists.change_item(item=item, text=text, assignee=assignee, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        checklists.remove_item(item=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=StepDoneSerializer, responses={200: StepSerializer})
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        """Mark it as done, or not."""
        is_done = self.checked(StepDoneSerializer)["is_done"]
        checklists.tick_item(item=self.get_object(), is_done=is_done, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=StepMoveSerializer, responses={200: StepSerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Put it before another step."""
        before = self.checked(StepMoveSerializer).get("before")
        checklists.move_item(item=self.get_object(), before=before, by=self.member, now=self.now)
        return self.shown(self.get_object())


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A file; `media_type` is what its content says, `size` is in bytes."""

    uploaded_by = serializers.EmailField(source="uploaded_by.user.email", read_only=True)

    class Meta:
        model = Attachment
        fields = ("id", "story", "name", "media_type", "size", "uploaded_by", "uploaded_at")


class AttachmentWriteSerializer(serializers.Serializer[Any]):
    """A file as it is sent, as multipart form data."""

    story = InWorkspace(queryset=Story.objects.all())
    file = serializers.FileField(max_length=255, allow_empty_file=True)


class AttachmentViewSet(ScopedViewSet[Attachment], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """The files of stories."""

    queryset = Attachment.objects.select_related("uploaded_by__user", "story__workspace")
    serializer_class = AttachmentSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "destroy": EDIT, "file": SEE}

    def get_queryset(self) -> Any:
        return of_story(super().get_queryset(), self.request)

    def get_parsers(self) -> Any:
        return [MultiPartParser()] if (self.request and self.request.method == "POST") else super().get_parsers()

    @extend_schema(parameters=[STORY])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": AttachmentWriteSerializer}, responses={201: AttachmentSerializer})
    def create(self, request: Request) -> Response:
        """Keep a file with a story."""
        data = self.checked(AttachmentWriteSerializer)
        made = attachments.attach(
            story=data["story"], file=data["file"], name=data["file"].name, by=self.member, now=self.now
        )
        return self.shown(made, status=201)

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a file for ever."""
        attachments.remove_attachment(attachment=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> Any:
        """The file itself, to be saved."""
        return downloaded(self.get_object())


class StoryLinkSerializer(serializers.ModelSerializer[StoryLink]):
    """`source` blocks, duplicates, follows or relates to `target`."""

    class Meta:
        model = StoryLink
        fields = ("id", "source", "kind", "target")


class StoryLinkWriteSerializer(serializers.Serializer[Any]):
    """A link as it is sent."""

    source = InWorkspace(queryset=Story.objects.all())  # type: ignore[assignment]  # also an attribute of fields
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    target = InWorkspace(queryset=Story.objects.all())


class StoryLinkViewSet(ScopedViewSet[StoryLink], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """Links between stories; `?story=` finds those of one, in both directions."""

    queryset = StoryLink.objects.select_related("source__workspace", "target__workspace")
    serializer_class = StoryLinkSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "destroy": EDIT}

    def get_queryset(self) -> Any:
        found = super().get_queryset()
        return of_story(found, self.request, "source") | of_story(found, self.request, "target")

    @extend_schema(parameters=[STORY])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=StoryLinkWriteSerializer, responses={201: StoryLinkSerializer})
    def create(self, request: Request) -> Response:
        """Link two stories. Stories that would wait for each other in a circle are refused."""
        data = self.checked(StoryLinkWriteSerializer)
        kind = LinkKind(data["kind"])
        made = story_links.link_stories(
            source=data["source"], kind=kind, target=data["target"], by=self.member, now=self.now
        )
        return self.shown(made, status=201)

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a link away."""
        story_links.unlink_stories(link=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


def register(router: SimpleRouter) -> None:
    router.register("labels", LabelViewSet, basename="label")
    router.register("checklists", ChecklistViewSet, basename="checklist")
    router.register("steps", StepViewSet, basename="step")
    router.register("attachments", AttachmentViewSet, basename="attachment")
    router.register("story-links", StoryLinkViewSet, basename="story-link")
