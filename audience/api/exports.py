"""REST: tables to take away."""

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from audience.api.filters import read_filter
from audience.exports import ExportFormat, ExportWhat, Wanted, export
from audience.exports.formats import TYPES
from audience.models import Contact, Survey
from workspaces.api import InWorkspace, JsonObject, ScopedViewSet
from workspaces.http import file_download
from workspaces.permissions import Can


class ExportRequestSerializer(serializers.Serializer[Any]):
    """Which rows and columns. Without `columns`, all of them; attributes are `attribute.<key>`.

    `filter` is named as in the list of contacts: `q`, `list`, `segment`, `tag`, `consent`, `suppressed`, `seller`,
    `lifecycle`, `attribute` with `value`. It holds for contacts, and for the log and the events of these.
    """

    what = serializers.ChoiceField(choices=ExportWhat.choices, default=ExportWhat.CONTACTS)
    form = serializers.ChoiceField(choices=ExportFormat.choices, default=ExportFormat.CSV)
    is_gzip = serializers.BooleanField(default=False)
    columns = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list)
    survey: Any = InWorkspace(
        queryset=Survey.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Of `answers`: a row for each answer to this survey, a column for each question (`q<id>`).",
    )
    has_words = serializers.BooleanField(default=False, help_text="Headings for people, not for programs.")
    filter = JsonObject(required=False, default=dict)


class ExportViewSet(ScopedViewSet[Contact]):
    """Files of contacts, consent, events and suppression; a POST, because each is written down."""

    queryset = Contact.objects.all()
    serializer_class = ExportRequestSerializer
    can: ClassVar = {"create": Can.EXPORT_AUDIENCE}

    @extend_schema(request=ExportRequestSerializer, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def create(self, request: Request) -> StreamingHttpResponse:
        """The file, sent while it is made."""
        data = self.checked(ExportRequestSerializer)
        chosen = {"what": ExportWhat(data["what"]), "form": ExportFormat(data["form"])}
        narrowed = read_filter(data.pop("filter"))
        wanted = Wanted(**{**data, **chosen}, narrowed=narrowed)
        blocks = export(workspace=self.workspace, wanted=wanted, by=self.member, now=self.now)
        return file_download(wanted.filename, "application/gzip" if wanted.is_gzip else TYPES[wanted.form], blocks)
