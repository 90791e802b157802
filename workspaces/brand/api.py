"""REST: the brand."""

import base64
import binascii
from io import BytesIO
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces.api import WorkspaceApi
from workspaces.brand.logos import MOST_BYTES, LogoRefused, clean_logo
from workspaces.brand.services import BrandChange, Look, change_brand, look_of
from workspaces.models import HEX_COLOUR
from workspaces.permissions import Can

LONGEST_LOGO = MOST_BYTES * 4 // 3 + 8  # characters of Base64


class BrandSerializer(serializers.Serializer[Look]):
    """What readers see. `colour` is empty for the product's own; `button` is what is made of it in the light."""

    name = serializers.CharField()
    colour = serializers.CharField()
    button = serializers.CharField(source="light.solid")
    logo_url = serializers.CharField()


class BrandWriteSerializer(serializers.Serializer[Any]):
    """What is changed; what is left out stays. `logo` is a PNG, JPEG or WebP in Base64, null takes it away."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    colour = serializers.RegexField(HEX_COLOUR, required=False, allow_blank=True, help_text="As #2f4fd6.")
    logo = serializers.CharField(max_length=LONGEST_LOGO, required=False, allow_null=True)

    def validate_logo(self, value: str | None) -> Any:
        if value is None:
            return None
        try:
            return clean_logo(BytesIO(base64.b64decode(value, validate=True)))
        except (binascii.Error, ValueError) as error:
            raise serializers.ValidationError(_("This is not Base64.")) from error
        except LogoRefused as refusal:
            raise serializers.ValidationError(str(refusal)) from refusal


class BrandView(WorkspaceApi):
    """Name, colour and logo on readers' pages and mails."""

    can: ClassVar = {"get": Can.MANAGE_WORKSPACE, "patch": Can.MANAGE_WORKSPACE}

    @extend_schema(responses=BrandSerializer)
    def get(self, _request: Request) -> Response:
        return Response(BrandSerializer(look_of(self.workspace)).data)

    @extend_schema(request=BrandWriteSerializer, responses=BrandSerializer)
    def patch(self, request: Request) -> Response:
        serializer = BrandWriteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        change = BrandChange(**given, is_logo_gone="logo" in given and given["logo"] is None)
        change_brand(workspace=self.workspace, change=change, by=self.member, now=self.now)
        return Response(BrandSerializer(look_of(self.workspace)).data)
