"""REST: campaigns with their content, checks and schedule; senders."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import Segment, Topic
from campaigns import services
from campaigns.forms import LONGEST_SOURCE
from campaigns.launches import ask_about_launch
from campaigns.models import Campaign, CampaignState, ContentFormat, ContentVersion, Sender, UnknownPolicy
from campaigns.preflight import preflight, tally
from campaigns.readers import SAMPLE_UNSUBSCRIBE, reader_for
from campaigns.rendering import CompiledContent, personal_context
from sprints.models import AMOUNT_DIGITS, CENTS, Story
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can


class SenderSerializer(serializers.ModelSerializer[Sender]):
    """Whom mails are from."""

    class Meta:
        model = Sender
        fields = ("id", "name", "email", "reply_to")


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign as it is read; `version` and `subject` are those of its current content."""

    version = serializers.IntegerField(source="content.number", default=None, read_only=True, allow_null=True)
    subject = serializers.CharField(source="content.subject", default="", read_only=True)

    class Meta:
        model = Campaign
        fields = (
            "id", "name", "story", "segment", "sender", "topic", "offer", "cost", "unknown_policy", "state",
            "held_reason", "missed_at", "version", "subject", "scheduled_at", "launched_at", "finished_at",
            "created_at", "updated_at",
        )  # fmt: skip


class NewCampaignSerializer(serializers.Serializer[Any]):
    """A campaign for a story; it inherits audience, offer and cost of the story's brief."""

    story: Any = InWorkspace(queryset=Story.objects.select_related("brief__segment", "workspace"))
    name = serializers.CharField(max_length=160, required=False, allow_blank=True, default="")


class CampaignChangeSerializer(serializers.Serializer[Any]):
    """What to change of a campaign; what is left out stays."""

    name = serializers.CharField(max_length=160, required=False)
    segment: Any = InWorkspace(queryset=Segment.objects.current(), required=False)
    sender: Any = InWorkspace(queryset=Sender.objects.filter(archived_at=None), required=False)
    topic: Any = InWorkspace(
        queryset=Topic.objects.filter(archived_at=None),
        required=False,
        allow_null=True,
        help_text="Whoever declined it is left out.",
    )
    offer = serializers.CharField(max_length=200, required=False, allow_blank=True)
    cost = serializers.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=CENTS, min_value=0, required=False)
    unknown_policy = serializers.ChoiceField(
        choices=UnknownPolicy.choices,
        required=False,
        help_text="For messages whose answer never came: `hold` asks people, `resend` sends them again after a day.",
    )


class ContentSerializer(serializers.ModelSerializer[ContentVersion]):
    """One version of the mail as it was written."""

    class Meta:
        model = ContentVersion
        fields = ("number", "subject", "preheader", "format", "source", "fingerprint", "created_at")


class ContentWriteSerializer(serializers.Serializer[Any]):
    """The mail: Liquid in Markdown, which gets the house layout, or in HTML of your own."""

    subject = serializers.CharField(max_length=250)
    preheader = serializers.CharField(max_length=250, required=False, allow_blank=True, default="")
    format = serializers.ChoiceField(choices=ContentFormat.choices, default=ContentFormat.MARKDOWN)
    source: Any = serializers.CharField(max_length=LONGEST_SOURCE, trim_whitespace=False)


class RestoreSerializer(serializers.Serializer[Any]):
    """Which version to bring back."""

    number = serializers.IntegerField(min_value=1)


class PreviewSerializer(serializers.Serializer[Any]):
    """The mail as one reader gets it; `note` says why it is not the reader asked for."""

    contact = serializers.CharField(help_text="The address it is shown for.")
    note = serializers.CharField()
    subject = serializers.CharField()
    preheader = serializers.CharField()
    html = serializers.CharField()
    text = serializers.CharField()


class FindingSerializer(serializers.Serializer[Any]):
    """One check: `bad` stops the send, `warn` asks for judgement."""

    level = serializers.ChoiceField(choices=["ok", "warn", "bad"])
    title = serializers.CharField()
    detail = serializers.CharField()


class CheckGroupSerializer(serializers.Serializer[Any]):
    """Checks under one heading."""

    title = serializers.CharField()
    findings = FindingSerializer(many=True)


class ChecksSerializer(serializers.Serializer[Any]):
    """May it go out: it may when nothing stops it."""

    passed = serializers.IntegerField()
    warnings = serializers.IntegerField()
    stops = serializers.IntegerField()
    groups = CheckGroupSerializer(many=True)


