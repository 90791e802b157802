"""REST: raw ideas, what is decided of them, and the pages on which they come in."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import Contact
from sprints.models import LONGEST_IDEA, Idea, IdeaSource, IdeaState, IntakeLink, Sprint, Story, StoryKind
from sprints.services import ideas
from sprints.services.ideas import Told, link_address
from workspaces.api import InWorkspace, ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS
SOURCES = (IdeaSource.API, IdeaSource.ANSWER, IdeaSource.RETRO, IdeaSource.TEAM)


class IdeaSerializer(serializers.ModelSerializer[Idea]):
    """An idea as it is read. `story` is what it became, or was added to."""

    class Meta:
        model = Idea
        fields = (
            "id", "title", "text", "sender_name", "sender_email", "source", "contact", "sprint", "reference",
            "received_at", "state", "snoozed_until", "story", "reason", "decided_at",
        )  # fmt: skip

    def to_representation(self, instance: Idea) -> dict[str, Any]:
        """Whom a colleague of a seller looks after stays unnamed."""
        shown = super().to_representation(instance)
        if instance.contact is not None and not instance.contact.is_seen_by(self.context["view"].member):
            shown |= {"sender_name": "", "sender_email": "", "contact": None}
        return shown


class IdeaWriteSerializer(serializers.Serializer[Any]):
    """An idea as it is sent. With a `reference` of your own it is taken once, however often you send it."""

    title = serializers.CharField(max_length=160)
    text = serializers.CharField(max_length=LONGEST_IDEA, required=False, allow_blank=True, default="")
    sender_name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    sender_email = serializers.EmailField(required=False, allow_blank=True, default="")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field of that name, as the model has
        choices=[(s.value, s.label) for s in SOURCES], required=False, default=IdeaSource.API
    )
    contact = InWorkspace(queryset=Contact.objects.all(), required=False, allow_null=True, default=None)
    sprint = InWorkspace(queryset=Sprint.objects.all(), required=False, allow_null=True, default=None)
    reference = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class AcceptSerializer(serializers.Serializer[Any]):
    """How the story is called. `tell` mails the sender."""

    title = serializers.CharField(max_length=160, required=False, default="")
    kind = serializers.ChoiceField(choices=StoryKind.choices, required=False, default=StoryKind.CAMPAIGN)
    tell = serializers.BooleanField(required=False, default=False)


class MergeSerializer(serializers.Serializer[Any]):
    """The story that says the same."""

    story = InWorkspace(queryset=Story.objects.all())


class SnoozeSerializer(serializers.Serializer[Any]):
    """The day on which it comes back."""

    until = serializers.DateField()


class DeclineSerializer(serializers.Serializer[Any]):
    """Why not. `tell` mails it to the sender."""

    reason = serializers.CharField(max_length=500)
    tell = serializers.BooleanField(required=False, default=False)


STATE = OpenApiParameter("state", OpenApiTypes.STR, enum=["waiting", *IdeaState.values], description="Only these.")


class IdeaViewSet(ScopedViewSet[Idea], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """The inbox of ideas; `?state=waiting` are those to look at now."""

    queryset = Idea.objects.select_related("workspace", "contact")
    serializer_class = IdeaSerializer
    can: ClassVar = {
        "list": SEE, "retrieve": SEE, "create": EDIT, "accept": PLAN, "merge": PLAN, "snooze": PLAN, "decline": PLAN,
        "reopen": PLAN,
    }  # fmt: skip

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        state = self.request.query_params.get("state", "")
        if state == "waiting":
            return found.waiting(timezone.now().astimezone(self.workspace.zone).date())
        return found.filter(state=state) if state in IdeaState.values else found

    @extend_schema(parameters=[STATE])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All ideas, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=IdeaWriteSerializer, responses={201: IdeaSerializer})
    def create(self, request: Request) -> Response:
        """Put an idea into the inbox."""
        data = self.checked(IdeaWriteSerializer)
        told = Told(**{**data, "source": IdeaSource(data["source"])})
        idea = ideas.take_idea(workspace=self.workspace, told=told, by=self.member, now=self.now)
        return self.shown(idea, status=201)

    def _again(self, idea: Idea) -> Response:
        idea.refresh_from_db()
        return self.shown(idea)

    @extend_schema(request=AcceptSerializer, responses={200: IdeaSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Make a story of an idea, on top of the backlog."""
        idea, data = self.get_object(), self.checked(AcceptSerializer)
        ideas.accept_idea(
            idea=idea, title=data["title"], kind=StoryKind(data["kind"]), tell=data["tell"], by=self.member,
            now=self.now,
        )  # fmt: skip
        return self._again(idea)

    @extend_schema(request=MergeSerializer, responses={200: IdeaSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Add an idea to a story that says the same."""
        idea, story = self.get_object(), self.checked(MergeSerializer)["story"]
        ideas.merge_idea(idea=idea, story=story, by=self.member, now=self.now)
        return self._again(idea)

    @extend_schema(request=SnoozeSerializer, responses={200: IdeaSerializer})
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Put an idea away until a day."""
        idea, until = self.get_object(), self.checked(SnoozeSerializer)["until"]
        ideas.snooze_idea(idea=idea, until=until, by=self.member, now=self.now)
        return self._again(idea)

    @extend_schema(request=DeclineSerializer, responses={200: IdeaSerializer})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Say no, and why."""
        idea, data = self.get_object(), self.checked(DeclineSerializer)
        ideas.decline_idea(idea=idea, reason=data["reason"], tell=data["tell"], by=self.member, now=self.now)
        return self._again(idea)

    @extend_schema(request=None, responses={200: IdeaSerializer})
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Bring an idea back that was snoozed, merged or declined."""
        idea = self.get_object()
        ideas.reopen_idea(idea=idea, by=self.member, now=self.now)
        return self._again(idea)


class PageSerializer(serializers.ModelSerializer[IntakeLink]):
    """A page on which anybody with its address can leave an idea."""

    address = serializers.SerializerMethodField()

    class Meta:
        model = IntakeLink
        fields = ("id", "label", "welcome", "address", "created_at", "revoked_at")
        read_only_fields = ("created_at", "revoked_at")

    def get_address(self, link: IntakeLink) -> str:
        return link_address(link)


class PageViewSet(ScopedViewSet[IntakeLink], mixins.ListModelMixin):
    """Idea pages."""

    queryset = IntakeLink.objects.all()
    serializer_class = PageSerializer
    can: ClassVar = {"list": PLAN, "create": PLAN, "close": PLAN}

    def create(self, request: Request) -> Response:
        """Open a page."""
        data = self.checked(PageSerializer)
        link = ideas.open_link(
            workspace=self.workspace, label=data["label"], welcome=data.get("welcome", ""), by=self.member,
            now=self.now,
        )  # fmt: skip
        return self.shown(link, status=201)

    @extend_schema(request=None, responses={200: PageSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a page for good."""
        link = self.get_object()
        ideas.revoke_link(link=link, by=self.member, now=self.now)
        link.refresh_from_db()
        return self.shown(link)


def register(router: SimpleRouter) -> None:
    router.register("ideas", IdeaViewSet, basename="idea")
    router.register("idea-pages", PageViewSet, basename="idea-page")
