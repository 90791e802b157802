"""REST: what the readers' page says and asks."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audience.models import Following, PreferencePage
from audience.services.preferences import change_preference_page, preference_page
from workspaces.api import WorkspaceApi
from workspaces.permissions import Can

LONGEST = 1000  # characters, as in the browser


class ReadersPageSerializer(serializers.Serializer[PreferencePage]):
    """`attributes` holds keys; `following` says whose opens and clicks are kept with the name.

    What is left out stays. Without `intro` and `tracking_wording` the page has the product's words.
    """

    intro = serializers.CharField(max_length=LONGEST, allow_blank=True, required=False)
    attributes: Any = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    tracking_wording = serializers.CharField(max_length=LONGEST, allow_blank=True, required=False)
    following = serializers.ChoiceField(choices=Following.choices, required=False)


class ReadersPageView(WorkspaceApi):
    """The page on which readers choose what they get."""

    can: ClassVar = {"get": Can.SEE_AUDIENCE, "patch": Can.EDIT_AUDIENCE}

    @extend_schema(responses=ReadersPageSerializer)
    def get(self, _request: Request) -> Response:
        return Response(ReadersPageSerializer(preference_page(self.workspace)).data)

    @extend_schema(request=ReadersPageSerializer, responses=ReadersPageSerializer)
    def patch(self, request: Request) -> Response:
        serializer = ReadersPageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        before = ReadersPageSerializer(preference_page(self.workspace)).data
        given: dict[str, Any] = {**before, **serializer.validated_data}
        page = change_preference_page(workspace=self.workspace, by=self.member, now=self.now, **given)
        return Response(ReadersPageSerializer(page).data)