class ScheduleSerializer(serializers.Serializer[Any]):
    """When it goes out. A time without an offset is by the workspace's clock; left out means now."""

    at = serializers.CharField(required=False, allow_null=True, help_text="ISO 8601.")

    def validate_at(self, value: str | None) -> datetime | None:
        if value is None:
            return None
        zone = self.context["workspace"].zone
        moment: datetime = serializers.DateTimeField(default_timezone=zone).run_validation(value)
        return moment


class AskOwnerSerializer(serializers.Serializer[Any]):
    """Whom to ask about the finished mail."""

    approver: Any = MemberByEmail(help_text="E-mail address of a member who is a business owner.")
    message = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class AskLaunchSerializer(AskOwnerSerializer):
    """Whom to ask about the launch, and on which days it may go out; without them on those of its window."""

    first_day = serializers.DateField(required=False)
    last_day = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both days, or none."""
        if ("first_day" in attrs) != ("last_day" in attrs):
            raise serializers.ValidationError({"last_day": [_("Name both days, or none.")]})
        return attrs


SHOWN = {200: CampaignSerializer}
CONTACT = OpenApiParameter("contact", str, description="Id, address or words of the name of a contact in the segment.")


class CampaignViewSet(ScopedViewSet[Campaign], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Campaigns: made for a story, written, checked, put on the schedule. Filter with `?state=`."""

    queryset = Campaign.objects.with_parts()
    serializer_class = CampaignSerializer
    can: ClassVar = {
        "list": Can.SEE_CAMPAIGNS,
        "retrieve": Can.SEE_CAMPAIGNS,
        "content": Can.SEE_CAMPAIGNS,
        "versions": Can.SEE_CAMPAIGNS,
        "preview": Can.SEE_CAMPAIGNS,
        "checks": Can.SEE_CAMPAIGNS,
        "create": Can.EDIT_CAMPAIGNS,
        "partial_update": Can.EDIT_CAMPAIGNS,
        "write": Can.EDIT_CAMPAIGNS,
        "restore": Can.EDIT_CAMPAIGNS,
        "schedule": Can.EDIT_CAMPAIGNS,
        "ask_owner": Can.EDIT_CAMPAIGNS,
        "ask_launch": Can.EDIT_CAMPAIGNS,
        "unschedule": Can.STOP_CAMPAIGNS,
        "cancel": Can.STOP_CAMPAIGNS,
    }

    def get_queryset(self) -> Any:
        campaigns = super().get_queryset()
        state = self.request.query_params.get("state", "")
        if state and state not in CampaignState.values:
            raise serializers.ValidationError({"state": [_("There is no such state.")]})
        return campaigns.filter(state=state) if state else campaigns

    @extend_schema(request=NewCampaignSerializer, responses={201: CampaignSerializer})
    def create(self, request: Request) -> Response:
        """Start a campaign for a story."""
        data = self.checked(NewCampaignSerializer)
        return self.shown(services.create_campaign(by=self.member, now=self.now, **data), status=201)

    @extend_schema(request=CampaignChangeSerializer, responses=SHOWN)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a campaign that is not scheduled. What the owner approved is asked for again if it differs."""
        campaign = self.get_object()
        changes = self.checked(CampaignChangeSerializer, partial=True)
        services.change_campaign(campaign=campaign, by=self.member, now=self.now, **changes)
        return self.shown(campaign)

    @extend_schema(responses={200: ContentSerializer})
    @action(detail=True, methods=["get"])
    def content(self, request: Request, pk: str) -> Response:
        """The mail as it was written; 404 while nothing is."""
        return Response(ContentSerializer(self._current(self.get_object())).data)

    @extend_schema(request=ContentWriteSerializer, responses={200: ContentSerializer})
    @content.mapping.put
    def write(self, request: Request, pk: str) -> Response:
        """Write the mail. A new version, unless it is the same text."""
        campaign, data = self.get_object(), self.checked(ContentWriteSerializer)
        written_as = ContentFormat(data.pop("format"))
        version = services.write_content(campaign=campaign, written_as=written_as, by=self.member, now=self.now, **data)
        return Response(ContentSerializer(version).data)

    @extend_schema(responses={200: ContentSerializer(many=True)})
    @action(detail=True, methods=["get"], pagination_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """All versions of the mail, newest first."""
        return Response(ContentSerializer(self.get_object().versions.order_by("-number"), many=True).data)

    @extend_schema(request=RestoreSerializer, responses={200: ContentSerializer})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an earlier version back, as a new one."""
        campaign, number = self.get_object(), self.checked(RestoreSerializer)["number"]
        earlier = campaign.versions.select_related("campaign__workspace").filter(number=number).first()
        if earlier is None:
            raise NotFound
        return Response(ContentSerializer(services.restore_content(version=earlier, by=self.member, now=self.now)).data)

    @extend_schema(parameters=[CONTACT], responses={200: PreviewSerializer})
    @action(detail=True, methods=["get"])
    def preview(self, request: Request, pk: str) -> Response:
        """The mail as a contact of the segment gets it, by default the first."""
        campaign = self.get_object()
        version = self._current(campaign)
        reader = reader_for(campaign, self.member, request.query_params.get("contact", ""), self.now)
        context = personal_context(reader.contact, self.workspace, unsubscribe_url=SAMPLE_UNSUBSCRIBE)
        mail = CompiledContent(version).render(context)
        shown = {"subject": mail.subject, "preheader": mail.preheader, "html": mail.html, "text": mail.text}
        return Response({"contact": reader.contact.email, "note": reader.note, **shown})

    def _current(self, campaign: Campaign) -> ContentVersion:
        if campaign.content is None:
            raise NotFound
        return campaign.content

    @extend_schema(responses={200: ChecksSerializer})
    @action(detail=True, methods=["get"])
    def checks(self, request: Request, pk: str) -> Response:
        """What speaks for and against sending it, by group."""
        groups = preflight(self.get_object(), self.now)
        found = tally(groups)
        shown = [{"title": str(group.title), "findings": _findings(group.findings)} for group in groups]
        numbers = {"passed": found.passed, "warnings": found.warnings, "stops": found.stops}
        return Response({**numbers, "groups": shown})

    @extend_schema(request=ScheduleSerializer, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def schedule(self, request: Request, pk: str) -> Response:
        """Put it on the schedule, if nothing stops it at that moment."""
        campaign, at = self.get_object(), self.checked(ScheduleSerializer).get("at") or self.now
        services.put_on_schedule(campaign=campaign, at=at, by=self.member, now=self.now)
        return self.shown(campaign)

    @extend_schema(request=None, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def unschedule(self, request: Request, pk: str) -> Response:
        """Take it off the schedule: it is a draft again."""
        campaign = self.get_object()
        services.unschedule_campaign(campaign=campaign, by=self.member, now=self.now)
        return self.shown(campaign)

    @extend_schema(request=None, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give it up before it starts. It cannot be brought back."""
        campaign = self.get_object()
        services.cancel_campaign(campaign=campaign, by=self.member, now=self.now)
        return self.shown(campaign)

    @extend_schema(request=AskOwnerSerializer, responses=SHOWN)
    @action(detail=True, methods=["post"], url_path="ask-owner")
    def ask_owner(self, request: Request, pk: str) -> Response:
        """Ask the business owner about the finished mail, where the approval covers it."""
        campaign, data = self.get_object(), self.checked(AskOwnerSerializer)
        services.ask_about_content(campaign=campaign, by=self.member, now=self.now, **data)
        return self.shown(campaign)

    @extend_schema(request=AskLaunchSerializer, responses=SHOWN)
    @action(detail=True, methods=["post"], url_path="ask-launch")
    def ask_launch(self, request: Request, pk: str) -> Response:
        """Ask the business owner about the launch: nothing is scheduled or sent before the yes to exactly this."""
        campaign, data = self.get_object(), self.checked(AskLaunchSerializer)
        first, last = data.pop("first_day", None), data.pop("last_day", None)
        days = (first, last) if first and last else None
        ask_about_launch(campaign=campaign, by=self.member, now=self.now, days=days, **data)
        return self.shown(self.get_object())


def _findings(findings: Any) -> list[dict[str, str]]:
    return [{"level": str(found.level), "title": found.title, "detail": found.detail} for found in findings]


class SenderViewSet(ScopedViewSet[Sender], mixins.ListModelMixin):
    """Whom mails are from."""

    queryset = Sender.objects.filter(archived_at=None)
    serializer_class = SenderSerializer
    can: ClassVar = {
        "list": Can.SEE_CAMPAIGNS,
        "create": Can.MANAGE_WORKSPACE,
        "archive": Can.MANAGE_WORKSPACE,
    }

    @extend_schema(request=SenderSerializer, responses={201: SenderSerializer})
    def create(self, request: Request) -> Response:
        """Add a sender."""
        data = self.checked(SenderSerializer)
        sender = services.add_sender(workspace=self.workspace, by=self.member, now=self.now, **data)
        return self.shown(sender, status=201)

    @extend_schema(request=None, responses={200: SenderSerializer})
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Offer a sender no more; campaigns keep it."""
        sender = self.get_object()
        services.archive_sender(sender=sender, by=self.member, now=self.now)
        return self.shown(sender)


router = SimpleRouter()
router.register("campaigns", CampaignViewSet, basename="campaign")
router.register("senders", SenderViewSet, basename="sender")
