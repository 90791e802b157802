"""REST: contacts, attributes, lists, segments, events."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience import services
from audience.api import consent as consent_api
from audience.api import privacy as privacy_api
from audience.api import surveys as surveys_api
from audience.api.attributes import AttributeViewSet
from audience.api.bulk import BulkViewSet
from audience.api.commerce import EventViewSet, OrderViewSet
from audience.api.contacts import ContactViewSet
from audience.api.exports import ExportViewSet
from audience.api.imports import ContactImportViewSet
from audience.api.lists import ListViewSet
from audience.api.segments import SegmentQuestions
from audience.api.sites import WebSiteViewSet
from audience.models import Segment
from audience.segments.compile import contacts_in, sentence
from audience.segments.counting import count_in
from audience.segments.definition import read_definition
from audience.segments.fields import Field, fields_of
from emailops.lib.errors import DomainError
from workspaces.api import JsonObject, ScopedViewSet
from workspaces.permissions import Can


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A segment; `definition` is its rule, `words` the same rule for people.

    `watched_at` is since when it is kept who comes and who goes; null where it is not.
    """

    words = serializers.SerializerMethodField()

    class Meta:
        model = Segment
        fields = ("id", "name", "description", "definition", "words", "created_at", "updated_at", "watched_at")

    def get_words(self, segment: Segment) -> str:
        try:
            return sentence(read_definition(segment.definition), self._known)
        except DomainError as broken:
            return str(broken)

    @cached_property
    def _known(self) -> Mapping[str, Field]:
        """Read once for all segments of an answer."""
        return fields_of(self.context["view"].workspace)


class SegmentWriteSerializer(serializers.Serializer[Any]):
    """A segment as it is sent."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    definition = JsonObject()


class CountSerializer(serializers.Serializer[Any]):
    """How many people belong now, and how many of them may be written to."""

    people = serializers.IntegerField()
    reachable = serializers.IntegerField()


class SegmentViewSet(SegmentQuestions, ScopedViewSet[Segment], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Segments: rules that say who belongs."""

    queryset = Segment.objects.current().select_related("workspace")
    serializer_class = SegmentSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "count": Can.SEE_AUDIENCE,
        "fields": Can.SEE_AUDIENCE,
        "ask": Can.SEE_AUDIENCE,
        "people": Can.SEE_AUDIENCE,
        "days": Can.SEE_AUDIENCE,
        "watch": Can.EDIT_AUDIENCE,
        "destroy": Can.EDIT_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
    }

    @extend_schema(request=SegmentWriteSerializer, responses={201: SegmentSerializer})
    def create(self, request: Request) -> Response:
        """Keep a rule under a name."""
        data = self.checked(SegmentWriteSerializer)
        definition = read_definition(data.pop("definition"))
        segment = services.create_segment(
            workspace=self.workspace, definition=definition, by=self.member, now=self.now, **data
        )
        return self.shown(segment, status=201)

    @extend_schema(request=SegmentWriteSerializer, responses={200: SegmentSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        segment, data = self.get_object(), self.checked(SegmentWriteSerializer)
        definition = read_definition(data.pop("definition"))
        services.update_segment(segment=segment, definition=definition, by=self.member, now=self.now, **data)
        return self.shown(segment)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Put a segment away; what used it keeps it. Refused while other segments name it."""
        services.archive_segment(segment=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={200: CountSerializer})
    @action(detail=True, methods=["get"])
    def count(self, request: Request, pk: str) -> Response:
        """How many people belong now."""
        definition, fields = read_definition(self.get_object().definition), fields_of(self.workspace)
        people = contacts_in(self.workspace, definition, self.now, fields)
        counted = count_in(self.workspace, definition, self.now, fields)
        return Response({"people": counted, "reachable": people.reachable().count()})


router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")
router.register("attributes", AttributeViewSet, basename="attribute")
router.register("lists", ListViewSet, basename="list")
router.register("bulk-edits", BulkViewSet, basename="bulk-edit")
router.register("segments", SegmentViewSet, basename="segment")
router.register("exports", ExportViewSet, basename="export")
router.register("imports", ContactImportViewSet, basename="contactimport")
router.register("events", EventViewSet, basename="event")
router.register("orders", OrderViewSet, basename="order")
router.register("sites", WebSiteViewSet, basename="site")
consent_api.register(router)
privacy_api.register(router)
surveys_api.register(router)
