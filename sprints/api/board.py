"""REST: the columns of the board, and what is in the way of stories."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.columns import columns_of
from sprints.models import Blocker, BoardColumn, Story, StoryStatus
from sprints.services.blockers import LONGEST_REASON, block_story, resolve_blocker
from sprints.services.columns import LONGEST_NAME, MOST_AT_ONCE, ColumnWish, set_columns
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT, MANAGE = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.MANAGE_WORKSPACE


class ColumnSerializer(serializers.ModelSerializer[BoardColumn]):
    """A column of the board. `id` is null while the workspace has the usual four; a move can name the `status` then."""

    class Meta:
        model = BoardColumn
        fields = ("id", "name", "status", "wip_limit")


class ColumnWriteSerializer(serializers.Serializer[Any]):
    """A column as it shall be. Without `id` it is a new one."""

    id = serializers.IntegerField(required=False, allow_null=True, default=None)
    name = serializers.CharField(max_length=LONGEST_NAME)
    status = serializers.ChoiceField(choices=StoryStatus.choices)
    wip_limit = serializers.IntegerField(
        min_value=1, max_value=MOST_AT_ONCE, required=False, allow_null=True, default=None
    )


class ColumnsSerializer(serializers.Serializer[Any]):
    """All columns, from left to right. One that is left out goes; its stories stand in the first of its group then."""

    columns = ColumnWriteSerializer(many=True)


class BoardViewSet(ScopedViewSet[BoardColumn]):
    """The board: its columns, from left to right. What stands in them is at `/stories/`."""

    queryset = BoardColumn.objects.order_by("position")
    serializer_class = ColumnSerializer
    can: ClassVar = {"columns": SEE, "set_columns": MANAGE}

    @extend_schema(responses={200: ColumnSerializer(many=True)})
    @action(detail=False, methods=["get"], pagination_class=None)
    def columns(self, request: Request) -> Response:
        """The columns as they are."""
        return Response(ColumnSerializer(columns_of(self.workspace), many=True).data)

    @extend_schema(request=ColumnsSerializer, responses={200: ColumnSerializer(many=True)})
    @columns.mapping.put
    def set_columns(self, request: Request) -> Response:
        """Have these columns and no others. Repeating changes nothing."""
        wishes = [
            ColumnWish(row["name"], StoryStatus(row["status"]), row["wip_limit"], row["id"])
            for row in self.checked(ColumnsSerializer)["columns"]
        ]
        set_columns(workspace=self.workspace, wishes=wishes, by=self.member, now=self.now)
        return Response(ColumnSerializer(columns_of(self.workspace), many=True).data)


class BlockerSerializer(serializers.ModelSerializer[Blocker]):
    """Something in the way of a story. `resolved_at` is null while it is."""

    owner = serializers.EmailField(source="owner.user.email", read_only=True)
    opened_by = serializers.EmailField(source="opened_by.user.email", read_only=True)
    resolved_by = serializers.EmailField(source="resolved_by.user.email", read_only=True, allow_null=True)

    class Meta:
        model = Blocker
        fields = ("id", "story", "reason", "owner", "opened_by", "since", "resolved_at", "resolved_by")


class BlockerWriteSerializer(serializers.Serializer[Any]):
    """What is in the way, and who clears it: without an owner whoever has it, works on the story, or says so."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    owner = MemberByEmail(required=False, allow_null=True, default=None, help_text="A member's e-mail address.")


class NewBlockerSerializer(BlockerWriteSerializer):
    """The same, of which story. When something is in its way already, that is changed."""

    story = InWorkspace(queryset=Story.objects.all())


OPEN = OpenApiParameter("open", OpenApiTypes.BOOL, description="`1`: those that are in the way now.")
STORY = OpenApiParameter("story", OpenApiTypes.INT, description="Those of this story.")


class BlockerViewSet(ScopedViewSet[Blocker], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Blockers, newest first."""

    queryset = Blocker.objects.with_people()
    serializer_class = BlockerSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "resolve": EDIT}

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        params = self.request.query_params
        if params.get("story"):
            chosen = params["story"]
            found = found.filter(story=int(chosen)) if chosen.isdecimal() else found.none()
        return found.open() if params.get("open") in {"1", "true"} else found

    @extend_schema(parameters=[OPEN, STORY])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What is, and what was, in the way."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewBlockerSerializer, responses={201: BlockerSerializer})
    def create(self, request: Request) -> Response:
        """Say what is in the way of a story. Repeating changes nothing."""
        blocker = block_story(by=self.member, now=self.now, **self.checked(NewBlockerSerializer))
        return self._again(blocker, status=201)

    @extend_schema(request=None, responses={200: BlockerSerializer})
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say that it is no longer in the way. Repeating changes nothing."""
        blocker = self.get_object()
        resolve_blocker(blocker=blocker, by=self.member, now=self.now)
        return self._again(blocker)

    def _again(self, blocker: Blocker, *, status: int = 200) -> Response:
        """The blocker as it stands after the change."""
        return self.shown(Blocker.objects.with_people().get(pk=blocker.pk), status=status)


def register(router: SimpleRouter) -> None:
    router.register("blockers", BlockerViewSet, basename="blocker")
    router.register("board", BoardViewSet, basename="board")
