"""REST: what is done to many stories, lists and files of stories, scores, templates, saved searches."""

from typing import Any, ClassVar

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import Contact
from sprints.drafts import MOST_DRAFTS
from sprints.forms.backlog import kept_query
from sprints.learning import lessons_for
from sprints.models import (
    LONGEST_LABEL,
    BulkChange,
    Label,
    OriginKind,
    SavedFilter,
    ScoreFormula,
    Sprint,
    Story,
    StoryKind,
    StoryOrigin,
    StoryScore,
    StoryTemplate,
)
from sprints.scoring import methods, scores_of
from sprints.services import bulk, many, scores, story_imports, templates
from sprints.services.bulk import MOST_AT_ONCE, PLANNING, Action, Bulk
from sprints.services.story_imports import Mapping, Plan
from sprints.services.templates import Origin
from sprints.story_files import MOST_BYTES, Target, guessed_columns, read_stories_file
from strategy.models import Goal
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet, WorkspaceApi
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


class FiguresSerializer(serializers.ModelSerializer[StoryScore]):
    """The figures of a story. Confidence is a fraction; what is left out stays, null takes a figure away."""

    class Meta:
        model = StoryScore
        fields = ("reach", "impact", "confidence", "ease", "effort")


class ScoreSerializer(serializers.Serializer[Any]):
    """What one way to count makes of a story; without a value `words` say what is missing."""

    method = serializers.CharField(source="method.key")
    name = serializers.CharField(source="method.name")
    value = serializers.FloatField(allow_null=True)
    words = serializers.CharField()


class ScoredSerializer(serializers.Serializer[Any]):
    """A story's figures, and its scores."""

    figures = FiguresSerializer()
    scores = ScoreSerializer(many=True)


class LessonSerializer(serializers.Serializer[Any]):
    """A story with a verdict that resembles this one."""

    story = serializers.IntegerField(source="outcome.story_id")
    title = serializers.CharField(source="outcome.story.title")
    verdict = serializers.CharField(source="outcome.verdict")
    reason = serializers.CharField(source="outcome.reason")
    same_segment = serializers.BooleanField()
    same_metric = serializers.BooleanField()


class OriginSerializer(serializers.ModelSerializer[StoryOrigin]):
    """Where a story comes from, as it is read."""

    class Meta:
        model = StoryOrigin
        fields = ("kind", "words", "contact", "earlier", "system", "external_id")


class OriginWriteSerializer(serializers.Serializer[Any]):
    """Where a story comes from. `system` with `external_id` names it in another tool, once in a workspace."""

    kind = serializers.ChoiceField(choices=OriginKind.choices)
    words = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    contact = InWorkspace(queryset=Contact.objects.all(), required=False, allow_null=True, default=None)
    earlier = InWorkspace(queryset=Story.objects.all(), required=False, allow_null=True, default=None)
    system = serializers.CharField(max_length=12, required=False, allow_blank=True, default="")
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


WORTH: dict[str, Can] = {
        "score": SEE, "set_score": EDIT, "origin": SEE, "set_origin": EDIT, "tried_before": SEE,
}  # fmt: skip


class StoryWorth(ScopedViewSet[Story]):
    """What stands beside a story: its score, where it comes from, what was tried before."""

    @extend_schema(responses={200: ScoredSerializer})
    @action(detail=True, methods=["get"])
    def score(self, request: Request, pk: str) -> Response:
        """The figures of a story, and what each way to count makes of them."""
        return self._scored(self.get_object())

    @extend_schema(request=FiguresSerializer, responses={200: ScoredSerializer})
    @score.mapping.put
    def set_score(self, request: Request, pk: str) -> Response:
        """Give a story its figures."""
        story, figures = self.get_object(), self.checked(FiguresSerializer, partial=True)
        scores.set_score(story=story, figures=figures, by=self.member, now=self.now)
        return self._scored(self.get_object())

    def _scored(self, story: Story) -> Response:
        found = {"figures": getattr(story, "score", None), "scores": scores_of(story, methods(self.workspace))}
        if found["figures"] is None:
            found["figures"] = StoryScore()
        return Response(ScoredSerializer(found).data)

    @extend_schema(responses={200: OriginSerializer})
    @action(detail=True, methods=["get"])
    def origin(self, request: Request, pk: str) -> Response:
        """Where a story comes from; nothing while nobody has said it."""
        origin = getattr(self.get_object(), "origin", None)
        return Response(OriginSerializer(origin).data if origin else {})

    @extend_schema(request=OriginWriteSerializer, responses={200: OriginSerializer})
    @origin.mapping.put
    def set_origin(self, request: Request, pk: str) -> Response:
        """Say where a story comes from."""
        story, data = self.get_object(), self.checked(OriginWriteSerializer)
        told = Origin(**{**data, "kind": OriginKind(data["kind"])})
        kept = templates.set_origin(story=story, origin=told, by=self.member, now=self.now)
        return Response(OriginSerializer(kept).data)

    @extend_schema(responses={200: LessonSerializer(many=True)})
    @action(detail=True, methods=["get"], url_path="tried-before")
    def tried_before(self, request: Request, pk: str) -> Response:
        """Stories with a verdict that resemble this one, the most alike first."""
        story = self.get_object()
        return Response(LessonSerializer(lessons_for(self.workspace, [story]).get(story.pk, []), many=True).data)


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


