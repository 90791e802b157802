"""REST: tables to take away."""

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from audience.exports import ExportFormat, ExportWhat, Wanted, export
from audience.exports.formats import TYPES
from audience.models import Contact, ContactList, Segment
from workspaces.api import InWorkspace, ScopedViewSet
from workspaces.http import file_download
from workspaces.permissions import Can


class ExportRequestSerializer(serializers.Serializer[Any]):
    """Which rows and columns; filters add up. Without `columns`, all of them; attributes are `attribute.<key>`."""

    what = serializers.ChoiceField(choices=ExportWhat.choices, default=ExportWhat.CONTACTS)
    form = serializers.ChoiceField(choices=ExportFormat.choices, default=ExportFormat.CSV)
    is_gzip = serializers.BooleanField(default=False)
    columns = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list)
    contact_list: Any = InWorkspace(queryset=ContactList.objects.all(), required=False, allow_null=True, default=None)
    segment: Any = InWorkspace(queryset=Segment.objects.current(), required=False, allow_null=True, default=None)
    words = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ExportViewSet(ScopedViewSet[Contact]):
    """Files of contacts, consent, events and suppression; a POST, because each is written down."""

    queryset = Contact.objects.all()
    serializer_class = ExportRequestSerializer
    can: ClassVar = {"create": Can.EXPORT_AUDIENCE}

    @extend_schema(request=ExportRequestSerializer, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def create(self, request: Request) -> StreamingHttpResponse:
        """The file, sent while it is made."""
        data = self.checked(ExportRequestSerializer)
        wanted = Wanted(**{**data, "what": ExportWhat(data["what"]), "form": ExportFormat(data["form"])})
        blocks = export(workspace=self.workspace, wanted=wanted, by=self.member, now=self.now)
        return file_download(wanted.filename, "application/gzip" if wanted.is_gzip else TYPES[wanted.form], blocks)
