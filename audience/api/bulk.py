"""REST: one thing done to many contacts."""

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience import services
from audience.api.filters import read_filter
from audience.models import BulkAction, BulkEdit
from audience.services import Crowd
from audience.services.bulk import can_undo, undo_limits, undo_until
from workspaces.api import JsonObject, ScopedViewSet
from workspaces.permissions import Can


class BulkEditSerializer(serializers.ModelSerializer[BulkEdit]):
    """A change to many, and how far it is."""

    undo_until = serializers.SerializerMethodField()
    undo_limits = serializers.SerializerMethodField()

    class Meta:
        model = BulkEdit
        fields = (
            "id", "action", "detail", "state", "message", "total", "seen_count", "changed_count", "restored_count",
            "at", "finished_at", "undo_until", "undo_limits",
        )  # fmt: skip

    def get_undo_until(self, edit: BulkEdit) -> datetime | None:
        """Null when there is no way back."""
        return undo_until(edit) if can_undo(edit, self.context["view"].now) else None

    def get_undo_limits(self, edit: BulkEdit) -> list[str]:
        """What taking it back would not do, or why it cannot be taken back."""
        return undo_limits(edit, self.context["view"].now)


class BulkStartSerializer(serializers.Serializer[Any]):
    """What to do, and with whom: `contacts` by id, or all that `filter` finds (named as in the list of contacts).

    `detail` holds `tag`; `list`; `attribute` and `value`; or `seller`, a member's id or null.
    """

    action = serializers.ChoiceField(choices=BulkAction.choices)
    detail = JsonObject(required=False, default=dict)
    contacts: Any = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, allow_null=True, default=None
    )
    filter = JsonObject(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["contacts"] is None) == (attrs["filter"] is None):
            raise serializers.ValidationError("Give either contacts or filter; an empty filter means everybody.")
        return attrs


class BulkViewSet(ScopedViewSet[BulkEdit], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Changes to many contacts: started here, done by workers, stopped and taken back."""

    queryset = BulkEdit.objects.select_related("by__user", "workspace")
    serializer_class = BulkEditSerializer
    can: ClassVar = {
        "list": Can.TEND_CONTACTS,
        "retrieve": Can.TEND_CONTACTS,
        "create": Can.TEND_CONTACTS,
        "cancel": Can.TEND_CONTACTS,
        "undo": Can.TEND_CONTACTS,
    }

    @extend_schema(request=BulkStartSerializer, responses={201: BulkEditSerializer})
    def create(self, request: Request) -> Response:
        """Start a change."""
        data = self.checked(BulkStartSerializer)
        crowd = Crowd(data["contacts"], read_filter(data["filter"] or {}))
        edit = services.start_bulk(
            action=BulkAction(data["action"]), detail=data["detail"], crowd=crowd, by=self.member, now=self.now
        )
        return self.shown(edit, status=201)

    @extend_schema(request=None, responses={200: BulkEditSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it; what was done stays."""
        services.cancel_bulk(edit=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=None, responses={200: BulkEditSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take it back."""
        services.undo_bulk(edit=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())
