"""REST: lists of contacts."""

from typing import Any, ClassVar

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience import services
from audience.figures import Figures, figures_of
from audience.models import ContactList
from audience.own_figures import people_on
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can


class ListSerializer(serializers.ModelSerializer[ContactList]):
    """A list, with the number of people on it."""

    people = serializers.SerializerMethodField()

    class Meta:
        model = ContactList
        fields = ("id", "name", "description", "people", "archived_at")
        read_only_fields = ("archived_at",)

    def get_people(self, contact_list: ContactList) -> int:
        """Of a workspace with very many people as they were counted some minutes ago."""
        return people_on(contact_list, self._sizes)

    @cached_property
    def _sizes(self) -> Figures:
        """Counted once for all lists of an answer."""
        view = self.context["view"]
        return figures_of(view.workspace, "lists", view.now)


class ListViewSet(ScopedViewSet[ContactList], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Lists of contacts."""

    queryset = ContactList.objects.select_related("workspace")
    serializer_class = ListSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
        "archive": Can.EDIT_AUDIENCE,
        "bring_back": Can.EDIT_AUDIENCE,
    }

    def get_queryset(self) -> Any:
        """The list holds those in use; the others are found by their id."""
        found = super().get_queryset()
        return found.filter(archived_at=None) if self.action == "list" else found

    @extend_schema(request=ListSerializer, responses={201: ListSerializer})
    def create(self, request: Request) -> Response:
        """Open a list."""
        contact_list = services.create_list(
            workspace=self.workspace, by=self.member, now=self.now, **self.checked(ListSerializer)
        )
        return self.shown(contact_list, status=201)

    @extend_schema(request=ListSerializer, responses={200: ListSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Call it something else."""
        contact_list, given = self.get_object(), self.checked(ListSerializer)
        return self.shown(services.change_list(contact_list=contact_list, by=self.member, now=self.now, **given))

    @extend_schema(request=None, responses={200: ListSerializer})
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of use. Refused while forms put people on it, or segments ask who is on it."""
        services.archive_list(contact_list=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=None, responses={200: ListSerializer})
    @action(detail=True, methods=["post"], url_path="return")
    def bring_back(self, request: Request, pk: str) -> Response:
        """Take it into use again, with who is on it."""
        services.return_list(contact_list=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())
