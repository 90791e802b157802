"""REST: web sites that report what their visitors do."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audience.models import Site
from audience.services.sites import SiteDetails, change_site, create_site
from audience.views.sites import snippet
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can


class WebSiteSerializer(serializers.ModelSerializer[Site]):
    """A web site. `snippet` goes into its pages; `deed_count` counts events and orders that it reported."""

    origins = serializers.ListField(child=serializers.CharField())
    snippet = serializers.SerializerMethodField()

    class Meta:
        model = Site
        fields = (
            "id", "name", "key", "origins", "counts_pages", "is_on", "snippet", "deed_count", "seen_at", "created_at",
        )  # fmt: skip

    def get_snippet(self, site: Site) -> str:
        return snippet(site)


class WebSiteWriteSerializer(serializers.Serializer[Any]):
    """A web site as it is sent. `origins` are the addresses whose pages may report."""

    name = serializers.CharField(max_length=120)
    origins = serializers.ListField(child=serializers.CharField(max_length=200), max_length=20)
    counts_pages = serializers.BooleanField(default=False)
    is_on = serializers.BooleanField(default=True)


class WebSiteViewSet(ScopedViewSet[Site], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Web sites with our script."""

    queryset = Site.objects.select_related("workspace")
    serializer_class = WebSiteSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
    }

    @extend_schema(request=WebSiteWriteSerializer, responses={201: WebSiteSerializer})
    def create(self, request: Request) -> Response:
        """Let a web site report."""
        details = SiteDetails(**self.checked(WebSiteWriteSerializer))
        site = create_site(workspace=self.workspace, details=details, by=self.member, now=self.now)
        return self.shown(site, status=201)

    @extend_schema(request=WebSiteWriteSerializer, responses={200: WebSiteSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a web site, or switch it off."""
        details = SiteDetails(**self.checked(WebSiteWriteSerializer))
        return self.shown(change_site(site=self.get_object(), details=details, by=self.member, now=self.now))