class FormulaSerializer(serializers.ModelSerializer[ScoreFormula]):
    """The team's own way to count."""

    class Meta:
        model = ScoreFormula
        fields = ("name", "expression")


class FormulaView(WorkspaceApi):
    """How the team counts its own score."""

    can: ClassVar = {"get": SEE, "put": PLAN, "delete": PLAN}

    @extend_schema(responses={200: FormulaSerializer})
    def get(self, request: Request) -> Response:
        """The own formula; empty while there is none."""
        formula = ScoreFormula.objects.filter(workspace=self.workspace).first()
        return Response(FormulaSerializer(formula).data if formula else {})

    @extend_schema(request=FormulaSerializer, responses={200: FormulaSerializer})
    def put(self, request: Request) -> Response:
        """Say how the team counts: arithmetic over reach, impact, confidence, ease, effort and points."""
        serializer = FormulaSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        formula = scores.set_formula(
            workspace=self.workspace, by=self.member, now=self.now, **serializer.validated_data
        )
        return Response(FormulaSerializer(formula).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Do without an own formula."""
        scores.drop_formula(workspace=self.workspace, by=self.member, now=self.now)
        return Response(status=204)


class TemplateSerializer(serializers.ModelSerializer[StoryTemplate]):
    """A template of stories. `criteria` are texts in their order."""

    criteria = serializers.ListField(child=serializers.CharField(max_length=300), required=False)

    class Meta:
        model = StoryTemplate
        fields = ("id", "name", "title", "kind", "as_a", "i_want", "so_that", "problem", "points", "criteria")


class TemplateViewSet(ScopedViewSet[StoryTemplate], mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """What the team writes again and again."""

    queryset = StoryTemplate.objects.all()
    serializer_class = TemplateSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "update": EDIT, "destroy": EDIT}

    def create(self, request: Request) -> Response:
        """Keep a new template."""
        return self._saved(None, self.checked(TemplateSerializer), status=201)

    def update(self, request: Request, pk: str) -> Response:
        """Change a template. What is left out stays as it is."""
        return self._saved(self.get_object(), self.checked(TemplateSerializer, partial=True), status=200)

    def _saved(self, template: StoryTemplate | None, data: dict[str, Any], *, status: int) -> Response:
        kept = templates.save_template(
            workspace=self.workspace, template=template, fields=data, by=self.member, now=self.now
        )
        return self.shown(kept, status=status)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Do without a template; its stories stay."""
        templates.remove_template(template=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


class SearchSerializer(serializers.ModelSerializer[SavedFilter]):
    """A saved search. `query` is the part of the backlog's address after `?`."""

    member = serializers.EmailField(source="member.user.email", read_only=True)

    class Meta:
        model = SavedFilter
        fields = ("id", "name", "query", "is_shared", "member")


class SearchViewSet(ScopedViewSet[SavedFilter], mixins.ListModelMixin):
    """Saved searches: one's own, and those of the team."""

    queryset = SavedFilter.objects.select_related("member__user")
    serializer_class = SearchSerializer
    can: ClassVar = {"list": SEE, "create": EDIT, "destroy": EDIT}

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        return found.filter(is_shared=True) | found.filter(member=self.member)

    def create(self, request: Request) -> Response:
        """Keep a search; the same name again replaces one's own."""
        data = self.checked(SearchSerializer)
        kept = templates.save_filter(
            name=data["name"], query=kept_query(QueryDict(data["query"])), is_shared=data.get("is_shared", False),
            by=self.member, now=self.now,
        )  # fmt: skip
        return self.shown(kept, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Do without one's own search."""
        templates.remove_filter(found=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


def register(router: SimpleRouter) -> None:
    router.register("story-changes", ChangeViewSet, basename="story-change")
    router.register("story-templates", TemplateViewSet, basename="story-template")
    router.register("story-searches", SearchViewSet, basename="story-search")
