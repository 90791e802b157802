"""REST: what is done to many stories, lists and files of stories."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sprints.drafts import MOST_DRAFTS
from sprints.models import LONGEST_LABEL, BulkChange, Label, Sprint, Story, StoryKind
from sprints.services import bulk, many, story_imports
from sprints.services.bulk import MOST_AT_ONCE, PLANNING, Action, Bulk
from sprints.services.story_imports import Mapping, Plan
from sprints.story_files import MOST_BYTES, Target, guessed_columns, read_stories_file
from strategy.models import Goal
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


class ManySerializer(serializers.Serializer[Any]):
    """What to do to which stories; goal and assignee null take it away.

    The action `label` puts a label on, or the one named by `new_label`, made if there is none; `unlabel` takes it off.
    """

    action = serializers.ChoiceField(choices=[(a.value, a.value) for a in Action if a not in PLANNING])
    stories = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=MOST_AT_ONCE)
    goal = InWorkspace(queryset=Goal.objects.all(), required=False, allow_null=True, default=None)
    kind = serializers.ChoiceField(choices=StoryKind.choices, required=False, allow_null=True, default=None)
    assignee = MemberByEmail(required=False, allow_null=True, default=None)
    label = InWorkspace(  # type: ignore[assignment]  # of stories, which hides the one of the field itself
        queryset=Label.objects.all(), required=False, allow_null=True, default=None
    )
    new_label = serializers.CharField(max_length=LONGEST_LABEL, required=False, allow_blank=True, default="")


class ManyPlanSerializer(serializers.Serializer[Any]):
    """Into which sprint, or out of the plans."""

    action = serializers.ChoiceField(choices=[(a.value, a.value) for a in Action if a in PLANNING])
    stories = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=MOST_AT_ONCE)
    sprint = InWorkspace(queryset=Sprint.objects.open(), required=False, allow_null=True, default=None)


class ChangeSerializer(serializers.ModelSerializer[BulkChange]):
    """What was done to many. `id` takes it back within an hour."""

    stories = serializers.SerializerMethodField()

    class Meta:
        model = BulkChange
        fields = ("id", "action", "stories", "at", "undone_at")

    def get_stories(self, change: BulkChange) -> list[int]:
        return [int(pk) for pk in change.after]


class DraftsSerializer(serializers.Serializer[Any]):
    """A list, one story a line: `title | as a | I want | so that`."""

    text = serializers.CharField(max_length=60_000, help_text=f"At most {MOST_DRAFTS} lines.")


class WrittenSerializer(serializers.ModelSerializer[Story]):
    """A story that was just written."""

    class Meta:
        model = Story
        fields = ("id", "number", "title")


class StoryFileSerializer(serializers.Serializer[Any]):
    """A file of stories as text: CSV with any delimiter, Jira's CSV, a Trello board's JSON.

    `columns` say what each column becomes, "" for nothing; left out, they are guessed. `dry_run` writes nothing.
    """

    content = serializers.CharField(max_length=MOST_BYTES, trim_whitespace=False)
    filename = serializers.CharField(max_length=200, required=False, default="")
    columns = serializers.ListField(
        child=serializers.ChoiceField(choices=[("", ""), *Target.choices], allow_blank=True), required=False
    )
    kind = serializers.ChoiceField(choices=StoryKind.choices, required=False, default=StoryKind.CAMPAIGN)
    leave_finished = serializers.BooleanField(required=False, default=True)
    dry_run = serializers.BooleanField(required=False, default=False)


class ImportedSerializer(serializers.Serializer[Any]):
    """What came, or would come, of a file."""

    format = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField(allow_blank=True))
    stories = serializers.ListField(child=serializers.CharField(), help_text="Titles.")
    known = serializers.ListField(child=serializers.CharField(), help_text="Titles that are there already.")
    refused = serializers.ListField(child=serializers.DictField())
    left = serializers.ListField(child=serializers.DictField(), help_text="What of the stories stayed behind.")


MANY: dict[str, Can] = {"many": EDIT, "many_plan": PLAN, "drafts": EDIT, "import_file": EDIT}


class StoryMany(ScopedViewSet[Story]):
    """Many stories in one call."""

    @extend_schema(request=ManySerializer, responses={200: ChangeSerializer})
    @action(detail=False, methods=["post"])
    def many(self, request: Request) -> Response:
        """Order, or describe, many stories of the backlog, all or none."""
        data = self.checked(ManySerializer)
        kind = StoryKind(data["kind"]) if data["kind"] else None
        chosen = {name: data[name] for name in ("goal", "assignee", "label", "new_label")}
        return self._changed(data["stories"], Bulk(Action(data["action"]), kind=kind, **chosen))

    @extend_schema(request=ManyPlanSerializer, responses={200: ChangeSerializer})
    @action(detail=False, methods=["post"], url_path="many/plan", url_name="many-plan")
    def many_plan(self, request: Request) -> Response:
        """Put many stories into a sprint, or drop them, all or none."""
        data = self.checked(ManyPlanSerializer)
        return self._changed(data["stories"], Bulk(Action(data["action"]), sprint=data["sprint"]))

    def _changed(self, stories: list[int], what: Bulk) -> Response:
        change = bulk.change_many(workspace=self.workspace, stories=stories, bulk=what, by=self.member, now=self.now)
        return Response(ChangeSerializer(change).data)

    @extend_schema(request=DraftsSerializer, responses={201: WrittenSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def drafts(self, request: Request) -> Response:
        """Make a story of each line of a list, the first on top of the backlog."""
        text = self.checked(DraftsSerializer)["text"]
        made = many.write_drafts(workspace=self.workspace, text=text, by=self.member, now=self.now)
        return Response(WrittenSerializer(made, many=True).data, status=201)

    @extend_schema(request=StoryFileSerializer, responses={200: ImportedSerializer})
    @action(detail=False, methods=["post"], url_path="import", url_name="import")
    def import_file(self, request: Request) -> Response:
        """Import a file of stories, or see what would come of it. The same file again changes nothing."""
        data = self.checked(StoryFileSerializer)
        file = read_stories_file(data["content"].encode())
        columns = data.get("columns") or guessed_columns(file.header)
        mapping = Mapping(columns, StoryKind(data["kind"]), data["leave_finished"])
        plan = story_imports.import_at_once(
            workspace=self.workspace, file=file, filename=data["filename"], mapping=mapping,
            dry_run=data["dry_run"], by=self.member, now=self.now,
        )  # fmt: skip
        return Response(ImportedSerializer(_imported(file.format, columns, plan)).data)


def _imported(file_format: str, columns: Any, plan: Plan) -> dict[str, Any]:
    return {
        "format": file_format,
        "columns": list(columns),
        "stories": [row.fields["title"] for row in plan.stories],
        "known": [title for _line, title in plan.known],
        "refused": [{"row": line, "title": title, "reason": why} for line, title, why in plan.refused],
        "left": [{"row": line, "title": title, "reason": why} for line, title, why in plan.left],
    }


class ChangeViewSet(ScopedViewSet[BulkChange]):
    """What was done to many stories."""

    queryset = BulkChange.objects.all()
    serializer_class = ChangeSerializer
    can: ClassVar = {"undo": EDIT}

    @extend_schema(request=None, responses={200: ChangeSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take back what one did to many within the last hour; what was changed again since then stays."""
        change = self.get_object()
        bulk.undo_change(change=change, by=self.member, now=self.now)
        change.refresh_from_db()
        return self.shown(change)
