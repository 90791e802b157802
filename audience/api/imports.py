"""REST: imports of contacts, orders and events from files."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from audience import imports
from audience.models import Consent, ContactImport, ContactList, ImportMode, ImportWhat, Topic
from emailops.lib.csvfile import write_table
from workspaces.api import InWorkspace, JsonObject, ScopedViewSet
from workspaces.http import csv_download
from workspaces.permissions import Can


class ContactImportSerializer(serializers.ModelSerializer[ContactImport]):
    """An import: what was chosen, how far it is, what became of the rows."""

    rows_per_second = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()

    class Meta:
        model = ContactImport
        fields = (
            "id", "what", "filename", "kind", "is_gzip", "encoding", "delimiter", "header", "mapping", "mode",
            "fills_gaps", "new_choices", "same_values",
            "list_ids", "topic_ids", "calling_code", "consent", "consent_source", "consent_wording",
            "consented_on", "adds_people",
            "state", "is_dry_run", "message", "read_rate", "created_count", "updated_count", "unchanged_count",
            "refused_count", "suppressed_count", "rows_per_second", "seconds_left", "created_at", "started_at",
            "finished_at",
        )  # fmt: skip

    def get_rows_per_second(self, found: ContactImport) -> float:
        return found.rows_per_second(self.context["view"].now)

    def get_seconds_left(self, found: ContactImport) -> float | None:
        return found.seconds_left(self.context["view"].now)


class ImportUploadSerializer(serializers.Serializer[Any]):
    """A file: CSV, XLSX or JSON lines, also gzipped. Encoding and delimiter are found unless given."""

    file = serializers.FileField()
    what = serializers.ChoiceField(
        choices=ImportWhat.choices, required=False, allow_null=True, default=None, help_text="Found out unless given."
    )
    encoding = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    delimiter = serializers.CharField(max_length=1, required=False, allow_blank=True, default="", trim_whitespace=False)


class ImportReadingSerializer(serializers.Serializer[Any]):
    """How the kept file is to be read."""

    what = serializers.ChoiceField(
        choices=ImportWhat.choices, required=False, allow_null=True, default=None, help_text="What the rows are."
    )
    encoding = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    delimiter = serializers.CharField(max_length=1, required=False, allow_blank=True, default="", trim_whitespace=False)


class ImportChoicesSerializer(serializers.Serializer[Any]):
    """What was chosen. `mapping` says for each column number what it becomes; without it, what was guessed."""

    mapping = JsonObject(required=False, help_text='As in {"0": "email", "1": "attribute.city", "2": "new.number"}.')
    mode = serializers.ChoiceField(choices=ImportMode.choices, default=ImportMode.BOTH)
    fills_gaps = serializers.BooleanField(default=False, help_text="What is known already stays as it is.")
    lists: Any = serializers.ListField(
        child=InWorkspace(queryset=ContactList.objects.filter(archived_at=None)), required=False, default=list
    )
    topics: Any = serializers.ListField(
        child=InWorkspace(queryset=Topic.objects.filter(archived_at=None)), required=False, default=list
    )
    new_choices = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=80)),
        required=False,
        help_text='For columns that become `new.choice` or `new.list`: {"2": ["Dry", "Oily"]}. Without: as found. '
        "For a column that becomes a known attribute: what one can choose from in it beside what is there.",
    )
    same_values = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField(max_length=80, allow_blank=True)),
        required=False,
        help_text='What written values are taken for: {"2": {"Drry": "Dry", "n/a": ""}}; empty leaves the cell out.',
    )
    calling_code = serializers.RegexField(
        r"^\+?[1-9]\d{0,3}$", required=False, allow_blank=True, help_text="Without it that of the workspace's country."
    )
    consent = serializers.ChoiceField(choices=Consent.choices, default=Consent.UNKNOWN)
    consent_source = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    consent_wording = serializers.CharField(required=False, allow_blank=True, default="")
    consented_on = serializers.DateField(required=False, allow_null=True, default=None)
    adds_people = serializers.BooleanField(
        default=False, help_text="Of orders and events: strangers become contacts, without consent."
    )


SAID_OF_COLUMNS = ("mapping", "calling_code", "new_choices", "same_values")
"""What holds as it was said before, unless the columns become something else."""


class ContactImportViewSet(ScopedViewSet[ContactImport], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Contacts, orders and events from files: upload, check, start, watch, fetch what was refused."""

    queryset = ContactImport.objects.select_related("workspace").order_by("-created_at", "-pk")
    serializer_class = ContactImportSerializer
    parser_classes = (JSONParser, MultiPartParser)
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "refused": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "read": Can.EDIT_AUDIENCE,
        "check": Can.EDIT_AUDIENCE,
        "start": Can.EDIT_AUDIENCE,
        "cancel": Can.EDIT_AUDIENCE,
    }

    @extend_schema(request={"multipart/form-data": ImportUploadSerializer}, responses={201: ContactImportSerializer})
    def create(self, request: Request) -> Response:
        """Upload a file; the answer holds its columns and what they are guessed to be."""
        data = self.checked(ImportUploadSerializer)
        found = imports.open_import(workspace=self.workspace, by=self.member, now=self.now, **_typed(data))
        return self.shown(found, status=201)

    @extend_schema(request=ImportReadingSerializer, responses={200: ContactImportSerializer})
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Have the file read as something else; the columns are guessed again."""
        found = self.get_object()
        data = self.checked(ImportReadingSerializer)
        imports.read_differently(found=found, by=self.member, now=self.now, **_typed(data))
        return self.shown(found)

    @extend_schema(request=ImportChoicesSerializer, responses={200: ContactImportSerializer})
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Count what an import would do, and refuse what it would refuse; no contact is written."""
        return self._start(is_dry_run=True)

    @extend_schema(request=ImportChoicesSerializer, responses={200: ContactImportSerializer})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Import."""
        return self._start(is_dry_run=False)

    def _start(self, *, is_dry_run: bool) -> Response:
        found = self.get_object()
        data = self.checked(ImportChoicesSerializer)
        names = SAID_OF_COLUMNS if data.get("mapping", found.mapping) == found.mapping else ("calling_code",)
        data = {name: getattr(found, name) for name in names} | data
        choices = imports.ImportChoices(
            **{**data, "mode": ImportMode(data["mode"]), "consent": Consent(data["consent"])}
        )
        imports.start_import(found=found, choices=choices, by=self.member, now=self.now, is_dry_run=is_dry_run)
        return self.shown(found)

    @extend_schema(request=None, responses={200: ContactImportSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop; what was taken stays."""
        imports.cancel_import(found=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"])
    def refused(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The rows that were not taken as a CSV: line, reason, cells."""
        found = self.get_object()
        return csv_download(
            f"not-imported-{found.pk}.csv", write_table(["line", "reason", *found.header], _rows(found))
        )


def _typed(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "what": ImportWhat(data["what"]) if data["what"] else None}


def _rows(found: ContactImport) -> Iterator[list[object]]:
    for refusal in found.refusals.order_by("line", "pk").iterator():
        yield [refusal.line, refusal.reason, *refusal.cells]
