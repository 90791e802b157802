"""REST: templates of stories, saved searches, and what was done to many."""

from typing import Any, ClassVar

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.api.story_many import ChangeViewSet
from sprints.forms.backlog import kept_query
from sprints.models import SavedFilter, StoryTemplate
from sprints.services import templates
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


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
